"""Raw tables become clean ones; every cell that cannot is collected under a reason.

Clean tables have every column of the schema with its type, times as UTC, and ``row``, the number
of the data row each came from.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

import dataframely as dy
import polars as pl

from matching.errors import DataError, DataWarning, UsageError, listed, shown
from matching.guards.doors import constructor
from matching.guards.likeness import like
from matching.guards.mondays import Day, monday_of
from matching.guards.showing import Shown
from matching.guards.urls import shown_value
from matching.parallel.memory import give_back
from matching.schema import NEEDED, TABLES, key_of, meta
from matching.tables.cells import NO_SUCH_TIME, legible, parse, wanted, without_objects
from matching.tables.faults import (
    CLOCK_SKIPS,
    COLUMN_RULES,
    ROW_RULES,
    WINDOW_SKIPS,
    fault,
    faults_at,
    faults_of,
    no_faults,
)
from matching.tables.recurring import dated
from matching.tables.references import check_references, times_of
from matching.tables.spelling import check_spelling
from matching.tables.start_windows import started
from matching.tables.whereabouts import warn_of_places

OnError = Literal["raise", "quarantine"]


class Words(Protocol):
    """Puts faults of our tables into the words of the store that they came from."""

    def __call__(self, faults: pl.DataFrame) -> pl.DataFrame:
        """Return the faults with the store's tables, rows, columns and values."""
        ...

    def only(self, table: str) -> Words | None:
        """Return what is needed for one of our tables; None if it was not made from a store's."""
        ...


@constructor
class Tables(Shown, dict[str, pl.DataFrame]):
    """Raw tables by name, with the faults their store met while reading them.

    Parameters
    ----------
    frames : Mapping of str to polars.DataFrame
        A column ``row`` holds row numbers, where they are not simply 1, 2, 3, ...
    faults : polars.DataFrame, optional
        What could not be read, in the layout of `DataError`: rows, which are set aside if they are
        in the frames, and where ``row`` is null whole tables, which are not.
    words : Words, optional
        Puts faults of these tables into the words of the store they were made from.
    """

    def __init__(
        self,
        frames: Mapping[str, pl.DataFrame],
        faults: pl.DataFrame | None = None,
        words: Words | None = None,
    ) -> None:
        super().__init__(frames)
        self.faults = no_faults() if faults is None else faults
        self.words = words

    def _figures(self) -> dict[str, object]:
        rows: dict[str, object] = {name: frame.height for name, frame in self.items()}
        return rows | ({"faults": self.faults.height} if self.faults.height else {})


