"""Angular rate and specific force of one segment, in the axes of a sensor that sits askew.

The segment's frame is x forwards, y to the left, z up (along the shank), so toe-up is a negative
rate about y.
"""

from math import cos, radians, sin
from random import Random
from typing import Final, TypeAlias

from fes_ctrl.model import Sample
from fes_ctrl.units import made
from hil.patient.rest.limb import Aside
from hil.patient.sensors.config import ImuConfig
from hil.patient.sensors.converter import ACC_STEPS, GYRO_STEPS, converted
from hil.patient.sensors.tremor import Motion

Matrix: TypeAlias = tuple[float, float, float, float, float, float, float, float, float]

GRAVITY: Final = 9.81
TO_DEG: Final = 57.29577951308232
US_PER_MIN: Final = 60e6
NOISE_TABLE: Final = 4096

ANKLE_UP_M: Final = 0.08
"""Height of the ankle above the sole's edge, over which a leg rolls. Assumption."""


def mounting(x_deg: float, y_deg: float, z_deg: float) -> Matrix:
    """Return the rotation from a segment's axes to those of a sensor that is turned against it.

    Parameters
    ----------
    x_deg, y_deg, z_deg : float
        The sensor is turned about the segment's x, then about its y, then about its z.

    Returns
    -------
    tuple of float
        Row by row; each row is one axis of the sensor in the segment's frame.
    """
    x, y, z = radians(x_deg), radians(y_deg), radians(z_deg)
    cx, sx, cy, sy, cz, sz = cos(x), sin(x), cos(y), sin(y), cos(z), sin(z)
    return (
        cz * cy,
        sz * cy,
        -sy,
        cz * sy * sx - sz * cx,
        sz * sy * sx + cz * cx,
        cy * sx,
        cz * sy * cx + sz * sx,
        sz * sy * cx - cz * sx,
        cy * cx,
    )


class Imu:
    """Three axes of specific force and three of angular rate.

    Parameters
    ----------
    kind : str
        ``model.FOOT_IMU`` or ``model.SHANK_IMU``.
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.
    place_m : tuple of float
        Where it sits: ahead of and above the ankle, in the segment's frame.
    config : ImuConfig
        Mounting and errors.
    random : random.Random
        Its own stream.
    """

    __slots__ = (
        "_acc_bias",
        "_acc_highest",
        "_acc_noise",
        "_drift",
        "_forward_m",
        "_gyro_bias",
        "_gyro_highest",
        "_gyro_noise",
        "_kind",
        "_leg",
        "_mount",
        "_next",
        "_noise",
        "_seq",
        "_up_m",
    )

    def __init__(
        self, kind: str, leg: int, place_m: tuple[float, float], config: ImuConfig, random: Random
    ) -> None:
        self._kind = kind
        self._leg = leg
        self._forward_m, self._up_m = place_m
        x_deg, y_deg, z_deg = config.mount_deg
        self._mount: Matrix = mounting(x_deg, y_deg, z_deg)
        self._gyro_bias: tuple[float, float, float] = config.gyro_bias_deg_per_s
        self._acc_bias: tuple[float, float, float] = config.acc_bias_m_per_s2
        self._drift: tuple[float, float, float] = config.gyro_drift_deg_per_s_per_min
        self._gyro_noise: float = config.gyro_noise_deg_per_s
        self._acc_noise: float = config.acc_noise_m_per_s2
        self._gyro_highest: int = int(config.gyro_range_deg_per_s * GYRO_STEPS)
        self._acc_highest: int = int(config.acc_range_g * GRAVITY * ACC_STEPS)
        # Noise is drawn once and read round and round, from a new place every round.
        self._noise: list[float] = [random.gauss(0.0, 1.0) for _ in range(NOISE_TABLE)]
        self._next: int = 0
        self._seq: int = 0

    def read(
        self,
        t_us: int,
        arrive_us: int,
        motion: Motion,
        turn_rad_per_s: float,
        aside: Aside | None = None,
    ) -> Sample:
        """Return a reading: specific force (m/s2), then angular rate (deg/s).

        Parameters
        ----------
        t_us, arrive_us : int
            When it is measured and when it arrives.
        motion : tuple of float
            Of the segment, at ``t_us``.
        turn_rad_per_s : float
            Rate of the whole body about the vertical, to the left, on a path so wide that it is
            felt as a rate alone.
        aside : Aside or None
            What the segment does out of the plane of ``motion``: turning on the spot, and rolling.
        """
        pitch, rate, change, forward, upward = motion
        sine, cosine = sin(pitch), cos(pitch)
        upward += GRAVITY
        ahead_m, up_m = self._forward_m, self._up_m
        ay = roll_rate = 0.0
        if aside is not None:
            spin, spin_change, about_m, roll, roll_rate, roll_change = aside
            turn_rad_per_s += spin
            # Where the sensor is from the axis of the spin, and how fast it goes away from it.
            out_m = ahead_m * cosine - up_m * sine - about_m
            away = -(ahead_m * sine + up_m * cosine) * rate
            forward -= spin * spin * out_m
            height_m = ANKLE_UP_M + up_m * cosine + ahead_m * sine
            ay = spin_change * out_m + 2.0 * spin * away
            ay += upward * sin(roll) - roll_change * height_m
            upward *= cos(roll)
        ax = forward * cosine + upward * sine - up_m * change - ahead_m * rate * rate
        az = upward * cosine - forward * sine + ahead_m * change - up_m * rate * rate
        turn = TO_DEG * turn_rad_per_s
        wx, wy, wz = turn * sine, -TO_DEG * rate, turn * cosine
        if aside is not None:
            wx += TO_DEG * roll_rate * cosine
            wz -= TO_DEG * roll_rate * sine
        xx, xy, xz, yx, yy, yz, zx, zy, zz = self._mount
        bias_x, bias_y, bias_z = self._gyro_bias
        acc_bias_x, acc_bias_y, acc_bias_z = self._acc_bias
        drift_x, drift_y, drift_z = self._drift
        minutes = t_us / US_PER_MIN
        at = self._next
        if at + 6 > NOISE_TABLE:
            at = self._seq % 5
        self._next = at + 6
        noise = self._noise
        gyro_noise, acc_noise = self._gyro_noise, self._acc_noise
        gyro, acc = self._gyro_highest, self._acc_highest
        ax_s = xx * ax + xy * ay + xz * az + acc_bias_x + acc_noise * noise[at]
        ay_s = yx * ax + yy * ay + yz * az + acc_bias_y + acc_noise * noise[at + 1]
        az_s = zx * ax + zy * ay + zz * az + acc_bias_z + acc_noise * noise[at + 2]
        wx_s = xx * wx + xy * wy + xz * wz + bias_x + drift_x * minutes
        wy_s = yx * wx + yy * wy + yz * wz + bias_y + drift_y * minutes
        wz_s = zx * wx + zy * wy + zz * wz + bias_z + drift_z * minutes
        self._seq += 1
        values = (
            converted(ax_s, ACC_STEPS, -acc, acc),
            converted(ay_s, ACC_STEPS, -acc, acc),
            converted(az_s, ACC_STEPS, -acc, acc),
            converted(wx_s + gyro_noise * noise[at + 3], GYRO_STEPS, -gyro, gyro),
            converted(wy_s + gyro_noise * noise[at + 4], GYRO_STEPS, -gyro, gyro),
            converted(wz_s + gyro_noise * noise[at + 5], GYRO_STEPS, -gyro, gyro),
        )
        return made(Sample, (t_us, arrive_us, self._seq, self._leg, self._kind, values))
