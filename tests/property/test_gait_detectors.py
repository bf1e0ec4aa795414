"""What must hold for every detector whatever its sensors, their straps and their cables do."""

import json
import math
import random
from collections.abc import Iterable
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fes_ctrl.gait import DETECTORS, READS_BOTH_FEET, DetectorConfig, make_detector, read_by
from fes_ctrl.gait.phase import PhaseMachine
from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    INITIAL_CONTACT,
    LEFT,
    RIGHT,
    SENSOR_CHANNELS,
    SHANK_IMU,
    STANDING,
    TURNING,
    UNKNOWN,
    WALKING,
    Detector,
    GaitEvent,
    Sample,
)

SECONDS = 8.0
WRONG = ("nan", "inf", "huge", "zero", "full", "noise")
HOUR_US = 3_600_000_000
OLDEST_US = 1_500_000
LATE_US = 150_000
APART_US = 150_000
LARGEST_STATE = 4_000
MOST_REMARKS = 3 * 64

# Half-sines of the rate, toe-up or leaning back: begin and length in shares of a stride, deg/s.
LOBES = {
    FOOT_IMU: ((0.5, 0.17, -300.0), (0.65, 0.27, 300.0), (0.93, 0.1, -250.0)),
    SHANK_IMU: ((0.0, 0.14, -130.0), (0.05, 0.5, -45.0), (0.43, 0.26, -170.0), (0.69, 0.31, 273.0)),
}
LOADED = {
    HEEL_SWITCH: (0.0, 0.55, 1.0),
    HEEL_FORCE: (0.0, 0.55, 500.0),
    FOREFOOT_SWITCH: (0.1, 0.65, 1.0),
    FORE_FORCE: (0.1, 0.65, 400.0),
}
AHEAD = ((0.62, 0.15, 14.0), (0.77, 0.15, -14.0))  # of the foot, m/s2


def lobes(share: float, parts: Iterable[tuple[float, float, float]]) -> float:
    return sum(
        peak * math.sin(math.pi * (share - begin) / length)
        for begin, length, peak in parts
        if begin < share < begin + length
    )


