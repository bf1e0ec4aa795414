"""Why an event was or was not emitted: short remarks of a detector, kept until someone asks."""

from typing import Final, NamedTuple, Protocol

from fes_ctrl.model import GaitEvent, Sample
from fes_ctrl.units import Us

KEPT: Final = 64
"""So many remarks are kept where nobody asks for them; the oldest go first."""


class Remark(NamedTuple):
    """One thing a detector noticed: a gap, a backlog, an edge it did not believe."""

    t_us: Us
    text: str


class ExplainingDetector(Protocol):
    """A ``model.Detector`` that can say why."""

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading; return the events it makes certain, oldest first."""
        ...

    def snapshot(self) -> dict[str, object]:
        """Return the present state, for logs and tests."""
        ...

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        ...


class Notebook:
    """A bounded list of remarks."""

    __slots__ = ("_remarks",)

    def __init__(self) -> None:
        self._remarks: list[Remark] = []

    def note(self, t_us: Us, text: str) -> None:
        """Write one down."""
        if len(self._remarks) >= KEPT:
            del self._remarks[0]
        self._remarks.append(Remark(t_us, text))

    def take(self) -> tuple[Remark, ...]:
        """Return them all and forget them."""
        taken = tuple(self._remarks)
        self._remarks.clear()
        return taken
