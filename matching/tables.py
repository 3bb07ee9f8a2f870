"""Raw tables become clean ones; every cell that cannot is collected under a reason.

Clean tables have every column of the schema with its type, times as UTC, and ``row``, the number
of the data row each came from.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from datetime import date
from typing import Literal

import dataframely as dy
import polars as pl

from matching.errors import DataError, DataWarning, UsageError
from matching.faults import fault, faults_of, no_faults
from matching.parsing import NO_SUCH_TIME, parse, to_utc, wanted, week_start
from matching.references import check_references, warn_of_places
from matching.schema import NEEDED, TABLES, key_of, meta

OnError = Literal["raise", "quarantine"]

# Rules of a whole row: the columns they look at and what they say.
ROW_RULES: dict[str, tuple[tuple[str, ...], str]] = {
    "lat_and_lon": (("lat", "lon"), "give both or neither"),
    "until_not_before_from": (("valid_from", "valid_until"), "valid_until is before valid_from"),
    "dated_or_weekly": (
        ("start", "end", "weekday", "start_time", "end_time"),
        "give start and end, or weekday, start_time and end_time, not a mixture",
    ),
    "end_after_start": (("start", "end"), "the end must be after the start"),
    "end_time_after_start_time": (
        ("start_time", "end_time"),
        "the end must be after the start; split a window that crosses midnight in two",
    ),
    "min_seats_within_seats": (("min_seats", "seats"), "min_seats cannot exceed seats"),
    "request_or_menu_item": (("request_id", "menu_item"), "give exactly one of the two"),
    "asks_for_something": (("min_people", "per_people"), "give at least one of the two"),
    "weight_or_never": (("weight", "never"), "give a weight, or set never to true"),
    "two_people": (("volunteer_a", "volunteer_b"), "a pair needs two different volunteers"),
}
# Rules of one column, by the names dataframely gives them.
COLUMN_RULES = {
    "nullability": "a value is required",
    "nan": "is not a number; leave the cell empty if it is unknown",
    "inf": "must be finite; leave the cell empty if there is no limit",
    "max_length": "must not be longer than {max_length} characters",
    "min": "must be at least {min}",
    "max": "must be at most {max}",
    "check__not_a_spreadsheet_number": "looks like an id that a spreadsheet turned into a number; "
    "export the column as text",
    "check__no_outer_space": "remove the space before or after",
    "check__no_invisible_character": "remove the invisible character",
}


class Tables(dict[str, pl.DataFrame]):
    """Raw tables by name, with the faults their store met while reading them.

    Parameters
    ----------
    frames : Mapping of str to polars.DataFrame
        A column ``row`` holds row numbers, where they are not simply 1, 2, 3, ...
    faults : polars.DataFrame, optional
        What could not be read, in the layout of `DataError`.
    """

    def __init__(
        self, frames: Mapping[str, pl.DataFrame], faults: pl.DataFrame | None = None
    ) -> None:
        super().__init__(frames)
        self.faults = no_faults() if faults is None else faults


def clean(
    frames: Mapping[str, pl.DataFrame], *, week: date, time_zone: str, on_error: OnError = "raise"
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Check every rule of every table, and give back what keeps them.

    Returns
    -------
    tables : dict of str to polars.DataFrame
        All tables of the contract, empty where none was given.
    faults : polars.DataFrame
        What was set aside; empty unless ``on_error`` is ``"quarantine"``.

    Raises
    ------
    DataError
        If anything fails and ``on_error`` is ``"raise"``; it holds every fault of every table.
    """
    if on_error not in ("raise", "quarantine"):
        raise UsageError(f"on_error = {on_error!r}: write 'raise' or 'quarantine'")
    _warn_of_unknown(frames)
    faults = [frames.faults] if isinstance(frames, Tables) else [no_faults()]
    unread = set(faults[0].filter(pl.col("row").is_null())["table"])
    faults += [
        fault(name, "needed_table", "this table is needed and was not given")
        for name in NEEDED
        if name not in frames and name not in unread
    ]
    tables = {}
    for name in TABLES:
        tables[name], found = _clean_table(name, frames.get(name), week, time_zone)
        faults += found
    faults += check_references(tables, frames)
    every = pl.concat(faults)
    if every.height and on_error == "raise":
        # What merely hangs on a faulty row is right as it is: not worth a line of its own.
        raise DataError(every.filter(pl.col("rule") != "set_aside"))
    warn_of_places(tables, frames)
    return tables, every


def _warn_of_unknown(frames: Mapping[str, pl.DataFrame]) -> None:
    unknown = [name for name in frames if name not in TABLES]
    for name, schema in TABLES.items():
        if name in frames:
            known = {"row", *schema.columns()}
            unknown += [f"{name}.{c}" for c in frames[name].columns if c not in known]
    if unknown:
        text = f"ignored, since the contract has no such table or column: {', '.join(unknown)}"
        warnings.warn(text, DataWarning, stacklevel=4)