class Worn:
    """One sensor on a leg that walks, with all that can go wrong with it."""

    def __init__(self, stream: random.Random, leg: int, sensor: str, stride_s: float) -> None:
        self.stream, self.leg, self.sensor, self.stride_s = stream, leg, sensor, stride_s
        self.size = stream.choice([0.05, 0.4, 1.0, 1.0, 1.0, 2.0])
        self.turn = self.bias = 0.0
        self.wrong = ""
        self.wrong_until_s = 0.0

    def feel(self, t_s: float) -> tuple[float, ...]:
        if self.wrong and t_s < self.wrong_until_s:
            return tuple([self.broken() for _ in SENSOR_CHANNELS[self.sensor]])
        share = t_s % self.stride_s / self.stride_s
        if self.sensor in LOADED:
            begin, end, full = LOADED[self.sensor]
            return (full if begin <= share < end else 0.0,)
        rate = self.size * lobes(share, LOBES[self.sensor])
        ahead = lobes(share, AHEAD) if self.sensor == FOOT_IMU else 0.0
        noise = [self.stream.gauss(0.0, 0.3) for _ in range(6)]
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        acc = (cos * ahead, sin * ahead, 9.81)
        gyr = (sin * rate + self.bias, self.bias - cos * rate, 0.0)
        return tuple([a + b for a, b in zip((*acc, *gyr), noise, strict=True)])

    def broken(self) -> float:
        stream = self.stream
        return {
            "nan": math.nan,
            "inf": stream.choice([math.inf, -math.inf, 0.0]),
            "huge": stream.choice([1e160, -1e200, 1e308]),
            "zero": 0.0,
            "full": stream.choice([2000.0, -2000.0, 157.0, -1.0, 0.3]),
            "noise": stream.gauss(0.0, 300.0),
        }[self.wrong]

    def mishap(self, t_s: float) -> None:
        stream = self.stream
        self.wrong = stream.choice(("", *WRONG))
        self.wrong_until_s = t_s + stream.choice([0.02, 0.2, 2.0])
        self.turn = stream.choice([0.0, 0.5, 1.57, 3.14])
        self.bias = stream.uniform(-15.0, 15.0)

    def read(self, *, arrival_only: bool, clock_s: float, mishaps: float) -> list[Sample]:
        """Return what arrives, in the order of measurement, stamped as the host would."""
        stream = self.stream
        hz = stream.choice([20, 50, 100, 200])
        t_s = stream.choice([0.0, 0.0, stream.uniform(0.0, 4.0)])
        stop_s = stalled_s = 0.0
        found = []
        while t_s < SECONDS:
            t_s += stream.choice([1.0, 1.0, stream.uniform(0.1, 3.0)]) / hz
            if stream.random() < mishaps / hz:
                self.mishap(t_s)
                stop_s = t_s + stream.choice([0.0, 0.05, 0.3, 2.0])
                stalled_s = t_s + stream.choice([0.0, 0.0, 0.4, 3.0])
                clock_s -= stream.choice([0.0, 0.0, 0.05, 2.0, 3600.0])
            if t_s < stop_s:
                continue
            # What queued up comes at three times its rate.
            arrive_s = max(t_s, stalled_s - (stalled_s - t_s) / 3.0) + stream.uniform(0.001, 0.006)
            arrive_us = 2 * HOUR_US + round(arrive_s * 1e6)
            t_us = arrive_us if arrival_only else 2 * HOUR_US + round((t_s + clock_s) * 1e6)
            sample = Sample(t_us, arrive_us, len(found), self.leg, self.sensor, self.feel(t_s))
            found += [sample] * stream.choice([1] * 20 + [2])
        return found


class Walk(NamedTuple):
    """What is worn and how bad it is; where things lie comes from the seed.

    The sensors' clocks run ``clock_s`` ahead at first: by less than the way here, or by more.
    """

    seed: int
    legs: tuple[int, ...]
    worn: list[str]
    arrival_only: bool
    clock_s: float
    mishaps_per_s: float
    stride_s: float


WALKS = st.builds(
    Walk,
    st.integers(0, 2**32 - 1),
    st.sampled_from([(LEFT,), (LEFT, RIGHT), (RIGHT,)]),
    st.lists(st.sampled_from(sorted(SENSOR_CHANNELS)), min_size=1, max_size=4, unique=True),
    st.booleans(),
    st.sampled_from([0.0, 0.004, 0.3]),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.sampled_from([0.8, 1.2, 2.0]),
)


def samples_of(walk: Walk) -> list[Sample]:
    """Return what arrives, in order."""
    stream = random.Random(walk.seed)
    samples: list[Sample] = []
    for leg in walk.legs:
        for sensor in walk.worn:
            part = Worn(stream, leg, sensor, walk.stride_s)
            samples += part.read(
                arrival_only=walk.arrival_only, clock_s=walk.clock_s, mishaps=walk.mishaps_per_s
            )
    return sorted(samples, key=lambda sample: sample.t_arrive_us)


def run(name: str, samples: Iterable[Sample]) -> list[GaitEvent]:
    detector = make_detector(name, DetectorConfig(), LEFT)
    return [event for sample in samples for event in detector.update(sample)]


def stale(detector: Detector, sensor: str) -> bool:
    """Return whether a detector on one sensor takes what comes from it for a backlog."""
    fore = sensor in {FOREFOOT_SWITCH, FORE_FORCE}
    intake = detector.snapshot()["forefoot_intake" if fore else "intake"]
    assert isinstance(intake, dict)
    return bool(intake["stale"])


