"""The heel detector: one contact and one heel-off per step, at once, whatever the switch does."""

import math
import random

import numpy as np
import pytest

from fes_ctrl.gait.config import HeelConfig
from fes_ctrl.gait.heel import HeelDetector
from fes_ctrl.model import (
    FOOT_FLAT,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_OFF,
    HEEL_SWITCH,
    INITIAL_CONTACT,
    LEFT,
    RIGHT,
    TERMINAL_CONTACT,
    GaitEvent,
    Sample,
)

PERIOD_US = 5_000
LATENCY_US = 4_000


def feed(
    detector: HeelDetector, values: list[float], sensor: str = HEEL_SWITCH, from_us: int = 0
) -> list[GaitEvent]:
    events: list[GaitEvent] = []
    for row, value in enumerate(values):
        t_us = from_us + row * PERIOD_US
        sample = Sample(t_us, t_us + LATENCY_US, row, LEFT, sensor, (value,))
        events.extend(detector.update(sample))
    return events


def rows(ms: float) -> int:
    return round(ms * 1000 / PERIOD_US)


def kinds(events: list[GaitEvent]) -> list[str]:
    return [event.kind for event in events]


def test_closing_is_a_contact_and_opening_a_heel_off() -> None:
    values = [0.0] * 50 + [1.0] * 100 + [0.0] * 100
    contact, heel_off = feed(HeelDetector(HeelConfig(), LEFT), values)
    assert contact == GaitEvent(INITIAL_CONTACT, LEFT, 50 * PERIOD_US, 254_000, 1.0)
    assert heel_off == GaitEvent(HEEL_OFF, LEFT, 150 * PERIOD_US, 754_000, 1.0)


def test_the_first_reading_is_no_event() -> None:
    assert feed(HeelDetector(HeelConfig(), LEFT), [1.0] * 400) == []
    assert feed(HeelDetector(HeelConfig(), LEFT), [0.0] * 400) == []


def test_a_bouncing_switch_gives_one_event_per_edge_without_delay() -> None:
    stream = random.Random("bounce")
    values: list[float] = []
    edges: list[tuple[str, int]] = []
    loaded = 0.0
    for _ in range(1000):
        values += [loaded] * rows(500)
        loaded = 1.0 - loaded
        edges.append((INITIAL_CONTACT if loaded else HEEL_OFF, len(values) * PERIOD_US))
        values.append(loaded)
        values += [float(stream.random() < 0.5) for _ in range(rows(stream.uniform(1, 20)))]
    events = feed(HeelDetector(HeelConfig(), LEFT), values)
    # The last edge has nothing after it but its bounce.
    assert [(event.kind, event.t_event_us) for event in events] == edges
    assert all(event.t_emit_us - event.t_event_us == LATENCY_US for event in events)


def test_a_load_that_stays_changed_after_the_lock_out_is_believed_late_and_with_doubt() -> None:
    # The heel comes down for good 60 ms after it came off: too soon for a swing.
    values = [1.0] * 50 + [0.0] * rows(60) + [1.0] * 100
    heel_off, contact = feed(HeelDetector(HeelConfig(), LEFT), values)
    assert contact.t_event_us == heel_off.t_event_us + 60_000
    assert contact.t_emit_us - LATENCY_US - heel_off.t_event_us == 150_000
    assert contact.confidence < 1.0
    assert kinds([heel_off, contact]) == [HEEL_OFF, INITIAL_CONTACT]


def test_force_needs_40_newton_to_load_and_less_than_20_to_unload() -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    assert feed(detector, [0.0] * 40 + [39.0] * 40, HEEL_FORCE) == []
    contact, heel_off = feed(
        detector, [41.0] * 40 + [21.0] * 40 + [19.0] * 40, HEEL_FORCE, from_us=400_000
    )
    assert kinds([contact, heel_off]) == [INITIAL_CONTACT, HEEL_OFF]
    assert heel_off.t_event_us >= 400_000 + 79 * PERIOD_US


def test_a_force_edge_is_dated_where_the_threshold_was_crossed() -> None:
    contact, *_ = feed(HeelDetector(HeelConfig(), LEFT), [0.0] * 20 + [160.0] * 20, HEEL_FORCE)
    assert contact.t_event_us == 19 * PERIOD_US + PERIOD_US // 4
    assert contact.t_emit_us == 20 * PERIOD_US + LATENCY_US


def test_no_event_from_before_a_gap() -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    assert feed(detector, [0.0] * 100) == []
    # The contact happened unseen; when is not known.
    assert feed(detector, [1.0] * 100, from_us=3_000_000) == []
    assert "gap of 2505 ms" in " ".join(remark.text for remark in detector.remarks())
    assert kinds(feed(detector, [0.0] * 100, from_us=3_500_000)) == [HEEL_OFF]


