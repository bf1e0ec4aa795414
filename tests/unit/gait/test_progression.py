"""The plane of progression is found from one stride, whatever the mounting and the rate."""

import math
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.gait.progression import ProgressionPlane

GRAVITY = 9.81
SWING_S = 0.8
Vector = tuple[float, float, float]
Reading = tuple[float, Vector, Vector]


def mounting(random: Random) -> tuple[Vector, Vector, Vector]:
    """Return a random rotation, as the images of x, y and z (Gram and Schmidt)."""
    while True:
        a = [random.gauss(0, 1) for _ in range(3)]
        b = [random.gauss(0, 1) for _ in range(3)]
        la = math.hypot(*a)
        a = [x / la for x in a]
        along = sum(x * y for x, y in zip(a, b, strict=True))
        b = [y - along * x for x, y in zip(a, b, strict=True)]
        lb = math.hypot(*b)
        if lb > 0.1:
            break
    b = [y / lb for y in b]
    c = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return (a[0], a[1], a[2]), (b[0], b[1], b[2]), c


def turned(images: tuple[Vector, Vector, Vector], v: Vector) -> Vector:
    x, y, z = (sum(v[k] * images[k][i] for k in range(3)) for i in range(3))
    return x, y, z


def stride(
    images: tuple[Vector, Vector, Vector],
    rate_hz: float,
    length_m: float,
    *,
    tip_deg: float = 40.0,
    out_deg: float = 0.0,
    gain: float = 1.0,
) -> Iterator[Reading]:
    """Yield a foot's way from rest to rest: ahead, up and down, toe-down and toe-up.

    ``out_deg`` turns the foot about its own length while it swings: it is swung out and round.
    """
    rows = round(SWING_S * rate_hz)
    w = 2 * math.pi / SWING_S
    for row in range(rows + 1):
        t = row / rate_hz
        forward = length_m / SWING_S * w * math.sin(w * t)
        up = 0.06 * w * w / 2 * math.cos(w * t)
        tip = math.radians(-tip_deg) * math.sin(w * t)
        tip_rate = -tip_deg * w * math.cos(w * t)
        roll = math.radians(out_deg) * math.sin(w * t)
        roll_rate = out_deg * w * math.cos(w * t)
        ax, az = gain * forward, gain * (up + GRAVITY)
        # World to foot: toe-up turns x up, about -y; then the roll, about the foot's x.
        bx, bz = math.cos(tip) * ax + math.sin(tip) * az, math.cos(tip) * az - math.sin(tip) * ax
        by, bz = math.sin(roll) * bz, math.cos(roll) * bz
        wy, wz = -tip_rate * math.cos(roll), tip_rate * math.sin(roll)
        yield t, turned(images, (roll_rate, wy, wz)), turned(images, (bx, by, bz))


def walked(plane: ProgressionPlane, readings: Iterator[Reading]) -> bool:
    last_s, gyro, acc = next(readings)
    plane.start(*gyro, *acc)
    for t_s, gyro, acc in readings:
        plane.move(t_s - last_s, *gyro, *acc)
        last_s = t_s
    return plane.rest(*acc)


def off_deg(plane: ProgressionPlane, images: tuple[Vector, Vector, Vector]) -> float:
    x, y, z = turned(images, (0.0, -1.0, 0.0))
    cosine = plane.x * x + plane.y * y + plane.z * z
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


@given(st.integers(0, 10_000), st.sampled_from([50.0, 100.0, 204.8, 400.0]), st.floats(0.3, 1.6))
def test_one_stride_tells_axis_and_sign_for_any_mounting(
    seed: int, rate_hz: float, length_m: float
) -> None:
    images = mounting(Random(seed))
    plane = ProgressionPlane()
    assert walked(plane, stride(images, rate_hz, length_m))
    assert plane.found
    assert off_deg(plane, images) < 2.0
    assert plane.stride_m == pytest.approx(length_m, rel=0.1)


@pytest.mark.parametrize("out_deg", [-30.0, 30.0])
def test_a_foot_that_is_swung_out_still_tells_its_way(out_deg: float) -> None:
    images = mounting(Random(3))
    plane = ProgressionPlane()
    assert walked(plane, stride(images, 100.0, 0.5, tip_deg=15.0, out_deg=out_deg))
    assert off_deg(plane, images) < 6.0


@pytest.mark.parametrize("gain", [0.9, 1.1])
def test_gravity_need_not_be_known(gain: float) -> None:
    images = mounting(Random(5))
    plane = ProgressionPlane()
    assert walked(plane, stride(images, 200.0, 1.2, gain=gain))
    assert off_deg(plane, images) < 1.0
    assert plane.stride_m == pytest.approx(1.2 * gain, rel=0.05)


def test_a_foot_that_goes_nowhere_tells_nothing() -> None:
    plane = ProgressionPlane()
    assert not walked(plane, stride(mounting(Random(1)), 100.0, 0.02))
    assert not plane.found


def test_a_strap_that_slipped_is_followed_and_doubted_on_the_way() -> None:
    before, after = mounting(Random(7)), mounting(Random(8))
    plane = ProgressionPlane()
    for _ in range(5):
        walked(plane, stride(before, 100.0, 1.0))
    found = []
    for _ in range(12):
        walked(plane, stride(after, 100.0, 1.0))
        found.append(plane.found)
    assert not all(found), "strides that disagree are no plane"
    assert plane.found
    assert off_deg(plane, after) < 3.0


def test_a_backward_step_does_not_turn_a_walker_round() -> None:
    images = mounting(Random(9))
    plane = ProgressionPlane()
    for _ in range(6):
        walked(plane, stride(images, 100.0, 1.0))
    walked(plane, stride(images, 100.0, -0.3))
    assert off_deg(plane, images) < 3.0
