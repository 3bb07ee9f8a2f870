"""One cell at a time, a whole column at once: from what a store gives to the type we compute with.

Every function returns an expression that is null where the cell cannot be read; the caller knows a
fault by a cell that was there and now is not.
"""

from datetime import date, datetime, time
from enum import Enum
from uuid import UUID

import dataframely as dy
import polars as pl

from matching.tables.indices import few_values

# ISO 8601 and what databases and programs make of it: a blank for the T, a blank before the offset,
# an offset of hours alone.
_TIMESTAMP = (
    r"^(?<day>\d{4}-\d{2}-\d{2})[Tt ](?<clock>\d{2}:\d{2})(?::00(?:\.0+)?)?"
    r" ?(?<offset>[Zz]|UTC|[+-](?:0\d|1[0-4])(?::?[0-5]\d(?::?00)?)?)?$"
)
# What a typed cell may hold: outside no library can show it, and an offset needs a day to spare.
_CALENDAR = {
    pl.Datetime: (datetime(1, 1, 2), datetime(9999, 12, 30)),
    pl.Date: (date(1, 1, 2), date(9999, 12, 31)),
    pl.Time: (time.min, time.max),
}
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")

WANTED: dict[type[dy.Column], str] = {
    dy.String: "must be text or a whole number",
    dy.Bool: "must be true or false",
    dy.Date: "must be a day such as 2026-11-30",
    dy.Time: "must be a time of day such as 09:00, without an offset; midnight is 00:00, "
    "never 24:00",
    dy.Datetime: "must be a local time to the minute such as 2026-11-30T09:00, or one with its "
    "offset such as 2026-11-30T09:00+08:00; midnight is 00:00 of the next day, never 24:00",
}


def plain(cell: object) -> object:
    """Return a UUID as its text and what an enumeration's member stands for; all else as it is."""
    if isinstance(cell, Enum):
        return plain(cell.value)
    return str(cell) if isinstance(cell, UUID) else cell


def without_objects(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with its columns of objects as text, where all of them can be."""
    objects = [name for name, kind in frame.schema.items() if kind == pl.Object]
    if not objects:
        return frame
    cells = {name: [plain(cell) for cell in frame[name]] for name in objects}
    return frame.with_columns(
        pl.Series(name, words, dtype=pl.String)
        for name, words in cells.items()
        if all(isinstance(word, str | None) for word in words)
    )


def wanted(column: dy.Column) -> str:
    """Say what a cell of the column must look like."""
    if isinstance(column, dy.Enum):
        return f"must be one of {', '.join(column.categories)}"
    if isinstance(column, dy.Int64):
        return f"must be a whole number from {column.min} to {column.max}"
    if isinstance(column, dy.Float64):
        return f"must be a number from {column.min} to {column.max}, with a point for decimals"
    return WANTED[type(column)]


def parse(name: str, source: pl.DataType, column: dy.Column, time_zone: str) -> pl.Expr:
    """Return the expression that reads a column of type ``source`` as the schema's type.

    Times come out as UTC without a zone. A local time that does not exist or is ambiguous in the
    time zone comes out as `NO_SUCH_TIME`, so that it can be told from text that is no time.
    """
    cell = pl.col(name)
    if source in (pl.Categorical, pl.Enum):
        cell, source = cell.cast(pl.String), pl.String()
    if source == pl.String:
        cell = pl.when(cell != "").then(cell)
    if source == pl.Null:
        return pl.lit(None, dtype=column.dtype)
    if isinstance(column, dy.Datetime):
        return _timestamp(cell, source, time_zone)
    readers = {dy.Int64: _whole, dy.Float64: _real, dy.Bool: _truth, dy.Date: _day, dy.Time: _clock}
    read = readers.get(type(column), _word)
    parsed = read(cell, source)
    if isinstance(column, dy.Enum):
        parsed = pl.when(parsed.is_in(column.categories)).then(parsed)
    return parsed.cast(column.dtype)


def legible(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose days and times can all be shown.

    A column with one that is in no calendar becomes text, the odd cell as the number it is: it is
    to be a fault like any other, and Polars panics where it is asked for its text.
    """
    for name, kind in frame.schema.items():
        unit = getattr(kind, "time_unit", None)
        # 64 bits of nanoseconds end in the year 2262.
        if kind.base_type() not in _CALENDAR or unit == "ns":
            continue
        bounds = pl.Series(_CALENDAR[kind.base_type()])
        bounds = bounds.dt.cast_time_unit(unit) if unit else bounds
        number = frame[name].to_physical().cast(pl.Int64)
        odd = ~number.is_between(*bounds.to_physical()).fill_null(True)
        if odd.any():
            cells = frame[name].set(odd, None).cast(pl.String)
            shown = number.cast(pl.String) + (f" {unit} since 1970" if unit else "")
            frame = frame.with_columns(cells.zip_with(~odd, shown))
    return frame


NO_SUCH_TIME = pl.datetime(1, 1, 1)


def to_utc(local: pl.Expr, time_zone: str) -> pl.Expr:
    """Turn local wall-clock times into UTC; `NO_SUCH_TIME` where the clock skips or repeats."""
    aware = local.dt.replace_time_zone(time_zone, ambiguous="null", non_existent="null")
    utc = aware.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return pl.when(local.is_not_null()).then(utc.fill_null(NO_SUCH_TIME))


def to_local(utc: pl.Expr, time_zone: str) -> pl.Expr:
    """Turn UTC into local wall-clock times."""
    return (
        utc.dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone).dt.replace_time_zone(None)
    )


