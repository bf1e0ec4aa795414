"""What a program does for events that are predicted."""

from dataclasses import replace

import pytest

from fes_ctrl.model import BurstEnd, BurstStart
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.units import NEVER_US
from helpers.walker import STANDARD, Walker, burst, event

PLATEAU_UA = 43_000


def ahead(config: ProgramConfig = STANDARD) -> Walker:
    """Return a walker whose burst began at 400 ms for a heel-off predicted at 500 ms."""
    walker = Walker(config)
    walker.records += walker.program.anticipate(400_000, 500_000)
    return walker


def confirm(walker: Walker, t_us: int) -> None:
    walker.until(t_us)
    heel_off = event("ho", t_us)
    assert walker.program.trigger(heel_off, walking=True, allowed=True) == ()


def test_a_burst_for_a_predicted_trigger_begins_at_once_and_says_so() -> None:
    walker = ahead()
    assert walker.records == [
        BurstStart(400_000, 1, 0, "predicted_ho", 500_000, PLATEAU_UA),
    ]
    assert walker.program.unconfirmed is True
    walker.until(700_000)
    assert walker.times[:3] == [400_000, 425_000, 450_000]


def test_the_trigger_that_comes_confirms_it_and_begins_no_other() -> None:
    walker = ahead()
    confirm(walker, 510_000)
    assert walker.program.unconfirmed is False
    walker.contact(1_100_000)
    walker.until(5_000_000)
    assert walker.ends == ["initial_contact"]
    assert [s.current_ua for s in walker.setpoints] == [s.current_ua for s in burst().setpoints]


def test_before_the_trigger_has_come_the_foot_that_is_down_ends_nothing() -> None:
    for kind in ("ic", "ff"):
        walker = ahead()
        walker.until(420_000)
        assert walker.program.contact(event(kind, 420_000), 0) == ()
        assert walker.program.burst.contact_us == NEVER_US
        confirm(walker, 510_000)
        walker.until(5_000_000)
        assert walker.ends == ["time_out"]


def test_the_landing_of_the_leg_that_does_not_trigger_counts_before_the_trigger_too() -> None:
    walker = ahead(replace(STANDARD, trigger_side="contralateral"))
    walker.contact(700_000)
    walker.until(5_000_000)
    assert walker.ends == ["initial_contact"]


@pytest.mark.parametrize(
    ("flat_us", "ended_by"), [(539_999, "time_out"), (540_000, "time_out"), (540_001, "foot_flat")]
)
def test_a_flat_foot_ends_it_only_after_the_trigger_that_came_not_the_predicted(
    flat_us: int, ended_by: str
) -> None:
    walker = ahead()
    confirm(walker, 540_000)
    walker.until(flat_us)
    walker.program.contact(event("ff", flat_us), 0)
    walker.until(5_000_000)
    assert walker.ends == [ended_by]


def test_a_cut_takes_an_unconfirmed_burst_back_and_the_next_trigger_begins_its_own() -> None:
    walker = ahead()
    walker.until(450_000)
    (end,) = walker.program.cut(460_000, "no_step")
    assert end == BurstEnd(450_000, 1, 0, "no_step", 400_000, NEVER_US)
    assert walker.program.unconfirmed is False
    walker.heel_off(2_000_000)
    assert walker.program.burst.onset_us == 2_000_000


def test_a_predicted_contact_lets_the_fall_begin_at_once() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.until(690_000)
    walker.program.release(690_000)
    walker.until(5_000_000)
    assert walker.ends == ["predicted_contact"]
    assert [s.at_us for s in walker.setpoints if s.current_ua == PLATEAU_UA][-1] == 675_000
    assert walker.times[-1] < 690_000 + 150_000


@pytest.mark.parametrize(("late_us", "says"), [(-1, "predicted_contact"), (0, "initial_contact")])
def test_a_prediction_that_is_no_sooner_than_the_fall_changes_nothing(
    late_us: int, says: str
) -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.contact(700_000)
    walker.program.release(800_000 + late_us)
    walker.until(5_000_000)
    assert walker.ends == [says]


