"""PostgreSQL's own way to move a whole table: COPY, as CSV that Arrow reads and Polars writes."""

import io
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv as arrow_csv
from sqlalchemy.dialects import postgresql

_BLOCK = 1 << 24
# Object ids of the types, which never change; every other type comes as text.
_KINDS = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int64(),
    23: pa.int64(),
    700: pa.float64(),
    701: pa.float64(),
    1082: pa.date32(),
    1083: pa.time64("us"),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", "UTC"),
}
_BOOL, _ZONED = 16, 1184
# Numbered parameters, of which there are none: a percent sign stays one.
_DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


def can_copy(connection: sa.Connection) -> bool:
    """Tell whether this is PostgreSQL through psycopg 3."""
    return connection.dialect.name == "postgresql" and connection.dialect.driver == "psycopg"


def copied_out(connection: sa.Connection, query: sa.ClauseElement) -> Iterator[pl.DataFrame]:
    """Read a query without parameters, block by block."""
    statement = str(query.compile(dialect=_DIALECT))
    connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
    connection.exec_driver_sql("SET LOCAL datestyle = 'ISO'")
    with _cursor(connection) as cursor:
        # In binary, since only then the server refuses more than one statement.
        first = f"SELECT * FROM ({statement}\n) AS nothing LIMIT 0"
        cursor.execute(first.encode(), binary=True)
        columns = [(column.name, column.type_code) for column in cursor.description]
        try:
            yield from _read(cursor, statement, columns, text=False)
        except pa.ArrowInvalid:
            # An infinite date, say: as text it can be shown.
            for frame in _read(cursor, statement, columns, text=True):
                yield frame.with_columns(_as_written(*column) for column in columns)


def _read(
    cursor: Any, statement: str, columns: list[tuple[str, int]], *, text: bool
) -> Iterator[pl.DataFrame]:
    kinds = {n: pa.string() if text else _KINDS.get(oid, pa.string()) for n, oid in columns}
    with cursor.copy(f"COPY ({statement}\n) TO STDOUT (FORMAT csv)".encode()) as copy:
        stream = io.BufferedReader(_Stream(copy))
        if not stream.peek(1):
            yield pl.DataFrame(pa.schema(list(kinds.items())).empty_table())
            return
        reader = arrow_csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            arrow_csv.ReadOptions(column_names=[n for n, _ in columns], block_size=_BLOCK),
            arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            arrow_csv.ConvertOptions(
                column_types=kinds,
                true_values=["t"],
                false_values=["f"],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        for batch in reader:
            yield pl.DataFrame(pa.Table.from_batches([batch]))


def _as_written(name: str, oid: int) -> pl.Expr:
    cell = pl.col(name)
    if oid == _BOOL:
        return cell.replace({"t": "true", "f": "false"})
    return cell.str.replace(r"([+-]\d\d)$", "$1:00") if oid == _ZONED else cell


class _Stream(io.RawIOBase):
    """The rows of a COPY as a file of bytes."""

    def __init__(self, copy: Any) -> None:
        self._parts, self._waiting = iter(copy), bytearray()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        for part in self._parts:
            self._waiting += part
            if len(self._waiting) >= len(buffer):
                break
        data = self._waiting[: len(buffer)]
        buffer[: len(data)] = data
        del self._waiting[: len(data)]
        return len(data)


def copied_in(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    """Write a frame into a table of the same columns."""
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(preparer.quote(name) for name in frame.columns)
    where = preparer.format_table(table).replace("%%", "%")
    statement = f"COPY {where} ({names}) FROM STDIN (FORMAT csv)".replace("%%", "%")
    with _cursor(connection) as cursor, cursor.copy(statement.encode()) as copy:
        for part in frame.iter_slices(100_000):
            copy.write(part.write_csv(include_header=False).encode())


def _cursor(connection: sa.Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.cursor()
