"""Where in a trace's file the samples are, what its columns are called and measured in.

Found by structure, whoever made the oscilloscope: numbers stand in the same columns to the end;
what is above or beside them is a preamble; the last rows above them are names and units.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from hil.scope.errors import TraceError
from hil.scope.text import Style, head_of, style_of
from hil.scope.units import TIME, Unit, named_unit, unit_of

INTERVAL_KEYS: Final = ("sample interval", "sampling period", "sampling interval", "increment")
START_KEYS: Final = ("start",)
INLINE: Final = {"t0": "start", "tinc": "increment"}
TIME_NAMES: Final = frozenset(
    {"t", "time", "times", "x", "x-axis", "zeit", "temps", "tempo", "tiempo"}
)
INDEX_NAMES: Final = frozenset({"sequence", "index", "nr", "no", "n", "sample", "samples", "point"})
_INLINE: Final = re.compile(r"^(t0|tInc)\s*=\s*(\S+)$", re.IGNORECASE)
_FIRST_WORD: Final = re.compile(r"[\s(\[,_]")
_CHANNEL_NUMBER: Final = re.compile(r"\d{1,2}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers: its place from 0, its name and unit as far as the file says."""

    place: int
    name: str
    unit: Unit | None
    rises: bool

    @property
    def is_index(self) -> bool:
        """Whether it counts samples."""
        return self.name.lower() in INDEX_NAMES

    @property
    def is_time(self) -> bool:
        """Whether it says when."""
        if self.is_index:
            return False
        if self.unit is not None:
            return self.unit.kind == TIME
        name = self.name.lower()
        return _FIRST_WORD.split(name)[0] in TIME_NAMES or (not name and self.rises)

    def __str__(self) -> str:
        """Return what a person calls it."""
        return f"{self.place + 1} ({self.name})" if self.name else str(self.place + 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the first lines of a trace say.

    Attributes
    ----------
    first_line : int
        Of the samples, from 0.
    columns : tuple of Column
        Those with numbers.
    preamble : dict
        Keys in lower case, and what stands behind them.
    """

    style: Style
    first_line: int
    columns: tuple[Column, ...]
    preamble: dict[str, tuple[str, ...]]

    def stated(self, keys: Sequence[str]) -> float | None:
        """Return the number that the preamble gives under one of the keys."""
        for key in keys:
            for cell in self.preamble.get(key, ()):
                number = self.style.number(cell)
                if number is not None:
                    return number
        return None


def layout_of(path: Path) -> Layout:
    """Return where the samples of a trace are and what they are.

    Raises
    ------
    TraceError
        If there is no table of numbers.
    """
    lines = head_of(path)
    style, places = style_of(path, lines)
    rows = style.cells(lines)
    first = 0
    for index, row in enumerate(rows):
        if any(row) and not _all_numbers(style, row, places):
            first = index + 1
    while not any(rows[first]):
        first += 1
    _require_no_sample_above(path, style, rows[:first], places)
    above = [row for row in rows[:first] if any(row)]
    beside = [
        [cell for place, cell in enumerate(row) if place not in places]
        for row in rows[first:]
        if len(row) > len(places)
    ]
    preamble = _preamble([*above, *beside])
    names, units = _names(above, places)
    data = [row for row in rows[first:] if any(row)]
    columns = []
    for place in places:
        name, unit = named_unit(_cell(names, place))
        below = _cell(units, place)
        if below.lower() in INDEX_NAMES:
            name = below
        unit = unit_of(below) or unit
        columns.append(Column(place, name, unit, _rises(style, data, place)))
    return Layout(style, first, _with_stated_units(tuple(columns), preamble), preamble)


def _require_no_sample_above(
    path: Path, style: Style, above: Sequence[Sequence[str]], places: Sequence[int]
) -> None:
    """Refuse samples whose row lacks a number: names and units have none at all."""
    for index, row in enumerate(above[1:], 1):
        some = any(style.number(_cell(row, place)) is not None for place in places)
        whole = _all_numbers(style, above[index - 1], places)
        if some and whole and not _all_numbers(style, row, places):
            message = (
                f"{path}:{index + 1}: no number where a sample belongs; "
                f"export it again, or cut the file there"
            )
            raise TraceError(message)


def _all_numbers(style: Style, row: Sequence[str], places: Sequence[int]) -> bool:
    return all(place < len(row) and style.number(row[place]) is not None for place in places)


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _names(above: list[list[str]], places: Sequence[int]) -> tuple[list[str], list[str]]:
    """Return the row of names and the row of units, empty where there is none."""
    if not above:
        return [], []
    last = above[-1]
    bare = [unit_of(_cell(last, place)) for place in places]
    inside = [named_unit(_cell(last, place))[1] for place in places]
    if not any(bare) or any(known and not alone for known, alone in zip(inside, bare, strict=True)):
        return last, [cell if unit_of(cell) else "" for cell in last]
    if len(above) > 1:
        names = [_cell(above[-2], place) for place in places]
        # A preamble's value is no name; a channel's bare number is one.
        if all(not _is_value(name) for name in names) and any(names):
            return above[-2], last
    return [], last


def _is_value(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return _CHANNEL_NUMBER.fullmatch(text) is None


def _preamble(rows: list[list[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row, below in zip(rows, [*rows, []][1:], strict=True):
        key = row[0].strip("#: ").lower() if row else ""
        if key:
            found.setdefault(key, tuple(row[1:]))
        for place, cell in enumerate(row):
            inline = _INLINE.match(cell)
            if inline is not None:
                found.setdefault(INLINE[inline[1].lower()], (inline[2],))
            elif cell.lower() in {*INTERVAL_KEYS, *START_KEYS} and place > 0:
                found.setdefault(cell.lower(), (_cell(below, place),))
    return found


def _rises(style: Style, data: Sequence[Sequence[str]], place: int) -> bool:
    """Return whether values go up all the way; a quiet signal may, but only now and then."""
    steps = [
        after - before
        for before, after in pairwise([style.number(row[place]) or 0.0 for row in data])
    ]
    return all(step >= 0.0 for step in steps) and 2 * sum(step > 0.0 for step in steps) > len(steps)


def _with_stated_units(
    columns: tuple[Column, ...], preamble: dict[str, tuple[str, ...]]
) -> tuple[Column, ...]:
    """Return the columns with the units that the preamble gives, where they have none."""
    across = [unit_of(cell) for cell in preamble.get("horizontal units", ()) if cell]
    upright = [unit_of(cell) for cell in preamble.get("vertical units", ()) if cell]
    found = []
    channel = 0
    for column in columns:
        if column.is_time or column.is_index:
            unit = column.unit or (across[0] if across and column.is_time else None)
        else:
            stated = upright[min(channel, len(upright) - 1)] if upright else None
            unit = column.unit or stated
            channel += 1
        found.append(Column(column.place, column.name, unit, column.rises))
    return tuple(found)