@pytest.mark.parametrize(
    ("config", "stance_us", "fall_us"),
    [
        (STANDARD, 0, 800_000),
        (STANDARD, 500_000, 800_000),
        (replace(STANDARD, end_lead_ms=30.0), 0, 770_000),
        (replace(STANDARD, end_lead_ms=100.0), 0, 700_000),
        (replace(STANDARD, end_lead_ms=250.0), 0, 700_000),
        (replace(STANDARD, extension_percent_stance=25.0), 800_000, 900_000),
        (replace(STANDARD, extension_percent_stance=25.0), 0, 800_000),
        (replace(STANDARD, extension_percent_stance=25.0), 1, 700_000),
        (replace(STANDARD, extension_percent_stance=0.0), 800_000, 700_000),
        (replace(STANDARD, extension_percent_stance=0.5), 800_000, 704_000),
        (replace(STANDARD, extension_percent_stance=25.0, end_lead_ms=50.0), 800_000, 850_000),
        (replace(STANDARD, min_on_ms=900.0), 0, 900_000),
    ],
)
def test_the_fall_follows_the_contact_by_the_extension_less_the_lead_and_never_precedes_it(
    config: ProgramConfig, stance_us: int, fall_us: int
) -> None:
    walker = Walker(config)
    walker.heel_off(0)
    assert walker.program.burst.fall_for(700_000, stance_us) == fall_us
    walker.contact(700_000, stance_us)
    assert walker.program.burst.fall_from_us == fall_us


def test_a_contact_is_awaited_while_a_burst_runs_that_it_would_end() -> None:
    walker = Walker()
    assert not walker.program.awaits_contact
    walker.heel_off(0)
    assert walker.program.awaits_contact is True
    walker.contact(700_000)
    assert not walker.program.awaits_contact
    timed = Walker(replace(STANDARD, end="time_out"))
    timed.heel_off(0)
    assert not timed.program.awaits_contact


@pytest.mark.parametrize(
    ("delay_ms", "lead_ms", "onset_us"),
    [(0.0, 0.0, 2_000_000), (80.0, 0.0, 2_080_000), (80.0, 30.0, 2_050_000)],
)
def test_the_onset_for_a_trigger_is_delayed_and_led_and_never_within_the_lock_out(
    delay_ms: float, lead_ms: float, onset_us: int
) -> None:
    walker = burst(replace(STANDARD, delay_ms=delay_ms, trigger_lead_ms=lead_ms))
    assert walker.program.burst.onset_for(2_000_000) == onset_us
    assert walker.program.burst.onset_for(700_000) == walker.program.burst.lock_until_us


def test_a_level_that_is_lowered_holds_for_the_running_burst_and_a_raised_one_does_not() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.until(400_000)
    walker.program.burst.lower(50)
    walker.until(450_000)
    half_ua = 18_000 + (43_200 - 18_000) // 2
    assert walker.setpoints[-1].current_ua == half_ua // 500 * 500
    walker.program.burst.lower(80)
    walker.until(500_000)
    assert walker.setpoints[-1].current_ua == half_ua // 500 * 500
    walker.program.burst.lower(0)
    walker.until(600_000)
    assert walker.times[-1] == 500_000


@pytest.mark.parametrize("level", [0, 50])
def test_a_burst_that_waits_begins_at_the_level_that_is_set_by_then(level: int) -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.contact(500_000)
    walker.heel_off(700_000)
    fell_us = walker.program.burst.fall_from_us
    walker.program.burst.lower(level)
    walker.until(1_200_000)
    after = [point.current_ua for point in walker.setpoints if point.at_us > fell_us + 200_000]
    most_ua = 18_000 + (43_200 - 18_000) * level // 100 if level else 0
    assert max(after, default=0) == most_ua // 500 * 500


def test_an_unconfirmed_burst_is_confirmed_even_while_inhibited() -> None:
    walker = ahead()
    program = walker.program
    assert program.trigger(event("ic", 410_000), walking=True, allowed=True) == ()
    assert program.unconfirmed is True, "another event is no trigger"
    assert program.trigger(event("ho", 500_000), walking=True, allowed=False) == ()
    assert program.unconfirmed is False
