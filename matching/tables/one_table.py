"""One raw table becomes a clean one by its schema, whichever room the schema is of.

A clean table has every column of the schema with its type, times as UTC, and ``row``, the number of
the data row each row came from.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Mapping

import dataframely as dy
import polars as pl

from matching.errors import DataError, DataWarning, listed, shown
from matching.guards.likeness import like
from matching.schema import keys_in, meta
from matching.tables.cells import NO_SUCH_TIME, legible, parse, wanted, without_objects
from matching.tables.faults import (
    CLOCK_SKIPS,
    COLUMN_RULES,
    ROW_RULES,
    fault,
    faults_at,
    faults_of,
    no_faults,
)
from matching.tables.indices import hardly_repeated

# Tables of so few rows are asked all rules at once.
_FEW_ROWS = 10_000

UNKNOWN = "ignored, since the contract has no such table or column: {}"


def clean_table(
    name: str,
    schema: type[dy.Schema],
    raw: pl.DataFrame | None,
    set_aside: pl.Series,
    time_zone: str,
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Return the rows of a numbered table that keep its schema, and the faults of the others.

    Parameters
    ----------
    name : str
        What faults call the table.
    schema : type of dataframely.Schema
    raw : polars.DataFrame or None
        With the numbers of its rows in ``row``; None if it was not given.
    set_aside : polars.Series
        Numbers of rows that are faulty already.
    time_zone : str
        Of times without an offset.
    """
    if raw is None:
        return empty(schema), []
    columns = schema.columns()
    missing = [c for c, column in columns.items() if meta(column).get("required")]
    missing = [c for c in missing if c not in raw.columns]
    if missing:
        has = listed(c for c in raw.columns if c != "row") or "no columns"
        text = f"this column is required and was not given; the table has {has}"
        others = [column for column in raw.columns if column not in ("row", *columns)]
        return empty(schema), [
            fault(name, "required_column", text + meant_by(column, others), column=column)
            for column in missing
        ]
    if len(set_aside):
        raw = raw.filter(~pl.col("row").is_in(set_aside.implode()))
    if raw.is_empty():
        return empty(schema), []
    parsed, unread, faults = _parse_cells(name, raw, columns, time_zone)
    key = keys_in(schema)
    twice = _repeated(schema, key, parsed)
    text = "stands in several rows; keep one of them"
    faults.append(faults_at(name, raw, twice, tuple(key), "unique", text))
    broken, found = _broken_rules(name, schema, raw, parsed, unread)
    faults += found
    bad = pl.concat([twice, *unread.values(), *broken])
    if len(bad):
        parsed = parsed.filter(~pl.col("row").is_in(bad.implode()))
    return parsed.select(*columns, "row"), faults


@functools.cache
def empty(schema: type[dy.Schema]) -> pl.DataFrame:
    """Return the clean table of a schema without a row."""
    return schema.create_empty().with_columns(row=pl.lit(None, dtype=pl.UInt32))


def _parse_cells(
    name: str, raw: pl.DataFrame, columns: dict[str, dy.Column], time_zone: str
) -> tuple[pl.DataFrame, dict[str, pl.Series], list[pl.DataFrame]]:
    """Return the table, null where a cell could not be read, and those rows by column."""
    given = [c for c in columns if c in raw.columns]
    parsed = raw.select(
        pl.col("row").cast(pl.UInt32),
        *(parse(c, raw.schema[c], columns[c], time_zone).alias(c) for c in given),
        *(
            pl.lit(None, dtype=column.dtype).alias(c)
            for c, column in columns.items()
            if c not in given
        ),
    )
    blank = {
        c: pl.col(c).is_null() | (pl.col(c) == "" if raw.schema[c] == pl.String else False)
        for c in given
    }
    nulls = (parsed[c].null_count() for c in given)
    blanks = raw.select(expr.sum().alias(c) for c, expr in blank.items()).row(0)
    skips = [c for c in given if isinstance(columns[c], dy.Datetime)]
    if skips:
        no_such = parsed.select((pl.col(c) == NO_SUCH_TIME).any() for c in skips)
        skips = [c for c in skips if no_such[c].item()]
    unread, faults = {}, []
    for c, null_count, blank_count in zip(given, nulls, blanks, strict=True):
        if null_count > blank_count:
            wrong = parsed[c].is_null() & ~raw.select(blank[c]).to_series()
            faults.append(faults_of(name, raw.filter(wrong), (c,), "type", wanted(columns[c])))
            unread[c] = parsed["row"].filter(wrong)
        if c in skips:
            skipped = parsed.filter(pl.col(c) == NO_SUCH_TIME)["row"]
            text = CLOCK_SKIPS.format(time_zone=time_zone)
            faults.append(faults_at(name, raw, skipped, (c,), "exists_in_time_zone", text))
            unread[c] = pl.concat([unread.get(c, skipped.clear()), skipped])
    return parsed, unread, faults


def _repeated(schema: type[dy.Schema], key: list[str], rows: pl.DataFrame) -> pl.Series:
    """Return the rows whose key another row has too."""
    if not key:
        return rows["row"].clear()
    # Most stores give their rows sorted: equal ones are neighbours, and nothing need be hashed.
    first = rows[key[0]]
    if len(key) == 1 and first.is_sorted() and not (first == first.shift(1)).any():
        return rows["row"].clear()
    required = [c for c in key if meta(schema.columns()[c]).get("required")]
    twice = pl.struct(key).is_duplicated() & pl.all_horizontal(pl.col(required).is_not_null())
    return rows.filter(twice)["row"]


