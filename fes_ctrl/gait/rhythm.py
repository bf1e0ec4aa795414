"""What durations a walker usually has, and whether one more of them is plausible."""

from typing import Final

from fes_ctrl.units import Us

LEARNING: Final = 0.3
LEAST: Final = 0.6
MOST: Final = 1.8
"""Of the usual duration: between them one is plausible."""
KNOWN: Final = 2
"""So many strides make a rhythm."""


class Usual:
    """A running mean of one duration.

    Attributes
    ----------
    mean_us : float
        0 while nothing is known.
    seen : int
        How many there were.
    """

    __slots__ = ("mean_us", "seen")

    def __init__(self) -> None:
        self.mean_us = 0.0
        self.seen: int = 0

    def learn(self, duration_us: Us) -> None:
        """Take one more."""
        self.seen += 1
        self.mean_us += max(LEARNING, 1.0 / self.seen) * (duration_us - self.mean_us)

    def says(self, duration_us: Us) -> int:
        """Return 1 where a duration is plausible, -1 where it is too short, else 0."""
        if self.seen < KNOWN:
            return 0
        if duration_us < LEAST * self.mean_us:
            return -1
        return 1 if duration_us <= MOST * self.mean_us else 0


class Rhythm:
    """The durations from contact to heel-off, and from heel-off to contact."""

    __slots__ = ("_stance", "_swing")

    def __init__(self) -> None:
        self._stance = Usual()
        self._swing = Usual()

    def stance(self, duration_us: Us) -> int:
        """Return 1, 0 or -1: whether a stance of this length is plausible."""
        return self._stance.says(duration_us)

    def swing(self, duration_us: Us) -> int:
        """Return 1, 0 or -1: whether this long from heel-off to contact is plausible."""
        return self._swing.says(duration_us)

    def learn_stance(self, duration_us: Us) -> None:
        """Take a stance that was."""
        self._stance.learn(duration_us)

    def learn_swing(self, duration_us: Us) -> None:
        """Take the time of a foot off the ground that was."""
        self._swing.learn(duration_us)

    def snapshot(self) -> dict[str, object]:
        """Return both means."""
        return {
            "stance_us": round(self._stance.mean_us),
            "swing_us": round(self._swing.mean_us),
        }
