"""Tilt about a known axis, from the rate and from gravity; and whether the segment is at rest.

Tilt is 0 as the sensor hung when the axis was found, and positive leaning back. It is the
integral of the rate, drawn to what gravity says: slowly in motion, quickly at rest.
"""

from math import atan2, sqrt
from typing import Final

from fes_ctrl.units import Us

DRAWN_S: Final = 1.5
DRAWN_AT_REST_S: Final = 0.3
"""Time constants with which tilt is drawn to gravity."""

LEAST_SQUARE: Final = 69.0
MOST_SQUARE: Final = 128.0
"""Of the force, (m/s2)2: 8.3 to 11.3 m/s2. Outside, the segment is thrown about, and the force
does not point the way of gravity."""

TO_DEG: Final = 57.29577951308232

REST_SQUARE: Final = 25.0 * 25.0
"""Of the rate at rest, (deg/s)2, at most."""

STAYS_SQUARE: Final = 0.25 * 0.25
"""Of how far up is from where it was, (m/s2)2: about 1.5 deg. A shank in mid-stance turns as slowly
as a sensor's bias, but it goes on turning."""

BIAS_PER_S: Final = 0.5
LARGEST_BIAS_DPS: Final = 15.0


class Tilt:
    """Tilt of a segment, deg.

    Attributes
    ----------
    deg : float
        The present tilt.
    felt_deg : float
        What gravity alone says of it.
    found_deg : float
        How far the last reading moved a tilt that is not yet known well: no turning.
    known : bool
        There is an axis and an upright to measure it by.
    """

    __slots__ = (
        "_age_s",
        "_bx",
        "_by",
        "_bz",
        "_hung_x",
        "_hung_y",
        "_hung_z",
        "_ux",
        "_uy",
        "_uz",
        "deg",
        "felt_deg",
        "found_deg",
        "known",
    )

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop the upright: the mounting has changed."""
        self.known: bool = False
        self._age_s: float = 0.0
        self.found_deg: float = 0.0
        self.deg: float = 0.0
        self.felt_deg: float = 0.0
        self._ux: float = 0.0
        self._uy: float = 0.0
        self._uz: float = 0.0
        self._bx: float = 0.0
        self._by: float = 0.0
        self._bz: float = 0.0
        self._hung_x: float = 0.0
        self._hung_y: float = 0.0
        self._hung_z: float = 0.0

    def face(self, x: float, y: float, z: float, up_x: float, up_y: float, up_z: float) -> None:
        """Measure about this axis from now on; up is taken as upright if none is known."""
        if not self.known:
            self._hung_x = up_x
            self._hung_y = up_y
            self._hung_z = up_z
        # Always from the same upright: one handed on from axis to axis goes astray where they sway.
        ux, uy, uz = self._hung_x, self._hung_y, self._hung_z
        along = ux * x + uy * y + uz * z
        ux -= along * x
        uy -= along * y
        uz -= along * z
        length = sqrt(ux * ux + uy * uy + uz * uz)
        if length <= 0.0:
            return
        self._ux = ux = ux / length
        self._uy = uy = uy / length
        self._uz = uz = uz / length
        # Up times axis: where up goes when the segment leans back.
        self._bx = uy * z - uz * y
        self._by = uz * x - ux * z
        self._bz = ux * y - uy * x
        self.known = True

    def begin(self, ax: float, ay: float, az: float) -> None:
        """Take what gravity says: there is nothing before it."""
        self._age_s = 0.0
        self.deg = self.felt_deg = TO_DEG * atan2(
            ax * self._bx + ay * self._by + az * self._bz,
            ax * self._ux + ay * self._uy + az * self._uz,
        )

    def move(
        self,
        dt_s: float,
        turn_deg: float,
        force: float,
        ax: float,
        ay: float,
        az: float,
        *,
        resting: bool,
    ) -> float:
        """Turn on and take a reading of the force, m/s2, and its square; return the tilt."""
        deg = self.deg + turn_deg
        self.found_deg = 0.0
        if LEAST_SQUARE < force < MOST_SQUARE:
            self.felt_deg = felt_deg = TO_DEG * atan2(
                ax * self._bx + ay * self._by + az * self._bz,
                ax * self._ux + ay * self._uy + az * self._uz,
            )
            off = felt_deg - deg
            if off > 180.0:
                off -= 360.0
            elif off < -180.0:
                off += 360.0
            age_s = self._age_s + dt_s
            if resting:
                off *= dt_s / DRAWN_AT_REST_S if dt_s < DRAWN_AT_REST_S else 1.0
            elif age_s >= DRAWN_S:
                off *= dt_s / DRAWN_S if dt_s < DRAWN_S else 1.0
            else:  # a mean of all that was felt
                self._age_s = age_s
                off *= dt_s / age_s if age_s > 0.0 else 0.0
                self.found_deg = off
            deg += off
        self.deg = deg
        return deg


class Stillness:
    """Tells rest from slow turning, and learns the gyro's bias at rest.

    Parameters
    ----------
    still_us : int
        For how long up has to stay where it is.

    Attributes
    ----------
    resting : bool
        It has.
    bias_x, bias_y, bias_z : float
        Of the rate, deg/s.
    """

    __slots__ = (
        "_from_us",
        "_still_us",
        "_x",
        "_y",
        "_z",
        "bias_x",
        "bias_y",
        "bias_z",
        "resting",
    )

    def __init__(self, still_us: Us) -> None:
        self._still_us = still_us
        self.bias_x: float = 0.0
        self.bias_y: float = 0.0
        self.bias_z: float = 0.0
        self.resume()

    def resume(self) -> None:
        """Go on after a gap: the bias stays."""
        self.resting: bool = False
        self._from_us: Us = -1
        self._x: float = 0.0
        self._y: float = 0.0
        self._z: float = 0.0

    def take(self, t_us: Us, square: float, ux: float, uy: float, uz: float) -> bool:
        """Return whether the segment is at rest.

        Parameters
        ----------
        t_us : int
            When.
        square : float
            Of the rate, (deg/s)2.
        ux, uy, uz : float
            What is felt as up, m/s2, averaged.
        """
        if square <= REST_SQUARE and self._from_us >= 0:
            dx = ux - self._x
            dy = uy - self._y
            dz = uz - self._z
            if dx * dx + dy * dy + dz * dz <= STAYS_SQUARE:
                self.resting = resting = t_us - self._from_us >= self._still_us
                return resting
        self._x = ux
        self._y = uy
        self._z = uz
        self._from_us = t_us
        self.resting = False
        return False

    def learn(self, dt_s: float, wx: float, wy: float, wz: float) -> None:
        """Take a rate that is felt at rest, its bias taken off, deg/s."""
        weight = BIAS_PER_S * dt_s if dt_s < 1.0 / BIAS_PER_S else 1.0
        self.bias_x += weight * wx
        self.bias_y += weight * wy
        self.bias_z += weight * wz
        limit = LARGEST_BIAS_DPS
        if not (-limit <= self.bias_x <= limit):
            self.bias_x = max(-limit, min(limit, self.bias_x))
        if not (-limit <= self.bias_y <= limit):
            self.bias_y = max(-limit, min(limit, self.bias_y))
        if not (-limit <= self.bias_z <= limit):
            self.bias_z = max(-limit, min(limit, self.bias_z))
