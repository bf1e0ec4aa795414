"""The axis about which a foot turns when it walks, found from the gyroscope while it walks.

However the sensor is strapped on, a foot turns mostly in one plane, so the axis is the principal
one of its angular rate. Its sign is a matter of walking, too: between one stance and the next the
foot tips toe-down, at push-off, further than it is toe-up at contact, and it does so faster than
it swings back.
"""

from typing import Final

MEMORY: Final = 1 / 256
"""Weight of one look in the covariance: at one look per 20 ms some five seconds of motion."""

VOTE_WEIGHT: Final = 0.4
CLEAR_MARGIN: Final = 0.3
LOCK_SCORE: Final = 0.6
UNLOCK_SCORE: Final = 0.2
LEAST_TIP_DEG: Final = 8.0
"""Less is no stride."""

Vector = tuple[float, float, float]


class SagittalAxis:
    """Running estimate of the sagittal axis in the frame of the sensor.

    Attributes
    ----------
    x, y, z : float
        Unit vector; the rate about it is toe-up positive once ``locked``.
    locked : bool
        Strides have agreed on the sign.
    score : float
        Agreement on the sign so far, -1 to 1.
    """

    __slots__ = (
        "_looks",
        "_xx",
        "_xy",
        "_xz",
        "_yy",
        "_yz",
        "_zz",
        "locked",
        "score",
        "x",
        "y",
        "z",
    )

    def __init__(self) -> None:
        self._xx = 0.0
        self._xy = 0.0
        self._xz = 0.0
        self._yy = 0.0
        self._yz = 0.0
        self._zz = 0.0
        self._looks = 0
        self.x = 0.0
        self.y = 0.0
        self.z = 0.0
        self.score = 0.0
        self.locked = False

    def look(self, wx: float, wy: float, wz: float) -> None:
        """Take an angular rate of a moving foot, deg/s, and turn the axis towards it.

        One step of power iteration on the covariance per call: the axis keeps its sense from
        call to call, for the covariance is positive semidefinite.
        """
        looks = self._looks + 1
        self._looks = looks
        weight = MEMORY if looks * MEMORY > 1.0 else 1.0 / looks
        xx = self._xx = self._xx + weight * (wx * wx - self._xx)
        xy = self._xy = self._xy + weight * (wx * wy - self._xy)
        xz = self._xz = self._xz + weight * (wx * wz - self._xz)
        yy = self._yy = self._yy + weight * (wy * wy - self._yy)
        yz = self._yz = self._yz + weight * (wy * wz - self._yz)
        zz = self._zz = self._zz + weight * (wz * wz - self._zz)
        x, y, z = self.x, self.y, self.z
        if looks == 1:
            x, y, z = wx, wy, wz
        turned_x = xx * x + xy * y + xz * z
        turned_y = xy * x + yy * y + yz * z
        turned_z = xz * x + yz * y + zz * z
        length = (turned_x * turned_x + turned_y * turned_y + turned_z * turned_z) ** 0.5
        if length > 0.0:
            self.x = turned_x / length
            self.y = turned_y / length
            self.z = turned_z / length

    @property
    def planarity(self) -> float:
        """Share of the motion that is about the axis, 0 to 1."""
        total = self._xx + self._yy + self._zz
        if total <= 0.0:
            return 0.0
        x, y, z = self.x, self.y, self.z
        along = (
            self._xx * x * x
            + self._yy * y * y
            + self._zz * z * z
            + 2.0 * (self._xy * x * y + self._xz * x * z + self._yz * y * z)
        )
        return along / total

    def vote(
        self, lowest_deg: float, highest_deg: float, lowest_dps: float, highest_dps: float
    ) -> bool:
        """Take the extremes of the foot's motion about the axis from one stance to the next.

        Parameters
        ----------
        lowest_deg, highest_deg : float
            Angle relative to the stance before; at most and at least 0.
        lowest_dps, highest_dps : float
            Rate; at most and at least 0.

        Returns
        -------
        bool
            Whether the sense of the axis was turned round: whatever was derived from it is void.
        """
        tip_deg = highest_deg - lowest_deg
        if tip_deg < LEAST_TIP_DEG:
            return False
        margin = (-lowest_deg - highest_deg) / tip_deg
        span_dps = highest_dps - lowest_dps
        if span_dps > 0.0:
            margin += (-lowest_dps - highest_dps) / span_dps
        opinion = 1.0 if margin > 0.0 else -1.0
        # A stride that goes both ways alike has little to say.
        weight = VOTE_WEIGHT * min(1.0, abs(margin) / CLEAR_MARGIN)
        self.score += weight * (opinion - self.score)
        if self.score < UNLOCK_SCORE:
            self.locked = False
        if self.score >= LOCK_SCORE:
            self.locked = True
            return False
        if self.score <= -LOCK_SCORE:
            self.x, self.y, self.z = -self.x, -self.y, -self.z
            self.score = -self.score
            self.locked = True
            return True
        return False

    def snapshot(self) -> dict[str, object]:
        """Return axis, planarity and the sign's score."""
        return {
            "axis": [round(self.x, 3), round(self.y, 3), round(self.z, 3)],
            "planarity": round(self.planarity, 3),
            "sign_score": round(self.score, 3),
            "locked": self.locked,
        }
