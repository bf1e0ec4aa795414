"""How a resting foot is tilted against a flat one, by gravity: toes held up are no flat foot."""

from math import atan2
from typing import Final

TO_DEG: Final = 57.29577951308232

UP_PER_S: Final = 20.0
"""How fast what is up follows a resting sensor."""
SETTLES_S: Final = 0.3
SETTLING_PER_S: Final = 10.0
"""A foot that has just landed is flat however it stands, and its sensor still rings."""
NEAR_DEG: Final = 5.0
"""A resting foot that is tilted by more holds toes or heel up; less is how it settles."""
NEAR_PER_S: Final = 0.2
TILTED_PER_S: Final = 0.02
"""How fast what is flat follows a foot that rests about flat, and one that rests tilted."""


class FlatFoot:
    """What is up in a foot that rests, and in one that is flat.

    Attributes
    ----------
    ux, uy, uz : float
        Up in the sensor's frame, as the foot last rested; a unit vector.
    toes_up_deg : float
        How far it holds its toes up; 0 while it is about flat, or on its toes.
    """

    __slots__ = (
        "_ax",
        "_ay",
        "_az",
        "_fx",
        "_fy",
        "_fz",
        "_settling_s",
        "toes_up_deg",
        "ux",
        "uy",
        "uz",
    )

    def __init__(self) -> None:
        self._ax = 0.0
        self._ay = 0.0
        self._az = 0.0
        self._fx = 0.0
        self._fy = 0.0
        self._fz = 0.0
        self._settling_s = 0.0
        self.ux = 0.0
        self.uy = 0.0
        self.uz = 1.0
        self.toes_up_deg = 0.0

    def begin(self, ax: float, ay: float, az: float) -> None:
        """Come to rest, with a force in m/s2."""
        self._ax = ax
        self._ay = ay
        self._az = az
        self._settling_s = 0.0
        self._face()

    def level(self) -> None:
        """Take the foot as flat: it has just landed."""
        self._settling_s = SETTLES_S
        self._fx = self.ux
        self._fy = self.uy
        self._fz = self.uz
        self.toes_up_deg = 0.0

    def _face(self) -> None:
        ax, ay, az = self._ax, self._ay, self._az
        gravity = (ax * ax + ay * ay + az * az) ** 0.5
        if gravity > 1.0:
            self.ux = ax / gravity
            self.uy = ay / gravity
            self.uz = az / gravity

    def rest(
        self, dt_s: float, ax: float, ay: float, az: float, mx: float, my: float, mz: float
    ) -> None:
        """Take what is felt at rest, m/s2; ``mx, my, mz`` is the toe-up axis, a unit vector."""
        share = min(1.0, UP_PER_S * dt_s)
        self._ax += share * (ax - self._ax)
        self._ay += share * (ay - self._ay)
        self._az += share * (az - self._az)
        self._face()
        ux, uy, uz = self.ux, self.uy, self.uz
        fx, fy, fz = self._fx, self._fy, self._fz
        # Turned toe-up, what was up goes back: up now times up then lies along the axis.
        across = mx * (uy * fz - uz * fy) + my * (uz * fx - ux * fz) + mz * (ux * fy - uy * fx)
        along = ux * fx + uy * fy + uz * fz
        felt_deg = TO_DEG * atan2(across, along) if along > 0.0 else 0.0
        self.toes_up_deg = felt_deg if felt_deg > NEAR_DEG else 0.0
        if self._settling_s > 0.0:
            self._settling_s -= dt_s
            share = SETTLING_PER_S
        elif -NEAR_DEG < felt_deg < NEAR_DEG:
            share = NEAR_PER_S
        else:
            share = TILTED_PER_S
        share = min(1.0, share * dt_s)
        self._fx = fx + share * (ux - fx)
        self._fy = fy + share * (uy - fy)
        self._fz = fz + share * (uz - fz)
