"""Records become credited minutes; what is not credited has a code that says why.

Nothing is left out: every record comes back, with what it counts.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from matching.records.overlaps import overlapped
from matching.records.policy import RecordPolicy
from matching.tables.cells import to_local

# Why a record counts nothing, in the order in which it is asked. The first three are no mistake of
# whoever entered it: nobody served, or nobody knows until when.
BY_STATUS = ("forced_out", "no_show", "cancelled")
CODES = (
    "id_of_two",
    "repeated",
    *BY_STATUS,
    "no_times",
    "ends_before_start",
    "future",
    "entered_early",
    "unknown_project",
    "outside_project",
    "across_days",
    "too_many_categories",
    "overlap",
    "rounded_away",
    "unreadable",
)
CODE = pl.Enum(CODES)
_KEYS = ["volunteer_id", "request_id"]


def credited(
    records: pl.DataFrame,
    policy: RecordPolicy,
    as_of: datetime,
    projects: pl.DataFrame | None = None,
    contested: pl.Series | None = None,
) -> pl.DataFrame:
    """Return the records with what they count, or why they count nothing.

    Parameters
    ----------
    records : polars.DataFrame
        As `tables.Records` has them, times in UTC, and ``row``; all of each volunteer.
    policy : RecordPolicy
    as_of : datetime.datetime
        Now, in UTC: what ends or was entered later is not yet.
    projects : polars.DataFrame, optional
        As `tables.Projects`, times in UTC; without, no record is asked when its project is.
    contested : polars.Series, optional
        Ids that records of other volunteers have, too.

    Returns
    -------
    polars.DataFrame
        In the same order, with ``minutes`` from start to end (0 where there is no such time),
        ``credited`` minutes, ``code`` (one of `CODES`, null where it counts) and ``other``: the id
        of the record that an overlap is with.
    """
    rows = _with_project(records.with_row_index("_at"), projects)
    rows = rows.with_columns(_minutes(), _own_code(rows, policy, as_of, projects, contested))
    rows = _with_categories(rows, policy.max_categories)
    rows = _with_overlaps(rows)
    counts = pl.when(pl.col("code").is_null()).then(_rounded(policy.rounding)).otherwise(0)
    rows = rows.with_columns(credited=counts)
    nothing = pl.col("code").is_null() & (pl.col("credited") == 0)
    code = pl.when(nothing).then(pl.lit("rounded_away", CODE)).otherwise("code")
    rows = rows.with_columns(code=code).sort("_at")
    return rows.select(*records.columns, "minutes", "credited", "code", "other")


def _with_project(rows: pl.DataFrame, projects: pl.DataFrame | None) -> pl.DataFrame:
    if projects is None:
        return rows
    # Of a province's projects few are of these volunteers.
    some = projects.join(rows, on="request_id", how="semi")
    theirs = some.select(
        "request_id",
        "across_days",
        _begins="start",
        _ends="end",
        _known=pl.lit(True),
    )
    return rows.join(theirs, on="request_id", how="left", maintain_order="left")


def _minutes() -> pl.Expr:
    served = (pl.col("end") - pl.col("start")).dt.total_minutes()
    return pl.max_horizontal(served, 0).fill_null(0).alias("minutes")


def _own_code(
    rows: pl.DataFrame,
    policy: RecordPolicy,
    as_of: datetime,
    projects: pl.DataFrame | None,
    contested: pl.Series | None,
) -> pl.Expr:
    """Return the first code of what a record says by itself, and its project of it."""
    start, end, entered, status = map(pl.col, ("start", "end", "entered_at", "status"))
    twice = _of_two(rows)
    if contested is not None and len(contested):
        twice = twice | pl.Series(rows["record_id"].is_in(contested.implode()))
    now = pl.lit(as_of, pl.Datetime("us"))
    asked = {
        "id_of_two": pl.lit(twice),
        "repeated": pl.lit(~rows["record_id"].is_first_distinct()),
        **{name: status == name for name in BY_STATUS},
        "no_times": start.is_null() | end.is_null(),
        "ends_before_start": end <= start,
        "future": (end > now) | (entered > now),
        "entered_early": entered < end,
    }
    first, last = _day(start, policy), _day(end - pl.duration(minutes=1), policy)
    if projects is None:
        asked["across_days"] = first != last
    else:
        begins, ends = map(pl.col, ("_begins", "_ends"))
        first_day, last_day = _day(begins, policy), _day(ends - pl.duration(minutes=1), policy)
        one = (ends - begins <= pl.duration(hours=24)) & (first_day != last_day)
        asked["unknown_project"] = pl.col("request_id").is_not_null() & pl.col("_known").is_null()
        asked["outside_project"] = (first < first_day) | (last > last_day)
        asked["across_days"] = (first != last) & ~pl.coalesce("across_days", one, pl.lit(False))
    code = pl.lit(None, CODE)
    for name in reversed(asked):
        code = pl.when(asked[name]).then(pl.lit(name, CODE)).otherwise(code)
    return code.alias("code")


def _of_two(rows: pl.DataFrame) -> pl.Series:
    """Return whose id another row has that says something else."""
    unique = rows["record_id"].n_unique() == rows.height
    if unique:
        return pl.repeat(False, rows.height, eager=True)
    said = [name for name in rows.columns if name not in ("_at", "row")]
    twice = rows.filter(pl.col("record_id").is_duplicated())
    differ = twice.unique(said).filter(pl.col("record_id").is_duplicated())["record_id"]
    return rows["record_id"].is_in(differ.implode())


def _day(moment: pl.Expr, policy: RecordPolicy) -> pl.Expr:
    return to_local(moment, policy.time_zone).dt.date()


def _turn() -> list[pl.Expr]:
    """Return the order of entry, in which records stand: those of unknown entry come last."""
    return [pl.col("entered_at"), pl.col("start"), pl.col("record_id")]


def _with_categories(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """Refuse a volunteer's further categories in a project, beyond those that were first."""
    open_ = rows.filter(pl.col("code").is_null()).drop_nulls([*_KEYS, "category"])
    crowded = open_.group_by(_KEYS).agg(pl.n_unique("category").alias("n"))
    crowded = crowded.filter(pl.col("n") > most).select(_KEYS)
    if crowded.is_empty():
        return rows
    some = open_.join(crowded, on=_KEYS).sort(_turn(), nulls_last=True)
    named = some.unique([*_KEYS, "category"], keep="first", maintain_order=True)
    turn = pl.int_range(pl.len()).over(_KEYS)
    beyond = named.filter(turn >= most).select(*_KEYS, "category")
    refused = some.join(beyond, on=[*_KEYS, "category"])["_at"]
    return _refused(rows, refused, "too_many_categories")


