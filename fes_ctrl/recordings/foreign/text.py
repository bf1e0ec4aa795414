"""Text of loggers and exporters: whichever way it is encoded, separated and headed, to numbers.

What a spreadsheet or a driver does to a file is undone (byte-order marks, code pages, decimal
commas, notes above the header); what cannot be told apart is refused with its line.
"""

import csv
import difflib
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.recordings.files import RecordingError, read_bytes

HEADER_WITHIN_LINES: Final = 100
MISSING: Final = frozenset({"", "-", "nan", "-nan", "na", "n/a", "null", "none"})
SHOWN_COLUMNS: Final = 12

KNOWN_BINARIES: Final = {
    b"PK": "a workbook or zip archive; unpack it, or save the sheet as CSV",
    b"\x89HDF": "an HDF5 file; export it as CSV",
    b"MATLAB": "a MATLAB file; export it with writematrix or writetable",
    b"\xfa\xff": "an Xsens binary log; export it as text with MT Manager",
}


@dataclass(frozen=True, slots=True)
class ForeignText:
    """A foreign file in memory.

    Attributes
    ----------
    lines : tuple of str
        All of them, so that an index is the number of the line less 1.
    delimiter : str
        One character, or empty for any white space.
    """

    path: Path
    lines: tuple[str, ...]
    delimiter: str

    def cells(self, index: int) -> list[str]:
        """Return the cells of a line, without the white space round them."""
        line = self.lines[index]
        if not self.delimiter:
            return line.split()
        if '"' in line:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=self.delimiter))]
        return [cell.strip() for cell in line.split(self.delimiter)]


class Header(NamedTuple):
    """The names of the columns, and the index of the first line below them."""

    names: tuple[str, ...]
    body: int


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


def read_foreign(path: Path) -> ForeignText:
    """Return the lines of a file that some other program wrote.

    Raises
    ------
    RecordingError
        If there is no file, nothing in it, or no text.
    """
    text = _decoded(path, read_bytes(path))
    lines = tuple(re.split(r"\r\n|\r|\n", text))
    if not any(line.strip() for line in lines):
        message = f"{path}: empty; export it again"
        raise RecordingError(message)
    if text.lstrip().startswith("<"):
        message = (
            f"{path}: XML or HTML; export tables of sensor data as text "
            f"(MVN's segments hold no accelerometer's reading)"
        )
        raise RecordingError(message)
    said = re.fullmatch(r"sep=(.)", lines[0].strip("\ufeff\n ").lower())
    return ForeignText(path, lines, said[1] if said else _delimiter(lines))


def _decoded(path: Path, data: bytes) -> str:
    for magic, what in KNOWN_BINARIES.items():
        if data.startswith(magic):
            message = f"{path}: {what}"
            raise RecordingError(message)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        message = f"{path}: not text; export it as CSV"
        raise RecordingError(message)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Only comments and units have such letters; the names that matter are ASCII.
        return data.decode("cp1252", errors="replace")


