"""What a foot's gyro reads of no motion, learnt from standing, from rests, and from whole strides.

A foot that stands tells it best. While walking, a rest tells it at once, and roughly: no foot is
perfectly still, and a heel may rise as slowly as a bias reads. A stride begins and ends on the flat
foot, so what its integral misses in the end is the bias about the toe-up axis, times the stride.
One stride tells it roughly too, for readings cut off some of how the forefoot slaps down, sometimes
too much and sometimes too little; many tell it well. So before the first stride rests tell it, and
strides from then on.
"""

from typing import Final

from fes_ctrl.units import NEVER_US, Us

SETTLED_US: Final = 40_000
SHOWS_US: Final = 75_000
HEEL_RISES_US: Final = 110_000
"""From when a foot has come to rest: before the first it still settles, and after the last the heel
of a fast walker may rise as slowly as a bias reads. From the second on it shows the gyro's bias."""
AGREES_DPS: Final = 1.0
"""The time before has to show the same, or the foot does not rest as it seems to."""
RESTS: Final = 0.2
"""Weight of a rest against those before it; the first few are averaged."""
LARGEST_BIAS_DPS: Final = 20.0
"""Of cheap parts (InvenSense MPU-6050, zero-rate output); a rest that reads more is none."""

STANDS_US: Final = 500_000
STANDS: Final = 4
"""A foot that has shown the same rate so many times for so long stands: no heel rises so slowly."""
STANDS_ANEW: Final = 20
"""After so many it begins anew: a gyro that warms up drifts."""

STRIDES: Final = 0.05
"""Weight of a stride against those before it: half of what is learnt is of the last 14."""
RESTS_COUNT: Final = 2
STOOD_COUNTS: Final = 10
"""What rests told counts as much as so many strides, and what standing told: the first strides are
averaged with that."""
JUMPED_DPS: Final = 2.0
"""Where a stride and the rests find the bias to be off by so much, to the same side, it has jumped,
or drifts: a gyro that was switched on anew, or warms up. The strides then begin anew."""


class Rates:
    """Rates of a foot that rests, added up.

    Attributes
    ----------
    x, y, z : float
        Their sums, deg/s.
    count : int
        How many those are.
    """

    __slots__ = ("count", "x", "y", "z")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.x: float = 0.0
        self.y: float = 0.0
        self.z: float = 0.0
        self.count: int = 0

    def add(self, values: tuple[float, ...]) -> None:
        """Take a reading of the IMU."""
        self.x += values[3]
        self.y += values[4]
        self.z += values[5]
        self.count += 1

    def join(self, other: "Rates") -> None:
        """Take those of another time, and leave it empty."""
        self.x += other.x
        self.y += other.y
        self.z += other.z
        self.count += other.count
        other.clear()

    def agrees(self, other: "Rates") -> bool:
        """Return whether the means of both are about the same, and could be a bias."""
        if self.count == 0 or other.count == 0:
            return False
        mine, theirs = 1.0 / self.count, 1.0 / other.count
        for rate, before in ((self.x, other.x), (self.y, other.y), (self.z, other.z)):
            if not -LARGEST_BIAS_DPS <= rate * mine <= LARGEST_BIAS_DPS:
                return False
            if not -AGREES_DPS <= rate * mine - before * theirs <= AGREES_DPS:
                return False
        return True