def _clean_table(
    name: str, raw: pl.DataFrame | None, week: date, time_zone: str
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    schema = _with_row(TABLES[name])
    if raw is None:
        return schema.create_empty(), []
    columns = TABLES[name].columns()
    missing = [c for c, column in columns.items() if meta(column).get("required")]
    missing = [c for c in missing if c not in raw.columns]
    if missing:
        text = "this column is required and was not given; the table has " + ", ".join(raw.columns)
        return schema.create_empty(), [
            fault(name, "required_column", text, column=column) for column in missing
        ]
    if "row" not in raw.columns:
        raw = raw.with_row_index("row", offset=1)
    rows, faults = _parse_cells(name, raw, columns, time_zone)
    key = key_of(name)
    twice = rows.filter(pl.struct(key).is_duplicated())["row"] if key else rows["row"].clear()
    faults.append(_explain(name, "unique", tuple(key), "stands in several rows", raw, twice))
    kept, failed = schema.filter(rows)
    rows = kept.filter(~pl.col("row").is_in(twice.implode()))
    faults += _broken_rules(name, raw, failed, columns)
    if name == "availability":
        rows, skipped = _expand_weekly(rows, week, time_zone)
        faults.append(skipped)
    return rows, faults


@functools.cache
def _with_row(schema: type[dy.Schema]) -> type[dy.Schema]:
    return type(schema.__name__, (schema,), {"row": dy.UInt32()})


def _parse_cells(
    name: str, raw: pl.DataFrame, columns: dict[str, dy.Column], time_zone: str
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    given = [c for c in columns if c in raw.columns]
    parsed = raw.select(
        pl.col("row").cast(pl.UInt32),
        *(parse(c, raw.schema[c], columns[c], time_zone).alias(c) for c in given),
        *(pl.lit(None, dtype=column.dtype).alias(c) for c, column in columns.items() if c not in given),
    )
    faults, bad = [], pl.repeat(False, raw.height, eager=True, dtype=pl.Boolean)
    for c in given:
        there = raw[c].is_not_null()
        if raw.schema[c] == pl.String:
            there &= raw[c] != ""
        unread = there & parsed[c].is_null()
        faults.append(faults_of(name, raw.filter(unread), (c,), "type", wanted(columns[c])))
        bad |= unread
        if isinstance(columns[c], dy.Datetime):
            skipped = parsed.select((pl.col(c) == NO_SUCH_TIME).fill_null(False)).to_series()
            faults.append(_no_such_time(name, raw.filter(skipped), (c,), time_zone))
            bad |= skipped
    return parsed.filter(~bad), faults


def _no_such_time(
    name: str, rows: pl.DataFrame, columns: tuple[str, ...], time_zone: str
) -> pl.DataFrame:
    text = f"the clock skips or repeats this time in {time_zone}; add the offset, as in +08:00"
    return faults_of(name, rows, columns, "exists_in_time_zone", text)


def _broken_rules(
    name: str, raw: pl.DataFrame, failed: dy.FailureInfo, columns: dict[str, dy.Column]
) -> list[pl.DataFrame]:
    invalid = failed.details()
    faults = []
    for label, count in failed.counts().items():
        column, _, rule = label.rpartition("|")
        shown, text = ((column,), COLUMN_RULES[rule]) if column else ROW_RULES[rule]
        at_fault = invalid.filter(pl.col(label) == "invalid")
        if column:
            text = text.format(**vars(columns[column]))
        if rule in ("min", "max") and isinstance(columns[column], dy.Float64):
            # "not a number" is told once, not again as out of range.
            at_fault = at_fault.filter(pl.col(column).is_not_nan())
        if count:
            rule = rule.removeprefix("check__")
            faults.append(_explain(name, rule, shown, text, raw, at_fault["row"]))
    return faults


def _explain(
    name: str, rule: str, columns: tuple[str, ...], text: str, raw: pl.DataFrame, rows: pl.Series
) -> pl.DataFrame:
    """Tell the fault with the cells as they were read, not as they were understood."""
    if rows.is_empty():
        return no_faults()
    absent = [pl.lit(None, dtype=pl.String).alias(c) for c in columns if c not in raw.columns]
    at_fault = raw.filter(pl.col("row").is_in(rows.implode())).with_columns(absent)
    return faults_of(name, at_fault, columns, rule, text)


def _expand_weekly(
    rows: pl.DataFrame, week: date, time_zone: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    weekly = pl.col("weekday").is_not_null()
    day = week_start(week) + pl.duration(days=pl.col("weekday") - 1)
    until_midnight = pl.when(pl.col("end_time") == pl.time(0, 0)).then(1).otherwise(0)

    def on(day: pl.Expr, clock: str) -> pl.Expr:
        return day + pl.duration(nanoseconds=pl.col(clock).cast(pl.Int64))

    dated = rows.filter(weekly).with_columns(
        start=to_utc(on(day, "start_time"), time_zone),
        end=to_utc(on(day + pl.duration(days=until_midnight), "end_time"), time_zone),
    )
    skipped = (pl.col("start") == NO_SUCH_TIME) | (pl.col("end") == NO_SUCH_TIME)
    faults = _no_such_time(
        "availability", dated.filter(skipped), ("weekday", "start_time", "end_time"), time_zone
    )
    return pl.concat([rows.filter(~weekly), dated.filter(~skipped)]), faults
