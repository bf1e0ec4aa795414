"""What a table of an export looks like: fields with type, unit and meaning, and how to fill it.

Parquet columns, the JSON schemas of MCAP channels and the reference page are all made of these.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from fes_ctrl.analysis.run import Run

Cell: TypeAlias = int | float | str | bool | None
Row: TypeAlias = tuple[Cell, ...]
FieldType: TypeAlias = Literal["int", "float", "text", "bool"]

UNITS: Final[dict[str, str]] = {
    "_us": "us",
    "_ms": "ms",
    "_s": "s",
    "_uA": "uA",
    "_mA": "mA",
    "_uC": "uC",
    "_mm": "mm",
    "_deg": "deg",
    "_m_per_s2": "m/s2",
    "_deg_per_s": "deg/s",
    "_m_per_s": "m/s",
    "_N": "N",
    "_Nm": "Nm",
    "_percent": "%",
}
"""The unit of a column, by the end of its name; the longest that fits counts."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its type, and what it holds."""

    name: str
    type: FieldType
    says: str

    @property
    def unit(self) -> str:
        """Return the unit that the name ends in; nothing where it has none."""
        ends = [end for end in UNITS if self.name.endswith(end)]
        return UNITS[max(ends, key=len)] if ends else ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes
    ----------
    name, says : str
        What it is called, and what a row of it is.
    fields : tuple of Field
        Its columns.
    rows : callable
        Of a run: its rows, cells in the order of the columns; ``None`` is unknown.
    logged, happened : str
        The columns that say when a row was known, and when what it tells happened.
    """

    name: str
    says: str
    fields: tuple[Field, ...]
    rows: Callable[[Run], Iterable[Row]]
    logged: str
    happened: str

    def column(self, name: str) -> int:
        """Return the place of a column."""
        return [field.name for field in self.fields].index(name)


def finite(value: float) -> float | None:
    """Return a number, or nothing where it is none."""
    return value if math.isfinite(value) else None
