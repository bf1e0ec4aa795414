"""What a program keeps of its bursts for whoever learns from them, and how another leg ends one."""

from dataclasses import replace

import pytest

from fes_ctrl.model import BurstEnd, GaitEvent
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.units import NEVER_US
from helpers.walker import STANDARD, Walker, burst

CROSSED = replace(STANDARD, end="other_heel_off")


def other_leaves(walker: Walker, t_us: int, stance_us: int = 0, late_us: int = 0) -> None:
    """Let the other heel leave, and what is told of it come."""
    walker.until(t_us + late_us)
    event = GaitEvent("ho", 0, t_us, t_us + late_us, 1.0)
    walker.records += walker.program.other_leaves(event, stance_us)


def begun(config: ProgramConfig = CROSSED, *, over: bool = False) -> Walker:
    walker = Walker(config)
    walker.heel_off(0)
    walker.until(5_000_000 if over else 300_000)
    return walker


# -- the last burst -------------------------------------------------------------------------------


def test_before_the_first_burst_there_is_nothing_to_learn_from() -> None:
    program = Walker(level=70).program
    assert program.leg == 1
    assert program.burst.begun_us == -NEVER_US
    assert program.burst.begun_level == 0
    assert program.burst.broken is False


def test_a_burst_is_remembered_with_its_level_when_it_is_over() -> None:
    walker = Walker(replace(STANDARD, delay_ms=50.0), level=70)
    program = walker.program
    walker.heel_off(100_000)
    for t_us in (120_000, 400_000, 5_000_000):
        walker.until(t_us)
        program.burst.level_percent = 30
        assert (program.burst.begun_us, program.burst.begun_level) == (150_000, 70)
        assert program.burst.broken is False
    walker.heel_off(6_000_000)
    assert (program.burst.begun_us, program.burst.begun_level) == (6_050_000, 30)


def test_a_burst_that_was_cut_is_broken_and_the_next_is_not() -> None:
    walker = Walker()
    walker.program.cut(0, "fault")
    assert walker.program.burst.broken is False, "there was none"
    walker.heel_off(0)
    walker.until(300_000)
    walker.program.cut(300_001, "fault")
    assert walker.program.burst.broken is True
    walker.heel_off(1_000_000)
    assert walker.program.burst.broken is False


def test_a_burst_that_a_person_asked_for_is_none_to_learn_from() -> None:
    walker = Walker()
    walker.program.burst.test(0, 0)
    walker.until(5_000_000)
    assert walker.program.burst.broken is True
    walker.heel_off(6_000_000)
    assert walker.program.burst.broken is False


def test_it_says_how_far_ahead_of_predictions_it_would_begin_and_end() -> None:
    program = Walker(replace(STANDARD, trigger_lead_ms=40.0, end_lead_ms=30.0)).program
    assert (program.lead_us, program.end_lead_us) == (40_000, 30_000)


def test_it_says_whether_a_dial_waits_for_the_end_of_the_burst() -> None:
    walker = Walker()
    walker.program.change("rise_ms", 150.0)
    assert walker.program.waiting is False
    walker.heel_off(0)
    walker.program.change("rise_ms", 250.0)
    assert walker.program.waiting is True
    walker.until(5_000_000)
    assert walker.program.waiting is False


def test_a_level_may_be_lowered_before_the_first_burst() -> None:
    walker = Walker()
    walker.program.burst.lower(50)
    walker.heel_off(0)
    walker.until(5_000_000)
    assert max(found.current_ua for found in walker.setpoints) == 30_500, "18 + 0.5 * 25.2 mA"


# -- the other leg --------------------------------------------------------------------------------


def test_the_other_heel_ends_a_burst_as_a_contact_would() -> None:
    walker = begun()
    other_leaves(walker, 700_000)
    walker.until(5_000_000)
    assert walker.times == burst().times
    assert walker.records[1:] == [BurstEnd(walker.times[-1], 1, 0, "other_heel_off", 0, NEVER_US)]


def test_the_extension_after_it_may_be_a_share_of_the_stance() -> None:
    walker = begun(replace(CROSSED, extension_percent_stance=10.0))
    other_leaves(walker, 700_000, stance_us=600_000)
    assert walker.program.burst.fall_from_us == 760_000


def test_what_is_told_late_takes_back_no_pulse() -> None:
    walker = begun()
    other_leaves(walker, 700_000, late_us=130_000)
    assert walker.program.burst.fall_from_us == 830_000


def test_it_ends_no_burst_of_a_program_that_does_not_ask_for_it() -> None:
    walker = begun(STANDARD)
    other_leaves(walker, 700_000)
    walker.until(5_000_000)
    assert walker.ends == ["time_out"]


def test_a_contact_of_its_own_leg_ends_none_of_one_that_does() -> None:
    walker = begun()
    walker.contact(700_000)
    walker.until(5_000_000)
    assert walker.ends == ["time_out"]


def test_between_bursts_it_ends_nothing() -> None:
    walker = begun(over=True)
    records = list(walker.records)
    lock_until_us = walker.program.burst.lock_until_us
    other_leaves(walker, 5_500_000)
    assert walker.records == records
    assert walker.program.burst.lock_until_us == lock_until_us


def test_it_ends_no_burst_that_a_person_asked_for() -> None:
    walker = Walker(CROSSED)
    walker.records += walker.program.burst.test(0, 0)
    other_leaves(walker, 500_000)
    walker.until(5_000_000)
    assert walker.ends == ["test"]


@pytest.mark.parametrize(
    ("t_us", "ended_by"), [(-1, "time_out"), (0, "time_out"), (1, "other_heel_off")]
)
def test_only_a_heel_off_after_the_trigger_ends_the_swing(t_us: int, ended_by: str) -> None:
    walker = begun()
    other_leaves(walker, t_us, late_us=400_000)
    walker.until(5_000_000)
    assert walker.ends == [ended_by]


def test_a_burst_whose_onset_has_not_come_yet_never_begins() -> None:
    walker = Walker(replace(CROSSED, delay_ms=100.0))
    walker.heel_off(0)
    other_leaves(walker, 50_000)
    assert walker.ends == ["other_heel_off"]
    assert not walker.program.burst.active
    walker.until(5_000_000)
    assert walker.setpoints == []
