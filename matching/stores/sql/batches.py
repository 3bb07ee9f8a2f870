"""Rows of a database driver become frames, batch by batch, whatever Python objects they hold."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa

ROWS = 20_000
# The type of MariaDB and MySQL that is a moment; their other times are what a clock shows.
_TIMESTAMP = 7


def batches(
    connection: sa.Connection, query: sa.Executable, rows: int = ROWS
) -> Iterator[pl.DataFrame]:
    """Read a query in batches, so that no more than one of them is there as Python objects.

    The first is there even if it is empty: it has the columns.
    """
    # Of the query: what is said to a connection holds for all that it does later.
    streamed = {"stream_results": True, "max_row_buffer": rows}
    with connection.execute(query, execution_options=streamed) as result:
        names, moments = list(result.keys()), _moments(connection, result)
        frame = None
        for part in result.partitions(rows):
            frame = frame_of(names, part)
            times = [name for name in moments if frame.schema[name] == pl.Datetime]
            yield frame.with_columns(pl.col(times).dt.replace_time_zone("UTC"))
        if frame is None:
            yield pl.DataFrame(schema=dict.fromkeys(names, pl.Null()))


def _moments(connection: sa.Connection, result: sa.CursorResult[Any]) -> list[str]:
    """Return the columns that hold moments, which the session of `reading` shows in UTC."""
    if connection.dialect.name not in ("mysql", "mariadb") or result.cursor is None:
        return []
    described = zip(result.keys(), result.cursor.description or (), strict=True)
    return [name for name, about in described if about[1] == _TIMESTAMP]


def frame_of(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """Put rows into columns; a column of several types becomes text."""
    return pl.DataFrame(list(map(_series, names, zip(*rows, strict=True))))


def together(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Put batches under each other; a column whose type they do not agree on becomes text."""
    every, casts = list(frames), {}
    for name in every[0].columns:
        kinds = {frame.schema[name] for frame in every} - {pl.Null()}
        if kinds:
            casts[name] = kinds.pop() if len(kinds) == 1 else pl.String()
    return pl.concat([frame.cast(pl.Schema(casts)) for frame in every])


def _series(name: str, cells: Sequence[Any]) -> pl.Series:
    kinds = {type(cell) for cell in cells} - {type(None)}
    if kinds == {timedelta}:
        return _times(name, cells)
    if len(kinds) <= 1 and Decimal not in kinds:
        try:
            series = pl.Series(name, cells)
        except (TypeError, OverflowError, pl.exceptions.PolarsError):
            pass
        else:
            if series.dtype != pl.Object:
                return series
    texts = [None if cell is None else _text(cell) for cell in cells]
    return pl.Series(name, texts, dtype=pl.String)


def _text(cell: Any) -> str:
    if isinstance(cell, bytes | bytearray | memoryview):
        return f"({len(cell)} bytes)"
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def _times(name: str, cells: Sequence[timedelta | None]) -> pl.Series:
    """Read times of day, which some drivers give as spans since midnight."""
    spans = pl.Series(name, cells, dtype=pl.Duration("us")).dt.total_microseconds()
    within = spans.is_between(0, 86_400_000_000, closed="left")
    if not within.fill_null(True).all():
        return pl.Series(name, [None if c is None else str(c) for c in cells], dtype=pl.String)
    return (spans * 1000).cast(pl.Time)
