"""Days and times in the formats of a store."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from matching.errors import UsageError


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


def local_time(text: pl.Series) -> pl.Series:
    """Read local times to the minute as our tables write them."""
    minute = text.str.replace(" ", "T", literal=True).str.replace(r":00(\.0+)?$", "")
    whole = minute.zip_with(text.str.len_chars().fill_null(0) > 16, text.str.replace(" ", "T"))
    return whole.str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", strict=False)


def typed(cells: pl.Series, kind: dy.Column) -> pl.Series:
    """Return days and times as such, whether they come as text or not; null where it is none."""
    if cells.dtype != pl.String:
        return cells
    if isinstance(kind, dy.Datetime):
        return local_time(cells)
    if isinstance(kind, dy.Date):
        return cells.str.to_date("%Y-%m-%d", strict=False)
    return cells.str.slice(0, 5).str.to_time("%H:%M", strict=False)
