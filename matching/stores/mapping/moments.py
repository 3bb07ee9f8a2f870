"""Days and times in the formats of a store."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from matching.errors import UsageError
from matching.tables.cells import local_time


def parsed(text: pl.Series, format: str, kind: dy.Column) -> pl.Series:
    """Read text in one format; null where it is in another."""
    if isinstance(kind, dy.Date):
        return text.str.to_date(format, strict=False)
    if isinstance(kind, dy.Time):
        return text.str.to_time(format, strict=False)
    return text.str.to_datetime(format, time_unit="us", strict=False)


def check_format(here: str, format: str, kind: dy.Column) -> None:
    """Refuse a format that does not tell a whole day or time."""
    sample = pl.Series(["2026-11-30 09:05:00"]).str.to_datetime(time_unit="us")
    try:
        again = parsed(sample.dt.strftime(format), format, kind)
    except pl.exceptions.PolarsError:
        again = pl.Series([None])
    wanted = {dy.Date: sample.dt.date(), dy.Time: sample.dt.time()}.get(type(kind), sample)
    if not again.equals(wanted):
        example = {dy.Date: "%Y/%m/%d", dy.Time: "%H:%M"}.get(type(kind), "%Y/%m/%d %H:%M")
        raise UsageError(
            f"{here} = {format!r} does not tell {wanted.item()} whole; write for instance {example}"
        )


def typed(cells: pl.Series, kind: dy.Column) -> pl.Series:
    """Return what a column holds as such, whether it comes as text or not; null where it is none.

    A time with an offset is none, since it may be in another zone than the store's clock.
    """
    if cells.dtype != pl.String:
        return cells
    if isinstance(kind, dy.Datetime):
        return cells.to_frame().select(local_time(pl.first())).to_series()
    if isinstance(kind, dy.Date):
        return cells.str.to_date("%Y-%m-%d", strict=False)
    if isinstance(kind, dy.Time):
        return cells.str.slice(0, 5).str.to_time("%H:%M", strict=False)
    return cells.cast(kind.dtype, strict=False)