def test_a_reading_that_is_no_number_changes_nothing() -> None:
    values = [0.0] * 50 + [math.nan, math.inf, -math.inf] + [0.0] * 50
    for sensor in (HEEL_SWITCH, HEEL_FORCE):
        assert feed(HeelDetector(HeelConfig(), LEFT), values, sensor) == []


def test_the_other_leg_and_other_sensors_are_not_looked_at() -> None:
    detector = HeelDetector(HeelConfig(), RIGHT)
    assert feed(detector, [0.0] * 50 + [1.0] * 50) == []
    detector = HeelDetector(HeelConfig(), LEFT)
    assert feed(detector, [0.0] * 50 + [900.0] * 50, "fore_force") == []


def test_a_hysteresis_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="off_N 40 must lie below on_N 40"):
        HeelConfig(off_N=40.0)


def both(
    detector: HeelDetector,
    heel: list[float],
    fore: list[float],
    *,
    forces: bool = False,
    from_us: int = 0,
) -> list[GaitEvent]:
    """Feed heel and forefoot together, the forefoot a millisecond later."""
    events: list[GaitEvent] = []
    kinds_ = (HEEL_FORCE, FORE_FORCE) if forces else (HEEL_SWITCH, FOREFOOT_SWITCH)
    for row, values in enumerate(zip(heel, fore, strict=True)):
        for index, (sensor, value) in enumerate(zip(kinds_, values, strict=True)):
            t_us = from_us + row * PERIOD_US + 1000 * index
            sample = Sample(t_us, t_us + LATENCY_US, row, LEFT, sensor, (value,))
            events.extend(detector.update(sample))
    return events


def course(*parts: tuple[float, float]) -> list[float]:
    """Return a course of values: each for so many milliseconds."""
    return [value for value, ms in parts for _ in range(rows(ms))]


def test_a_stride_over_heel_and_forefoot_is_one_contact_and_one_heel_off() -> None:
    heel = course((1, 400), (0, 700), (1, 400), (0, 700))
    fore = course((0, 100), (1, 500), (0, 500), (0, 100), (1, 500), (0, 500))
    events = both(HeelDetector(HeelConfig(), LEFT), heel, fore)
    stride = [HEEL_OFF, TERMINAL_CONTACT]
    assert kinds(events) == [*stride, INITIAL_CONTACT, *stride]


def test_a_heel_that_comes_down_again_over_its_forefoot_is_no_contact() -> None:
    heel = course((1, 400), (0, 300), (1, 400), (0, 600))
    fore = course((1, 1400), (0, 300))
    events = both(HeelDetector(HeelConfig(), LEFT), heel, fore)
    assert kinds(events) == [HEEL_OFF, FOOT_FLAT, HEEL_OFF, TERMINAL_CONTACT]


@pytest.mark.parametrize("forces", [False, True])
def test_a_foot_that_lands_on_its_toes_has_its_contact_told_by_them(forces: bool) -> None:
    full = 300.0 if forces else 1.0
    heel = course((full, 400), (0, 800), (full, 300))
    fore = course((full, 600), (0, 400), (full, 500))
    events = both(HeelDetector(HeelConfig(), LEFT), heel, fore, forces=forces)
    assert kinds(events) == [HEEL_OFF, TERMINAL_CONTACT, INITIAL_CONTACT, FOOT_FLAT]
    assert events[2].t_event_us == pytest.approx(1_000_000, abs=2 * PERIOD_US)
    assert events[2].t_emit_us - events[2].t_event_us <= LATENCY_US + PERIOD_US


STOOD_MS = 3_000


@pytest.mark.parametrize("fore_first_ms", [200, 20, -40])
def test_weight_that_goes_over_to_the_other_leg_is_no_step(fore_first_ms: int) -> None:
    """Heel and forefoot give up their load together, in either order, and take it again."""
    heel = course((1, STOOD_MS), (0, 400), (1, STOOD_MS))
    fore = course((1, STOOD_MS - fore_first_ms), (0, 500), (1, STOOD_MS + fore_first_ms - 100))
    detector = HeelDetector(HeelConfig(), LEFT)
    events = both(detector, heel, fore)
    assert kinds(events) == [FOOT_FLAT]
    texts = [remark.text for remark in detector.remarks()]
    assert any("gave up their load together" in text for text in texts)


def test_a_first_step_over_a_loaded_forefoot_is_told_in_a_tenth_of_a_second() -> None:
    heel = course((1, STOOD_MS), (0, 700), (1, 300))
    fore = course((1, STOOD_MS + 300), (0, 450), (1, 250))
    off, lift, contact = both(HeelDetector(HeelConfig(), LEFT), heel, fore)
    assert [off.kind, lift.kind, contact.kind] == [HEEL_OFF, TERMINAL_CONTACT, INITIAL_CONTACT]
    assert off.t_event_us == pytest.approx(STOOD_MS * 1000, abs=2 * PERIOD_US)
    assert off.t_emit_us - off.t_event_us < 100_000