def _delimiter(lines: Sequence[str]) -> str:
    """Return what separates the cells of the last lines, where there is no header any more."""
    rows = [line for line in lines if line.strip()]
    rows = rows[(len(rows) - 1) // 2 : max(len(rows) - 1, 1)][:50]  # the last may break off
    # A comma may be the decimal one, so the others come first.
    for delimiter in "\t;,":
        if all(delimiter in row for row in rows):
            return delimiter
    return ""


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, with a point or a comma."""
    try:
        return not math.isnan(float(cell.replace(",", ".", 1)))
    except ValueError:
        return False


def find_header(text: ForeignText, wanted: Sequence[str]) -> Header:
    """Return the header that has the wanted columns.

    Parameters
    ----------
    text : ForeignText
    wanted : sequence of str
        Names, or ``#n`` for the n-th column. Where two lines head the columns, as they do for
        several sensors, a name is ``upper.lower``. Without any name the columns have no header.

    Raises
    ------
    RecordingError
        If no line has them all: the nearest names are told.
    """
    names = [name for name in wanted if not name.startswith("#")]
    if not names:
        return _no_header(text, wanted)
    best, best_found = Header((), 0), -1.0
    for header in single_headers(text) + double_headers(text):
        found = sum(name in header.names for name in names)
        if found == len(names):
            _refuse_twins(text, header, names)
            return header
        # Where nothing is found, the line with most words is the likeliest header.
        words = sum(not is_number(cell) for cell in header.names) / (len(header.names) + 1)
        if found + words > best_found:
            best, best_found = header, found + words
    missing = next(name for name in names if name not in best.names)
    message = f"{text.path}:{best.body}: no column {missing}; {_instead(missing, best.names)}"
    raise RecordingError(message)


def single_headers(text: ForeignText) -> list[Header]:
    """Return each of the first lines as a header."""
    rows = _first_rows(text)
    return [Header(tuple(row), index + 1) for index, row in enumerate(rows) if any(row)]


def double_headers(text: ForeignText) -> list[Header]:
    """Return each two of the first lines as one header of names ``upper.lower``."""
    rows = _first_rows(text)
    return [
        Header(tuple(f"{upper}.{lower}" for upper, lower in zip(*pair, strict=True)), index + 2)
        for index, pair in enumerate(itertools.pairwise(rows))
        if len(pair[0]) == len(pair[1]) > 1
    ]


def _first_rows(text: ForeignText) -> list[list[str]]:
    return [text.cells(index) for index in range(min(HEADER_WITHIN_LINES, len(text.lines)))]


def _no_header(text: ForeignText, wanted: Sequence[str]) -> Header:
    """Return a header without names: the body begins where the wanted columns are numbers."""
    places = [_position(text, name) for name in wanted]
    for index in range(min(HEADER_WITHIN_LINES, len(text.lines))):
        cells = text.cells(index)
        if len(cells) > max(places) and all(is_number(cells[place]) for place in places):
            return Header(("",) * len(cells), index)
    message = (
        f"{text.path}: columns {', '.join(wanted)} are numbers in none of the first lines; "
        f"count the columns, from #1"
    )
    raise RecordingError(message)


def _refuse_twins(text: ForeignText, header: Header, names: Sequence[str]) -> None:
    for name in names:
        places = [index for index, there in enumerate(header.names, start=1) if there == name]
        if len(places) > 1:
            message = (
                f"{text.path}:{header.body}: {len(places)} columns are called {name}; "
                f"say which by its number, such as #{places[0]}"
            )
            raise RecordingError(message)


def _instead(missing: str, names: Sequence[str]) -> str:
    lower = {name.lower(): name for name in names if name}
    near = difflib.get_close_matches(missing.lower(), lower, n=1, cutoff=0.6)
    if near:
        return f"the nearest is {lower[near[0]]}"
    shown = [name for name in names if name]
    more = f" and {len(shown) - SHOWN_COLUMNS} more" if len(shown) > SHOWN_COLUMNS else ""
    return f"the columns are {', '.join(shown[:SHOWN_COLUMNS])}{more}"


def _position(text: ForeignText, name: str) -> int:
    digits = name[1:]
    if not digits.isdecimal() or digits.strip("0") == "":
        message = f"{text.path}: {name!r} is no column; count them from #1"
        raise RecordingError(message)
    return int(digits) - 1


def _place(text: ForeignText, name: str, names: Sequence[str]) -> int:
    if not name.startswith("#"):
        return names.index(name)
    place = _position(text, name)
    if place >= len(names):
        message = f"{text.path}: there is no column {name}; they are #1 to #{len(names)}"
        raise RecordingError(message)
    return place


def read_numbers(text: ForeignText, header: Header, wanted: Sequence[str]) -> Numbers:
    """Return the wanted columns, in their order.

    Raises
    ------
    RecordingError
        If a cell is no number, or a row has not as many cells as the header.
    """
    columns = len(header.names)
    places = [_place(text, name, header.names) for name in wanted]
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
