"""Days and times in the formats of a store."""

from __future__ import annotations

from datetime import datetime

import dataframely as dy
import polars as pl

from matching.tables.cells import local_time


def parsed(text: pl.Series, format: str, kind: dy.Column) -> pl.Series:
    """Read text in one format; null where it is in another."""
    if isinstance(kind, dy.Date):
        return text.str.to_date(format, strict=False)
    if isinstance(kind, dy.Time):
        return text.str.to_time(format, strict=False)
    return text.str.to_datetime(format, time_unit="us", strict=False)


_SAMPLE = datetime(2026, 11, 30, 9, 5)
# What a format is to tell, by the kind of column, and one that tells it.
_WHOLE = {dy.Date: (_SAMPLE.date(), "%Y/%m/%d"), dy.Time: (_SAMPLE.time(), "%H:%M")}


def lost_by(format: str, kind: dy.Column) -> str | None:
    """Say what a format does not tell of a day or time; None if it tells all."""
    whole, example = _WHOLE.get(type(kind), (_SAMPLE, "%Y/%m/%d %H:%M"))
    try:
        again = parsed(pl.Series([_SAMPLE]).dt.strftime(format), format, kind).item()
    except pl.exceptions.PolarsError:
        again = None
    return None if again == whole else f"does not tell {whole} whole; write for instance {example}"


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
