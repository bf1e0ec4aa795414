"""The foot-gyro detector on feet that are known exactly: any mounting, any rate, no false step."""

import math
import random
from collections.abc import Callable, Iterator

import pytest

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.foot_imu import FootImuDetector
from fes_ctrl.model import (
    FOOT_FLAT,
    FOOT_IMU,
    HEEL_OFF,
    INITIAL_CONTACT,
    LEFT,
    TERMINAL_CONTACT,
    GaitEvent,
    Sample,
)
from helpers.strapped import Vector, lobes, mounting

STRIDE_S = 1.4
# Half-sines of the sagittal rate within a stride: begin, length (s), peak (deg/s). The sum of
# their areas is nil: a foot comes to rest as it was.
PUSH = (0.50, 0.30, -400.0)
SWING = (0.80, 0.40, 330.0)
SLAP = (1.20, 0.10, -120.0)

TRUTH = {HEEL_OFF: PUSH[0], TERMINAL_CONTACT: SWING[0], INITIAL_CONTACT: SLAP[0]}
LATENCY_US = 6_000

# The way ahead, while the foot is off the ground.
WAY_FROM_S, WAY_S, WAY_M = 0.70, 0.50, 1.0
GRAVITY = 9.81

Motion = Callable[[float], Vector]


def walking(t_s: float, size: float = 1.0) -> Vector:
    """Return tilt (deg, toe-up), its rate and the acceleration ahead of a foot that walks."""
    within_s = t_s % STRIDE_S
    tilt, rate = lobes(within_s, (PUSH, SWING, SLAP))
    return size * tilt, size * rate, way(within_s - WAY_FROM_S)


def way(since_s: float) -> float:
    """Return the acceleration ahead of a foot that left the ground so long ago."""
    u = since_s / WAY_S
    if not 0.0 < u < 1.0:
        return 0.0
    return WAY_M / WAY_S**2 * 2.0 * math.pi * math.sin(2.0 * math.pi * u)


def standing(_t_s: float) -> Vector:
    return 0.0, 0.0, 0.0


