"""Bursts that begin and fall ahead of predicted events: when they do, and what undoes them."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.model import (
    ALL_LEGS,
    FORE_FORCE,
    HEEL_FORCE,
    HEEL_SWITCH,
    LEFT,
    RIGHT,
    Anticipation,
    BurstEnd,
    BurstStart,
    Input,
    LinkReport,
    Operator,
    ParameterChange,
    Record,
    Sample,
    Setpoint,
)
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.units import NEVER_US
from helpers.played import ARMING, controller, live, play, setpoints

MS = 1_000
STRIDE_US = 1_200 * MS
HEEL_OFF_US = 500 * MS  # after contact
SIGN_US = 340 * MS
EMPTY_US = SIGN_US + 20 * MS  # a sign has to hold for so long
TOE_OFF_US = 720 * MS
LEAD = ProgramConfig(trigger_lead_ms=100.0)


def stride(
    start_us: int,
    *,
    leg: int = RIGHT,
    comes: bool = True,
    empties: bool = True,
    back_us: int = NEVER_US,
    length_us: int = STRIDE_US,
    late_us: int = 0,
    longer_us: int = 0,
    heel_off_us: int = HEEL_OFF_US,
) -> list[tuple[int, Input]]:
    """Return the readings of a stride: of a heel that empties, and leaves if the step comes."""
    found: list[tuple[int, Input]] = []
    for since_us in range(0, length_us + longer_us, 10 * MS):
        t_us = start_us + since_us
        kind = 3.0 if since_us == late_us else 1.0
        if comes and since_us == heel_off_us:
            kind = 2.0
        elif comes and since_us == TOE_OFF_US:
            kind = 4.0
        late = late_us / 1000 if kind == 3.0 else 0.0
        aloft = comes and since_us >= TOE_OFF_US
        empty = empties and since_us >= SIGN_US and since_us < back_us
        heel, fore = (0.0, 0.0) if aloft else (50.0, 600.0) if empty else (500.0, 100.0)
        found.append((t_us, Sample(t_us, t_us, 0, leg, FORE_FORCE, (fore,))))
        found.append((t_us, Sample(t_us, t_us, 0, leg, HEEL_FORCE, (heel,))))
        found.append((t_us, Sample(t_us, t_us, 0, leg, HEEL_SWITCH, (kind, late, 1.0))))
        found.append((t_us + 3 * MS, LinkReport(t_us + 3 * MS, 0, "answer", NEVER_US, "")))
    return found


def strides(count: int, start_us: int = 100 * MS, **how: int) -> list[tuple[int, Input]]:
    return [
        item
        for k in range(count)
        for item in stride(start_us + k * STRIDE_US, **how)  # type: ignore[arg-type]
    ]


REGULAR = 7
LAST_US = 100 * MS + REGULAR * STRIDE_US


def walked(
    program: ProgramConfig = LEAD, last: Sequence[tuple[int, Input]] = ()
) -> tuple[list[Setpoint], list[Record]]:
    """Return what the last part of a walk gave, after regular strides."""
    target = controller(program)
    play(target, [*ARMING, *strides(REGULAR)])
    commands, records = play(target, last)
    return setpoints(commands), records


def starts(records: Sequence[Record]) -> list[tuple[str, int]]:
    return [(r.trigger, r.t_us) for r in records if isinstance(r, BurstStart)]


def told(records: Sequence[Record]) -> list[tuple[str, str]]:
    return [(r.verdict, r.reason) for r in records if isinstance(r, Anticipation)]


def test_a_sure_step_of_a_foot_that_leaves_is_met_ahead_of_its_heel_off_by_the_lead() -> None:
    given, records = walked(last=stride(LAST_US))
    ((trigger, onset_us),) = starts(records)
    assert trigger == "predicted_ho"
    assert abs(onset_us - (LAST_US + HEEL_OFF_US - 100 * MS)) < 1 * MS
    own = [setpoint.at_us for setpoint in given if setpoint.at_us > LAST_US + 300 * MS]
    assert own[0] == onset_us
    assert {b - a for a, b in pairwise(own)} == {25_000}, "one burst, without a break"
    assert told(records) == [("used", "onset")]


def test_without_a_lead_nothing_is_told_and_nothing_is_early() -> None:
    given, records = walked(ProgramConfig(), stride(LAST_US))
    assert starts(records) == [("ho", LAST_US + HEEL_OFF_US)]
    assert told(records) == []
    own = [setpoint.at_us for setpoint in given if setpoint.at_us > LAST_US + 300 * MS]
    assert own[0] == LAST_US + HEEL_OFF_US


def test_a_lead_reaches_no_further_back_than_the_first_sign_of_leaving() -> None:
    program = ProgramConfig(trigger_lead_ms=300.0)
    _, records = walked(program, stride(LAST_US))
    assert starts(records) == [("predicted_ho", LAST_US + EMPTY_US)]


def test_without_a_sign_of_leaving_the_burst_waits_for_the_heel_off() -> None:
    _, records = walked(last=stride(LAST_US, empties=False))
    assert starts(records) == [("ho", LAST_US + HEEL_OFF_US)]
    assert told(records) == [("refused", "no sign of leaving")]


def test_the_first_strides_are_met_at_their_heel_off() -> None:
    _, records = play(controller(LEAD), [*ARMING, *strides(REGULAR)])
    triggers = [trigger for trigger, _ in starts(records)]
    assert triggers[:4] == ["ho"] * 4
    assert set(triggers[5:]) == {"predicted_ho"}
    assert told(records)[0] == ("refused", "0 regular strides of 3")


def test_whoever_stops_in_stance_is_not_stimulated() -> None:
    stop = stride(LAST_US, comes=False, empties=False, length_us=4_000 * MS)
    given, records = walked(last=stop)
    assert starts(records) == []
    assert [s for s in given if s.at_us > LAST_US + 300 * MS] == [], "but the old burst's fall"


def test_a_foot_that_only_seemed_to_leave_is_given_up_within_a_reading() -> None:
    back_us = 460 * MS
    stop = stride(LAST_US, comes=False, back_us=back_us, length_us=4_000 * MS)
    given, records = walked(last=stop)
    assert [trigger for trigger, _ in starts(records)] == ["predicted_ho"]
    assert told(records) == [("used", "onset"), ("withdrawn", "the foot stays")]
    assert [r.ended_by for r in records if isinstance(r, BurstEnd)][-1] == "no_step"
    assert given[-1].at_us <= LAST_US + back_us


def test_a_step_that_is_overdue_is_given_up_and_not_begun_again() -> None:
    stop = stride(LAST_US, comes=False, length_us=4_000 * MS)
    given, records = walked(last=stop)
    assert [trigger for trigger, _ in starts(records)] == ["predicted_ho"]
    assert told(records)[-1] == ("withdrawn", "it has not come in time")
    assert given[-1].at_us <= LAST_US + HEEL_OFF_US + STRIDE_US // 4


def test_a_long_stance_that_shows_its_leaving_all_along_is_one_burst() -> None:
    slow = stride(LAST_US, heel_off_us=HEEL_OFF_US + 160 * MS)
    given, records = walked(last=slow)
    assert [trigger for trigger, _ in starts(records)] == ["predicted_ho"]
    assert told(records) == [("used", "onset")]
    assert given[-1].at_us > LAST_US + HEEL_OFF_US + 400 * MS


def test_after_a_step_that_did_not_come_leads_have_to_be_earned_again() -> None:
    stop = stride(LAST_US, comes=False, back_us=460 * MS)
    after = strides(3, LAST_US + STRIDE_US)
    _, records = walked(last=[*stop, *after])
    triggers = [trigger for trigger, _ in starts(records)]
    assert triggers == ["predicted_ho", "ho", "ho", "ho"]


def test_a_pause_of_the_operator_holds_predicted_bursts_too() -> None:
    paused = (LAST_US + 100 * MS, Operator(LAST_US + 100 * MS, "pause", 0))
    last = sorted([*stride(LAST_US), paused], key=lambda pair: pair[0])
    _, records = walked(last=last)
    assert starts(records) == []


def test_a_sensor_that_fell_silent_starts_no_burst_however_sure_the_step_was() -> None:
    # The detector's sensor goes on: only what showed the sign is gone.
    last = [
        pair
        for pair in stride(LAST_US)
        if not (
            isinstance(pair[1], Sample)
            and pair[1].sensor in {HEEL_FORCE, FORE_FORCE}
            and pair[0] > LAST_US + EMPTY_US
        )
    ]
    program = ProgramConfig(trigger_lead_ms=20.0)
    _, records = walked(program, last)
    assert starts(records) == [("ho", LAST_US + HEEL_OFF_US)]


def test_a_lead_can_be_turned_on_in_a_walk() -> None:
    target = controller(ProgramConfig())
    play(target, [*ARMING, *strides(REGULAR)])
    target.step(LAST_US, ParameterChange(LAST_US, ALL_LEGS, "trigger_lead_ms", 100.0))
    _, records = play(target, strides(6, LAST_US))
    triggers = [trigger for trigger, _ in starts(records)]
    assert triggers[0] == "ho", "the signs are not known yet"
    assert triggers[-1] == "predicted_ho"


def test_the_other_legs_contact_is_met_ahead_once_its_foot_is_in_the_air() -> None:
    program = ProgramConfig(
        trigger="initial_contact", trigger_side="contralateral", trigger_lead_ms=100.0
    )
    target = controller(program, (LEFT, RIGHT))
    other = [
        (t_us, item)
        for t_us, item in strides(REGULAR + 2, leg=LEFT)
        if not isinstance(item, LinkReport)
    ]
    own = strides(REGULAR + 2, 100 * MS + STRIDE_US // 2)
    inputs = sorted([*other, *own], key=lambda pair: pair[0])
    _, records = play(target, [*ARMING, *inputs])
    found = [r for r in records if isinstance(r, BurstStart) and r.leg == RIGHT]
    assert found[0].trigger == "ic"
    assert found[-1].trigger == "predicted_ic"
    contacts = [100 * MS + k * STRIDE_US for k in range(REGULAR + 3)]
    nearest = min(contacts, key=lambda t_us: abs(t_us - found[-1].t_us))
    assert abs(found[-1].t_us - (nearest - 100 * MS)) < 5 * MS


# -- the end ----------------------------------------------------------------------------------


def fall_from(given: Sequence[Setpoint]) -> int:
    """Return the last pulse at full current."""
    full = max(setpoint.current_ua for setpoint in given)
    return max(setpoint.at_us for setpoint in given if setpoint.current_ua == full)


@pytest.mark.parametrize("late_us", [0, 150 * MS])
def test_a_fall_comes_on_time_though_the_contact_is_told_late(late_us: int) -> None:
    plain = ProgramConfig(extension_ms=100.0)
    ahead = ProgramConfig(extension_ms=100.0, end_lead_ms=40.0)
    found = {}
    for program in (plain, ahead):
        target = controller(program)
        commands, _ = play(target, [*ARMING, *strides(REGULAR + 2, late_us=late_us)])
        heel_off_us = LAST_US + HEEL_OFF_US
        last = [s for s in setpoints(commands) if heel_off_us <= s.at_us < heel_off_us + STRIDE_US]
        found[program.end_lead_ms] = fall_from(last) - (LAST_US + STRIDE_US)
    assert found[0.0] >= max(75 * MS, late_us - 25 * MS), "extension, or when it was told"
    assert 35 * MS <= found[40.0] <= 60 * MS


def test_a_foot_that_is_still_in_the_air_when_its_contact_was_due_keeps_its_burst() -> None:
    program = ProgramConfig(extension_ms=100.0, end_lead_ms=100.0)
    target = controller(program)
    play(target, [*ARMING, *strides(REGULAR)])
    commands, _ = play(target, stride(LAST_US, longer_us=400 * MS))
    given = setpoints(commands)
    full_ua = max(setpoint.current_ua for setpoint in given)
    assert fall_from(given) > LAST_US + STRIDE_US + 300 * MS
    assert given[-1].current_ua == full_ua


def test_no_lead_lets_the_fall_start_before_the_contact() -> None:
    program = ProgramConfig(extension_ms=60.0, end_lead_ms=300.0)
    target = controller(program)
    commands, _ = play(target, [*ARMING, *strides(REGULAR + 2)])
    given = setpoints(commands)
    last = [s for s in given if LAST_US + 300 * MS < s.at_us < LAST_US + STRIDE_US + 300 * MS]
    assert fall_from(last) >= LAST_US + STRIDE_US - 25 * MS
    assert [s for s in last if s.at_us > LAST_US + STRIDE_US]


# -- the step contract ------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 9_000), min_size=1, max_size=6),
    st.lists(st.integers(LAST_US - 2 * STRIDE_US, LAST_US + STRIDE_US), max_size=20),
)
def test_neither_late_wake_ups_nor_calls_without_need_move_a_predicted_burst(
    late_us: list[int], extra_us: list[int]
) -> None:
    program = ProgramConfig(trigger_lead_ms=95.0, end_lead_ms=50.0)
    inputs = [*ARMING, *strides(REGULAR, late_us=120 * MS), *stride(LAST_US, comes=False)]
    plain = play(controller(program), inputs)
    assert live(controller(program), inputs, late_us, extra_us) == plain
    _, records = plain
    assert any(r.trigger == "predicted_ho" for r in records if isinstance(r, BurstStart))