@settings(max_examples=40, deadline=None)
@given(WALKS)
def test_events_are_news_of_the_present_and_the_log_can_hold_them(walk: Walk) -> None:
    samples = samples_of(walk)
    for name in DETECTORS:
        detector = make_detector(name, DetectorConfig(), LEFT)
        machine = PhaseMachine(LEFT)
        before: GaitEvent | None = None
        changed_us = 0
        for sample in samples:
            now_us = sample.t_arrive_us
            if machine.deadline_us <= now_us:
                changed_us = machine.deadline_us
                machine.tick(changed_us)
            for event in detector.update(sample):
                assert event.leg == LEFT == sample.leg
                assert event.t_event_us <= event.t_emit_us == now_us
                assert 0 <= now_us - sample.t_meas_us <= LATE_US
                assert 0.0 <= event.confidence <= 1.0
                if name not in READS_BOTH_FEET:
                    assert sample.t_meas_us - event.t_event_us <= OLDEST_US
                    assert not stale(detector, sample.sensor)
                if before is not None and before.kind == event.kind == INITIAL_CONTACT:
                    since_us = event.t_event_us - before.t_event_us
                    assert since_us >= APART_US or since_us < -APART_US
                before = event
                change = machine.update(event, detector.turn_deg)
                if change is not None:
                    assert change.t_us >= changed_us
                    changed_us = change.t_us
                assert machine.activity in {UNKNOWN, STANDING, WALKING, TURNING}
                assert machine.last_stride_us >= 0
                assert machine.last_stance_us >= 0
        state = json.dumps(detector.snapshot(), allow_nan=False)
        assert len(state) < LARGEST_STATE
        remarks = detector.remarks()
        assert len(remarks) <= MOST_REMARKS
        json.dumps(remarks, allow_nan=False)
        assert detector.remarks() == ()


@settings(max_examples=20, deadline=None)
@given(WALKS)
def test_what_a_detector_does_not_read_changes_nothing(walk: Walk) -> None:
    samples = samples_of(walk)
    for name in DETECTORS:
        both = name in READS_BOTH_FEET
        read = [s for s in samples if s.sensor in read_by(name) and (both or s.leg == LEFT)]
        assert run(name, read) == run(name, samples)
        if not any(sample.leg == LEFT for sample in samples):
            assert run(name, samples) == []


NONSENSE = Walk(4_294_967_294, (LEFT,), ["fore_force", "shank_imu"], True, 0.0, 0.2, 0.8)
"""Swings that nobody makes were the last that a shank sensor was taught."""

STEPLESS = Walk(167_234_020, (LEFT,), ["shank_imu"], True, 0.0, 1.0, 2.0)
"""After it the heel comes off again and again, and no swing is fast enough to follow."""


@settings(max_examples=20, deadline=None)
@given(WALKS)
@example(NONSENSE)
@example(STEPLESS)
def test_after_any_mishap_a_sound_walk_is_found_again(walk: Walk) -> None:
    """What was learnt of nonsense is unlearnt, and nothing is poisoned for good."""
    samples = samples_of(walk)
    for name, sensor in (("heel", HEEL_SWITCH), ("foot-imu", FOOT_IMU), ("shank-imu", SHANK_IMU)):
        detector = make_detector(name, DetectorConfig(), LEFT)
        for sample in samples:
            if sample.sensor == sensor:
                detector.update(sample)
        stream = random.Random(1)
        part = Worn(stream, LEFT, sensor, 1.2)
        part.size = 1.0
        strides, hz, found = 30, 100, 0
        for row in range(round(strides * part.stride_s * hz)):
            t_us = 3 * HOUR_US + row * 1_000_000 // hz
            values = part.feel(row / hz)
            events = detector.update(Sample(t_us, t_us + 2_000, row, LEFT, sensor, values))
            late = row > round(20 * part.stride_s * hz)
            found += late * sum(event.kind == INITIAL_CONTACT for event in events)
        assert 9 <= found <= 11, name
