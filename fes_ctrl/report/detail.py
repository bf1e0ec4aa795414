"""Where nothing is to be left out of a series that is too long for a page, and where nothing was.

What matters most comes first, and each thing as far as there is room for it: what is shown at
first, then ever more around each of what went wrong, then ever more of the start. What is told of
it is counted in what was drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fes_ctrl.report.packed import Ints
from fes_ctrl.units import Us

AROUND_US: Final = (500_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000)
"""Before and after what went wrong: so much around all of it before more around any."""
START_US: Final = 120_000_000
START_STEP_US: Final = 10_000_000
VIEW_STEP_US: Final = 1_000_000

Span = tuple[Us, Us]
Series = tuple[Ints, Ints]
"""The instants of a series, and those of them that were drawn."""


@dataclass(frozen=True, slots=True)
class Detail:
    """Where nothing is to be left out.

    Attributes
    ----------
    start_us : int
        Of the run.
    view : tuple of int or None
        What is shown at first, where that is not the whole.
    wrong_us : sequence of int
        When something went wrong, what matters most first.
    """

    start_us: Us
    view: Span | None = None
    wrong_us: Sequence[Us] = ()

    def spans(self) -> list[Span]:
        """Return spans, each to be kept whole while there is room, in this order."""
        around = [_around(t_us, by_us) for by_us in AROUND_US for t_us in self.wrong_us]
        return [*self._views(), *around, *self._starts()]

    def kept(self, drawn: Sequence[Series]) -> str:
        """Return where nothing was left out of any of these series; empty where that is nowhere."""
        parts = []
        view_us = _longest(self._views(), drawn)
        if self.view is not None and view_us:
            whole = view_us == self.view[1] - self.view[0]
            part = "" if whole else f"the first {view_us / 1e6:.0f} s of "
            parts.append(f"in {part}what is shown at first")
        if self.wrong_us:
            parts += self._kept_around(drawn)
        start_us = _longest(self._starts(), drawn)
        if start_us:
            parts.append(f"in the first {start_us / 1e6:.0f} s of the run")
        return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)

    def _kept_around(self, drawn: Sequence[Series]) -> list[str]:
        count = len(self.wrong_us)
        kept = {
            by_us: sum(_whole(_around(t_us, by_us), drawn) for t_us in self.wrong_us)
            for by_us in AROUND_US
        }
        if not kept[AROUND_US[0]]:
            return []
        by_us = max((each for each in AROUND_US if kept[each] == count), default=AROUND_US[0])
        which = "the fault or injection that is marked"
        if count > 1:
            of = f"{count} marked faults and injections"
            which = f"each of the {of}" if kept[by_us] == count else f"{kept[by_us]} of the {of}"
        return [f"within {by_us / 1e6:g} s of {which}"]

    def _views(self) -> list[Span]:
        return [] if self.view is None else list(_growing(*self.view, VIEW_STEP_US))

    def _starts(self) -> list[Span]:
        return list(_growing(self.start_us, self.start_us + START_US, START_STEP_US))


def _growing(from_us: Us, to_us: Us, step_us: Us) -> Iterator[Span]:
    """Yield ever longer beginnings of a span, the whole of it last."""
    for until_us in range(from_us + step_us, to_us, step_us):
        yield from_us, until_us
    yield from_us, to_us


def _around(t_us: Us, by_us: Us) -> Span:
    return t_us - by_us, t_us + by_us


def _longest(spans: Sequence[Span], drawn: Sequence[Series]) -> Us:
    whole = [to_us - from_us for from_us, to_us in spans if _whole((from_us, to_us), drawn)]
    return max(whole, default=0)


def _whole(span: Span, drawn: Sequence[Series]) -> bool:
    return all(_count(there, span) == _count(kept, span) for there, kept in drawn)


def _count(t_us: Ints, span: Span) -> int:
    first, last = np.searchsorted(t_us, span)
    return int(last - first)
