"""The foot-gyro detector on feet that are known exactly: any mounting, any rate, no false step."""

import math
import random
from collections.abc import Callable, Iterator

import pytest

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.foot_imu import FootImuDetector
from fes_ctrl.model import (
    FOOT_IMU,
    HEEL_OFF,
    INITIAL_CONTACT,
    LEFT,
    TERMINAL_CONTACT,
    GaitEvent,
    Sample,
)

STRIDE_S = 1.4
# Half-sines of the sagittal rate within a stride: begin, length (s), peak (deg/s). The sum of
# their areas is nil: a foot comes to rest as it was.
PUSH = (0.50, 0.30, -400.0)
SWING = (0.80, 0.40, 330.0)
SLAP = (1.20, 0.10, -120.0)

TRUTH = {HEEL_OFF: PUSH[0], TERMINAL_CONTACT: SWING[0], INITIAL_CONTACT: SLAP[0]}
LATENCY_US = 6_000

Vector = tuple[float, float, float]


def sagittal_dps(t_s: float) -> float:
    within_s = t_s % STRIDE_S
    for begin_s, length_s, peak_dps in (PUSH, SWING, SLAP):
        if begin_s <= within_s < begin_s + length_s:
            return peak_dps * math.sin(math.pi * (within_s - begin_s) / length_s)
    return 0.0


def mounting(stream: random.Random) -> tuple[Vector, Vector]:
    """Return the sagittal and a transverse axis in the frame of a sensor strapped on anyhow."""
    first = [stream.gauss(0, 1) for _ in range(3)]
    length = math.sqrt(sum(c * c for c in first))
    a, b, c = (component / length for component in first)
    other = (-b, a, 0.0)
    length = math.hypot(a, b)
    return (a, b, c), (other[0] / length, other[1] / length, 0.0)


def readings(
    rate: Callable[[float], float],
    seconds: float,
    *,
    period_us: int = 5_000,
    seed: str = "foot",
    bias_dps: float = 3.0,
) -> Iterator[Sample]:
    stream = random.Random(seed)
    axis, across = mounting(stream)
    for row in range(round(seconds * 1e6 / period_us)):
        t_us = row * period_us + stream.randrange(period_us // 4)
        dps = rate(t_us / 1e6)
        sway = 0.15 * dps
        gyr = [
            dps * axis[i] + sway * across[i] + bias_dps + stream.gauss(0.0, 1.0) for i in range(3)
        ]
        values = (0.0, 0.0, 9.81, *gyr)
        yield Sample(t_us, t_us + LATENCY_US, row, LEFT, FOOT_IMU, values)


def detect(samples: Iterator[Sample]) -> list[GaitEvent]:
    detector = FootImuDetector(FootImuConfig(), LEFT)
    return [event for sample in samples for event in detector.update(sample)]


@pytest.mark.parametrize("period_us", [2_500, 5_000, 10_000, 20_000])
@pytest.mark.parametrize("seed", [f"mounting {number}" for number in range(10)])
def test_every_stride_is_found_from_the_fifth_on_in_any_mounting_at_any_rate(
    seed: str, period_us: int
) -> None:
    strides = 20
    events = detect(readings(sagittal_dps, strides * STRIDE_S, period_us=period_us, seed=seed))
    for kind, within_s in TRUTH.items():
        found_s = [event.t_event_us / 1e6 for event in events if event.kind == kind]
        true_s = [within_s + stride * STRIDE_S for stride in range(strides)]
        for t_s in true_s[4:]:
            assert sum(abs(found - t_s) < 0.05 for found in found_s) == 1, (kind, t_s)
        for found in found_s:
            assert min(abs(found - t_s) for t_s in true_s) < 0.05, (kind, found)


def test_events_come_in_the_order_of_a_stride_and_are_told_after_they_happened() -> None:
    events = detect(readings(sagittal_dps, 30.0))
    order = "".join(event.kind for event in events)
    assert "hotcicffhotcicff" in order
    for kind in ("ho", "tc", "ic", "ff"):
        assert kind * 2 not in order
    assert all(event.t_emit_us >= event.t_event_us + LATENCY_US for event in events)
    assert all(0.0 <= event.confidence <= 1.0 for event in events)


def test_ten_quiet_minutes_after_a_walk_give_no_event_though_the_bias_creeps() -> None:
    walk_s = 10 * STRIDE_S
    duration_s = 600.0

    def rate(t_s: float) -> float:
        if t_s < walk_s:
            return sagittal_dps(t_s)
        return 5.0 * (t_s - walk_s) / duration_s

    events = detect(readings(rate, walk_s + duration_s, period_us=20_000))
    assert events
    assert max(event.t_event_us for event in events) < (walk_s + 0.5) * 1e6


def test_small_rotations_are_told_with_less_confidence() -> None:
    strong = detect(readings(sagittal_dps, 30.0))
    weak = detect(readings(lambda t_s: 0.15 * sagittal_dps(t_s), 30.0))
    assert weak
    assert weak[-1].confidence < strong[-1].confidence


def test_nothing_is_told_before_the_sign_of_the_axis_is_known() -> None:
    assert detect(readings(sagittal_dps, 1.5 * STRIDE_S)) == []


def test_a_reading_that_is_no_number_changes_nothing() -> None:
    clean = list(readings(sagittal_dps, 20.0))
    spoilt = []
    for sample in clean:
        spoilt.append(sample)
        broken = (0.0, 0.0, 9.81, math.nan, math.inf, 0.0)
        spoilt.append(sample._replace(t_meas_us=sample.t_meas_us + 1, values=broken))
    assert detect(iter(spoilt)) == detect(iter(clean))


def test_a_hole_in_the_data_gives_no_event_within_it() -> None:
    hole = (15.3, 17.9)
    samples = [
        sample
        for sample in readings(sagittal_dps, 40.0)
        if not hole[0] <= sample.t_meas_us / 1e6 <= hole[1]
    ]
    events = detect(iter(samples))
    assert not [event for event in events if hole[0] <= event.t_event_us / 1e6 <= hole[1]]
    contacts = [e.t_event_us / 1e6 for e in events if e.kind == INITIAL_CONTACT]
    true_s = [TRUTH[INITIAL_CONTACT] + stride * STRIDE_S for stride in range(28)]
    for t_s in true_s:
        if hole[1] + 2 * STRIDE_S < t_s < 39.0:
            assert min(abs(found - t_s) for found in contacts) < 0.05
