"""The shank detector on shanks that are known exactly: any mounting, any rate, no false step."""

import math
import random
from collections.abc import Callable, Iterable, Iterator

import pytest

from fes_ctrl.gait.config import ShankImuConfig
from fes_ctrl.gait.shank_imu import ShankImuDetector
from fes_ctrl.model import (
    HEEL_OFF,
    INITIAL_CONTACT,
    LEFT,
    SHANK_IMU,
    TERMINAL_CONTACT,
    GaitEvent,
    Sample,
)
from helpers.strapped import Axes, lobes, mounting

STRIDE_S = 1.2
# Half-sines of the rate of tilt within a stride: begin, length (s), peak (deg/s, leaning back
# positive): loading, rolling over the foot, push-off, and the swing that takes it all back.
LOBES = ((0.0, 0.16, -150.0), (0.05, 0.6, -50.0), (0.5, 0.34, -180.0), (0.84, 0.36, 320.0))
# What a shank can know: from contact on it turns forward; the push-off has begun, and is half over.
TRUTH = {INITIAL_CONTACT: 0.02, HEEL_OFF: 0.55, TERMINAL_CONTACT: 0.78}
LATENCY_US = 6_000
GRAVITY = 9.81
PLACE_M = 0.2
"""Above the ankle."""

Motion = Callable[[float], tuple[float, float]]

STRAIGHT: Axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
UPSIDE_DOWN: Axes = ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
BACK_TO_FRONT: Axes = ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
ON_ITS_SIDE: Axes = ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def walking(t_s: float, size: float = 1.0) -> tuple[float, float]:
    """Return tilt (deg, leaning back) and its rate of a shank that walks."""
    tilt, rate = lobes(t_s % STRIDE_S, LOBES)
    return size * (tilt + 20.0), size * rate


MIDSTANCE_S = 0.3
MIDSTANCE_DEG = walking(MIDSTANCE_S)[0]


def then(first_s: float, first: Motion, second: Motion) -> Motion:
    """Return one motion after another, each on its own time."""

    def motion(t_s: float) -> tuple[float, float]:
        return first(t_s) if t_s < first_s else second(t_s - first_s)

    return motion


def standing(_t_s: float) -> tuple[float, float]:
    return MIDSTANCE_DEG, 0.0


def stepping_off(t_s: float) -> tuple[float, float]:
    """Walk out of mid-stance."""
    return walking(t_s + MIDSTANCE_S)


def leaning(deg: float, forth_s: float, back_s: float) -> Motion:
    """Return a shank that leans forward once and comes back."""

    def motion(t_s: float) -> tuple[float, float]:
        if t_s < forth_s:
            u, length_s, sense, begin = t_s / forth_s, forth_s, -1.0, 0.0
        elif t_s < forth_s + back_s:
            u, length_s, sense, begin = (t_s - forth_s) / back_s, back_s, 1.0, -deg
        else:
            return standing(t_s)
        tilt = begin + sense * deg * 0.5 * (1.0 - math.cos(math.pi * u))
        rate = sense * deg * 0.5 * math.pi / length_s * math.sin(math.pi * u)
        return MIDSTANCE_DEG + tilt, rate

    return motion


