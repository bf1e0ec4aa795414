"""What must hold for the shank detector whatever the mounting, the rate and the packets."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.gait.config import ShankImuConfig
from fes_ctrl.gait.shank_imu import ShankImuDetector
from fes_ctrl.model import RIGHT, SHANK_IMU, GaitEvent, Sample

STRIDE_S = 1.3
# Half-sines of the rate of tilt: begin, length (s), peak (deg/s, leaning back positive).
LOBES = ((0.0, 0.18, -130.0), (0.06, 0.66, -45.0), (0.56, 0.34, -170.0), (0.9, 0.4, 273.5))
CONTACT_S, OFF_S = 0.02, 0.61

ANGLES = st.floats(-180.0, 180.0)
MOUNTINGS = st.tuples(ANGLES, ANGLES, ANGLES)
SIZES = st.floats(0.35, 1.3)


def turned(vector: tuple[float, float, float], deg: tuple[float, float, float]) -> list[float]:
    """Return a vector in the axes of a sensor turned about x, y and z in turn."""
    x, y, z = vector
    a, b, c = (math.radians(angle) for angle in deg)
    y, z = math.cos(a) * y + math.sin(a) * z, math.cos(a) * z - math.sin(a) * y
    z, x = math.cos(b) * z + math.sin(b) * x, math.cos(b) * x - math.sin(b) * z
    x, y = math.cos(c) * x + math.sin(c) * y, math.cos(c) * y - math.sin(c) * x
    return [x, y, z]


def walk(
    mount_deg: tuple[float, float, float], steps_us: list[int], size: float, strides: int
) -> list[Sample]:
    samples = []
    t_us = row = 0
    while t_us < strides * STRIDE_S * 1e6:
        t_us += steps_us[row % len(steps_us)]
        row += 1
        within_s = t_us / 1e6 % STRIDE_S
        tilt, rate = 18.0, 0.0
        for begin_s, length_s, peak_dps in LOBES:
            u = min(1.0, max(0.0, (within_s - begin_s) / length_s))
            tilt += peak_dps * length_s / math.pi * (1.0 - math.cos(math.pi * u))
            rate += peak_dps * math.sin(math.pi * u)
        angle = math.radians(size * tilt)
        acc = turned((9.81 * math.sin(angle), 0.0, 9.81 * math.cos(angle)), mount_deg)
        gyr = turned((0.0, -size * rate, 0.0), mount_deg)
        samples.append(Sample(t_us, t_us + 4_000, row, RIGHT, SHANK_IMU, (*acc, *gyr)))
    return samples


def run(samples: list[Sample], by: str = "rate") -> list[GaitEvent]:
    config = ShankImuConfig(by="tilt" if by == "tilt" else "rate")
    detector = ShankImuDetector(config, RIGHT)
    return [event for sample in samples for event in detector.update(sample)]


@settings(max_examples=40, deadline=None)
@given(
    MOUNTINGS,
    st.lists(st.integers(2_500, 20_000), min_size=1, max_size=20),
    SIZES,
    st.sampled_from(["rate", "tilt"]),
)
def test_every_stride_is_told_from_the_fourth_on(
    mount_deg: tuple[float, float, float], steps_us: list[int], size: float, by: str
) -> None:
    events = run(walk(mount_deg, steps_us, size, 10), by)
    for kind, at_s in (("ic", CONTACT_S), ("ho", OFF_S)):
        found_s = [event.t_event_us / 1e6 for event in events if event.kind == kind]
        for stride in range(3, 10):
            t_s = stride * STRIDE_S + at_s
            assert sum(abs(found - t_s) < 0.1 for found in found_s) == 1, (kind, stride)
    assert all(event.leg == RIGHT and 0.0 <= event.confidence <= 1.0 for event in events)


@settings(max_examples=30, deadline=None)
@given(
    MOUNTINGS,
    st.lists(
        st.tuples(st.integers(-30_000, 300_000), st.integers(0, 150_000)),
        min_size=1,
        max_size=8,
    ),
    st.integers(5, 60),
)
def test_no_event_is_told_before_it_happened_or_of_data_that_came_late(
    mount_deg: tuple[float, float, float], upsets: list[tuple[int, int]], every: int
) -> None:
    """Stamps jump, packets are delayed: what is told belongs to readings that were young."""
    samples = []
    shift_us = delay_us = arrive_us = 0
    for row, sample in enumerate(walk(mount_deg, [10_000], 1.0, 8)):
        if row % every == 0:
            step_us, delay_us = upsets[row // every % len(upsets)]
            shift_us += step_us
        t_us = sample.t_meas_us + shift_us
        arrive_us = max(arrive_us, t_us + delay_us)
        samples.append(sample._replace(t_meas_us=t_us, t_arrive_us=arrive_us))
    young = {s.t_meas_us for s in samples if s.t_arrive_us - s.t_meas_us <= 100_000}
    for event in run(samples):
        assert event.t_emit_us >= event.t_event_us
        assert event.t_event_us in young
