"""A run's tables as Parquet: columns with their units, and the run's origin in each file.

Every file has all of its columns whatever the run, so that the files of many runs can be read as
one table; a table that a run has nothing for has no rows.
"""

from io import BytesIO
from typing import TYPE_CHECKING, Final

from fes_ctrl.analysis.run import Run
from fes_ctrl.export.fields import FieldType, Table
from fes_ctrl.export.origin import origin

if TYPE_CHECKING:
    import pyarrow as pa

PREFIX: Final = "fes_ctrl."


def parquet_bytes(table: Table, run: Run) -> tuple[bytes, int]:
    """Return one table as a file, and how many rows it has.

    Parameters
    ----------
    table : Table
        One of ``tables.TABLES``.
    run : Run
        As read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(table.rows(run))
    schema = arrow_schema(table).with_metadata(
        {
            f"{PREFIX}table": table.name,
            f"{PREFIX}rows_are": table.says,
            **{PREFIX + key: value for key, value in origin(run).items()},
        }
    )
    cells = zip(*rows, strict=True) if rows else [()] * len(table.fields)
    columns = [
        pa.array(column, type=field.type) for column, field in zip(cells, schema, strict=True)
    ]
    buffer = BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), buffer, compression="zstd")
    return buffer.getvalue(), len(rows)


def arrow_schema(table: Table) -> "pa.Schema":
    """Return the columns of a table as Arrow has them, unit and meaning beside each."""
    import pyarrow as pa

    types: dict[FieldType, pa.DataType] = {
        "int": pa.int64(),
        "float": pa.float64(),
        "text": pa.string(),
        "bool": pa.bool_(),
    }
    return pa.schema(
        [
            pa.field(
                field.name,
                types[field.type],
                metadata={"unit": field.unit, "description": field.says},
            )
            for field in table.fields
        ]
    )
