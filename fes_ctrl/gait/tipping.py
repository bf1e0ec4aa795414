"""How far a segment has tipped the way that it tips before heel-offs, whatever the mounting.

The axis and its sense are learnt from the heel-offs that a detector tells; rest tells the bias.
"""

from typing import Final

from fes_ctrl.units import Us

LEARNING: Final = 0.3
STILL_DPS: Final = 20.0
STILL_SHARE: Final = 0.08  # of the usual fastest turn of a stride
STILL_US: Final = 60_000
LEAK_PER_S: Final = 2.5
BIAS_PER_S: Final = 0.5
LARGEST_BIAS_DPS: Final = 15.0
AGREES: Final = 0.7
"""Least cosine between the way it goes and the way it usually goes."""


class Tipping:
    """How far one segment has turned about the axis about which it turns before heel-offs.

    Attributes
    ----------
    tipped_deg, rate_dps : float
        About the learnt axis, in the sense that leads to heel-off.
    usual_deg : float
        How far it has tipped when a heel-off is told.
    known : int
        From so many heel-offs in agreement.
    still, quiet : bool
        It rests by the measure of this walker, and by that of all.
    """

    __slots__ = (
        "_ax",
        "_ay",
        "_az",
        "_bias_x",
        "_bias_y",
        "_bias_z",
        "_fastest_dps",
        "_last_us",
        "_quiet_from_us",
        "_still_dps",
        "_still_from_us",
        "_x",
        "_y",
        "_z",
        "known",
        "quiet",
        "rate_dps",
        "still",
        "tipped_deg",
        "usual_deg",
    )

    def __init__(self) -> None:
        self._ax = self._ay = self._az = 0.0
        self._bias_x = self._bias_y = self._bias_z = 0.0
        self._x = self._y = self._z = 0.0
        self._last_us: Us = -1
        self._fastest_dps = 0.0
        self._still_dps = STILL_DPS
        self._still_from_us: Us = -1
        self.known = 0
        self.usual_deg = 0.0
        self.tipped_deg = 0.0
        self.rate_dps = 0.0
        self._quiet_from_us: Us = -1
        self.still = False
        self.quiet = False

    def forget(self) -> None:
        """Start anew: readings are missing."""
        self._last_us = -1
        self._rise()
        self.zero()

    def _rise(self) -> None:
        self._still_from_us = -1
        self._quiet_from_us = -1
        self.still = False
        self.quiet = False

    def zero(self) -> None:
        """Count from here."""
        self._x = self._y = self._z = 0.0
        self.tipped_deg = 0.0

    def move(self, t_us: Us, values: tuple[float, ...], *, leaks: bool) -> None:
        """Take a reading: acceleration, then rate; ``leaks`` where rest is tipping nowhere."""
        dt_s = (t_us - self._last_us) * 1e-6 if self._last_us >= 0 else 0.0
        self._last_us = t_us
        wx = values[3] - self._bias_x
        wy = values[4] - self._bias_y
        wz = values[5] - self._bias_z
        x = self._x + wx * dt_s
        y = self._y + wy * dt_s
        z = self._z + wz * dt_s
        squared = wx * wx + wy * wy + wz * wz
        if squared >= self._still_dps * self._still_dps:
            self._rise()
            if squared > self._fastest_dps * self._fastest_dps:
                self._fastest_dps = squared**0.5
        else:
            if self._still_from_us < 0:
                self._still_from_us = t_us
            self.still = t_us - self._still_from_us >= STILL_US
            if squared >= STILL_DPS * STILL_DPS:
                self._quiet_from_us = -1
                self.quiet = False
            else:
                if self._quiet_from_us < 0:
                    self._quiet_from_us = t_us
                self.quiet = t_us - self._quiet_from_us >= STILL_US
            if self.quiet and leaks:
                weight = min(1.0, BIAS_PER_S * dt_s)
                self._bias_x = _bounded(self._bias_x + weight * wx)
                self._bias_y = _bounded(self._bias_y + weight * wy)
                self._bias_z = _bounded(self._bias_z + weight * wz)
                # A heel may rise as slowly as rest; noise must not add up.
                keep = 1.0 - min(1.0, LEAK_PER_S * dt_s)
                x *= keep
                y *= keep
                z *= keep
        self._x = x
        self._y = y
        self._z = z
        self.tipped_deg = x * self._ax + y * self._ay + z * self._az
        self.rate_dps = wx * self._ax + wy * self._ay + wz * self._az

    def stride(self) -> None:
        """Take note that a stride is over: how fast it turned tells what rest is."""
        still_dps = max(STILL_DPS, STILL_SHARE * self._fastest_dps)
        self._still_dps += LEARNING * (still_dps - self._still_dps)
        self._fastest_dps = 0.0

    def learn(self, least_deg: float) -> None:
        """Take note that a heel-off is told: this is how it turns until then."""
        x, y, z = self._x, self._y, self._z
        turned = (x * x + y * y + z * z) ** 0.5
        if turned < least_deg:
            return
        x /= turned
        y /= turned
        z /= turned
        if self.known and x * self._ax + y * self._ay + z * self._az < AGREES:
            self.known = 0
        weight = max(LEARNING, 1.0 / (self.known + 1.0))
        x = self._ax + weight * (x - self._ax)
        y = self._ay + weight * (y - self._ay)
        z = self._az + weight * (z - self._az)
        size = (x * x + y * y + z * z) ** 0.5
        self._ax = x / size
        self._ay = y / size
        self._az = z / size
        self.usual_deg += weight * (turned - self.usual_deg)
        self.known += 1


def _bounded(bias: float) -> float:
    return max(-LARGEST_BIAS_DPS, min(LARGEST_BIAS_DPS, bias))
