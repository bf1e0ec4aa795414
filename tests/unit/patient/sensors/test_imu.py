"""An inertial sensor feels its segment in its own axes, with the defects it claims."""

import statistics
from math import cos, degrees, pi, radians, sin, sqrt
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import FOOT_IMU, RIGHT
from hil.patient.rest.limb import Aside
from hil.patient.sensors.config import ImuConfig
from hil.patient.sensors.imu import Imu, mounting
from hil.patient.sensors.tremor import Motion

IDEAL = {
    "mount_deg": (0.0, 0.0, 0.0),
    "gyro_bias_deg_per_s": (0.0, 0.0, 0.0),
    "gyro_noise_deg_per_s": 0.0,
    "acc_noise_m_per_s2": 0.0,
}
AT_REST: Motion = (0.0, 0.0, 0.0, 0.0, 0.0)
ACC_STEP = 1 / 256
GYRO_STEP = 1 / 16
ANGLES = st.floats(-180.0, 180.0)


def imu(place_m: tuple[float, float] = (0.0, 0.0), **values: object) -> Imu:
    config = ImuConfig(**{**IDEAL, **values})  # type: ignore[arg-type]
    return Imu(FOOT_IMU, RIGHT, place_m, config, Random(1))


def felt(
    sensor: Imu, motion: Motion = AT_REST, t_us: int = 0, turn: float = 0.0
) -> tuple[float, ...]:
    return sensor.read(t_us, t_us, motion, turn).values


def test_at_rest_it_feels_gravity_upwards_and_nothing_else() -> None:
    assert felt(imu()) == pytest.approx((0, 0, 9.81, 0, 0, 0), abs=ACC_STEP / 2)


@given(ANGLES, ANGLES, ANGLES)
def test_no_mounting_changes_the_size_of_what_is_felt(x: float, y: float, z: float) -> None:
    motion: Motion = (0.4, 2.0, 30.0, 3.0, -2.0)
    straight = felt(imu(), motion, turn=1.0)
    askew = felt(imu(mount_deg=(x, y, z)), motion, turn=1.0)
    for part, step in ((slice(0, 3), ACC_STEP), (slice(3, 6), GYRO_STEP)):
        size = sqrt(sum(value * value for value in straight[part]))
        assert sqrt(sum(value * value for value in askew[part])) == pytest.approx(
            size, abs=2 * step
        )


@given(ANGLES, ANGLES, ANGLES)
def test_it_is_turned_about_x_then_y_then_z_of_the_segment(x: float, y: float, z: float) -> None:
    def about(axis: int, degrees: float) -> np.ndarray:
        c, s = np.cos(radians(degrees)), np.sin(radians(degrees))
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turned = np.eye(3)
        turned[i, i] = turned[j, j] = c
        turned[j, i], turned[i, j] = s, -s
        return turned

    attitude = about(2, z) @ about(1, y) @ about(0, x)
    assert np.allclose(np.array(mounting(x, y, z)).reshape(3, 3), attitude.T)


@pytest.mark.parametrize(
    ("mount_deg", "acc", "gyro"),
    [
        ((90.0, 0.0, 0.0), (0, 9.81, 0), (0, 0, 100)),
        ((0.0, 90.0, 0.0), (-9.81, 0, 0), (0, -100, 0)),
        ((0.0, 0.0, 90.0), (0, 0, 9.81), (-100, 0, 0)),
    ],
)
def test_a_quarter_turn_moves_gravity_and_rate_to_other_axes(
    mount_deg: tuple[float, float, float],
    acc: tuple[float, float, float],
    gyro: tuple[float, float, float],
) -> None:
    toe_up: Motion = (0.0, radians(100.0), 0.0, 0.0, 0.0)
    values = felt(imu(mount_deg=mount_deg), toe_up)
    assert values[:3] == pytest.approx(acc, abs=ACC_STEP)
    assert values[3:] == pytest.approx(gyro, abs=GYRO_STEP)


def test_a_tilted_segment_shows_gravity_ahead() -> None:
    values = felt(imu(), (pi / 6, 0.0, 0.0, 0.0, 0.0))
    assert values[:3] == pytest.approx((9.81 * 0.5, 0, 9.81 * 0.866), abs=0.01)


def test_the_further_from_the_ankle_the_more_of_a_rotation_is_felt_as_acceleration() -> None:
    spinning: Motion = (0.0, 5.0, 40.0, 0.0, 0.0)
    at_ankle = felt(imu(), spinning)
    mid_shank = felt(imu((0.05, 0.2)), spinning)
    # Towards the ankle with the rate squared, across with the rate's change.
    assert mid_shank[2] - at_ankle[2] == pytest.approx(0.05 * 40 - 0.2 * 25, abs=ACC_STEP)
    assert mid_shank[0] - at_ankle[0] == pytest.approx(-0.2 * 40 - 0.05 * 25, abs=ACC_STEP)
    assert mid_shank[3:] == at_ankle[3:]


def test_turning_round_is_felt_about_the_vertical() -> None:
    assert felt(imu(), turn=1.0)[3:] == pytest.approx((0, 0, 57.3), abs=GYRO_STEP)
    toe_down = felt(imu(), (-pi / 2, 0.0, 0.0, 0.0, 0.0), turn=1.0)
    assert toe_down[3:] == pytest.approx((-57.3, 0, 0), abs=GYRO_STEP)