def readings(
    motion: Motion,
    seconds: float,
    *,
    period_us: int = 5_000,
    seed: str = "foot",
    bias_dps: float = 3.0,
    creep_dps: float = 0.0,
) -> Iterator[Sample]:
    stream = random.Random(seed)
    forward, left, up = mounting(stream)
    for row in range(round(seconds * 1e6 / period_us)):
        t_us = row * period_us + stream.randrange(period_us // 4)
        tilt_deg, rate_dps, ahead = motion(t_us / 1e6)
        bias = bias_dps + creep_dps * t_us / (seconds * 1e6)
        tilt = math.radians(tilt_deg)
        along = math.cos(tilt) * ahead + math.sin(tilt) * GRAVITY
        above = math.cos(tilt) * GRAVITY - math.sin(tilt) * ahead
        acc = [along * forward[i] + above * up[i] + stream.gauss(0.0, 0.05) for i in range(3)]
        gyr = [-rate_dps * left[i] + bias + stream.gauss(0.0, 1.0) for i in range(3)]
        yield Sample(t_us, t_us + LATENCY_US, row, LEFT, FOOT_IMU, (*acc, *gyr))


def detect(samples: Iterator[Sample]) -> list[GaitEvent]:
    detector = FootImuDetector(FootImuConfig(), LEFT)
    return [event for sample in samples for event in detector.update(sample)]


@pytest.mark.parametrize("period_us", [2_500, 5_000, 10_000, 20_000])
@pytest.mark.parametrize("seed", [f"mounting {number}" for number in range(10)])
def test_every_stride_is_found_from_the_second_on_in_any_mounting_at_any_rate(
    seed: str, period_us: int
) -> None:
    strides = 20
    within = 0.06 + period_us / 2e6
    events = detect(readings(walking, strides * STRIDE_S, period_us=period_us, seed=seed))
    for kind, within_s in TRUTH.items():
        found_s = [event.t_event_us / 1e6 for event in events if event.kind == kind]
        true_s = [within_s + stride * STRIDE_S for stride in range(strides)]
        for t_s in true_s[1:]:
            assert sum(abs(found - t_s) < within for found in found_s) == 1, (kind, t_s)
        for found in found_s:
            assert min(abs(found - t_s) for t_s in true_s) < within, (kind, found)


@pytest.mark.parametrize("seed", [f"mounting {number}" for number in range(10)])
def test_the_very_first_step_out_of_rest_is_told_with_less_confidence(seed: str) -> None:
    events = detect(readings(walking, 6 * STRIDE_S, seed=seed))
    first = [event for event in events if event.t_event_us < STRIDE_S * 1e6]
    assert [event.kind for event in first] == ["ho", "tc", "ic", "ff"]
    for event in first[:3]:
        assert event.t_event_us / 1e6 == pytest.approx(TRUTH[event.kind], abs=0.06)
    assert max(event.confidence for event in first[:3]) < events[-1].confidence


def test_events_come_in_the_order_of_a_stride_and_are_told_after_they_happened() -> None:
    events = detect(readings(walking, 30.0))
    order = "".join(event.kind for event in events)
    assert "hotcicffhotcicff" in order
    for kind in ("ho", "tc", "ic", "ff"):
        assert kind * 2 not in order
    assert all(event.t_emit_us >= event.t_event_us + LATENCY_US for event in events)
    assert all(0.0 <= event.confidence <= 1.0 for event in events)


@pytest.mark.parametrize("period_us", [2_500, 5_000, 10_000])
def test_a_foot_that_has_landed_is_told_to_be_flat_without_waiting_for_its_rest(
    period_us: int,
) -> None:
    events = detect(readings(walking, 20 * STRIDE_S, period_us=period_us))
    flat = [event for event in events if event.kind == FOOT_FLAT][1:]
    assert len(flat) >= 17
    for event in flat:
        assert event.t_emit_us - event.t_event_us <= 15_000 + 2 * period_us + LATENCY_US


def test_ten_quiet_minutes_after_a_walk_give_no_event_though_the_bias_creeps() -> None:
    walk_s = 10 * STRIDE_S

    def motion(t_s: float) -> Vector:
        return walking(t_s) if t_s < walk_s else standing(t_s)

    events = detect(readings(motion, walk_s + 600.0, period_us=20_000, creep_dps=5.0))
    assert events
    assert max(event.t_event_us for event in events) < (walk_s + 0.5) * 1e6


def test_small_rotations_are_told_with_less_confidence() -> None:
    strong = detect(readings(walking, 30.0))
    weak = detect(readings(lambda t_s: walking(t_s, 0.2), 30.0))
    assert weak
    assert weak[-1].confidence < strong[-1].confidence


def test_a_heel_that_lifts_and_comes_back_does_not_cost_the_next_step() -> None:
    """A weight shift, then a step: the shift may be told as a heel-off, the step must be."""

    def motion(t_s: float) -> Vector:
        if t_s < 5 * STRIDE_S:
            return walking(t_s)
        since_s = t_s - 5 * STRIDE_S
        if since_s < 4.0:
            u = min(1.0, since_s / 2.0)
            tilt = -2.5 * (1.0 - math.cos(2.0 * math.pi * u))
            return tilt, -2.5 * math.pi * math.sin(2.0 * math.pi * u) if u < 1.0 else 0.0, 0.0
        return walking(since_s - 4.0)

    events = detect(readings(motion, 5 * STRIDE_S + 4.0 + 3 * STRIDE_S))
    start_s = 5 * STRIDE_S + 4.0
    for kind, within_s in TRUTH.items():
        found = [event.t_event_us / 1e6 for event in events if event.kind == kind]
        assert any(abs(t_s - start_s - within_s) < 0.06 for t_s in found), kind


@pytest.mark.parametrize("wrong", [(math.nan, math.inf), (math.inf, -math.inf), (1e160, -1e300)])
def test_a_reading_that_is_no_number_or_that_no_sensor_gives_changes_nothing(
    wrong: tuple[float, float],
) -> None:
    clean = list(readings(walking, 20.0))
    spoilt = []
    for sample in clean:
        spoilt.append(sample)
        broken = (0.0, 0.0, 9.81, *wrong, 0.0)
        spoilt.append(sample._replace(t_meas_us=sample.t_meas_us + 1, values=broken))
    assert detect(iter(spoilt)) == detect(iter(clean))


def test_a_hole_in_the_data_gives_no_event_within_it() -> None:
    hole = (15.3, 17.9)
    samples = [
        sample
        for sample in readings(walking, 40.0)
        if not hole[0] <= sample.t_meas_us / 1e6 <= hole[1]
    ]
    events = detect(iter(samples))
    assert not [event for event in events if hole[0] <= event.t_event_us / 1e6 <= hole[1]]
    contacts = [e.t_event_us / 1e6 for e in events if e.kind == INITIAL_CONTACT]
    true_s = [TRUTH[INITIAL_CONTACT] + stride * STRIDE_S for stride in range(28)]
    for t_s in true_s:
        if hole[1] + 2 * STRIDE_S < t_s < 39.0:
            assert min(abs(found - t_s) for found in contacts) < 0.05


def test_a_foot_that_is_lifted_without_a_push_has_its_contact_told() -> None:
    """In a turn, or by a leg that is swung from the hip."""
    lift_s = 8 * STRIDE_S

    def motion(t_s: float) -> Vector:
        if t_s < lift_s:
            return walking(t_s)
        tilt, rate = lobes(t_s - lift_s, ((0.5, 0.4, 250.0), (0.9, 0.15, -2000.0 / 3.0)))
        return tilt, rate, way(t_s - lift_s - 0.5)

    events = [e for e in detect(readings(motion, lift_s + 3.0)) if e.t_event_us > lift_s * 1e6]
    assert [event.kind for event in events] == ["ic", "ff"]
    assert events[0].t_event_us / 1e6 - lift_s == pytest.approx(0.9, abs=0.02)


def test_toes_that_are_lifted_and_fall_are_neither_a_swing_nor_a_heel_off() -> None:
    """Tapping: toe-up, held for a moment, and down again, while the foot goes nowhere."""
    stop_s = 8 * STRIDE_S

    def motion(t_s: float) -> Vector:
        if t_s < stop_s:
            return walking(t_s)
        tap = ((0.2, 0.2, 150.0), (0.8, 0.15, -200.0))
        return *lobes((t_s - stop_s) % 1.2, tap), 0.0

    events = [e for e in detect(readings(motion, stop_s + 20.0)) if e.t_event_us > stop_s * 1e6]
    assert not [event for event in events if event.kind != "ff"]


def test_a_foot_that_lands_on_its_toes_and_lets_its_heel_fall_has_one_contact_a_stride() -> None:
    """Toe-down before contact, and toe-up after it as the heel comes down."""
    parts = ((0.50, 0.30, -400.0), (0.80, 0.34, 350.0), (1.14, 0.06, -90.0), (1.20, 0.10, 64.0))

    def motion(t_s: float) -> Vector:
        within_s = t_s % STRIDE_S
        return *lobes(within_s, parts), way(within_s - WAY_FROM_S)

    events = detect(readings(motion, 16 * STRIDE_S))
    contacts = [event.t_event_us / 1e6 for event in events if event.kind == INITIAL_CONTACT]
    assert len(contacts) == 16
    for stride, t_s in enumerate(contacts):
        assert t_s - stride * STRIDE_S == pytest.approx(1.15, abs=0.06)


def test_turning_about_the_vertical_hides_no_rest_and_is_told_as_pivoting() -> None:
    stop_s = 6 * STRIDE_S
    plain = readings(lambda t_s: walking(t_s) if t_s < stop_s else standing(t_s), stop_s + 8.0)
    _, _, up = mounting(random.Random("foot"))
    detector = FootImuDetector(FootImuConfig(), LEFT)
    turned = []
    for sample in plain:
        since_s = sample.t_meas_us / 1e6 - stop_s
        spin_dps = 60.0 if 3.0 < since_s < 5.0 else 0.0
        values = list(sample.values)
        values[3:] = [values[3 + i] + spin_dps * up[i] for i in range(3)]
        events = detector.update(sample._replace(values=tuple(values)))
        turned += [(event.kind, detector.turn_deg) for event in events if since_s > 3.0]
    assert {kind for kind, _ in turned} == {"ff"}
    assert turned[-1][1] == pytest.approx(100.0, abs=25.0)


def test_heels_that_rise_and_fall_without_a_step_are_believed_twice_and_then_a_step() -> None:
    """Tapping with the heel: who did it twice out of standing will go on; a step tips farther."""
    stop_s, taps_s = 8 * STRIDE_S, 12.0

    def motion(t_s: float) -> Vector:
        if not stop_s <= t_s < stop_s + 4.0 + taps_s:
            return walking(t_s if t_s < stop_s else t_s - stop_s - 4.0 - taps_s)
        if t_s < stop_s + 4.0:
            return standing(t_s)
        tap = ((0.2, 0.15, -100.0), (0.5, 0.15, 100.0))
        return *lobes((t_s - stop_s - 4.0) % 1.0, tap), 0.0

    events = detect(readings(motion, stop_s + 4.0 + taps_s + 3 * STRIDE_S))
    off_s = [event.t_event_us / 1e6 for event in events if event.kind == HEEL_OFF]
    walks_s = stop_s + 4.0 + taps_s
    assert sum(stop_s + 4.0 < t_s < walks_s for t_s in off_s) == 2
    first = next(t_s for t_s in off_s if t_s > walks_s)
    assert first - walks_s == pytest.approx(PUSH[0] + 0.1, abs=0.1)


@pytest.mark.parametrize("seed", [f"mounting {number}" for number in range(10)])
def test_a_recording_that_begins_in_mid_swing_does_not_begin_with_a_pivot(seed: str) -> None:
    """The foot swings round as well, before anything is known of what is up."""
    _, _, up = mounting(random.Random(seed))
    swings = readings(lambda t_s: walking(t_s + 0.9), 2 * STRIDE_S, seed=seed)
    events = []
    detector = FootImuDetector(FootImuConfig(), LEFT)
    for sample in swings:
        spin_dps = 200.0 if sample.t_meas_us < 300_000 else 0.0
        turned = [sample.values[3 + i] + spin_dps * up[i] for i in range(3)]
        events += detector.update(sample._replace(values=(*sample.values[:3], *turned)))
    assert [event.kind for event in events if event.t_event_us < 900_000] == []


def test_no_contact_is_dated_before_the_toe_left_the_ground() -> None:
    """A heel that rises slowly and stays up: what follows the push is rest already."""

    def rising(t_s: float) -> Vector:
        return *lobes(t_s, ((2.0, 0.6, -60.0),)), 0.0

    events = detect(readings(rising, 4.0, bias_dps=0.0))
    assert [event.kind for event in events[:3]] == [HEEL_OFF, TERMINAL_CONTACT, INITIAL_CONTACT]
    instants = [event.t_event_us for event in events]
    assert instants == sorted(instants)


@pytest.mark.parametrize("bias_dps", [15.0, 20.0, -20.0])
@pytest.mark.parametrize("stands_s", [0.0, 3.0])
def test_a_gyro_that_is_off_by_more_than_counts_as_rest_is_seen_through(
    bias_dps: float, stands_s: float
) -> None:
    """Of all three axes, so that the whole is larger by the root of three."""

    def motion(t_s: float) -> Vector:
        return walking(t_s - stands_s) if t_s >= stands_s else standing(t_s)

    events = detect(readings(motion, stands_s + 12 * STRIDE_S, bias_dps=bias_dps))
    for kind, within_s in TRUTH.items():
        found = [event.t_event_us / 1e6 - stands_s for event in events if event.kind == kind]
        for stride in range(2, 12):
            assert any(abs(t_s - within_s - stride * STRIDE_S) < 0.07 for t_s in found), kind
