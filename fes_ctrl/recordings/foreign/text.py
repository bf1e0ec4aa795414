"""Text of loggers and exporters, whichever way it is encoded and separated.

What a spreadsheet or a driver does to a file is undone; what is no table of text is refused.
"""

import contextlib
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fes_ctrl.recordings.files import RecordingError, read_bytes

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
        cells = line.split(self.delimiter)
        if '"' in line:
            with contextlib.suppress(csv.Error):  # a cell longer than any table has
                cells = next(csv.reader([line], delimiter=self.delimiter))
        return [cell.strip() for cell in cells]


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