def week_start(week: date) -> pl.Expr:
    """Return the Monday 00:00, local, that a week starts with."""
    return pl.datetime(week.year, week.month, week.day, time_unit="us")


def _word(cell: pl.Expr, source: pl.DataType) -> pl.Expr:
    readable = source == pl.String or source.is_integer()
    return cell.cast(pl.String) if readable else pl.lit(None, dtype=pl.String)


def _whole(cell: pl.Expr, source: pl.DataType) -> pl.Expr:
    if source.is_integer():
        return cell.cast(pl.Int64, strict=False)
    number = _real(cell, source)
    return pl.when(number == number.round(0)).then(number).cast(pl.Int64, strict=False)


def _real(cell: pl.Expr, source: pl.DataType) -> pl.Expr:
    if source == pl.String or source.is_numeric():
        return cell.cast(pl.Float64, strict=False)
    return pl.lit(None, dtype=pl.Float64)


def _truth(cell: pl.Expr, source: pl.DataType) -> pl.Expr:
    if source == pl.Boolean:
        return cell
    word = _word(cell, source).str.to_lowercase()
    return pl.when(word.is_in(TRUE)).then(True).when(word.is_in(FALSE)).then(False)


def _day(cell: pl.Expr, source: pl.DataType) -> pl.Expr:
    if source == pl.Date:
        return cell
    if source == pl.Datetime:
        return pl.when(cell.dt.time() == pl.time(0, 0)).then(cell.dt.date())
    return _word(cell, source).str.to_date("%Y-%m-%d", strict=False)


def _clock(cell: pl.Expr, source: pl.DataType) -> pl.Expr:
    if source == pl.Time:
        return pl.when((cell.dt.second() == 0) & (cell.dt.nanosecond() == 0)).then(cell)
    text = _word(cell, source).str.extract(r"^(\d{2}:\d{2})(?::00(?:\.0+)?)?$")
    return text.str.to_time("%H:%M", strict=False)


def _timestamp(cell: pl.Expr, source: pl.DataType, time_zone: str) -> pl.Expr:
    """Read each of the few times at which windows begin or end once, however many windows."""
    if not (source in (pl.String, pl.Datetime) or source.is_integer()):
        return pl.lit(None, dtype=pl.Datetime("us"))

    def read(cells: pl.Series) -> pl.Series:
        values = few_values(cells)
        asked = (cells if values is None else values).alias("cell").to_frame()
        made = asked.select(_as_utc(pl.col("cell"), source, time_zone)).to_series()
        return made if values is None else cells.replace_strict(values, made, default=None)

    return cell.map_batches(read, return_dtype=pl.Datetime("us"), is_elementwise=True)


def _as_utc(cell: pl.Expr, source: pl.DataType, time_zone: str) -> pl.Expr:
    if isinstance(source, pl.Datetime):
        cell = pl.when((cell.dt.second() == 0) & (cell.dt.nanosecond() == 0)).then(cell)
        if source.time_zone is None:
            return to_utc(cell.cast(pl.Datetime("us")), time_zone)
        return cell.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(pl.Datetime("us"))
    local, utc = pl.field("local"), pl.field("utc")
    return _moment(
        _word(cell, source), pl.when(utc.is_null()).then(to_utc(local, time_zone)).otherwise(utc)
    )


def local_time(text: pl.Expr, time_zone: str | None = None) -> pl.Expr:
    """Return text as local times; those with an offset are converted, or null without a zone."""
    local, utc = pl.field("local"), pl.field("utc")
    moved = None if time_zone is None else to_local(utc, time_zone)
    return _moment(text, pl.when(utc.is_null()).then(local).otherwise(moved))


def _moment(text: pl.Expr, made: pl.Expr) -> pl.Expr:
    """Return what is ``made`` of text.

    Of the fields ``local``, the time that a clock shows, and ``utc`` where an offset tells it. As
    fields, since an expression that is used twice is computed twice.
    """
    clock = pl.concat_str(pl.field("day"), pl.lit("T"), pl.field("clock"))
    offset = pl.field("offset").str.replace("^(?:[Zz]|UTC)$", "+00").str.replace(":", "")
    hours, rest = pl.field("offset").str.slice(1, 2), pl.field("offset").str.slice(3, 2)
    minutes = hours.cast(pl.Int64) * 60 + rest.cast(pl.Int64, strict=False).fill_null(0)
    signed = pl.when(pl.field("offset").str.starts_with("-")).then(-minutes).otherwise(minutes)
    moment = text.str.extract_groups(_TIMESTAMP).struct.with_fields(
        offset=offset, local=clock.str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", strict=False)
    )
    utc = pl.field("local") - pl.duration(minutes=signed)
    return moment.struct.with_fields(utc=utc).struct.with_fields(made=made).struct.field("made")
