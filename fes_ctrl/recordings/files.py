"""Text, numbers and rows of files that people bring, or the place where they are wrong."""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fes_ctrl.units import Us

LONGEST_S: Final = 1e9
"""Stamps beyond some thirty years are not seconds."""

US_PER_S: Final = 1e6


class RecordingError(ValueError):
    """A file that cannot be used: what, where, and what to do."""


def read_bytes(path: Path) -> bytes:
    """Return what a plain or gzipped file holds; ``RecordingError`` says why it cannot be had."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        message = f"{path}: no such file; check the path"
        raise RecordingError(message) from None
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        raise RecordingError(message) from None
    if path.name.endswith(".gz"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            message = f"{path}: not a whole gzip file; copy it again, or drop the .gz if it is text"
            raise RecordingError(message) from None
    return data


def read_text(path: Path) -> str:
    """Return the text of a plain or gzipped file; ``RecordingError`` says why it cannot be had."""
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path}:{line}: not UTF-8 text; save it as UTF-8"
        raise RecordingError(message) from None


def number(path: Path, line: int, column: str, cell: str) -> float:
    """Return a finite number, or refuse the cell with its line and column."""
    text = cell.strip()
    try:
        value = float(text)
    except ValueError:
        what = f"{text!r} is not a number" if text else "no value"
        message = f"{path}:{line}: column {column}: {what}; mend or remove the line"
        raise RecordingError(message) from None
    if not math.isfinite(value):
        message = f"{path}:{line}: column {column}: {text} is not a finite number; remove the line"
        raise RecordingError(message)
    return value


def instant(path: Path, line: int, column: str, cell: str) -> Us:
    """Return a time in seconds as microseconds, or refuse the cell."""
    seconds = number(path, line, column, cell)
    if abs(seconds) > LONGEST_S:
        message = f"{path}:{line}: {column} = {cell} is not a time in seconds; convert it"
        raise RecordingError(message)
    return round(seconds * US_PER_S)


def dictionaries(path: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Return the column names; and line number and cells by name of each row that is not empty."""
    rows = _rows(path)
    _, cells = next(rows, (1, []))
    names = [name.strip() for name in cells]
    if not names:
        message = f"{path}:1: empty; it begins with its column names"
        raise RecordingError(message)
    return names, _named(path, names, rows)


def _named(
    path: Path, names: list[str], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, dict[str, str]]]:
    for line, cells in rows:
        if not cells:
            continue
        if len(cells) != len(names):
            message = f"{path}:{line}: {len(cells)} values for {len(names)} columns; mend the line"
            raise RecordingError(message)
        yield line, dict(zip(names, (cell.strip() for cell in cells), strict=True))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(read_text(path)))
    begun = 1
    try:
        for cells in reader:
            yield reader.line_num, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        message = f"{path}:{begun}: no row of a table ({error}); look for a lone quote"
        raise RecordingError(message) from None
