"""Which columns of a foreign file become which of a recording, and in what units they are.

A layout is written by hand, ``acc=ax,ay,az`` and so on, or comes ready for a known exporter
(``ready.py``); both may be given, and what is written by hand wins.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fes_ctrl.model import LEG_NAMES
from fes_ctrl.recordings.files import RecordingError
from fes_ctrl.recordings.foreign.units import QUANTITIES
from fes_ctrl.recordings.meta import SITES

VECTORS: Final = ("acc", "gyr")
FORCES: Final = ("heel_n", "mid_n", "fore_n", "total_n")
SWITCHES: Final = ("heel", "fore")
WHOLE_FILE: Final = ("time", "seq", "stim_mA")
"""Of the file and of no leg; the others may have ``left.`` or ``right.`` before them."""

TARGETS: Final = (*WHOLE_FILE, *VECTORS, *FORCES, *SWITCHES)

TRIPLE: Final = re.compile(r"\{(\w{3})\}")

Source = tuple[tuple[str, ...], ...]
"""One sum of columns, or three of them for a vector."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What to take from a foreign file.

    Attributes
    ----------
    sources : dict of str to Source
        By target, such as ``left.foot.acc``, ``heel_n`` or ``time``.
    units : dict of str to str
        By quantity: ``acc``, ``gyr``, ``time``, ``force``.
    stated_hz : float or None
        The rate that the file itself states.
    wraps : tuple of int
        Where the file's clock starts again from 0, in its ticks.
    zero_start : bool
        The exporter may begin with rows of zeros.
    sums : tuple of (str, tuple of str)
        Totals in the file, and the columns that they must be the sum of.
    """

    sources: Mapping[str, Source]
    units: Mapping[str, str]
    stated_hz: float | None = None
    wraps: tuple[int, ...] = (1 << 32,)
    zero_start: bool = False
    sums: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def columns(self) -> tuple[str, ...]:
        """Return every column of the file that is needed, once."""
        every = [name for source in self.sources.values() for total in source for name in total]
        every += [name for total, parts in self.sums for name in (total, *parts)]
        return tuple(dict.fromkeys(every))

    def with_units(self, units: Mapping[str, str | None]) -> "Layout":
        """Return the layout in units that were said, where they were."""
        said = {quantity: unit for quantity, unit in units.items() if unit is not None}
        return replace(self, units={**self.units, **said})

    def overlaid(self, by_hand: Mapping[str, Source]) -> "Layout":
        """Return the layout with what was written by hand added, or in place of what it had."""
        return replace(self, sources={**self.sources, **by_hand})

    def worn(self, side: str | None, site: str | None) -> "Layout":
        """Return the layout on one leg.

        Parameters
        ----------
        side : str or None
            For targets that name no leg; those of the other leg are left out.
        site : str or None
            For acceleration and rates that name no site.

        Raises
        ------
        RecordingError
            If nothing is left, or two of them come to one place.
        """
        sources: dict[str, Source] = {}
        for target, source in self.sources.items():
            leg, place, channel = split_target(target)
            name = channel
            if channel not in WHOLE_FILE:
                if side is not None and leg not in ("", side):
                    continue
                place = place or (site or "" if channel in VECTORS else "")
                name = ".".join(filter(None, (leg or side or "", place, channel)))
            if name in sources:
                message = f"--map {target}: {name} is mapped already; keep one of them"
                raise RecordingError(message)
            sources[name] = source
        if len(sources) < len(self.sources) and not sources.keys() - set(WHOLE_FILE):
            message = f"--side {side}: every sensor is on the other leg; give that side, or none"
            raise RecordingError(message)
        return replace(self, sources=sources)


def split_target(target: str) -> tuple[str, str, str]:
    """Return leg, site and channel of a target; the first two may be empty.

    Raises
    ------
    RecordingError
        If it is none.
    """
    *prefixes, channel = target.split(".")
    leg = prefixes.pop(0) if prefixes and prefixes[0] in LEG_NAMES else ""
    site = prefixes.pop(0) if prefixes and prefixes[0] in SITES else ""
    whole = channel in WHOLE_FILE and (leg or site)
    if prefixes or whole or channel not in TARGETS or (site and channel not in VECTORS):
        message = (
            f"--map {target}=: nothing in a recording is called that; there are "
            f"{', '.join(TARGETS)}, with left. or right. and, for acc and gyr, foot. or shank. "
            f"before them"
        )
        raise RecordingError(message)
    return leg, site, channel


def by_hand(assignments: Iterable[str]) -> dict[str, Source]:
    """Return sources by target, of assignments such as ``left.acc=ax,ay,az``.

    ``acc=Acc_{XYZ}`` is short for ``acc=Acc_X,Acc_Y,Acc_Z``, ``heel_n=L1+L2`` a sum, ``#3`` the
    third column.

    Raises
    ------
    RecordingError
        If an assignment cannot be read.
    """
    sources: dict[str, Source] = {}
    for assignment in assignments:
        target, _, columns = assignment.partition("=")
        target = target.strip()
        channel = split_target(target)[2]
        source = tuple(
            tuple(name.strip() for name in total.split("+")) for total in _totals(columns)
        )
        wanted = 3 if channel in VECTORS else 1
        if len(source) != wanted or not all(name for total in source for name in total):
            what = "three columns, x,y,z" if wanted == 3 else "one column, or a sum a+b"
            message = f"--map {assignment}: {target} takes {what}"
            raise RecordingError(message)
        if target in sources:
            message = f"--map {assignment}: {target} is mapped twice; keep one of them"
            raise RecordingError(message)
        sources[target] = source
    return sources


def _totals(columns: str) -> list[str]:
    if not TRIPLE.search(columns):
        return columns.split(",")
    parts = TRIPLE.split(columns)  # text and letters in turn
    return ["".join(p[axis] if i % 2 else p for i, p in enumerate(parts)) for axis in range(3)]


def own_units() -> dict[str, str]:
    """Return the units of recordings, which hold where nothing else was said."""
    return {name: quantity.unit for name, quantity in QUANTITIES.items()}


def refuse_halves(layout: Layout) -> None:
    """Refuse a layout without a sensor, with half of one, or with two for one place."""
    placed: dict[tuple[str, str, str], str] = {}
    for target in layout.sources:
        leg, site, channel = split_target(target)
        if channel in WHOLE_FILE:
            continue
        # What says no side is read as the left, and what says no site as the foot.
        place = leg or LEG_NAMES[0], site or "foot", channel
        if place in placed:
            message = f"--map {target}: {placed[place]} is the same place; keep one of them"
            raise RecordingError(message)
        placed[place] = target
        prefix, _, _ = target.rpartition(".")
        if channel in VECTORS:
            other = VECTORS[1 - VECTORS.index(channel)]
            twin = f"{prefix}.{other}" if prefix else other
            if twin not in layout.sources:
                message = f"--map {target}: {twin} is missing; an IMU has both, map {twin} too"
                raise RecordingError(message)
    if not {channel for _, _, channel in placed} - {"mid_n", "total_n"}:
        message = "--map: no sensor; map acc and gyr, heel_n or heel, such as --map acc=ax,ay,az"
        raise RecordingError(message)
