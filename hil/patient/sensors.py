"""What a heel switch and a foot IMU make of the leg: bounce, noise, bias, mounting, late arrival.

Readings are quantised as a converter does, to exact binary fractions, so that they are written
to a log with few digits and read back exactly.
"""

from math import cos, radians, sin
from random import Random
from typing import Final

from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, Sample
from firmware_sim.injections import Acknowledgement
from hil.patient.config import SensorConfig
from hil.patient.leg import PatientLeg

GRAVITY: Final = 9.81
GYR_STEPS: Final = 16.0
"""1/16 deg/s a step: the 16-bit converter of a 2000 deg/s gyroscope."""

GYR_LIMIT: Final = 32_000
"""2000 deg/s."""

ACC_STEPS: Final = 256.0
"""1/256 m/s2 a step."""

ACC_LIMIT: Final = 40_000
"""156 m/s2, or 16 g."""

IMU_FORWARD_M: Final = 0.06
IMU_UP_M: Final = 0.02
"""Where it sits on the instep, ahead of and above the ankle. Assumption."""

NOISE_TABLE: Final = 4096

CLOSES_N: Final = 40.0
OPENS_N: Final = 20.0
"""Load at which the heel switch closes, and opens. Assumption."""


class Dropout:
    """A span of time in which a sensor's readings never arrive.

    Attributes
    ----------
    acknowledgements : list of Acknowledgement
        When the first reading was lost.
    """

    __slots__ = ("_from_us", "_to_us", "acknowledgements")

    def __init__(self) -> None:
        self._from_us: int = 1 << 62
        self._to_us: int = 1 << 62
        self.acknowledgements: list[Acknowledgement] = []

    def inject(self, name: str, from_us: int, to_us: int) -> None:
        """Lose what is measured from one instant to another.

        Raises
        ------
        ValueError
            If this part does not know the injection.
        """
        if name != "sensor_dropout":
            message = f"the sensors do not know the injection {name!r}"
            raise ValueError(message)
        self._from_us, self._to_us = from_us, to_us

    def loses(self, t_us: int) -> bool:
        """Return whether what is measured now is lost."""
        if t_us < self._from_us or t_us >= self._to_us:
            return False
        if not self.acknowledgements:
            self.acknowledgements.append(Acknowledgement("sensor_dropout", t_us))
        return True


class HeelSwitch:
    """Closed while the heel bears; opens at less load than it closes; chatters on change."""

    __slots__ = ("_bounce_us", "_closed", "_leg", "_random", "_seq", "_until_us")

    def __init__(self, leg: PatientLeg, config: SensorConfig, random: Random) -> None:
        self._leg = leg
        self._random = random
        self._bounce_us: float = config.bounce_ms * 1000.0
        self._closed: bool = True
        self._until_us: int = 0
        self._seq: int = 0

    def read(self, t_us: int, arrive_us: int) -> Sample:
        """Return the reading of now; the leg has been advanced so far."""
        leg = self._leg
        load_N, _ = leg.loads()
        closed = load_N > (OPENS_N if self._closed else CLOSES_N)
        if closed != self._closed:
            self._closed = closed
            self._until_us = t_us + int(self._random.random() * self._bounce_us)
        elif t_us < self._until_us and self._random.random() < 0.5:
            closed = not closed
        self._seq += 1
        value = 1.0 if closed else 0.0
        return Sample(t_us, arrive_us, self._seq, leg.leg, HEEL_SWITCH, (value,))


class FootImu:
    """Angular rate and specific force on the instep, in the sensor's own axes.

    The foot's frame is x to the toe, y to the left, z up, so dorsiflexion is a negative rate
    about y. The sensor is turned about the foot's long axis by the mounting angle.
    """

    __slots__ = (
        "_acc_noise",
        "_bias",
        "_cos_mount",
        "_gyro_noise",
        "_leg",
        "_next",
        "_noise",
        "_seq",
        "_sin_mount",
    )

    def __init__(self, leg: PatientLeg, config: SensorConfig, random: Random) -> None:
        self._leg = leg
        self._bias: float = config.gyro_bias_deg_per_s
        self._gyro_noise: float = config.gyro_noise_deg_per_s
        self._acc_noise: float = config.acc_noise_m_per_s2
        mount = radians(config.mount_deg)
        self._cos_mount: float = cos(mount)
        self._sin_mount: float = sin(mount)
        # Noise is drawn once and read round and round, from a new place every round.
        self._noise: list[float] = [random.gauss(0.0, 1.0) for _ in range(NOISE_TABLE)]
        self._next: int = 0
        self._seq: int = 0

    def read(self, t_us: int, arrive_us: int) -> Sample:
        """Return the reading of now; the leg has been advanced so far."""
        leg = self._leg
        pitch, rate, change, forward, upward = leg.motion()
        sine, cosine = sin(pitch), cos(pitch)
        upward += GRAVITY
        acc_x = forward * cosine + upward * sine - IMU_UP_M * change - IMU_FORWARD_M * rate * rate
        acc_z = upward * cosine - forward * sine + IMU_FORWARD_M * change - IMU_UP_M * rate * rate
        gyr_y = -57.29577951308232 * rate
        cos_mount, sin_mount = self._cos_mount, self._sin_mount
        at = self._next
        if at + 6 > NOISE_TABLE:
            at = self._seq % 5
        self._next = at + 6
        noise = self._noise
        gyro_noise, acc_noise, bias = self._gyro_noise, self._acc_noise, self._bias
        self._seq += 1
        return Sample(
            t_us,
            arrive_us,
            self._seq,
            leg.leg,
            FOOT_IMU,
            (
                _converted(acc_x + acc_noise * noise[at], ACC_STEPS, ACC_LIMIT),
                _converted(acc_z * sin_mount + acc_noise * noise[at + 1], ACC_STEPS, ACC_LIMIT),
                _converted(acc_z * cos_mount + acc_noise * noise[at + 2], ACC_STEPS, ACC_LIMIT),
                _converted(bias + gyro_noise * noise[at + 3], GYR_STEPS, GYR_LIMIT),
                _converted(
                    gyr_y * cos_mount + bias + gyro_noise * noise[at + 4], GYR_STEPS, GYR_LIMIT
                ),
                _converted(
                    bias - gyr_y * sin_mount + gyro_noise * noise[at + 5], GYR_STEPS, GYR_LIMIT
                ),
            ),
        )


def _converted(value: float, steps: float, limit: int) -> float:
    """Return what a converter of ``steps`` a unit makes of a value; clipped at its range."""
    count = round(value * steps)
    if count > limit:
        count = limit
    elif count < -limit:
        count = -limit
    return count / steps
