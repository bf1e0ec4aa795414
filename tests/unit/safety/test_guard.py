"""The guard's account over time, and the fault table's promises."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.model import HEEL_SWITCH, RIGHT, Fault, GaitEvent, Sample, Setpoint
from fes_ctrl.safety.account import DUTY_WINDOW_US, ChannelAccount
from fes_ctrl.safety.arming import Arming
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.safety.felt import BEGINS, GOES_ON
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US

DEVICE = P24_MODES["low_level"]
ROOT = Path(__file__).resolve().parents[3]


LENGTHS_US = st.sampled_from([1, 25_000, 400_000, 999_999, 1_000_000, 1_000_001, 3_000_000])


@given(st.lists(LENGTHS_US, min_size=1, max_size=60))
def test_a_second_holds_every_pulse_that_is_younger_and_no_other(gaps_us: list[int]) -> None:
    account, now_us = ChannelAccount(DEVICE), 0
    pulses = []
    for index, gap_us in enumerate(gaps_us):
        now_us += gap_us
        account.forget(now_us)
        account.enter(now_us, now_us, now_us, 1_000, 1 << index, BEGINS)
        pulses.append((now_us, 1 << index))
        assert account.square == sum(s for t_us, s in pulses if now_us - t_us < 1_000_000)


@given(st.lists(st.tuples(LENGTHS_US, st.booleans()), min_size=1, max_size=60))
@example([(400_000, True)] * 24 + [(3_000_000, True)])
def test_duty_is_the_exact_share_of_the_last_ten_seconds(steps: list[tuple[int, bool]]) -> None:
    account, now_us = ChannelAccount(DEVICE), 0
    account.enter(0, 0, 0, 1_000, 1, BEGINS)
    spans = []
    for length_us, stimulated in steps:
        if stimulated:
            spans.append((now_us, now_us + length_us))
        now_us += length_us
        parting = GOES_ON if stimulated else BEGINS
        account.enter(now_us, now_us, now_us, 1_000, 1, parting)
    account.forget(now_us)
    oldest_us = now_us - DUTY_WINDOW_US
    assert account.on_us == sum(max(0, to - max(start, oldest_us)) for start, to in spans)


def train(guard: Guard, from_us: int, to_us: int) -> list[bool]:
    warnings = []
    for at_us in range(from_us, to_us, 25_000):
        guard.sensor_seen(0, at_us)
        guard.link_seen(NEVER_US)
        point = Setpoint(at_us, 0, 0, 20_000, 200, at_us + 10_000, 0)
        assert guard.check(point, at_us) == ALLOWED
        warnings.append(guard.duty_warning)
    return warnings


def test_duty_is_warned_of_once_per_crossing() -> None:
    guard = Guard(Limits(LimitsConfig()), P24_MODES["low_level"])
    guard.armed = True
    warnings: list[bool] = []
    at_us = 0
    while at_us < 30_000_000:  # 1.8 s on, 0.2 s off: 90 %
        warnings += train(guard, at_us, at_us + 1_800_000)
        at_us += 2_000_000
    while at_us < 60_000_000:  # 0.5 s on, 0.5 s off
        warnings += train(guard, at_us, at_us + 500_000)
        at_us += 1_000_000
    changes = [b for a, b in pairwise(warnings) if a != b]
    assert changes == [True, False]


def test_a_busy_channel_and_an_idle_one_are_warned_of_each_for_itself() -> None:
    guard = Guard(Limits(LimitsConfig()), P24_MODES["low_level"])
    guard.armed = True
    turned: list[tuple[int, bool]] = []
    for at_us in range(0, 30_000_000, 25_000):
        for channel, on_us in ((0, 1_800_000), (1, 500_000)):  # of every two seconds
            if at_us % 2_000_000 < on_us:
                due_us = at_us + 5_000 * channel
                guard.sensor_seen(0, due_us)
                guard.link_seen(NEVER_US)
                point = Setpoint(due_us, 0, channel, 20_000, 200, due_us + 10_000, 0)
                assert guard.check(point, due_us) == ALLOWED
                if guard.duty_turned:
                    turned.append((channel, guard.duty_warning))
    assert turned == [(0, True)]


def test_a_fault_of_availability_keeps_arming_and_level_and_any_other_does_not() -> None:
    arming = Arming()
    arming.link_up = True
    assert arming.ask_to_arm()
    assert arming.ready()
    arming.set_level(80)
    assert not arming.latch(BY_ID["F04L"])
    assert arming.level_percent == 80
    assert not arming.allows_bursts
    assert arming.latch(BY_ID["F12"]), "a graver fault takes the latch over"
    assert arming.level_percent == 0
    assert not arming.latch(BY_ID["F04L"]), "and a lighter one does not take it back"
    assert arming.clear() == "F12"


def test_a_fault_of_availability_while_arming_holds_the_bursts_and_not_the_arming() -> None:
    arming = Arming()
    arming.link_up = True
    assert arming.ask_to_arm()
    arming.latch(BY_ID["F04L"])
    assert arming.ready(), "the device is ready: to say otherwise would leave it so for ever"
    assert not arming.allows_bursts
    assert not arming.set_level(50)
    arming.clear()
    assert arming.allows_bursts


def test_a_device_that_is_ready_unasked_arms_nobody() -> None:
    arming = Arming()
    arming.link_up = True
    assert not arming.ready()
    assert arming.ask_to_arm()
    assert arming.latch(BY_ID["F31"])
    assert not arming.ready()
    assert not arming.ask_to_arm(), "the latch holds"
    assert "F31" in arming.why_not()


def test_who_may_not_arm_is_told_why() -> None:
    arming = Arming()
    assert arming.why_not() == "no device has answered"
    arming.link_up = True
    assert arming.ask_to_arm()
    assert not arming.ask_to_arm()
    assert arming.why_not() == "already arming"


def test_a_level_counts_only_when_armed_and_never_goes_beyond_its_range() -> None:
    arming = Arming()
    assert not arming.set_level(50)
    arming.link_up = True
    arming.ask_to_arm()
    assert not arming.set_level(50), "the device has not said that it is ready"
    arming.ready()
    for asked, got in ((-5, 0), (0, 0), (37, 37), (100, 100), (900, 100)):
        assert arming.set_level(asked)
        assert arming.level_percent == got


def test_an_assembled_controller_has_nothing_to_give_before_anything_happened() -> None:
    controller = assemble((RIGHT,), ControlConfig())
    reading = Sample(0, 0, 1, RIGHT, HEEL_SWITCH, (1.0,))
    for t_us in range(0, 3_000_000, 10_000):
        value = 0.0 if t_us % 1_000_000 > 500_000 else 1.0
        item = reading._replace(t_meas_us=t_us, t_arrive_us=t_us, values=(value,))
        step = controller.step(t_us, item)
        assert step.commands == ()
        for record in step.records:
            assert not isinstance(record, Fault)
            if isinstance(record, GaitEvent):
                assert record.leg == RIGHT


@pytest.mark.parametrize(("channel", "hit"), [(1, {1}), (-1, {0, 1, 2}), (2, {2}), (7, set())])
def test_what_a_device_repeated_for_too_long_counts_for_its_channel(
    channel: int, hit: set[int]
) -> None:
    device = DEVICE._replace(channels=3)
    guard = Guard(Limits(LimitsConfig()), device)
    for account in guard._accounts:
        account.felt.enter(0, 0, 1_000, 20_000)
    guard.outlasted(channel, 500_000)
    at_us = 500_000 + 105_000
    found = {
        number
        for number, account in enumerate(guard._accounts)
        if account.felt.parting(at_us, at_us + 10_000) != BEGINS
    }
    assert found == hit
    parted = [a.felt.parting(at_us + 1, at_us + 10_001) for a in guard._accounts]
    assert parted == [BEGINS] * 3