def clean(
    frames: Mapping[str, pl.DataFrame],
    *,
    week: Day,
    time_zone: str,
    option_minutes: int = 15,
    on_error: OnError = "raise",
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Check every rule of every table, and give back what keeps them.

    Parameters
    ----------
    frames : Mapping of str to polars.DataFrame
        Raw tables by name, such as `Tables`.
    week : datetime.date, str or numpy.datetime64
        The Monday to plan from.
    time_zone : str
        Of times without an offset.
    option_minutes : int
        From one start to the next in a window of ``options``.
    on_error : {"raise", "quarantine"}

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
        raise UsageError(f"on_error = {shown_value(on_error)}: write 'raise' or 'quarantine'")
    for name, frame in frames.items():
        if not isinstance(frame, pl.DataFrame):
            raise UsageError(
                f"the table {name} is {shown_value(frame)} and must be a polars.DataFrame; "
                "Problem.from_source takes other dataframes too"
            )
    week = monday_of(week)
    give_back()
    _warn_of_unknown(frames)
    faults = [frames.faults if isinstance(frames, Tables) else no_faults()]
    given, found = _numbered(frames)
    faults += found
    unread = _whole_tables(faults)
    others = [other for other in frames if other not in TABLES]
    faults += [
        fault(
            name,
            "needed_table",
            f"this table is needed and was not given{_named(name, others)}",
        )
        for name in NEEDED
        if name not in frames and name not in unread
    ]
    tables = {}
    for name in TABLES:
        set_aside = faults[0].filter(pl.col("table") == name)["row"]
        tables[name], found = _clean_table(name, given.get(name), set_aside, time_zone)
        faults += found
    tables["options"], twice = started(tables["options"], option_minutes)
    if len(twice):
        text = "a start of this window, or this option, has the name of another; rename one"
        faults.append(faults_at("options", given["options"], twice, ("option",), "unique", text))
    faults += check_spelling(tables, given)
    faults += check_references(tables, given, _whole_tables(faults))
    # Only requests without a fault say how far weekly windows must reach.
    windows, skipped = dated(tables["availability"], times_of(tables), week, time_zone)
    tables["availability"] = windows
    if len(skipped):
        text = WINDOW_SKIPS.format(time_zone=time_zone)
        clock = ("weekday", "start_time", "end_time")
        raw = given["availability"]
        faults.append(faults_at("availability", raw, skipped, clock, "exists_in_time_zone", text))
    every = pl.concat(faults)
    refused = every.height > 0 and on_error == "raise"
    if refused:
        # A row that is only set aside along with a faulty one needs no line of its own.
        every = every.filter(pl.col("rule") != "set_aside")
    ours = every["table"]
    if every.height and isinstance(frames, Tables) and frames.words is not None:
        every = frames.words(every)
    if refused:
        named = zip(every["table"], ours, strict=True) if len(every) == len(ours) else ()
        heights = {theirs: given[name].height for theirs, name in {*named} if name in given}
        raise DataError(every, heights=heights)
    words = frames.words if isinstance(frames, Tables) else None
    warn_of_places(tables, given, week, time_zone, words)
    return tables, every


def _whole_tables(faults: list[pl.DataFrame]) -> frozenset[str]:
    """Return the tables of which nothing could be read."""
    every = pl.concat(faults)
    return frozenset(every.filter(pl.col("row").is_null())["table"])


def _numbered(
    frames: Mapping[str, pl.DataFrame],
) -> tuple[dict[str, pl.DataFrame], list[pl.DataFrame]]:
    """Give every row its number, where the store did not."""
    given, faults = {}, []
    for name in TABLES:
        if name not in frames:
            continue
        frame = legible(without_objects(frames[name]))
        if "row" not in frame.columns:
            given[name] = frame.with_row_index("row", offset=1)
            continue
        number = frame["row"].cast(pl.UInt32, strict=False)
        whole = frame.schema["row"].is_integer()
        if not whole or number.has_nulls() or number.n_unique() < len(number):
            text = "this column is for the numbers of the rows; give another name to what it holds"
            faults.append(fault(name, "row_numbers", text, column="row"))
        else:
            given[name] = frame.with_columns(number)
    return given, faults


def _warn_of_unknown(frames: Mapping[str, pl.DataFrame]) -> None:
    absent = [name for name in TABLES if name not in frames]
    unknown = [f"{name}{_meant(name, absent)}" for name in frames if name not in TABLES]
    for name, schema in TABLES.items():
        if name in frames:
            known = {"row", *schema.columns()}
            absent = [column for column in schema.columns() if column not in frames[name].columns]
            others = [column for column in frames[name].columns if column not in known]
            unknown += [f"{name}.{column}{_meant(column, absent)}" for column in others]
    if unknown:
        text = f"ignored, since the contract has no such table or column: {listed(unknown)}"
        warnings.warn(text, DataWarning, stacklevel=4)


def _named(name: str, others: Iterable[str]) -> str:
    """Ask whether one of other names is meant, and say what to do."""
    found = like(name, others)
    return "" if found is None else f"; is {shown(found)} meant? Call it {name}"


def _meant(name: str, known: Iterable[str]) -> str:
    found = like(name, known)
    return "" if found is None else f" (is {found} meant?)"


def _clean_table(
    name: str, raw: pl.DataFrame | None, set_aside: pl.Series, time_zone: str
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    if raw is None:
        return _empty(name), []
    columns = TABLES[name].columns()
    missing = [c for c, column in columns.items() if meta(column).get("required")]
    missing = [c for c in missing if c not in raw.columns]
    if missing:
        has = listed(c for c in raw.columns if c != "row") or "no columns"
        text = f"this column is required and was not given; the table has {has}"
        others = [column for column in raw.columns if column not in ("row", *columns)]
        return _empty(name), [
            fault(name, "required_column", text + _named(column, others), column=column)
            for column in missing
        ]
    if len(set_aside):
        raw = raw.filter(~pl.col("row").is_in(set_aside.implode()))
    parsed, unread, faults = _parse_cells(name, raw, columns, time_zone)
    twice = _repeated(name, parsed)
    text = "stands in several rows; keep one of them"
    faults.append(faults_at(name, raw, twice, tuple(key_of(name)), "unique", text))
    broken, found = _broken_rules(name, raw, parsed, unread)
    faults += found
    bad = pl.concat([twice, *unread.values(), *broken])
    if len(bad):
        parsed = parsed.filter(~pl.col("row").is_in(bad.implode()))
    return parsed.select(*columns, "row"), faults


@functools.cache
def _empty(name: str) -> pl.DataFrame:
    return TABLES[name].create_empty().with_columns(row=pl.lit(None, dtype=pl.UInt32))


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
    nulls = parsed.select(given).null_count().row(0)
    blanks = raw.select(expr.sum().alias(c) for c, expr in blank.items()).row(0)
    unread, faults = {}, []
    for c, null_count, blank_count in zip(given, nulls, blanks, strict=True):
        if null_count > blank_count:
            wrong = parsed[c].is_null() & ~raw.select(blank[c]).to_series()
            faults.append(faults_of(name, raw.filter(wrong), (c,), "type", wanted(columns[c])))
            unread[c] = parsed["row"].filter(wrong)
        if isinstance(columns[c], dy.Datetime):
            skipped = parsed.filter(pl.col(c) == NO_SUCH_TIME)["row"]
            text = CLOCK_SKIPS.format(time_zone=time_zone)
            faults.append(faults_at(name, raw, skipped, (c,), "exists_in_time_zone", text))
            unread[c] = pl.concat([unread.get(c, skipped.clear()), skipped])
    return parsed, unread, faults


def _repeated(name: str, rows: pl.DataFrame) -> pl.Series:
    """Return the rows whose key another row has too."""
    key = key_of(name)
    if not key:
        return rows["row"].clear()
    required = [c for c in key if meta(TABLES[name].columns()[c]).get("required")]
    twice = pl.struct(key).is_duplicated() & pl.all_horizontal(pl.col(required).is_not_null())
    return rows.filter(twice)["row"]


def _broken_rules(
    name: str, raw: pl.DataFrame, parsed: pl.DataFrame, unread: dict[str, pl.Series]
) -> tuple[list[pl.Series], list[pl.DataFrame]]:
    """Return the rows that break each rule, and the faults."""
    rules = _rules_of(name)
    # What is empty breaks no rule but the one of its own, and `all` passes over it.
    holds = parsed.select(expr.all().alias(label) for label, expr in rules.items()).row(0)
    order, columns = [*COLUMN_RULES, *ROW_RULES], TABLES[name].columns()
    failed = (label for label, held in zip(rules, holds, strict=True) if not held)
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


@functools.cache
def _rules_of(name: str) -> dict[str, pl.Expr]:
    """Return what must hold in each row; the label of a rule of one column is `column|rule`.

    They are asked here, since a filter of the schema is slow where nothing fails.
    """
    rules = TABLES[name]._validation_rules(with_cast=False)
    return {label: rule.expr for label, rule in rules.items()}