def test_only_the_first_step_of_a_foot_that_is_lifted_flat_is_doubted() -> None:
    heel = course((1, STOOD_MS), *[(0, 500), (1, 900)] * 4)
    events = both(HeelDetector(HeelConfig(), LEFT), heel, heel)
    step = [HEEL_OFF, TERMINAL_CONTACT, INITIAL_CONTACT]
    assert kinds(events) == [FOOT_FLAT, *step * 3]


def test_a_forefoot_switch_that_never_closes_costs_no_first_step() -> None:
    heel = course((1, STOOD_MS), (0, 500), (1, 900), (0, 500))
    events = both(HeelDetector(HeelConfig(), LEFT), heel, [0.0] * len(heel))
    assert kinds(events).count(HEEL_OFF) == 2
    assert events[0].kind == HEEL_OFF
    assert events[0].t_emit_us == STOOD_MS * 1000 + LATENCY_US


def test_a_forefoot_that_falls_silent_is_done_without() -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    both(detector, course((1, 400)), course((1, 400)))
    events = feed(detector, course((0, 500), (1, 300)), from_us=400_000)
    assert kinds(events) == [HEEL_OFF, INITIAL_CONTACT]


def test_a_forefoot_reading_that_is_no_number_or_late_changes_nothing() -> None:
    def events(spoil: bool) -> list[GaitEvent]:
        detector = HeelDetector(HeelConfig(), LEFT)
        found = both(detector, course((1, 400), (0, 300)), course((1, 600), (0, 100)))
        if spoil:
            for t_us, late_us, value in ((701_000, 0, math.nan), (702_000, 500_000, 1.0)):
                sample = Sample(t_us, t_us + late_us, 0, LEFT, FOREFOOT_SWITCH, (value,))
                found.extend(detector.update(sample))
        return found + feed(detector, course((0, 100), (1, 200)), from_us=703_000)

    assert events(spoil=True) == events(spoil=False)
    assert kinds(events(spoil=True)) == [HEEL_OFF, TERMINAL_CONTACT, INITIAL_CONTACT]


def test_a_clock_that_is_set_back_costs_no_contact_where_a_forefoot_is_worn() -> None:
    """Two sensors of one foot on one clock: the forefoot's stamps go back with the heel's."""
    heel = course(*[(1, 600), (0, 400)] * 4)
    fore = course((0, 100), *[(1, 600), (0, 400)] * 3, (1, 600), (0, 300))
    detector = HeelDetector(HeelConfig(), LEFT)
    before = [
        event._replace(t_event_us=event.t_event_us - 3_600_000_000)
        for event in both(detector, heel, fore, from_us=3_600_000_000)
    ]
    after = both(detector, heel, fore)
    assert [event.t_event_us for event in after] == [event.t_event_us for event in before]
    assert kinds(after) == kinds(before)
    assert kinds(after).count(INITIAL_CONTACT) == 3


