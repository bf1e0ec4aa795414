"""Bursts that a person asks for: when they come, how strong, and what gait makes of them."""

from dataclasses import replace

import pytest

from fes_ctrl.model import BurstEnd, BurstStart
from fes_ctrl.stim.burst import TEST
from fes_ctrl.stim.config import ChannelConfig, ProgramConfig
from fes_ctrl.stim.timing import TEST_US
from fes_ctrl.units import NEVER_US
from helpers.walker import STANDARD, Walker, event

MS = 1_000
FLAT = replace(STANDARD, rise_ms=0.0, fall_ms=0.0)


def asked(
    config: ProgramConfig = STANDARD, level: int = 100, current_ua: int = 0, at_us: int = 0
) -> Walker:
    """Return a walker in whom a test burst has been planned."""
    walker = Walker(config, level)
    walker.until(at_us)
    walker.records += walker.program.burst.test(at_us, current_ua)
    return walker


def test_it_rises_holds_for_a_second_falls_and_ends_by_itself() -> None:
    walker = asked(at_us=40_000)
    assert walker.records == [BurstStart(40_000, 1, 0, "test", 40_000, 43_000)]
    assert walker.program.burst.testing is True
    assert walker.program.burst.active
    walker.until(9_000_000)
    plateau = [found.at_us for found in walker.setpoints if found.current_ua == 43_000]
    assert walker.times[0] == 40_000
    assert walker.setpoints[0].current_ua == 18_000
    assert (plateau[0], plateau[-1]) == (240_000, 1_240_000)
    assert 1_365_000 <= walker.times[-1] < 1_390_000
    assert walker.records[1:] == [BurstEnd(walker.times[-1], 1, 0, "test", 40_000, NEVER_US)]
    assert walker.program.burst.testing is False
    assert not walker.program.burst.active


def test_at_first_there_is_none() -> None:
    assert Walker().program.burst.testing is False


def test_the_words_and_the_plateau_are_these() -> None:
    assert (TEST, TEST_US) == ("test", 1_000_000)


def test_no_test_outlasts_the_programs_time_out() -> None:
    walker = asked(replace(FLAT, time_out_ms=500.0))
    walker.until(9_000_000)
    assert walker.times[-1] == 475_000
    assert walker.ends == ["test"]


@pytest.mark.parametrize(
    ("level", "asked_ua", "given_ua"),
    [
        (50, 0, 30_500),  # 18 + 0.5 * 25.2
        (1, 25_300, 25_000),  # whatever the level, in the device's steps
        (100, 7_000, 7_000),  # below the motor threshold there is no ramp
        (100, 70_000, 43_000),  # never more than the program's own
    ],
)
def test_its_plateau_is_the_levels_or_the_one_asked_for(
    level: int, asked_ua: int, given_ua: int
) -> None:
    walker = asked(level=level, current_ua=asked_ua)
    (start,) = walker.records
    assert isinstance(start, BurstStart)
    assert start.set_current_ua == given_ua
    walker.until(9_000_000)
    assert max(found.current_ua for found in walker.setpoints) == given_ua


def test_a_narrower_limit_bounds_what_is_asked_for() -> None:
    walker = Walker()
    walker.program.burst.trains.bound(20_000, 24_000_000)
    walker.records += walker.program.burst.test(0, 30_000)
    walker.until(9_000_000)
    assert max(found.current_ua for found in walker.setpoints) == 20_000


def test_a_step_after_it_has_the_current_of_the_level_again() -> None:
    walker = asked(current_ua=20_000)
    walker.until(3_000_000)
    walker.heel_off(3_000_000)
    start = walker.records[-1]
    assert isinstance(start, BurstStart)
    assert (start.trigger, start.set_current_ua) == ("ho", 43_000)
    walker.until(9_000_000)
    assert walker.ends == ["test", "time_out"]


def test_it_waits_for_the_end_of_a_lock_out() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.contact(700_000)
    walker.until(950_000)
    lock_us = walker.program.burst.lock_until_us
    assert lock_us > 950_000
    walker.records += walker.program.burst.test(950_000, 0)
    start = walker.records[-1]
    assert isinstance(start, BurstStart)
    assert (start.t_us, start.trigger_us) == (lock_us, 950_000)
    before = len(walker.setpoints)
    walker.until(9_000_000)
    assert walker.times[before] == lock_us
    assert walker.times[-1] >= lock_us + 1_200_000


def test_the_next_burst_waits_for_its_lock_out() -> None:
    walker = asked(replace(STANDARD, lock_out_ms=600.0))
    walker.until(1_350_000)
    assert walker.ends == ["test"]
    assert walker.program.burst.lock_until_us == 1_200_000 + 600_000


def test_no_contact_ends_it_and_none_is_waited_for() -> None:
    walker = asked()
    assert walker.program.awaits_contact is False
    walker.contact(300_000)
    walker.records += walker.program.contact(event("ff", 400_000), 0)
    walker.until(9_000_000)
    assert walker.times[-1] > 1_300_000
    end = walker.records[-1]
    assert isinstance(end, BurstEnd)
    assert (end.ended_by, end.contact_us) == ("test", NEVER_US)


def test_a_step_out_of_it_gets_its_own_burst_right_after_it() -> None:
    walker = asked()
    walker.heel_off(500_000)
    assert walker.program.burst.testing is True
    walker.until(1_400_000)
    starts = [found for found in walker.records if isinstance(found, BurstStart)]
    assert [(start.trigger, start.trigger_us) for start in starts] == [("test", 0), ("ho", 500_000)]
    assert starts[1].t_us >= 1_400_000
    assert walker.program.burst.testing is False
    walker.contact(starts[1].t_us + 500_000)
    walker.until(9_000_000)
    assert walker.ends == ["test", "initial_contact"]


@pytest.mark.parametrize("at_us", [500_000, 1_300_000])
def test_what_it_moves_of_a_leg_that_does_not_walk_is_no_step(at_us: int) -> None:
    walker = asked(replace(STANDARD, standing="stimulate"))
    walker.heel_off(at_us, walking=False)
    walker.until(9_000_000)
    assert walker.ends == ["test"]
    assert len([found for found in walker.records if isinstance(found, BurstStart)]) == 1


def test_a_step_out_of_it_that_has_landed_again_gets_none() -> None:
    walker = asked()
    walker.heel_off(500_000)
    walker.contact(900_000)
    walker.until(9_000_000)
    assert walker.ends == ["test"]
    assert len([found for found in walker.records if isinstance(found, BurstStart)]) == 1


def test_a_cut_ends_it_for_the_reason_of_the_cut() -> None:
    walker = asked()
    walker.until(300_000)
    walker.records += walker.program.cut(310_000, "operator")
    walker.until(9_000_000)
    assert walker.ends == ["operator"]
    assert walker.program.burst.testing is False
    assert walker.times[-1] == 300_000


def test_a_lower_level_lowers_it() -> None:
    walker = asked(FLAT)
    walker.until(300_000)
    walker.program.burst.lower(0)
    walker.until(9_000_000)
    assert walker.times[-1] == 300_000


def test_every_channel_has_its_own_plateau_in_turn() -> None:
    config = replace(
        STANDARD, channel=(ChannelConfig(), ChannelConfig(muscle="evertors", channel=1))
    )
    walker = asked(config, current_ua=30_000)
    assert [
        (found.channel, found.set_current_ua)
        for found in walker.records
        if isinstance(found, BurstStart)
    ] == [(0, 30_000), (1, 30_000)]
