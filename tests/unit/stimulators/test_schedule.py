"""When a pulse is given on the device's clock: its place in time, in its channel, in its life."""

import pytest

from fes_ctrl.model import ASYMMETRIC, SYMMETRIC, Setpoint
from fes_ctrl.stimulators.clock_fit import ClockFit
from fes_ctrl.stimulators.schedule import APART_US, Planned, Schedule
from fes_ctrl.units import NEVER_US

INTERVAL_US = 20_000
ROUND_US = 2_000
AHEAD_US = 3_000
"""The fastest exchange, and a millisecond."""

NORMAL_US = 9_000
"""And six of spare: so long after its instant a pulse is given."""

OFFSET_US = 5_000_000


def clock(offset_us: int = OFFSET_US) -> ClockFit:
    """Of a device that runs as the host does; the offset is known to half an exchange."""
    fit = ClockFit(0)
    for sent_us in range(0, 1_000, 100):
        assert fit.exchange(sent_us, offset_us + sent_us + 1, sent_us + 2)
    assert fit.device_us(0) == offset_us
    return fit


def schedule() -> Schedule:
    made = Schedule(3, INTERVAL_US)
    made.begin(ROUND_US)
    return made


def pulse(
    at_us: int, channel: int = 0, life_us: int = 20_000, waveform: int = SYMMETRIC
) -> Setpoint:
    return Setpoint(at_us, 1, channel, 20_000, 300, at_us + life_us, waveform)


def planned(plan: Schedule, setpoint: Setpoint, now_us: int) -> Planned:
    plan.hold(setpoint)
    found = plan.next(now_us, clock())
    assert found is not None
    assert found.setpoint is setpoint
    return found._replace(at_us=found.at_us - OFFSET_US, end_us=found.end_us - OFFSET_US)


@pytest.mark.parametrize("late_us", [0, 100, 6_000])
def test_a_pulse_comes_a_fixed_time_after_its_instant(late_us: int) -> None:
    one = pulse(600_000)
    at_us = 600_000 + NORMAL_US
    assert planned(schedule(), one, 600_000 + late_us) == (one, at_us, at_us + 600)


def test_where_the_host_is_late_it_comes_as_soon_as_it_can_be_there() -> None:
    one = pulse(600_000)
    assert planned(schedule(), one, 606_001).at_us == 606_001 + AHEAD_US


def test_a_short_life_brings_it_forward_and_leaves_room_for_one_of_another_channel() -> None:
    one = pulse(600_000, life_us=10_000)
    assert planned(schedule(), one, 600_000).at_us == 610_000 - 1_500


def test_both_phases_count_to_its_end() -> None:
    one = pulse(600_000, waveform=ASYMMETRIC)
    found = planned(schedule(), one, 600_000)
    assert found.end_us == found.at_us + 1_500


def test_two_channels_come_one_after_the_others_end() -> None:
    plan = schedule()
    first = planned(plan, pulse(600_000, 0, waveform=ASYMMETRIC), 600_000)
    second = planned(plan, pulse(600_000, 1), 600_000)
    third = planned(plan, pulse(600_000, 2), 600_000)
    assert second.at_us == first.end_us + APART_US
    assert third.at_us == second.end_us + APART_US


def test_two_of_a_channel_keep_its_least_distance() -> None:
    plan = schedule()
    first = planned(plan, pulse(600_000, life_us=40_000), 600_000)
    second = planned(plan, pulse(610_000, life_us=40_000), 610_000)
    assert second.at_us == first.at_us + INTERVAL_US
    other = planned(plan, pulse(611_000, 1, life_us=40_000), 611_000)
    assert other.at_us == second.end_us + APART_US
    third = planned(plan, pulse(650_000), 650_000)
    assert third.at_us == 650_000 + NORMAL_US


def test_one_that_cannot_be_in_time_takes_no_room_from_those_after_it() -> None:
    plan = schedule()
    first = planned(plan, pulse(600_000), 600_000)
    missed = planned(plan, pulse(601_000, life_us=15_000), 601_000)
    assert missed.at_us == first.at_us + INTERVAL_US > missed.setpoint.expires_us
    assert planned(plan, pulse(601_000, 1), 601_000).at_us == 601_000 + NORMAL_US
    assert planned(plan, pulse(621_000), 621_000).at_us == 621_000 + NORMAL_US


def test_one_that_comes_at_the_very_end_of_its_life_is_given_and_takes_its_room() -> None:
    plan = schedule()
    first = planned(plan, pulse(600_000), 600_000)
    last_us = first.at_us + INTERVAL_US
    last = planned(plan, pulse(605_000, life_us=last_us - 605_000), 605_000)
    assert last.at_us == last_us == last.setpoint.expires_us
    assert planned(plan, pulse(last_us - NORMAL_US, 1), 605_000).at_us == last.end_us + APART_US
    assert planned(plan, pulse(620_000, life_us=60_000), 620_000).at_us == last_us + INTERVAL_US


def test_a_session_that_begins_knows_nothing_of_what_was_given_before() -> None:
    plan = schedule()
    planned(plan, pulse(600_000), 600_000)
    plan.begin(4_000)
    one = pulse(600_000, life_us=30_000)
    assert planned(plan, one, 600_000).at_us == 600_000 + 4_000 + 1_000 + 6_000


def test_the_first_pulse_of_a_channel_waits_for_nothing_on_any_clock() -> None:
    plan = schedule()
    plan.hold(pulse(600_000, 2))
    found = plan.next(600_000, clock(-50_000_000))
    assert found is not None
    assert found.at_us == 600_000 + NORMAL_US - 50_000_000


def test_they_come_in_the_order_in_which_they_were_let_through() -> None:
    plan = schedule()
    held = [pulse(600_000 + index, index % 3) for index in range(4)]
    for setpoint in held:
        plan.hold(setpoint)
    assert len(plan) == 4
    assert plan.drop() is held[0]
    found = plan.next(600_000, clock())
    assert found is not None
    assert found.setpoint is held[1]
    assert plan.drop() is held[2]
    assert len(plan) == 1
    plan.clear()
    assert len(plan) == 0
    assert plan.next(600_000, clock()) is None
    assert plan.expired(NEVER_US) is None
    assert plan.wake_at_us() == NEVER_US


def test_before_a_session_a_pulse_is_held_until_a_millisecond_before_its_end() -> None:
    plan = Schedule(3, INTERVAL_US)
    plan.hold(pulse(600_000))
    assert plan.wake_at_us() == 620_000 - 1_000 + 1


def test_one_expires_when_it_could_not_be_there_any_more_and_is_woken_for_then() -> None:
    plan = schedule()
    one, other = pulse(600_000, life_us=10_000), pulse(700_000)
    plan.hold(one)
    plan.hold(other)
    last_us = 610_000 - AHEAD_US
    assert plan.wake_at_us() == last_us + 1
    assert plan.expired(last_us) is None
    assert plan.expired(last_us + 1) is one
    assert plan.expired(last_us + 1) is None
    assert plan.wake_at_us() == 720_000 - AHEAD_US + 1