def _broken_rules(
    name: str,
    schema: type[dy.Schema],
    raw: pl.DataFrame,
    parsed: pl.DataFrame,
    unread: dict[str, pl.Series],
) -> tuple[list[pl.Series], list[pl.DataFrame]]:
    """Return the rows that break each rule, and the faults."""
    rules, columns = _rules_of(schema), schema.columns()
    holds = _hold(rules, columns, parsed)
    order = [*COLUMN_RULES, *ROW_RULES]
    failed = (label for label in rules if not holds[label])
    broken, faults, reported = [], [], dict(unread)
    # A cell is reported once: one that could not be read is null here, and one that is no number is
    # out of range, too.
    for label in sorted(failed, key=lambda label: order.index(label.rpartition("|")[2])):
        column, _, rule = label.rpartition("|")
        columns_shown, text = ((column,), COLUMN_RULES[rule]) if column else ROW_RULES[rule]
        rows = parsed.filter(~rules[label])["row"]
        broken.append(rows)
        before = pl.concat([rows.clear(), *(reported[c] for c in columns_shown if c in reported)])
        rows = rows.filter(~rows.is_in(before.implode()))
        if column and isinstance(text, str):
            text = text.format(**vars(columns[column]))
            # Beyond the poles lies what is a longitude.
            text += "; are lat and lon swapped?" if (column, rule) == ("lat", "max") else ""
        if column:
            reported[column] = pl.concat([before, rows])
        rule = rule.removeprefix("check__")
        faults.append(faults_at(name, raw, rows, columns_shown, rule, text))
    return broken, faults


def _hold(
    rules: dict[str, pl.Expr], columns: dict[str, dy.Column], parsed: pl.DataFrame
) -> dict[str, bool]:
    """Tell of each rule whether all rows keep it."""
    asked = dict(rules)
    holds: dict[str, bool] = {}
    # Text takes long to look at, and the same ids come over and over.
    texts = (c for c, kind in columns.items() if isinstance(kind, dy.String))
    for column in texts if parsed.height > _FEW_ROWS else ():
        own = {label: asked.pop(label) for label in rules if label.startswith(f"{column}|")}
        holds |= _all(own, hardly_repeated(parsed[column]).to_frame())
    return holds | _all(asked, parsed)


def _all(rules: dict[str, pl.Expr], rows: pl.DataFrame) -> dict[str, bool]:
    if not rules:
        return {}
    # What is empty breaks no rule but the one of its own, and `all` passes over it.
    return rows.select(expr.all().alias(label) for label, expr in rules.items()).row(0, named=True)


@functools.cache
def _rules_of(schema: type[dy.Schema]) -> dict[str, pl.Expr]:
    """Return what must hold in each row; the label of a rule of one column is `column|rule`.

    They are asked here, since a filter of the schema is slow where nothing fails.
    """
    rules = schema._validation_rules(with_cast=False)
    return {label: rule.expr for label, rule in rules.items()}


def meant_by(name: str, others: Iterable[str]) -> str:
    """Ask whether one of other names is meant, and say what to do."""
    found = like(name, others)
    return "" if found is None else f"; is {shown(found)} meant? Call it {name}"


def is_meant(name: str, known: Iterable[str]) -> str:
    """Ask whether one of our names is meant; nothing where none is like it."""
    found = like(name, known)
    return "" if found is None else f" (is {found} meant?)"


def numbered(name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame | None, pl.DataFrame]:
    """Give every row its number, where the store did not, or say why it cannot have one."""
    frame = legible(without_objects(frame))
    if "row" not in frame.columns:
        return frame.with_row_index("row", offset=1), no_faults()
    number = frame["row"].cast(pl.UInt32, strict=False)
    whole = frame.schema["row"].is_integer()
    if not whole or number.has_nulls() or number.n_unique() < len(number):
        text = "this column is for the numbers of the rows; give another name to what it holds"
        return None, fault(name, "row_numbers", text, column="row")
    return frame.with_columns(number), no_faults()


def unknown_columns(name: str, schema: type[dy.Schema], frame: pl.DataFrame) -> list[str]:
    """Return the columns that a schema does not have, with those that may be meant."""
    known = schema.columns()
    absent = [column for column in known if column not in frame.columns]
    others = [column for column in frame.columns if column not in ("row", *known)]
    return [f"{name}.{column}{is_meant(column, absent)}" for column in others]


def checked(
    schemas: Mapping[str, type[dy.Schema]],
    frames: Mapping[str, pl.DataFrame],
    time_zone: str,
    unread: pl.DataFrame | None = None,
) -> dict[str, pl.DataFrame]:
    """Check tables that stand by themselves, as those of orders and records do.

    Parameters
    ----------
    schemas : Mapping
        By name of the tables; what a schema has and no frame is empty.
    frames : Mapping of str to polars.DataFrame
        Raw tables; those of other names are not looked at.
    time_zone : str
        Of times without an offset.
    unread : polars.DataFrame, optional
        Faults that the store met while reading them.

    Returns
    -------
    dict of str to polars.DataFrame

    Raises
    ------
    DataError
        With every fault of every table.

    Warns
    -----
    DataWarning
        Of columns that no schema has.
    """
    clean, faults, unknown = {}, [no_faults() if unread is None else unread], list[str]()
    heights = {}
    for name, schema in schemas.items():
        raw = None
        if name in frames:
            unknown += unknown_columns(name, schema, frames[name])
            raw, found = numbered(name, frames[name])
            faults.append(found)
            heights[name] = frames[name].height
        set_aside = faults[0].filter(pl.col("table") == name)["row"].drop_nulls()
        clean[name], more = clean_table(name, schema, raw, set_aside, time_zone)
        faults += more
    every = pl.concat(faults)
    if every.height:
        raise DataError(every, heights=heights)
    if unknown:
        warnings.warn(UNKNOWN.format(listed(unknown)), DataWarning, stacklevel=3)
    return clean