def test_a_backlog_of_the_forefoot_tells_nothing() -> None:
    """Only arrival is stamped: two seconds of a stall come at three times their rate."""
    detector = HeelDetector(HeelConfig(), LEFT)
    heel = course((1, 600), (0, 400), (1, 600), (0, 400), (1, 600), (0, 400))
    fore = course((1, 700), (0, 300), (1, 700), (0, 300), (1, 700), (0, 300))
    stall_us = 1_100_000
    events = []
    for row, values in enumerate(zip(heel, fore, strict=True)):
        t_us = row * PERIOD_US
        if t_us > 650_000:
            t_us = max(t_us, 650_000 + stall_us + (t_us - 650_000) // 3)
        for index, sensor in enumerate((HEEL_SWITCH, FOREFOOT_SWITCH)):
            at_us = t_us + 100 * index
            sample = Sample(at_us, at_us, row, LEFT, sensor, (values[index],))
            events += [(row * PERIOD_US, event.t_emit_us) for event in detector.update(sample)]
    assert events, "the backlog is worked off in the end"
    assert all(told_us - measured_us < 100_000 for measured_us, told_us in events)


def test_a_foot_that_is_lifted_flat_leaves_the_ground_with_its_heel() -> None:
    heel = course((1, 600), (0, 400))
    fore = course((1, 500), (0, 500))
    found = both(HeelDetector(HeelConfig(), LEFT), heel, fore)
    assert kinds(found) == [HEEL_OFF, TERMINAL_CONTACT]
    assert found[0].t_event_us == found[1].t_event_us


def test_someone_who_walks_on_the_forefoot_has_a_heel_off_told_by_it() -> None:
    """Equinus: the heel bears nothing, and the swing begins with the forefoot's lift."""
    heel = course((1, 300), (0, 300), (0, 400), (0, 600), (0, 400), (0, 600), (0, 400))
    fore = course((1, 300), (1, 300), (0, 400), (1, 600), (0, 400), (1, 600), (0, 400))
    events = both(HeelDetector(HeelConfig(), LEFT), heel, fore)
    stride = [INITIAL_CONTACT, HEEL_OFF, TERMINAL_CONTACT]
    assert kinds(events) == [HEEL_OFF, TERMINAL_CONTACT, *stride, *stride]
    assert [event.confidence < 0.5 for event in events if event.kind == HEEL_OFF] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(("level", "said"), [(1.0, "stuck closed"), (0.0, "stuck open")])
def test_a_forefoot_that_walks_over_a_heel_that_never_changes_shows_it_stuck(
    level: float, said: str
) -> None:
    fore = course(*[(1.0, 600.0), (0.0, 400.0)] * 6)
    detector = HeelDetector(HeelConfig(), LEFT)
    events = both(detector, [level] * len(fore), fore)
    assert said in detector.diagnosis
    assert any(said in remark.text for remark in detector.remarks())
    # Late, but the swings are not left alone.
    assert kinds(events)[-3:] == [INITIAL_CONTACT, HEEL_OFF, TERMINAL_CONTACT]
    moved = feed(detector, course((1, 300), (0, 300), (1, 300)), from_us=7_000_000)
    assert detector.diagnosis == ""
    assert HEEL_OFF in kinds(moved)


def test_a_heel_that_is_open_for_long_is_said_once() -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    feed(detector, course((1, 500), (0, 30_000)))
    texts = [remark.text for remark in detector.remarks()]
    assert sum("open for long" in text for text in texts) == 1
    assert "open for long" in detector.diagnosis


def strides_n(full_n: float, base_n: float = 0.0, count: int = 8) -> list[float]:
    """Return heel forces of some strides: ramps between nothing and the full load."""
    up = np.linspace(base_n, base_n + full_n, rows(60))
    one = [*up, *[base_n + full_n] * rows(400), *up[::-1], *[base_n] * rows(500)]
    return one * count


@pytest.mark.parametrize(
    ("full_n", "base_n"),
    [(500.0, 0.0), (35.0, 0.0), (1500.0, 0.0), (400.0, 60.0), (300.0, -40.0)],
    ids=["adult", "child", "heavy", "tight strap", "negative offset"],
)
def test_the_thresholds_follow_what_the_wearer_bears(full_n: float, base_n: float) -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    feed(detector, strides_n(full_n, base_n, 4), "heel_force")
    start_us = rows(1020) * 4 * PERIOD_US
    events = feed(detector, strides_n(full_n, base_n, 6), "heel_force", from_us=start_us)
    # Hysteresis of 8 and 4 per cent, crossed within the first tenth of a ramp.
    assert kinds(events) == [INITIAL_CONTACT, HEEL_OFF] * 6
    contacts = [event.t_event_us for event in events if event.kind == INITIAL_CONTACT]
    stride_us = len(strides_n(full_n, base_n, 1)) * PERIOD_US
    for number, contact_us in enumerate(contacts):
        assert contact_us - start_us - number * stride_us <= 6000 + PERIOD_US


def test_thresholds_hold_through_standing_and_small_shifts() -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    walked = strides_n(500.0)
    feed(detector, walked, "heel_force")
    begin_us = len(walked) * PERIOD_US
    sway = [250.0 + 60.0 * math.sin(0.05 * row) for row in range(rows(60_000))]
    found = feed(detector, sway, "heel_force", from_us=begin_us)
    assert kinds(found) == [INITIAL_CONTACT]


def test_thresholds_creep_with_the_sensor() -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    course_n: list[float] = []
    for number in range(40):
        course_n += strides_n(400.0, 3.0 * number, 1)
    events = feed(detector, course_n, "heel_force")
    assert kinds(events) == [INITIAL_CONTACT, HEEL_OFF] * 40


def test_a_knock_does_not_blind_the_detector() -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    course_n = strides_n(400.0, 0.0, 4)
    course_n[len(course_n) // 2 + 20] = 20_000.0
    events = feed(detector, course_n + strides_n(400.0, 0.0, 8), "heel_force")
    assert kinds(events) == [INITIAL_CONTACT, HEEL_OFF] * 12


def test_fixed_thresholds_stay() -> None:
    detector = HeelDetector(HeelConfig(adapts=False), LEFT)
    assert feed(detector, strides_n(35.0), "heel_force") == []
