"""What durations a walker usually has, and whether one more of them is plausible."""

from typing import Final

from fes_ctrl.gait.cadence import Usual
from fes_ctrl.units import Us

LEAST: Final = 0.6
MOST: Final = 1.8
"""Of the usual duration: between them one is plausible."""

KNOWN: Final = 2
"""So many strides make a rhythm."""


def plausible(usual: Usual, duration_us: Us) -> int:
    """Return 1 where a duration is plausible, -1 where it is too short, else 0."""
    if usual.count < KNOWN:
        return 0
    if duration_us < LEAST * usual.mean_us:
        return -1
    return 1 if duration_us <= MOST * usual.mean_us else 0


class Rhythm:
    """The durations from contact to heel-off, and from heel-off to contact."""

    __slots__ = ("_stance", "_swing")

    def __init__(self) -> None:
        self._stance = Usual()
        self._swing = Usual()

    def stance(self, duration_us: Us) -> int:
        """Return 1, 0 or -1: whether a stance of this length is plausible."""
        return plausible(self._stance, duration_us)

    def swing(self, duration_us: Us) -> int:
        """Return 1, 0 or -1: whether this long from heel-off to contact is plausible."""
        return plausible(self._swing, duration_us)

    def learn_stance(self, duration_us: Us) -> None:
        """Take a stance that was."""
        self._stance.take(duration_us)

    def learn_swing(self, duration_us: Us) -> None:
        """Take the time of a foot off the ground that was."""
        self._swing.take(duration_us)

    def snapshot(self) -> dict[str, object]:
        """Return both means."""
        return {
            "stance_us": round(self._stance.mean_us),
            "swing_us": round(self._swing.mean_us),
        }
