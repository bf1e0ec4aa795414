"""The first lines of a trace: how they are encoded, parted and how they write their numbers."""

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from hil.scope.errors import TraceError

HEAD_LINES: Final = 200
HEAD_BYTES: Final = 65_536
OVER: Final = "∞"
"""What some programs write where the signal left the screen."""

NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?∞")


@dataclass(frozen=True, slots=True)
class Style:
    """How lines are parted, and the decimal sign. A space stands for any white space."""

    delimiter: str
    decimal: str

    def cells(self, lines: Iterable[str]) -> list[list[str]]:
        """Return the cells of lines, without the white space around them.

        Line by line: a quotation mark that nobody closes does not swallow the next ones.
        """
        if self.delimiter == " ":
            return [line.split() for line in lines]
        return [[cell.strip() for row in self._rows(line) for cell in row] for line in lines]

    def _rows(self, line: str) -> Iterable[list[str]]:
        return csv.reader([line], delimiter=self.delimiter, skipinitialspace=True)

    def number(self, cell: str) -> float | None:
        """Return a cell as a number, if it is one."""
        dotted = cell.replace(self.decimal, ".") if self.decimal != "." else cell
        if NUMBER.fullmatch(dotted) is None:
            return None
        return float(dotted.replace(OVER, "inf"))


STYLES: Final = (
    Style(",", "."),
    Style(";", "."),
    Style(";", ","),
    Style("\t", "."),
    Style("\t", ","),
    Style(" ", "."),
    Style(" ", ","),
    Style(",", ","),  # each number in quotation marks
)


def open_trace(path: Path) -> TextIO:
    """Open a trace as text, in the encoding that its first bytes show.

    Raises
    ------
    TraceError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        return path.open(encoding=_encoding(head), newline=None)
    except OSError as error:
        message = f"{path}: {error.strerror}; give the CSV that the oscilloscope exported"
        raise TraceError(message) from error


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        # The last character may be cut in two by the end of the head.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def head_of(path: Path) -> list[str]:
    """Return the first lines, blank ones included."""
    lines: list[str] = []
    try:
        with open_trace(path) as file:
            while len(lines) < HEAD_LINES and (line := file.readline(HEAD_BYTES)):
                if len(line) == HEAD_BYTES:
                    # A file without line ends is no table, and may be large.
                    message = f"{path}: no table of numbers; export the waveform as CSV"
                    raise TraceError(message)
                lines.append(line.rstrip("\n"))
    except UnicodeError as error:
        message = f"{path}: no text; export the trace as CSV"
        raise TraceError(message) from error
    return lines


def style_of(path: Path, lines: Sequence[str]) -> tuple[Style, tuple[int, ...]]:
    """Return how a trace is written, and in which of its columns there are numbers.

    Judged by the latter half of the first lines, where preambles are over: a cell that holds
    another style's sign is no cell.
    """
    filled = [line for line in lines if line.strip(" ,;\t")]
    tail = filled[len(filled) // 2 :]
    best: tuple[Style, tuple[int, ...]] | None = None
    for style in STYLES:
        columns = _numeric(style, tail)
        if columns and (best is None or len(columns) > len(best[1])):
            best = style, columns
    if best is None or len(tail) < 4:
        message = f"{path}: no table of numbers; export the waveform as CSV, with its samples"
        raise TraceError(message)
    return best


def _numeric(style: Style, tail: Sequence[str]) -> tuple[int, ...]:
    foreign = {",", ";", "\t"} - {style.delimiter, style.decimal}
    if style.delimiter == " ":
        foreign.discard("\t")
    if any(sign in line for line in tail for sign in foreign):
        return ()
    rows = style.cells(tail)
    columns = set(range(min(map(len, rows), default=0)))
    for row in rows:
        for index, cell in enumerate(row):
            if style.number(cell) is not None:
                continue
            if "," in cell:  # in quotation marks: a decimal sign
                return ()
            columns.discard(index)
    return tuple(sorted(columns))