class GyroBias:
    """The running estimate of one gyro's bias.

    Attributes
    ----------
    x, y, z : float
        What it reads of no motion, deg/s.
    """

    __slots__ = (
        "_before",
        "_entered_us",
        "_rest_x",
        "_rest_y",
        "_rest_z",
        "_resting",
        "_rests",
        "_since_us",
        "_stands",
        "_stood",
        "_strides",
        "_times",
        "x",
        "y",
        "z",
    )

    def __init__(self) -> None:
        self.x: float = 0.0
        self.y: float = 0.0
        self.z: float = 0.0
        self._rest_x: float = 0.0
        self._rest_y: float = 0.0
        self._rest_z: float = 0.0
        self._rests: int = 0
        self._strides: int = 0
        self._entered_us: Us = -NEVER_US
        self._before: Rates = Rates()
        self._resting: Rates = Rates()
        self._since_us: Us = -NEVER_US
        self._times: int = 0
        self._stood: Rates = Rates()
        self._stands: Rates = Rates()

    @property
    def known(self) -> bool:
        """Whether any rest has shown it."""
        return self._rests > 0

    def rest(self, t_us: Us, values: tuple[float, ...], *, entered: bool) -> None:
        """Take a reading of a foot that rests; ``entered``: it has just come to rest."""
        if entered:
            self._entered_us = t_us
            self._before.clear()
            self._resting.clear()
            self._since_us = t_us + SETTLED_US
            self._stand_anew()
        rested_us = t_us - self._entered_us
        if rested_us < SETTLED_US:
            return
        self._stand(t_us, values)
        if rested_us < SHOWS_US:
            self._before.add(values)
        elif rested_us <= HEEL_RISES_US:
            self._resting.add(values)
        elif self._resting.count:
            if self._resting.agrees(self._before):
                self._rested()
            self._resting.clear()

    def move(self) -> None:
        """Take note that the foot does not rest: one that rose so soon has shown nothing."""
        self._resting.clear()

    def _rested(self) -> None:
        """Learn from a foot that has come to rest."""
        rest = self._resting
        self._rests += 1
        weight = max(RESTS, 1.0 / self._rests)
        self._rest_x += weight * (rest.x / rest.count - self._rest_x)
        self._rest_y += weight * (rest.y / rest.count - self._rest_y)
        self._rest_z += weight * (rest.z / rest.count - self._rest_z)
        if self._strides == 0:
            self.x, self.y, self.z = self._rest_x, self._rest_y, self._rest_z

    def _stand(self, t_us: Us, values: tuple[float, ...]) -> None:
        """Learn from a foot that goes on resting; the last time before it moves does not count."""
        if t_us - self._since_us >= STANDS_US:
            self._since_us = t_us
            stands, stood = self._stands, self._stood
            if stood.count and not stands.agrees(stood):
                self._stand_anew()
                return
            if self._times >= STANDS:
                self._rest_x = self.x = stood.x / stood.count
                self._rest_y = self.y = stood.y / stood.count
                self._rest_z = self.z = stood.z / stood.count
                self._rests = self._strides = STOOD_COUNTS
            if self._times >= STANDS_ANEW:
                self._stand_anew()
                return
            self._times += 1
            stood.join(stands)
        self._stands.add(values)

    def _stand_anew(self) -> None:
        self._times = 0
        self._stood.clear()
        self._stands.clear()

    def stride(self, missed_deg: float, lasted_us: Us, axis: tuple[float, float, float]) -> None:
        """Take a whole stride, straight on.

        Parameters
        ----------
        missed_deg : float
            The integral of the rate about the axis, from flat foot to flat foot.
        lasted_us : int
            How long that took.
        axis : tuple of float
            The toe-up axis in the sensor's frame, a unit vector.
        """
        x, y, z = axis
        off_dps = missed_deg / (lasted_us * 1e-6)
        rest_dps = (
            x * (self._rest_x - self.x) + y * (self._rest_y - self.y) + z * (self._rest_z - self.z)
        )
        if (off_dps > JUMPED_DPS and rest_dps > JUMPED_DPS) or (
            off_dps < -JUMPED_DPS and rest_dps < -JUMPED_DPS
        ):
            self._strides = 0
        self._strides += 1
        off_dps *= max(STRIDES, 1.0 / (self._strides + RESTS_COUNT))
        self.x += off_dps * x
        self.y += off_dps * y
        self.z += off_dps * z

    def snapshot(self) -> list[float]:
        """Return the bias, deg/s."""
        return [round(self.x, 2), round(self.y, 2), round(self.z, 2)]