def readings(
    motion: Motion,
    seconds: float,
    *,
    period_us: int = 10_000,
    axes: Axes = STRAIGHT,
    begin_s: float = 0.0,
    seed: str = "shank",
    bias_dps: float = 2.0,
    turn_dps: float = 0.0,
) -> Iterator[Sample]:
    stream = random.Random(seed)
    forward, left, up = axes
    for row in range(round(seconds * 1e6 / period_us)):
        t_us = row * period_us + stream.randrange(period_us // 4)
        t_s = begin_s + t_us / 1e6
        tilt_deg, rate_dps = motion(t_s)
        change = math.radians(motion(t_s + 1e-3)[1] - rate_dps) * 1e3
        tilt, rate = math.radians(tilt_deg), math.radians(rate_dps)
        along = math.sin(tilt) * GRAVITY - PLACE_M * change
        above = math.cos(tilt) * GRAVITY - PLACE_M * rate * rate
        acc = [along * forward[i] + above * up[i] + stream.gauss(0.0, 0.05) for i in range(3)]
        gyr = [
            -rate_dps * left[i]
            + turn_dps * (math.sin(tilt) * forward[i] + math.cos(tilt) * up[i])
            + bias_dps
            + stream.gauss(0.0, 1.0)
            for i in range(3)
        ]
        yield Sample(t_us, t_us + LATENCY_US, row, LEFT, SHANK_IMU, (*acc, *gyr))


def detect(samples: Iterable[Sample], config: ShankImuConfig | None = None) -> list[GaitEvent]:
    detector = ShankImuDetector(config or ShankImuConfig(), LEFT)
    return [event for sample in samples for event in detector.update(sample)]


def times_s(events: list[GaitEvent], kind: str) -> list[float]:
    return [event.t_event_us / 1e6 for event in events if event.kind == kind]


def assert_all_strides(
    events: list[GaitEvent], from_s: float, to_s: float, within_s: float, first_s: float = 0.0
) -> None:
    """Every stride whose events lie between two instants is told, and nothing else is."""
    for kind, at_s in TRUTH.items():
        found_s = [t_s for t_s in times_s(events, kind) if from_s < t_s < to_s]
        strides = range(-2, math.ceil((to_s - first_s) / STRIDE_S))
        true_s = [first_s + at_s + stride * STRIDE_S for stride in strides]
        for t_s in true_s:
            if from_s + within_s < t_s < to_s - within_s:
                assert sum(abs(found - t_s) < within_s for found in found_s) == 1, (kind, t_s)
        for found in found_s:
            assert min(abs(found - t_s) for t_s in true_s) < within_s, (kind, found)


@pytest.mark.parametrize("period_us", [2_500, 5_000, 10_000, 20_000])
@pytest.mark.parametrize("seed", [f"mounting {number}" for number in range(8)])
def test_every_stride_is_found_from_the_third_on_in_any_mounting_at_any_rate(
    seed: str, period_us: int
) -> None:
    axes = mounting(random.Random(seed))
    events = detect(readings(walking, 20 * STRIDE_S, period_us=period_us, axes=axes, seed=seed))
    assert_all_strides(events, 2 * STRIDE_S, 20 * STRIDE_S, 0.06 + period_us / 2e6)
    assert all(0.8 < event.confidence <= 1.0 for event in events)


@pytest.mark.parametrize("axes", [UPSIDE_DOWN, BACK_TO_FRONT, ON_ITS_SIDE])
def test_a_sensor_that_is_worn_the_wrong_way_round_tells_the_same(axes: Axes) -> None:
    straight = detect(readings(walking, 15.0))
    turned = detect(readings(walking, 15.0, axes=axes))
    assert [event.kind for event in turned] == [event.kind for event in straight]
    for one, other in zip(straight, turned, strict=True):
        assert abs(one.t_event_us - other.t_event_us) <= 20_000


@pytest.mark.parametrize("begin_s", [0.1 * tenth for tenth in range(12)])
def test_a_recording_that_begins_amid_a_stride_is_understood_after_three(begin_s: float) -> None:
    events = detect(readings(walking, 12 * STRIDE_S, begin_s=begin_s, bias_dps=0.0))
    assert_all_strides(events, 3 * STRIDE_S, 12 * STRIDE_S, 0.06, -begin_s)


def test_events_come_in_the_order_of_a_stride_and_are_told_after_they_happened() -> None:
    events = detect(readings(walking, 30.0))
    order = "".join(event.kind for event in events)
    assert order.startswith("ichotcichotc")
    for kind in ("ho", "tc", "ic"):
        assert kind * 2 not in order
    assert all(event.t_emit_us >= event.t_event_us + LATENCY_US for event in events)
    late_us = [event.t_emit_us - event.t_event_us for event in events if event.kind == HEEL_OFF]
    assert max(late_us) <= 40_000


def test_a_body_that_turns_round_while_it_walks_does_not_tilt_the_axis() -> None:
    """Even where it turns faster than a paretic shank does in the sagittal plane."""
    axes = mounting(random.Random("turn"))

    def small(t_s: float) -> tuple[float, float]:
        return walking(t_s, 0.5)

    events = detect(readings(small, 20 * STRIDE_S, axes=axes, turn_dps=120.0, bias_dps=0.5))
    assert_all_strides(events, 3 * STRIDE_S, 20 * STRIDE_S, 0.08)


def test_a_walker_who_slows_down_and_steps_shorter_is_followed() -> None:
    def motion(t_s: float) -> tuple[float, float]:
        return walking(t_s, 1.0 - 0.6 * min(1.0, t_s / (15 * STRIDE_S)))

    events = detect(readings(motion, 25 * STRIDE_S))
    assert_all_strides(events, 2 * STRIDE_S, 25 * STRIDE_S, 0.08)


def test_a_strap_that_slips_round_the_shank_is_followed() -> None:
    walk_s = 40 * STRIDE_S
    parts = []
    for row, sample in enumerate(readings(walking, walk_s)):
        angle = math.radians(90.0) * min(1.0, row / (walk_s * 100.0))
        c, s = math.cos(angle), math.sin(angle)
        ax, ay, az, wx, wy, wz = sample.values
        values = (c * ax - s * ay, s * ax + c * ay, az, c * wx - s * wy, s * wx + c * wy, wz)
        parts.append(sample._replace(values=values))
    assert_all_strides(detect(parts), 2 * STRIDE_S, walk_s, 0.06)


def test_a_sensor_that_was_strapped_on_upside_down_in_a_rest_is_found_anew() -> None:
    walk_s, rest_s = 8 * STRIDE_S, 5.0
    samples = list(readings(then(walk_s, walking, standing), walk_s + rest_s / 2))
    again = readings(then(rest_s / 2, standing, stepping_off), 15.0, axes=UPSIDE_DOWN)
    shift_us = round((walk_s + rest_s / 2) * 1e6) + 5_000
    samples += [
        sample._replace(
            t_meas_us=sample.t_meas_us + shift_us, t_arrive_us=sample.t_arrive_us + shift_us
        )
        for sample in again
    ]
    begin_s = walk_s + rest_s
    assert_all_strides(
        detect(samples), begin_s + 3 * STRIDE_S, begin_s + 12.0, 0.07, begin_s - MIDSTANCE_S
    )


@pytest.mark.parametrize("by", ["rate", "tilt"])
def test_the_first_step_out_of_standing_is_caught(by: str) -> None:
    walk_s, pause_s = 6 * STRIDE_S + MIDSTANCE_S, 5.0
    motion = then(walk_s, walking, then(pause_s, standing, stepping_off))
    config = ShankImuConfig(by="tilt" if by == "tilt" else "rate")
    events = detect(readings(motion, walk_s + pause_s + 4 * STRIDE_S), config)
    first_s = walk_s + pause_s + TRUTH[HEEL_OFF] - MIDSTANCE_S
    after = [e for e in events if e.kind == HEEL_OFF and e.t_event_us > (walk_s + 0.1) * 1e6]
    assert after[0].t_emit_us / 1e6 == pytest.approx(first_s, abs=0.1)
    assert after[0].confidence > 0.5
    assert_all_strides(events, first_s - 0.2, first_s + 3.0, 0.1, first_s - TRUTH[HEEL_OFF])


def test_a_step_after_standing_is_taken_for_a_usual_one_though_the_last_were_short() -> None:
    walk_s, halt_s, pause_s = 8 * STRIDE_S, 2 * STRIDE_S + MIDSTANCE_S, 5.0

    def short(t_s: float) -> tuple[float, float]:
        tilt, rate = walking(t_s, 0.4)
        return tilt + 0.6 * MIDSTANCE_DEG, rate

    motion = then(walk_s, walking, then(halt_s, short, then(pause_s, standing, stepping_off)))
    begin_s = walk_s + halt_s + pause_s
    events = detect(readings(motion, begin_s + 2.0))
    first_s = begin_s + TRUTH[HEEL_OFF] - MIDSTANCE_S
    after_s = [t_s for t_s in times_s(events, HEEL_OFF) if t_s > begin_s - pause_s + 0.3]
    assert after_s[0] == pytest.approx(first_s, abs=0.12)


def test_a_jerk_of_a_shank_that_stays_upright_is_no_heel_off() -> None:
    """As when someone bumps into the leg: as fast as a push-off, but it leads nowhere."""
    walk_s = 6 * STRIDE_S + MIDSTANCE_S
    jerk = leaning(2.5, 0.04, 0.3)

    def jerks(t_s: float) -> tuple[float, float]:
        return jerk(t_s % 3.0)

    events = detect(readings(then(walk_s, walking, jerks), walk_s + 30.0, period_us=5_000))
    assert not [t_s for t_s in times_s(events, HEEL_OFF) if t_s > walk_s + 0.3]


def test_ten_quiet_minutes_after_a_walk_give_no_event() -> None:
    walk_s = 6 * STRIDE_S + MIDSTANCE_S
    samples = readings(then(walk_s, walking, standing), walk_s + 600.0, period_us=20_000)
    events = detect(samples)
    assert events
    assert max(event.t_event_us for event in events) < (walk_s + 0.1) * 1e6


def test_swaying_leaning_and_taps_start_nothing() -> None:
    """Standing as people do: the weight goes to and fro, the sensor is knocked."""
    walk_s = 6 * STRIDE_S + MIDSTANCE_S

    def sway(t_s: float) -> tuple[float, float]:
        w = 2.0 * math.pi * 0.4
        return MIDSTANCE_DEG + 4.0 * math.sin(w * t_s), 4.0 * w * math.cos(w * t_s)

    stream = random.Random("taps")
    samples = []
    for sample in readings(then(walk_s, walking, sway), walk_s + 120.0):
        values = sample.values
        if sample.t_meas_us / 1e6 > walk_s + 1.0 and stream.random() < 0.01:
            values = tuple([value + stream.gauss(0.0, 150.0) for value in values])
        samples.append(sample._replace(values=values))
    false = [e for e in detect(samples) if e.t_event_us > (walk_s + 0.3) * 1e6]
    assert [event for event in false if event.confidence >= 0.5] == []


def test_sitting_down_and_getting_up_starts_nothing() -> None:
    walk_s = 6 * STRIDE_S + MIDSTANCE_S
    sits = leaning(18.0, 0.8, 0.9)

    def sitting(t_s: float) -> tuple[float, float]:
        return sits(t_s % 6.0)

    events = detect(readings(then(walk_s, walking, sitting), walk_s + 60.0))
    false = [e for e in events if e.t_event_us > (walk_s + 0.1) * 1e6 and e.confidence >= 0.5]
    assert false == []


def test_a_push_that_becomes_no_step_does_not_cost_the_next_one() -> None:
    walk_s = 6 * STRIDE_S + MIDSTANCE_S
    aborted = then(4.0, leaning(28.0, 0.3, 0.5), stepping_off)
    events = detect(readings(then(walk_s, walking, aborted), walk_s + 4.0 + 4 * STRIDE_S))
    begin_s = walk_s + 4.0
    assert_all_strides(events, begin_s, begin_s + 3 * STRIDE_S, 0.1, begin_s - MIDSTANCE_S)
    false_s = [t_s for t_s in times_s(events, HEEL_OFF) if walk_s + 0.1 < t_s < begin_s]
    assert len(false_s) <= 1


def test_a_hole_in_the_data_gives_no_event_within_it_and_two_strides_on_all_is_well() -> None:
    hole = (15.3, 17.9)
    samples = [
        sample
        for sample in readings(walking, 40.0)
        if not hole[0] <= sample.t_meas_us / 1e6 <= hole[1]
    ]
    events = detect(samples)
    assert not [e for e in events if hole[0] <= e.t_event_us / 1e6 <= hole[1]]
    # Nothing is told of the stride that the hole has cut in two before its swing is seen.
    assert next(e for e in events if e.t_event_us > hole[1] * 1e6).kind == INITIAL_CONTACT
    assert_all_strides(events, hole[1] + 2 * STRIDE_S, 39.0, 0.06)


def test_a_backlog_after_a_stall_of_the_host_gives_no_event() -> None:
    """Where only arrival is stamped: readings queue up for a second and then come all at once."""
    stall_s = (10.0, 11.0)
    samples = []
    for sample in readings(walking, 25.0):
        t_us = sample.t_meas_us
        late_us = round(1e6 * stall_s[1]) - t_us
        if t_us >= stall_s[0] * 1e6 and late_us > -500_000:
            # Twice as fast as they were measured, until the queue is empty.
            t_us = round(1e6 * stall_s[1]) + max(0, t_us - round(1e6 * stall_s[0])) // 3
            t_us = max(t_us, sample.t_meas_us)
        samples.append(sample._replace(t_meas_us=t_us, t_arrive_us=t_us))
    events = detect(samples)
    assert not [e for e in events if stall_s[0] < e.t_event_us / 1e6 < stall_s[1] + 0.5]
    assert_all_strides(events, stall_s[1] + 0.5 + 2 * STRIDE_S, 24.0, 0.06)


def test_duplicates_and_packets_out_of_order_change_nothing() -> None:
    clean = list(readings(walking, 20.0))
    spoilt = []
    for before, sample in zip([clean[0], *clean], clean, strict=False):
        spoilt += [sample, sample, before]
    assert detect(spoilt) == detect(clean)


def test_a_reading_that_is_no_number_changes_nothing() -> None:
    clean = list(readings(walking, 20.0))
    spoilt = []
    for sample in clean:
        spoilt.append(sample)
        broken = (0.0, 0.0, 9.81, math.nan, math.inf, 0.0)
        spoilt.append(sample._replace(t_meas_us=sample.t_meas_us + 1, values=broken))
    assert detect(spoilt) == detect(clean)


def test_a_leg_that_is_swung_without_a_push_is_told_with_less_confidence() -> None:
    walk_s = 8 * STRIDE_S + MIDSTANCE_S

    def swung(t_s: float) -> tuple[float, float]:
        tilt, rate = MIDSTANCE_DEG, 0.0
        for begin_s, length_s, peak_dps in ((0.3, 0.5, 180.0), (0.8, 0.4, -225.0)):
            u = min(1.0, max(0.0, (t_s - begin_s) / length_s))
            tilt += peak_dps * length_s / math.pi * (1.0 - math.cos(math.pi * u))
            if 0.0 < u < 1.0:
                rate = peak_dps * math.sin(math.pi * u)
        return tilt, rate

    samples = readings(then(walk_s, walking, swung), walk_s + 3.0)
    events = [e for e in detect(samples) if e.t_event_us > (walk_s + 0.1) * 1e6]
    assert [event.kind for event in events] == ["ho", "tc", "ic"]
    assert max(event.confidence for event in events[:2]) < 0.5
    assert events[2].t_event_us / 1e6 - walk_s == pytest.approx(0.83, abs=0.06)


def test_a_fixed_tilt_starts_the_step_where_the_shank_leans_so_far_from_standing() -> None:
    stand_s = 3.0
    motion = then(stand_s, standing, stepping_off)
    for lean_deg in (8.0, 16.0):
        config = ShankImuConfig(by="tilt", tilt_on_deg=lean_deg)
        events = detect(readings(motion, stand_s + 10 * STRIDE_S, bias_dps=0.5), config)
        late = [t_s for t_s in times_s(events, HEEL_OFF) if t_s > stand_s + 4 * STRIDE_S]
        assert len(late) == 6
        for t_s in late:
            lean = MIDSTANCE_DEG - walking(t_s - stand_s + MIDSTANCE_S)[0]
            assert lean == pytest.approx(lean_deg, abs=5.0)


def test_the_snapshot_tells_axis_and_walker() -> None:
    detector = ShankImuDetector(ShankImuConfig(), LEFT)
    for sample in readings(walking, 12.0, axes=BACK_TO_FRONT):
        detector.update(sample)
    snapshot = detector.snapshot()
    axis = snapshot["axis"]
    walker = snapshot["walker"]
    assert isinstance(axis, dict)
    assert isinstance(walker, dict)
    # Leaning back is a turn about what is the wearer's right; the sensor's y points there.
    assert axis["axis"] == pytest.approx([0.0, 1.0, 0.0], abs=0.05)
    assert walker["range_deg"] == pytest.approx(73.3, abs=4.0)
    assert walker["swing_dps"] == pytest.approx(320.0, abs=15.0)
