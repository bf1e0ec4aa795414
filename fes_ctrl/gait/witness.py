"""What one sensor says of a foot when it is asked: on the ground, off it, or nothing to be said."""

from typing import Final, Protocol

from fes_ctrl.model import Detector

OFF: Final = -1  # the heel or the whole foot is off the ground
UNSURE: Final = 0
DOWN: Final = 1  # the foot stands
SAYS: Final = ("off the ground", "unsure", "on the ground")
"""``SAYS[says + 1]`` is the word for it."""


class Witness(Detector, Protocol):
    """A detector that can also be asked."""

    @property
    def says(self) -> int:
        """``OFF``, ``UNSURE`` or ``DOWN``, as of the last reading."""
        ...
