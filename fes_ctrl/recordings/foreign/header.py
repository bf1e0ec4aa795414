"""The header of a foreign table: which line names the columns, and where a named column is."""

import difflib
import itertools
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from fes_ctrl.recordings.files import RecordingError
from fes_ctrl.recordings.foreign.text import ForeignText

WITHIN_LINES: Final = 100
SHOWN_COLUMNS: Final = 12


class Header(NamedTuple):
    """The names of the columns, and the index of the first line below them."""

    names: tuple[str, ...]
    body: int


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
    """Return each two of the first lines as one header of names ``upper.lower``.

    An upper name holds until the next one, as the merged cells of a spreadsheet do.
    """
    found = []
    for index, (upper, lower) in enumerate(itertools.pairwise(_first_rows(text))):
        if 1 < len(upper) <= len(lower):
            over, names = "", []
            for above, below in itertools.zip_longest(upper, lower, fillvalue=""):
                over = above or over
                names.append(f"{over}.{below}" if over else below)
            found.append(Header(tuple(names), index + 2))
    return found


def _first_rows(text: ForeignText) -> list[list[str]]:
    return [text.cells(index) for index in range(min(WITHIN_LINES, len(text.lines)))]


def _no_header(text: ForeignText, wanted: Sequence[str]) -> Header:
    """Return a header without names: the body begins where the wanted columns are numbers."""
    places = [_position(text, name) for name in wanted]
    for index in range(min(WITHIN_LINES, len(text.lines))):
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


def place_of(text: ForeignText, name: str, names: Sequence[str]) -> int:
    """Return where a column is, by its name or its number."""
    if not name.startswith("#"):
        return names.index(name)
    place = _position(text, name)
    if place >= len(names):
        message = f"{text.path}: there is no column {name}; they are #1 to #{len(names)}"
        raise RecordingError(message)
    return place


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, with a point or a comma."""
    try:
        return not math.isnan(float(cell.replace(",", ".", 1)))
    except ValueError:
        return False
