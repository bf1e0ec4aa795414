"""Which foot a sensor is on, by how the foot rolls.

A foot rolls onto its outer border as it pushes off and onto its inner border as it takes the load:
a right one to the right and to the left, a left one the other way round. (Perry & Burnfield, Gait
Analysis, 2010, chapters 4 and 5: supination in pre-swing, eversion in loading response.) Feet that
turn out add to the first; one that turns in may cancel it, and then the side stays unknown.
"""

from typing import Final

from fes_ctrl.model import LEFT, LEG_NAMES, RIGHT

UNKNOWN: Final = -1

LEAST_STRIDES: Final = 3
LEARNING: Final = 0.1
"""Weight of a stride against those before it; the first ten are averaged."""
LEAST_DEG: Final = 3.0
"""Of the mean; less is what a leg that moves in one plane shows by noise."""
EARLY_DEG: Final = 9.0
"""Over the number of strides, so much more is asked of the first ones."""
CLEAR: Final = 0.6
"""Strides agree on a side when their mean is so large against themselves."""
SURE_STRIDES: Final = 10
"""From here on a side that differs from where the sensor is worn is worth a warning."""


class Side:
    """Which foot it is.

    Parameters
    ----------
    worn : int
        The leg that the sensor is said to be on.

    Attributes
    ----------
    leg : int
        ``LEFT``, ``RIGHT`` or ``UNKNOWN``.
    agreement : float
        Of the strides so far, 0 to 1.
    """

    __slots__ = (
        "_from_deg",
        "_mean_deg",
        "_pushed_deg",
        "_size_deg",
        "_strides",
        "_warned",
        "_worn",
        "agreement",
        "leg",
    )

    def __init__(self, worn: int) -> None:
        self._worn = worn
        self._warned = False
        self._from_deg = 0.0
        self._pushed_deg = 0.0
        self._mean_deg = 0.0
        self._size_deg = 0.0
        self._strides = 0
        self.agreement = 0.0
        self.leg = UNKNOWN

    def begin(self, roll_deg: float) -> None:
        """Count from here: heel-off or contact."""
        self._from_deg = roll_deg

    def pushed(self, roll_deg: float) -> None:
        """Take note that the push is over.

        Parameters
        ----------
        roll_deg : float
            Angle about the axis that points forward, from anywhere; positive to the right.
        """
        self._pushed_deg = roll_deg - self._from_deg

    def loaded(self, roll_deg: float) -> str:
        """Close a stride: the foot stands flat. Return what is to be said, empty if nothing is."""
        rolled_deg = self._pushed_deg - (roll_deg - self._from_deg)
        self._strides += 1
        weight = max(LEARNING, 1.0 / self._strides)
        self._mean_deg += weight * (rolled_deg - self._mean_deg)
        self._size_deg += weight * (abs(rolled_deg) - self._size_deg)
        if self._size_deg > 0.0:
            self.agreement = abs(self._mean_deg) / self._size_deg
        if self._strides < LEAST_STRIDES:
            return ""
        was = self.leg
        clear = abs(self._mean_deg) >= LEAST_DEG + EARLY_DEG / self._strides
        if not clear or self.agreement < CLEAR:
            self.leg = UNKNOWN
            return "" if was == UNKNOWN else "side in doubt"
        self.leg = RIGHT if self._mean_deg > 0.0 else LEFT
        if self._strides >= SURE_STRIDES and self.leg != self._worn and not self._warned:
            self._warned = True
            worn = LEG_NAMES[self._worn]
            return f"worn as the {worn} foot, it rolls like the other: are sensors swapped?"
        return "" if self.leg == was else f"side found: it rolls like a {LEG_NAMES[self.leg]} foot"

    def snapshot(self) -> dict[str, object]:
        """Return the side, and how far strides agree on it."""
        name = "unknown" if self.leg == UNKNOWN else LEG_NAMES[self.leg]
        return {
            "leg": name,
            "agreement": round(self.agreement, 3),
            "roll_deg": round(self._mean_deg, 1),
        }