def _with_overlaps(rows: pl.DataFrame) -> pl.DataFrame:
    open_ = rows.filter(pl.col("code").is_null()).sort(_turn(), nulls_last=True)
    start, end = (open_[name].dt.epoch("s").to_numpy() // 60 for name in ("start", "end"))
    who = open_["volunteer_id"].rank("dense").cast(pl.Int64).to_numpy()
    by = overlapped(who, start, end, np.arange(open_.height))
    lost = by >= 0
    found = pl.DataFrame(
        {"_at": open_["_at"].filter(lost), "other": open_["record_id"].gather(by[lost])}
    )
    rows = rows.join(found, on="_at", how="left", maintain_order="left")
    return _refused(rows, found["_at"], "overlap")


def _refused(rows: pl.DataFrame, at: pl.Series, code: str) -> pl.DataFrame:
    if at.is_empty():
        return rows
    named = pl.when(pl.col("_at").is_in(at.implode())).then(pl.lit(code, CODE))
    return rows.with_columns(code=named.otherwise("code"))


def _rounded(rounding: str) -> pl.Expr:
    minutes = pl.col("minutes")
    if rounding == "none":
        return minutes
    rest = minutes % 60
    half = pl.when(rest <= 15).then(0).when(rest <= 45).then(30).otherwise(60)
    return minutes - rest + half
