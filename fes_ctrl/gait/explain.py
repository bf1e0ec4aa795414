"""Why an event was or was not emitted: short remarks of a detector, kept until someone asks."""

from typing import Final

from fes_ctrl.model import Remark
from fes_ctrl.units import Us

KEPT: Final = 64
"""So many remarks are kept where nobody asks for them; the oldest go first."""

NO_REMARKS: Final[tuple[Remark, ...]] = ()


class Notebook:
    """A bounded list of remarks about one leg."""

    __slots__ = ("_leg", "_remarks")

    def __init__(self, leg: int) -> None:
        self._leg = leg
        self._remarks: list[Remark] = []

    def note(self, t_us: Us, text: str) -> None:
        """Write one down."""
        if len(self._remarks) >= KEPT:
            del self._remarks[0]
        self._remarks.append(Remark(t_us, self._leg, text))

    def take(self) -> tuple[Remark, ...]:
        """Return them all and forget them."""
        if not self._remarks:
            return NO_REMARKS
        taken = tuple(self._remarks)
        self._remarks.clear()
        return taken
