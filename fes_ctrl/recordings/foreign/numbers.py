"""Cells of a foreign table to numbers, or the line and the column where that cannot be."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.recordings.files import RecordingError
from fes_ctrl.recordings.foreign.header import Header, is_number, place_of
from fes_ctrl.recordings.foreign.text import ForeignText

MISSING: Final = frozenset({"", "-", "nan", "-nan", "na", "n/a", "null", "none"})


@dataclass(frozen=True, slots=True)
class Numbers:
    """Columns of a foreign file as numbers.

    Attributes
    ----------
    values : ndarray, shape (rows, columns)
        NaN where a cell is empty or says that there is no value.
    lines : ndarray of int, shape (rows,)
        Where in the file each row stands, from 1.
    notes : tuple of str
        What was passed over.
    """

    values: NDArray[np.float64]
    lines: NDArray[np.int64]
    notes: tuple[str, ...]


def read_numbers(text: ForeignText, header: Header, wanted: Sequence[str]) -> Numbers:
    """Return the wanted columns, in their order.

    Raises
    ------
    RecordingError
        If a cell is no number, or a row has not as many cells as the header.
    """
    columns = len(header.names)
    places = [place_of(text, name, header.names) for name in wanted]
    commas = _Commas(text)
    rows: list[list[float]] = []
    lines: list[int] = []
    notes: list[str] = []
    filled = [index for index in range(header.body, len(text.lines)) if text.lines[index].strip()]
    for index in filled:
        cells = text.cells(index)
        if len(cells) != columns and any(cells[columns:]):
            message = (
                f"{text.path}:{index + 1}: {len(cells)} values for {columns} columns; "
                f"export it again (with ; between values if numbers have a decimal comma)"
            )
            raise RecordingError(message)
        if len(cells) < columns:
            if index == filled[-1]:
                notes.append(f"line {index + 1}, the last, breaks off and was left out")
                break
            message = f"{text.path}:{index + 1}: {len(cells)} values for {columns} columns"
            raise RecordingError(f"{message}; mend or remove the line")
        mine = [cells[place] for place in places]
        if index == filled[0] and not any(map(is_number, mine)):
            notes.append(f"line {index + 1} has no numbers (units?) and was passed over")
            continue
        rows.append([commas.number(index, n, c) for n, c in zip(wanted, mine, strict=True)])
        lines.append(index + 1)
    if not rows:
        message = f"{text.path}: no rows below the header in line {header.body}; export it again"
        raise RecordingError(message)
    return Numbers(np.array(rows), np.array(lines, dtype=np.int64), tuple(notes))


class _Commas:
    """Reads cells, and refuses a file in which both a point and a comma might be decimal."""

    __slots__ = ("_allowed", "_first", "_text")

    def __init__(self, text: ForeignText) -> None:
        self._text = text
        self._allowed = text.delimiter != ","
        self._first: dict[str, int] = {}

    def number(self, index: int, column: str, cell: str) -> float:
        try:
            value = float(cell)
        except ValueError:
            return self._other(index, column, cell)
        if math.isinf(value):
            self._refuse(index, column, f"{cell} is not a finite number; remove the line")
        if "." in cell:
            self._saw(".", index)
        return value

    def _other(self, index: int, column: str, cell: str) -> float:
        if cell.lower() in MISSING:
            return math.nan
        if self._allowed and cell.count(",") == 1 and "." not in cell:
            try:
                value = float(cell.replace(",", "."))
            except ValueError:
                pass
            else:
                self._saw(",", index)
                return value
        if re.search(r"\d[-/:.]\d+[-/:.]\d", cell):
            self._refuse(
                index,
                column,
                f"{cell!r} is no number but a date or a time of day; "
                "map a clock that counts, or give --rate-hz",
            )
        self._refuse(index, column, f"{cell!r} is not a number; mend or remove the line")
        return math.nan

    def _saw(self, mark: str, index: int) -> None:
        self._first.setdefault(mark, index + 1)
        if len(self._first) > 1:
            message = (
                f"{self._text.path}: decimal point in line {self._first['.']}, decimal comma in "
                f"line {self._first[',']}; export it with one of them and without thousands marks"
            )
            raise RecordingError(message)

    def _refuse(self, index: int, column: str, why: str) -> None:
        message = f"{self._text.path}:{index + 1}: column {column}: {why}"
        raise RecordingError(message)
