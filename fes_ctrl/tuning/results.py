"""The table of a sweep, a row a walk, in one order whoever walked: CSV or Parquet.

Nothing in it depends on the workers, so it is the same, byte for byte, however many there were;
how long a walk took stays with the rows.
"""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from fes_ctrl.config.render import toml_value
from fes_ctrl.tuning.job import FIGURES, Row, is_setting
from fes_ctrl.tuning.statistics import Candidate

if TYPE_CHECKING:
    import pyarrow as pa

HEAD: Final = ("candidate", "patient", "seed")
OUTCOME: Final = ("ok", "error", "passed", "key", "setpoints_sha256", "duration_s")
NOT_THE_WALK_S: Final = "wall_s"
GROUP: Final = 4096

TableFormat = Literal["csv", "parquet"]
Rows = Callable[[], Iterable[Row]]
"""Goes through all rows, as often as it is called: they are not held in memory."""


def columns_of(rows: Iterable[Row]) -> dict[str, set[type]]:
    """Return the columns of a table in their order, with the types of what they hold."""
    settings: dict[str, set[type]] = {}
    figures: dict[str, set[type]] = {}
    fixed: dict[str, set[type]] = {name: set() for name in (*HEAD, *OUTCOME)}
    for row in rows:
        for name, value in row.items():
            if name == NOT_THE_WALK_S:
                continue
            where = fixed if name in fixed else settings if is_setting(name) else figures
            where.setdefault(name, set()).add(type(value))
    head = {name: fixed.pop(name) for name in HEAD}
    return {**head, **settings, **fixed, **figures}


def write_csv(path: Path, rows: Rows) -> None:
    """Write the table as CSV; what is unknown is empty.

    Parameters
    ----------
    path : Path
        The file; it is there as a whole or not at all.
    rows : callable
        Goes through the rows in order.
    """
    columns = list(columns_of(rows()))
    with whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows():
            writer.writerow([cell(row.get(name)) for name in columns])


def write_parquet(path: Path, rows: Rows) -> None:
    """Write the table as Parquet: figures are doubles, what is unknown is null.

    Parameters
    ----------
    path : Path
        The file; it is there as a whole or not at all.
    rows : callable
        Goes through the rows in order.

    Raises
    ------
    ModuleNotFoundError
        If pyarrow is not there.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {name: _type_of(name, kinds) for name, kinds in columns_of(rows()).items()}
    schema = pa.schema(list(types.items()))
    with whole(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for group in _groups(rows()):
            table = {
                name: [_fit(row.get(name), kind) for row in group] for name, kind in types.items()
            }
            writer.write_table(pa.table(table, schema=schema))


def write_candidates(path: Path, candidates: Iterable[Candidate]) -> None:
    """Write what came of each candidate as CSV: a line for each of its figures."""
    candidates = list(candidates)
    keys = sorted({key for candidate in candidates for key, _ in candidate.settings})
    with whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        figure = ("figure", "known", "mean", "median")
        difference = ("difference", "difference_low", "difference_high", "difference_seeds")
        writer.writerow(["candidate", *keys, "walks", "failed", "passed", *figure, *difference])
        for candidate in candidates:
            settings = dict(candidate.settings)
            head = [candidate.name, *[cell(settings.get(key)) for key in keys]]
            head += [str(candidate.walks), str(candidate.failed), str(candidate.passed)]
            if not candidate.figures:
                writer.writerow([*head, *[""] * 8])
            for name, spread in candidate.figures.items():
                tail: list[object] = [name, spread.walks, spread.mean, spread.median]
                apart = spread.difference
                if apart is None:
                    tail += [None] * 4
                else:
                    tail += [apart.mean, apart.low, apart.high, apart.seeds]
                writer.writerow([*head, *map(cell, tail)])


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a file to write, which takes the place of the other when it is done."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def cell(value: object) -> str:
    """Return a value as it stands in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return toml_value(tuple(value) if isinstance(value, list) else value)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def _type_of(name: str, kinds: set[type]) -> "pa.DataType":
    import pyarrow as pa

    kinds = kinds - {type(None)}
    if name.startswith(FIGURES) or name == "duration_s":
        return pa.float64()
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds and kinds <= {int, float}:
        return pa.float64()
    return pa.string()


def _fit(value: object, kind: "pa.DataType") -> Any:
    import pyarrow as pa

    if value is None:
        return None
    if pa.types.is_string(kind):
        return cell(value)
    return float(str(value)) if pa.types.is_floating(kind) else value
