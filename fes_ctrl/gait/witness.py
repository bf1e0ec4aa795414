"""What one sensor says of a foot when it is asked: on the ground, off it, or nothing to be said."""

from typing import Final, Protocol

from fes_ctrl.gait.explain import Remark
from fes_ctrl.model import GaitEvent, Sample

OFF: Final = -1  # the heel or the whole foot is off the ground
UNSURE: Final = 0
DOWN: Final = 1  # the foot stands
SAYS: Final = ("off the ground", "unsure", "on the ground")
"""``SAYS[says + 1]`` is the word for it."""


class Witness(Protocol):
    """A detector that can also be asked."""

    @property
    def says(self) -> int:
        """``OFF``, ``UNSURE`` or ``DOWN``, as of the last reading."""
        ...

    @property
    def turn_deg(self) -> float:
        """How far it has turned about the vertical since it last came to rest, to the left."""
        ...

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading; return the events it makes certain, oldest first."""
        ...

    def snapshot(self) -> dict[str, object]:
        """Return the present state, for logs and tests."""
        ...

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        ...
