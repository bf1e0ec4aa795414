"""The step contract, and what a walk's mishaps make of the controller."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import (
    ALL_LEGS,
    HEEL_SWITCH,
    LEFT,
    RIGHT,
    Arm,
    BurstEnd,
    BurstStart,
    Decision,
    Disarm,
    Fault,
    Input,
    Operator,
    ParameterChange,
    Record,
    Sample,
    Setpoint,
    StateChange,
    Stop,
)
from fes_ctrl.stim.config import ChannelConfig, ProgramConfig
from helpers.played import ARMING, controller, live, play, report, setpoints


def sample(t_us: int, value: float = 1.0, leg: int = RIGHT) -> Sample:
    return Sample(t_us, t_us, t_us // 10_000, leg, HEEL_SWITCH, (value,))


def stride(t_us: int, events: dict[int, float], until_us: int) -> list[tuple[int, Input]]:
    """Return samples every 10 ms, events at some of them, and answers in between."""
    inputs: list[tuple[int, Input]] = []
    for at_us in range(t_us, until_us, 10_000):
        inputs.append((at_us, sample(at_us, events.get(at_us, 1.0))))
        inputs.append((at_us + 3_000, report(at_us + 3_000, "answer")))
    return inputs


def faults(records: Iterable[Record]) -> list[tuple[str, str]]:
    return [(record.id, record.reaction) for record in records if isinstance(record, Fault)]


ONE_STRIDE = stride(100_000, {500_000: 2.0, 1_100_000: 3.0}, 2_000_000)


def test_a_heel_off_gives_a_burst_that_ends_after_the_next_contact() -> None:
    commands, records = play(controller(), [*ARMING, *ONE_STRIDE])
    given_us = [setpoint.at_us for setpoint in setpoints(commands)]
    assert given_us[0] == 500_000
    assert 1_100_000 + 100_000 <= given_us[-1] < 1_100_000 + 250_000
    assert {b - a for a, b in pairwise(given_us)} == {25_000}
    ends = [record for record in records if isinstance(record, BurstEnd)]
    assert [end.ended_by for end in ends] == ["initial_contact"]


@given(
    extra=st.lists(st.integers(0, 2_000_000), max_size=40),
    late=st.lists(st.integers(0, 4_000), min_size=1, max_size=8),
)
def test_calls_in_between_and_late_calls_change_no_planned_pulse(
    extra: list[int], late: list[int]
) -> None:
    plain, _ = play(controller(), [*ARMING, *ONE_STRIDE])
    ticks: list[tuple[int, Input | None]] = [(t_us, None) for t_us in extra]
    merged = sorted([*ARMING, *ONE_STRIDE, *ticks], key=lambda pair: pair[0])
    busy, _ = play(controller(), merged)
    assert setpoints(busy) == setpoints(plain)
    delayed = [
        (now_us + (late[index % len(late)] if index > 4 else 0), item)
        for index, (now_us, item) in enumerate([*ARMING, *ONE_STRIDE])
    ]
    slow, _ = play(controller(), delayed)
    assert setpoints(slow) == setpoints(plain)


KINDS = ["up", "ready", "idle", "answer", "skipped", "silent", "electrode", "error", "down"]
ANYTHING = st.one_of(
    st.sampled_from([1.0, 2.0, 3.0]).map(lambda value: sample(0, value)),
    st.sampled_from(KINDS).map(lambda kind: report(0, kind)),
    st.builds(
        Operator,
        st.just(0),
        st.sampled_from(["disarm", "level", "pause", "resume", "clear", "stop", "test"]),
        st.integers(-10, 200),
    ),
)


def at(now_us: int, item: Input) -> Input:
    if isinstance(item, Sample):
        return item._replace(t_meas_us=now_us, t_arrive_us=now_us)
    if isinstance(item, ParameterChange):
        return item
    return item._replace(t_us=now_us)


@given(st.lists(st.tuples(st.integers(1, 60_000), ANYTHING), max_size=120))
def test_nothing_with_current_leaves_before_it_was_armed(
    script: list[tuple[int, Input]],
) -> None:
    target, now_us = controller(), 0
    for wait_us, item in script:
        now_us += wait_us
        step = target.step(now_us, at(now_us, item))
        assert not any(isinstance(command, Setpoint | Arm) for command in step.commands)


@given(
    st.sampled_from(["silent", "electrode", "error", "down", "stuck"]),
    st.lists(st.tuples(st.integers(1, 60_000), ANYTHING), max_size=80),
)
def test_after_a_latched_fault_nothing_is_given_until_armed_again(
    kind: str, script: list[tuple[int, Input]]
) -> None:
    target = controller()
    play(target, [*ARMING, *ONE_STRIDE[:102]])
    now_us = 605_000
    step = target.step(now_us, report(now_us, kind))
    assert any(isinstance(command, Stop) for command in step.commands)
    for wait_us, item in script:
        now_us += wait_us
        step = target.step(now_us, at(now_us, item))
        assert not setpoints(step.commands)


@given(st.lists(st.tuples(st.integers(-50_000, 60_000), ANYTHING), max_size=80))
def test_time_that_goes_backwards_neither_raises_nor_repeats_a_pulse(
    script: list[tuple[int, Input]],
) -> None:
    target = controller()
    commands, _ = play(target, [*ARMING, *ONE_STRIDE[:60]])
    now_us = 500_000
    for wait_us, item in script:
        now_us += wait_us
        commands += target.step(now_us, at(now_us, item)).commands
    given_us = [setpoint.at_us for setpoint in setpoints(commands)]
    assert given_us == sorted(set(given_us))


def test_a_heel_that_never_lands_ends_by_the_time_out() -> None:
    inputs = stride(100_000, {500_000: 2.0, 4_000_000: 3.0}, 4_100_000)
    commands, records = play(controller(), [*ARMING, *inputs])
    given_us = [setpoint.at_us for setpoint in setpoints(commands)]
    assert given_us[-1] - given_us[0] <= 2_000_000
    assert [end.ended_by for end in records if isinstance(end, BurstEnd)] == ["time_out"]
    assert faults(records) == [("F02", "warn"), ("F02", "cleared")]


def dropout(first_us: int, gap_us: int) -> list[tuple[int, Input]]:
    before = stride(first_us, {first_us + 100_000: 2.0}, first_us + 300_000)
    return before + stride(first_us + 300_000 + gap_us, {}, first_us + 1_500_000)


def test_three_dropouts_in_ten_seconds_latch() -> None:
    inputs = [*ARMING]
    for k in range(3):
        inputs += dropout(100_000 + k * 1_500_000, 200_000)
    target = controller()
    commands, records = play(target, inputs)
    assert [name for name, _ in faults(records)] == ["F04", "F04", "F04", "F04", "F04L"]
    # A fault of availability: cleared by hand, walking goes on at the old level.
    now_us = 5_000_000
    target.step(now_us, Operator(now_us, "clear", 0))
    more = stride(now_us + 10_000, {now_us + 1_010_000: 2.0}, now_us + 1_500_000)
    commands, records = play(target, more)
    assert setpoints(commands)
    assert not any(isinstance(command, Arm) for command in commands)


def test_a_latch_for_one_leg_holds_the_other_legs_planned_burst_too() -> None:
    target = controller(ProgramConfig(delay_ms=300.0), (LEFT, RIGHT))
    inputs: list[tuple[int, Input]] = []
    for at_us in range(100_000, 4_000_000, 10_000):
        if at_us <= 1_000_000:
            inputs.append((at_us, sample(at_us, 1.0, LEFT)))
        value = 2.0 if at_us in {1_500_000, 2_900_000} else 3.0 if at_us == 2_200_000 else 1.0
        inputs.append((at_us, sample(at_us, value, RIGHT)))
        inputs.append((at_us + 3_000, report(at_us + 3_000, "answer")))
    commands, records = play(target, [*ARMING, *inputs])
    assert ("F04L", "latch") in faults(records)
    given_us = [setpoint.at_us for setpoint in setpoints(commands)]
    assert given_us[0] == 1_800_000, "a dropout of the left is no concern of the right"
    assert given_us[-1] < 3_000_000, "but two seconds of it hold the stimulator"
    last = [record for record in records if isinstance(record, BurstEnd)][-1]
    assert (last.leg, last.ended_by) == (RIGHT, "fault")


def test_a_contact_is_known_of_even_where_only_the_time_out_ends_a_burst() -> None:
    program = ProgramConfig(end="time_out", time_out_ms=900.0)
    commands, records = play(controller(program=program), [*ARMING, *ONE_STRIDE])
    assert setpoints(commands)[-1].at_us > 1_400_000, "the contact at 1.1 s ended nothing"
    assert faults(records) == [], "the foot did land"


def test_a_silent_sensor_cuts_the_burst_within_a_tenth_of_a_second() -> None:
    inputs = stride(100_000, {500_000: 2.0}, 700_000)
    last_us = inputs[-2][0]
    commands, records = play(controller(), [*ARMING, *inputs, (1_500_000, None)])
    assert setpoints(commands)[-1].at_us < last_us + 100_000
    assert faults(records) == [("F04", "inhibit")]


@pytest.mark.parametrize("age_us", [500_000, -1_000])
def test_samples_that_are_old_when_they_arrive_or_yet_to_come_are_no_sign_of_life(
    age_us: int,
) -> None:
    unusable = [
        (now_us, sample(now_us - age_us)._replace(t_arrive_us=now_us))
        for now_us in range(700_000, 1_500_000, 10_000)
    ]
    inputs = stride(100_000, {500_000: 2.0}, 700_000)
    commands, records = play(controller(), [*ARMING, *inputs, *unusable])
    assert setpoints(commands)[-1].at_us < 690_000 + 100_000
    assert faults(records)[0] == ("F04", "inhibit")


def test_a_device_error_latches() -> None:
    target = controller()
    play(target, [*ARMING, *ONE_STRIDE[:102]])
    step = target.step(605_000, report(605_000, "error", "parameter error"))
    assert ("F31", "latch") in faults(step.records)
    assert [type(command) for command in step.commands] == [Stop]
    assert any(isinstance(r, BurstEnd) and r.ended_by == "fault" for r in step.records)
    step = target.step(700_000, Operator(700_000, "arm", 0))
    assert step.commands == (), "the latch holds"
    target.step(810_000, Operator(810_000, "clear", 0))
    step = target.step(820_000, Operator(820_000, "arm", 0))
    assert [type(command) for command in step.commands] == [Arm]
    target.step(830_000, report(830_000, "ready"))
    commands, _ = play(target, stride(840_000, {900_000: 2.0}, 1_300_000))
    assert not setpoints(commands), "the level starts at zero"


def test_a_wish_to_clear_that_nobody_can_mean_opens_no_latch() -> None:
    target = controller()
    play(target, [*ARMING, *ONE_STRIDE[:102]])
    target.step(605_000, report(605_000, "error", "parameter error"))
    records = target.step(804_999, Operator(804_999, "clear", 0)).records
    assert ("F31", "cleared") not in faults(records)
    assert [r.reason for r in records if isinstance(r, StateChange)] == [
        "not cleared: F31 is only 200 ms old"
    ]
    assert target.step(804_999, Operator(804_999, "arm", 0)).commands == ()
    records = target.step(805_000, Operator(805_000, "clear", 0)).records
    assert ("F31", "cleared") in faults(records)


@pytest.mark.parametrize(("action", "command"), [("stop", Stop), ("disarm", Disarm)])
def test_stop_and_disarm_end_the_burst_at_once(action: str, command: type) -> None:
    target = controller()
    play(target, [*ARMING, *ONE_STRIDE[:102]])
    step = target.step(605_000, Operator(605_000, action, 0))
    assert [type(found) for found in step.commands] == [command]
    later, _ = play(target, stride(610_000, {700_000: 3.0, 900_000: 2.0}, 1_500_000))
    assert not setpoints(later)


def test_a_pause_takes_the_level_and_keeps_the_arming() -> None:
    target = controller()
    play(target, [*ARMING, *ONE_STRIDE[:102]])
    target.step(605_000, Operator(605_000, "pause", 0))
    commands, _ = play(target, stride(610_000, {700_000: 3.0, 1_000_000: 2.0}, 1_400_000))
    assert not setpoints(commands)
    target.step(1_400_000, Operator(1_400_000, "resume", 0))
    target.step(1_400_001, Operator(1_400_001, "level", 50))
    commands, _ = play(target, stride(1_410_000, {1_500_000: 3.0, 1_900_000: 2.0}, 2_400_000))
    assert setpoints(commands)


def test_a_lower_level_acts_in_the_running_burst() -> None:
    target = controller()
    commands, _ = play(target, [*ARMING, *stride(100_000, {200_000: 2.0}, 700_000)])
    full_ua = setpoints(commands)[-1].current_ua
    target.step(700_000, Operator(700_000, "level", 20))
    commands, _ = play(target, stride(710_000, {}, 800_000))
    assert setpoints(commands)[0].current_ua < full_ua
    target.step(800_000, Operator(800_000, "level", 0))
    commands, _ = play(target, stride(810_000, {}, 900_000))
    assert not setpoints(commands)


def test_the_other_legs_event_triggers_where_the_program_says_so() -> None:
    program = ProgramConfig(trigger="initial_contact", trigger_side="contralateral")
    target = controller(program, (LEFT, RIGHT))
    inputs: list[tuple[int, Input]] = []
    for at_us in range(100_000, 900_000, 10_000):
        value = 3.0 if at_us == 500_000 else 1.0
        inputs.append((at_us, sample(at_us, value, LEFT)))
        inputs.append((at_us, sample(at_us, 1.0, RIGHT)))
        inputs.append((at_us + 3_000, report(at_us + 3_000, "answer")))
    commands, records = play(target, [*ARMING, *inputs])
    assert {setpoint.leg for setpoint in setpoints(commands)} == {RIGHT}
    assert [r.leg for r in records if isinstance(r, BurstStart)] == [RIGHT]


def test_a_parameter_changes_between_bursts_only() -> None:
    target = controller()
    play(target, [*ARMING, *stride(100_000, {200_000: 2.0}, 400_000)])
    target.step(400_000, ParameterChange(400_000, ALL_LEGS, "delay_ms", 100.0))
    commands, _ = play(target, stride(410_000, {800_000: 3.0, 1_400_000: 2.0}, 2_000_000))
    given_us = [setpoint.at_us for setpoint in setpoints(commands)]
    assert given_us[0] < 800_000, "the running burst goes on as it was planned"
    assert next(t_us for t_us in given_us if t_us > 1_200_000) == 1_500_000


def test_equal_inputs_give_equal_steps() -> None:
    first, second = controller(), controller()
    for now_us, item in [*ARMING, *ONE_STRIDE]:
        assert first.step(now_us, item) == second.step(now_us, item)
    assert first.snapshot() == second.snapshot()


ONE_CHANNEL = (ChannelConfig(),)
TWO_CHANNELS = (
    ChannelConfig(current_mA=20.0, rate_hz=40.0),
    ChannelConfig(current_mA=10.0, rate_hz=40.0, channel=1),
)


@pytest.mark.parametrize("channels", [ONE_CHANNEL, TWO_CHANNELS], ids=["one", "two"])
def test_a_foot_that_never_lands_gets_three_bursts(channels: tuple[ChannelConfig, ...]) -> None:
    heel_offs = {500_000 + k * 2_500_000: 2.0 for k in range(6)}
    target = controller(replace(ProgramConfig(), channel=channels))
    _, records = play(target, [*ARMING, *stride(100_000, heel_offs, 15_500_000)])
    onsets = {record.t_us for record in records if isinstance(record, BurstStart)}
    assert len(onsets) == 3
    assert faults(records) == [("F02", "warn"), ("F10", "inhibit")]
    landed = stride(15_500_000, {15_600_000: 3.0, 16_500_000: 2.0}, 16_800_000)
    commands, records = play(target, landed)
    assert faults(records) == [("F10", "cleared"), ("F02", "cleared")]
    assert setpoints(commands), "at the next contact it goes on by itself"


CHATTER = {500_000 + k * 150_000: (2.0, 3.0)[k % 2] for k in range(16)}
"""Heel-offs every 0.3 s, and contacts between them."""


def test_five_heel_offs_within_two_seconds_end_the_burst_and_the_next_step_has_one() -> None:
    later = {5_000_000: 2.0, 5_500_000: 3.0}
    commands, records = play(
        controller(), [*ARMING, *stride(100_000, {**CHATTER, **later}, 6_000_000)]
    )
    told, cleared = [record for record in records if isinstance(record, Fault)]
    assert (told.id, told.reaction, told.t_us) == ("F03", "inhibit", 1_700_000)
    assert told.detail == "5 heel-offs of the right within 1.20 s"
    assert (cleared.reaction, cleared.t_us) == ("cleared", 5_000_000)
    assert cleared.detail == "5 heel-offs of the right within 3.30 s"
    given_us = [setpoint.at_us for setpoint in setpoints(commands)]
    assert not [t_us for t_us in given_us if 1_700_000 <= t_us < 5_000_000]
    starts_us = [record.t_us for record in records if isinstance(record, BurstStart)]
    assert len(starts_us) <= 5
    assert starts_us[-1] == 5_000_000


def test_where_the_other_leg_s_steps_trigger_its_haste_is_what_counts() -> None:
    program = ProgramConfig(trigger_side="contralateral", delay_ms=250.0)
    target = controller(program, (LEFT, RIGHT))
    inputs: list[tuple[int, Input]] = []
    for at_us in range(100_000, 4_500_000, 10_000):
        inputs.append((at_us, sample(at_us, CHATTER.get(at_us, 1.0), LEFT)))
        value = 2.0 if at_us == 2_900_000 else 3.0 if at_us == 3_700_000 else 1.0
        inputs.append((at_us, sample(at_us, value, RIGHT)))
        inputs.append((at_us + 3_000, report(at_us + 3_000, "answer")))
    _, records = play(target, [*ARMING, *inputs])
    told = [r for r in records if isinstance(r, Fault) and r.id == "F03"]
    assert [(fault.leg, fault.reaction) for fault in told] == [(RIGHT, "inhibit")]
    starts = [record for record in records if isinstance(record, BurstStart)]
    late = [(record.leg, record.t_us) for record in starts if record.t_us > told[0].t_us]
    assert late == [(LEFT, 3_150_000)], "the right walks on, and the left is helped by it"
    ends = [record for record in records if isinstance(record, BurstEnd)]
    assert [end.leg for end in ends if end.ended_by == "sensor"] == [RIGHT]


def test_no_burst_is_begun_ahead_of_a_step_that_only_chatter_lets_expect() -> None:
    walk = {500_000 + k * 500_000: (2.0, 3.0)[k % 2] for k in range(30)}
    chatter = {15_400_000 + k * 200_000: (2.0, 3.0)[k % 2] for k in range(60)}
    program = ProgramConfig(trigger="initial_contact", trigger_lead_ms=100.0, end="time_out")
    inputs = [*ARMING, *stride(100_000, {**walk, **chatter}, 27_000_000)]
    _, records = live(controller(program), inputs)
    (told,) = [record for record in records if isinstance(record, Fault) and record.id == "F03"]
    starts = [record for record in records if isinstance(record, BurstStart)]
    assert {start.trigger for start in starts} == {"ic", "predicted_ic"}
    assert starts[-1].t_us < told.t_us


MID_BURST = [*ARMING, *stride(100_000, {500_000: 2.0}, 900_000)]


@pytest.mark.parametrize(
    ("jump_us", "jumped"),
    [(-10_000, False), (-10_001, True), (-5_000_000, True), (990_000, False), (5_000_000, True)],
)
def test_a_clock_that_jumps_ends_what_was_planned(jump_us: int, jumped: bool) -> None:
    target = controller()
    play(target, MID_BURST)
    first = target.step(893_000 + jump_us, None)
    assert (("F36", "latch") in faults(first.records)) is jumped
    if jumped:
        assert [type(command) for command in first.commands] == [Stop], "the stop, and no pulse"
        commands, _ = play(target, stride(900_000 + max(0, jump_us), {}, 3_000_000))
        assert setpoints(commands) == []


def test_nothing_is_armed_while_the_clock_is_behind() -> None:
    target = controller()
    play(target, MID_BURST)
    assert faults(target.step(893_000 - 500_000, None).records) == [("F36", "latch")]
    behind: list[tuple[int, Input]] = [
        (400_000, Operator(400_000, "clear", 0)),
        (410_000, Operator(410_000, "arm", 0)),
        (420_000, report(420_000, "ready")),
        (430_000, Operator(430_000, "level", 100)),
        *stride(440_000, {450_000: 2.0}, 890_000),
    ]
    commands, records = play(target, behind)
    assert setpoints(commands) == []
    assert ("F36", "cleared") not in faults(records)


def test_an_unarmed_controller_has_nothing_to_fear_from_a_clock() -> None:
    target = controller()
    play(target, stride(100_000, {500_000: 2.0}, 900_000))
    assert not [f for f in faults(target.step(100_000, None).records) if f[0] == "F36"]
    assert not [f for f in faults(target.step(9_000_000, None).records) if f[0] == "F36"]


def test_pulses_that_nobody_felt_raise_no_level() -> None:
    given = {}
    for skips in (False, True):
        target = controller(replace(ProgramConfig(), channel=(ChannelConfig(current_mA=40.0),)))
        inputs = list(ARMING)
        for t_us in range(10_000, 2_900_000, 5_000):
            value = {500_000: 2.0, 1_000_000: 3.0, 2_000_000: 2.0, 2_500_000: 3.0}.get(t_us, 1.0)
            inputs.append((t_us, Sample(t_us, t_us, 0, RIGHT, HEEL_SWITCH, (value,))))
            kind = "skipped" if skips and t_us < 1_500_000 else "answer"
            inputs.append((t_us + 1_000, report(t_us + 1_000, kind)))
        commands, _ = live(target, inputs)
        given[skips] = max(s.current_ua for s in setpoints(commands) if s.at_us > 1_900_000)
    assert given == {False: 35_000, True: 30_000}


@pytest.mark.parametrize(
    ("name", "value", "most_ua"),
    [
        ("limits.current_mA", 17.3, 17_000),
        ("limits.charge_per_phase_uC", 4.5, 15_000),
        ("limits.voltage_V", 14.0, 14_000),
    ],
)
def test_a_limit_that_is_narrowed_below_the_plateau_lowers_it_at_once_and_ends_nothing(
    name: str, value: float, most_ua: int
) -> None:
    target = controller(replace(ProgramConfig(), channel=(ChannelConfig(current_mA=28.0),)))
    inputs: list[tuple[int, Input]] = list(ARMING)
    for t_us in range(10_000, 9_900_000, 5_000):
        reading = {0: 3.0, 500_000: 2.0}.get(t_us % 1_000_000, 1.0)
        inputs.append((t_us, Sample(t_us, t_us, 0, RIGHT, HEEL_SWITCH, (reading,))))
        inputs.append((t_us + 1_000, report(t_us + 1_000, "answer")))
    narrowed_us = 2_700_000
    inputs.append((narrowed_us, ParameterChange(narrowed_us, ALL_LEGS, name, value)))
    commands, records = live(target, sorted(inputs, key=lambda told: told[0]))
    given = setpoints(commands)
    assert max(point.current_ua for point in given if point.at_us <= narrowed_us) == 28_000
    after = [point for point in given if point.at_us > narrowed_us]
    assert max(point.current_ua for point in after) == most_ua
    assert after[0].at_us < narrowed_us + 50_000, "the burst goes on"
    assert after[-1].at_us > 9_000_000, "and so do those after it"
    assert [r for r in records if isinstance(r, Decision)] == []
    assert faults(records) == []


def test_a_refusal_that_ends_the_burst_ends_every_channel_of_it_at_once() -> None:
    channels = (
        ChannelConfig(current_mA=28.0, rate_hz=40.0),
        ChannelConfig(current_mA=10.0, rate_hz=50.0, channel=1),
    )
    target = controller(replace(ProgramConfig(), channel=channels))
    heel = [
        (t_us, Sample(t_us, t_us, 0, RIGHT, HEEL_SWITCH, (2.0 if t_us == 500_000 else 1.0,)))
        for t_us in range(10_000, 900_000, 5_000)
    ]
    lowered = (604_000, ParameterChange(604_000, ALL_LEGS, "limits.pulse_energy_mJ", 0.1))
    answered = [(t_us + 1_000, report(t_us + 1_000, "answer")) for t_us, _ in heel]
    inputs = sorted([*ARMING, *heel, *answered, lowered], key=lambda told: told[0])
    commands, records = live(target, inputs)
    (end,) = [record for record in records if isinstance(record, BurstEnd) and record.channel == 0]
    given = setpoints(commands)
    assert end.ended_by == "refused"
    refused_us = [record.t_us for record in records if isinstance(record, Decision)][-1]
    assert {setpoint.channel for setpoint in given} == {0, 1}
    assert max(setpoint.at_us for setpoint in given) < refused_us


# -- bursts that a person asks for ----------------------------------------------------------------


def quiet(from_us: int, until_us: int) -> list[tuple[int, Input]]:
    """Return a heel that stays loaded, and answers in between."""
    return stride(from_us, {}, until_us)


def ask(t_us: int, value: int = 0) -> tuple[int, Input]:
    return t_us, Operator(t_us, "test", value)


def in_order(*parts: Iterable[tuple[int, Input]]) -> list[tuple[int, Input]]:
    return sorted([pair for part in parts for pair in part], key=lambda pair: pair[0])


def reasons(records: Iterable[Record]) -> list[str]:
    return [record.reason for record in records if isinstance(record, StateChange)]


def test_a_test_burst_needs_no_event_and_no_contact_and_faults_nothing() -> None:
    asks = [ask(500_000 + 2_000_000 * number) for number in range(5)]
    commands, records = live(controller(), in_order(ARMING, quiet(100_000, 11_000_000), asks))
    starts = [record for record in records if isinstance(record, BurstStart)]
    assert [(start.t_us, start.trigger) for start in starts] == [
        (500_000 + 2_000_000 * number, "test") for number in range(5)
    ]
    ends = [record.ended_by for record in records if isinstance(record, BurstEnd)]
    assert ends == ["test"] * 5
    assert faults(records) == []
    assert setpoints(commands)[0].at_us == 500_000


def test_test_bursts_between_steps_without_contact_do_not_count_as_steps() -> None:
    # One burst ends by its time-out; then tests; nothing says more than that one is missing.
    asks = [ask(3_000_000 + 2_000_000 * number) for number in range(4)]
    samples = stride(100_000, {500_000: 2.0}, 11_500_000)
    _, records = live(controller(), in_order(ARMING, samples, asks))
    assert faults(records) == [("F02", "warn")]
    ends = [record.ended_by for record in records if isinstance(record, BurstEnd)]
    assert ends == ["time_out"] + ["test"] * 4


def test_the_guard_sees_a_test_burst_like_any_other() -> None:
    # 43 mA at once after arming: the first burst may reach 30.
    _, records = live(controller(), in_order(ARMING, quiet(100_000, 2_500_000), [ask(500_000)]))
    clips = [record for record in records if isinstance(record, Decision)]
    assert clips
    assert {clip.verdict for clip in clips} == {"clip"}
    assert {clip.reason for clip in clips} == {"level_step"}


def test_a_current_is_given_in_milliamperes_and_the_level_counts_again_afterwards() -> None:
    inputs = in_order(ARMING, quiet(100_000, 5_000_000), [ask(500_000, 20), ask(3_000_000)])
    commands, records = live(controller(), inputs)
    starts = [record for record in records if isinstance(record, BurstStart)]
    assert [start.set_current_ua for start in starts] == [20_000, 43_000]
    first = [given.current_ua for given in setpoints(commands) if given.at_us < 2_500_000]
    assert max(first) == 20_000


def test_a_current_below_zero_is_none() -> None:
    inputs = in_order(ARMING, quiet(100_000, 2_500_000), [ask(500_000, -20)])
    _, records = live(controller(), inputs)
    (start,) = [record for record in records if isinstance(record, BurstStart)]
    assert start.set_current_ua == 43_000


def test_a_test_burst_takes_the_level_of_its_time() -> None:
    level = Operator(490_000, "level", 50)
    inputs = in_order(ARMING, quiet(100_000, 2_500_000), [(490_000, level), ask(500_000)])
    _, records = live(controller(), inputs)
    (start,) = [record for record in records if isinstance(record, BurstStart)]
    assert start.set_current_ua == 30_500


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ([], "no test burst: not armed"),
        (ARMING[:3], "no test burst: the level is zero"),
        ([*ARMING, (400_000, Operator(400_000, "pause", 0))], "no test burst: paused"),
        ([*ARMING, (400_000, report(400_000, "electrode"))], "no test burst: fault F12 is latched"),
        ([*ARMING, ask(400_000)], "no test burst on the right: a burst is planned or running"),
    ],
)
def test_where_none_may_begin_one_sentence_says_why(
    before: list[tuple[int, Input]], why: str
) -> None:
    inputs = in_order(before, quiet(100_000, 1_500_000), [ask(500_000)])
    _, records = live(controller(), inputs)
    assert reasons(records)[-1] == why
    starts = [record for record in records if isinstance(record, BurstStart)]
    assert len(starts) == (1 if "running" in why else 0)


def test_no_test_is_given_to_a_leg_whose_sensors_never_spoke_or_fell_silent() -> None:
    silent = "no test burst on the right: its sensors are silent"
    _, records = live(controller(), in_order(ARMING, [ask(500_000)]))
    assert reasons(records)[-1] == silent
    inputs = in_order(ARMING, quiet(100_000, 400_000), [ask(600_000)])
    _, records = live(controller(), inputs)
    assert reasons(records)[-1] == silent
    assert not [record for record in records if isinstance(record, BurstStart)]


def test_no_test_is_given_where_a_fault_inhibits_bursts() -> None:
    heel_offs = {500_000 + 2_500_000 * number: 2.0 for number in range(3)}
    samples = stride(100_000, heel_offs, 9_500_000)
    _, records = live(controller(), in_order(ARMING, samples, [ask(9_000_000)]))
    assert ("F10", "inhibit") in faults(records)
    assert reasons(records)[-1] == "no test burst on the right: fault F10 inhibits it"
    crowd = {500_000 + 300_000 * number: 2.0 for number in range(5)}
    samples = stride(100_000, crowd, 5_000_000)
    _, records = live(controller(), in_order(ARMING, samples, [ask(4_500_000)]))
    assert ("F03", "inhibit") in faults(records)
    assert reasons(records)[-1] == "no test burst on the right: fault F03 inhibits it"


def test_one_leg_that_cannot_does_not_keep_the_other_from_it() -> None:
    left = [(t, sample(t, leg=LEFT)) for t in range(100_000, 2_500_000, 10_000)]
    right = [(t, sample(t, leg=RIGHT)) for t in range(100_000, 300_000, 10_000)]
    answers = [(t, report(t, "answer")) for t in range(103_000, 2_500_000, 10_000)]
    inputs = in_order(ARMING, left, right, answers, [ask(600_000, 10)])
    _, records = live(controller(legs=(LEFT, RIGHT)), inputs)
    starts = [record.leg for record in records if isinstance(record, BurstStart)]
    assert starts == [LEFT]
    assert reasons(records)[-1] == "no test burst on the right: its sensors are silent"
