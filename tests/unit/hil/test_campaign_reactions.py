"""The time from a fault to the last pulse, pooled and held against the fault's row."""

from dataclasses import replace
from functools import cache

import pytest

from fes_ctrl.model import ALL_LEGS, Fault
from fes_ctrl.safety.faults import BY_ID, CLEARED, LATCH
from firmware_sim.injection_text import parse
from firmware_sim.injections import EVERYWHERE, Acknowledgement
from hil.campaign.case import Case, plain
from hil.campaign.reactions import reactions_of
from hil.campaign.report import figures, page, percentile, reaction_rows
from hil.campaign.run import Outcome, run_case
from hil.campaign.view import View

# In mid-swing of a settled stride of this seed: a burst is under way.
AT_S = 20.6


@cache
def hit(text: str) -> Outcome:
    return run_case(Case(replace(plain().walk, duration_s=26.0, inject=(parse(text),))))


def test_a_dropout_in_a_burst_takes_about_the_age_that_a_sample_may_have() -> None:
    (reaction,) = hit(f"sensor_dropout@{AT_S}").reactions
    assert reaction.fault == "F04"
    # A reading may be on its way for 4 ms.
    assert reaction.allowed_us == (BY_ID["F04"].limit_ms + 4) * 1000
    assert 50_000 < reaction.took_us <= reaction.allowed_us
    assert reaction.seen_us >= reaction.took_us


def test_after_lost_answers_at_most_one_more_pulse_comes() -> None:
    (reaction,) = hit(f"answers_lost@{AT_S}").reactions
    assert reaction.took_us <= 25_000
    assert reaction.allowed_us >= 100_000 + BY_ID["F18"].limit_ms * 1000


def test_a_fault_that_only_warns_is_timed_by_its_burst() -> None:
    (reaction,) = hit("heel_stuck_open@20.0").reactions
    assert reaction.fault == "F02"
    assert 1_000_000 < reaction.took_us <= 2_000_000


def test_an_injection_that_is_over_too_soon_to_be_noticed_has_no_reaction() -> None:
    outcome = hit(f"sensor_dropout@{AT_S}+0.03")
    assert outcome.acknowledged == ("sensor_dropout",)
    assert outcome.reactions == ()


def test_a_fault_between_bursts_says_nothing_of_how_fast_it_is_answered() -> None:
    # The patient still stands.
    outcome = hit("cable_pulled@1.9")
    assert not outcome.reactions[0].in_burst
    (row,) = [row for row in reaction_rows({0: outcome}) if row.injection == "cable_pulled"]
    assert (row.seen, row.in_burst, row.max_ms) == (1, 0, None)


@pytest.mark.parametrize(("pulse_us", "took_us"), [(11_000_000, 1_000_000), (13_000_000, 0)])
def test_a_fault_is_over_when_a_hand_opens_the_latch_that_another_had_closed(
    pulse_us: int, took_us: int
) -> None:
    walk = replace(plain().walk, inject=(parse("answers_lost@10+0.2"),))
    view = View(walk)
    for t_us, fault, how in (
        (9_900_000, "F12", LATCH),
        (10_100_000, "F18", LATCH),
        (12_000_000, "F12", CLEARED),
    ):
        view.faults.append((t_us, Fault(t_us, fault, how, ALL_LEGS, "")))
    view.pulses.append((pulse_us, 0))
    (reaction,) = reactions_of(walk, view, [Acknowledgement("answers_lost", 10_000_000)])
    assert (reaction.fault, reaction.took_us) == ("F18", took_us)


def test_the_table_has_a_row_for_every_injection_that_names_a_fault() -> None:
    outcomes = {0: hit(f"sensor_dropout@{AT_S}"), 1: hit(f"sensor_dropout@{AT_S}+0.03")}
    rows = reaction_rows(outcomes)
    assert [row.injection for row in rows] == [row.name for row in EVERYWHERE if row.fault]
    (row,) = [row for row in rows if row.injection == "sensor_dropout"]
    assert (row.reached, row.seen, row.in_burst) == (2, 1, 1)
    assert row.p50_ms == row.max_ms == outcomes[0].reactions[0].took_us / 1e3
    found = figures(1, 0.1, outcomes)
    assert found["walks"] == 2
    assert found["injections"]["sensor_dropout"] == {"reached": 2, "unreached": 0}  # type: ignore[index]
    text = page(1, 0.1, "fes-ctrl campaign", outcomes)
    for known in EVERYWHERE:
        assert f"`{known.name}`" in text


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (99, 4.0), (25, 1.0), (0, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(percent: int, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == value