def test_each_axis_has_its_own_bias() -> None:
    sensor = imu(gyro_bias_deg_per_s=(1.0, -2.0, 3.0), acc_bias_m_per_s2=(0.5, -0.25, 0.125))
    values = felt(sensor)
    assert values[3:] == (1.0, -2.0, 3.0)
    assert values[:3] == pytest.approx((0.5, -0.25, 9.935), abs=ACC_STEP)


def test_the_bias_of_a_rate_drifts_by_the_minute() -> None:
    sensor = imu(gyro_drift_deg_per_s_per_min=(0.5, 0.0, -1.0))
    assert felt(sensor)[3:] == (0.0, 0.0, 0.0)
    assert felt(sensor, t_us=30_000_000)[3:] == (0.25, 0.0, -0.5)
    assert felt(sensor, t_us=120_000_000)[3:] == (1.0, 0.0, -2.0)


def test_white_noise_has_the_size_it_claims_on_every_axis() -> None:
    sensor = imu(gyro_noise_deg_per_s=0.5, acc_noise_m_per_s2=0.05)
    rows = [felt(sensor) for _ in range(4000)]
    for axis, sigma in enumerate((0.05, 0.05, 0.05, 0.5, 0.5, 0.5)):
        assert statistics.stdev(row[axis] for row in rows) == pytest.approx(sigma, rel=0.1)


def test_a_rate_and_an_acceleration_beyond_the_range_are_clipped() -> None:
    wild: Motion = (0.0, radians(-2500.0), 0.0, 200.0, 0.0)
    assert felt(imu(), wild)[4] == 2000.0
    assert felt(imu(), wild)[0] == pytest.approx(16 * 9.81, abs=ACC_STEP)
    narrow = imu(gyro_range_deg_per_s=500.0, acc_range_g=4.0)
    assert felt(narrow, wild)[4] == 500.0
    assert felt(narrow, wild)[0] == pytest.approx(4 * 9.81, abs=ACC_STEP)
    assert felt(narrow, (0.0, radians(2500.0), 0.0, -200.0, 0.0))[4] == -500.0


def test_readings_are_whole_steps_of_the_converter() -> None:
    sensor = imu(gyro_noise_deg_per_s=0.5, acc_noise_m_per_s2=0.05, mount_deg=(10.0, 20.0, 30.0))
    for k in range(500):
        values = felt(sensor, (0.001 * k, 0.01 * k, 0.1 * k, 0.02 * k, -0.01 * k))
        assert all(value * 256 == int(value * 256) for value in values[:3])
        assert all(value * 16 == int(value * 16) for value in values[3:])


def test_turning_on_the_spot_and_pitching_is_felt_as_the_place_moves() -> None:
    """The sensor's path through the room, differentiated twice, against what it reads."""
    ahead_m, up_m, about_m = 0.06, 0.02, -0.05

    def angles(t: float) -> tuple[float, float]:
        return 0.3 * sin(7.0 * t), 0.8 * sin(3.0 * t)

    def place(t: float) -> tuple[float, float, float]:
        pitch, yaw = angles(t)
        out_m = ahead_m * cos(pitch) - up_m * sin(pitch) - about_m
        height_m = ahead_m * sin(pitch) + up_m * cos(pitch)
        return out_m * cos(yaw), out_m * sin(yaw), height_m

    t, h = 0.31, 1e-4
    before, now, after = place(t - h), place(t), place(t + h)
    x, y, z = ((a - 2 * n + b) / h**2 for a, n, b in zip(after, now, before, strict=True))
    z += 9.81
    pitch, yaw = angles(t)
    forward, left = x * cos(yaw) + y * sin(yaw), y * cos(yaw) - x * sin(yaw)
    expected = (
        forward * cos(pitch) + z * sin(pitch),
        left,
        z * cos(pitch) - forward * sin(pitch),
    )
    motion = (pitch, 2.1 * cos(7.0 * t), -14.7 * sin(7.0 * t), 0.0, 0.0)
    aside = Aside(2.4 * cos(3.0 * t), -7.2 * sin(3.0 * t), about_m, 0.0, 0.0, 0.0)
    values = imu((ahead_m, up_m)).read(1000, 2000, motion, 0.0, aside).values
    assert values[:3] == pytest.approx(expected, abs=1.5 * ACC_STEP)
    spin = degrees(aside.spin)
    expected = spin * sin(pitch), -degrees(motion[1]), spin * cos(pitch)
    assert values[3:] == pytest.approx(expected, abs=GYRO_STEP)


def test_rolling_is_felt_ahead_and_as_gravity_from_the_side() -> None:
    aside = Aside(0.0, 0.0, 0.0, pi / 6, 1.0, 0.0)
    values = imu().read(1000, 2000, (0.0, 0.0, 0.0, 0.0, 0.0), 0.0, aside).values
    assert values[:3] == pytest.approx((0.0, 9.81 * 0.5, 9.81 * 0.866), abs=0.01)
    assert values[3:] == pytest.approx((57.3, 0.0, 0.0), abs=GYRO_STEP)
    quicker = Aside(0.0, 0.0, 0.0, 0.0, 0.0, 10.0)
    low, high = (
        imu((0.0, up_m)).read(1000, 2000, AT_REST, 0.0, quicker).values[1] for up_m in (0.0, 0.2)
    )
    assert low < 0.0, "it goes to the right, over the sole"
    assert high - low == pytest.approx(-2.0, abs=1.5 * ACC_STEP)
