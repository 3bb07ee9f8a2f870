"""What stands beside records: reviews, and the calendar that says which days are worked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import dataframely as dy
import polars as pl

from matching.records.due import WorkingDays, due, weekdays
from matching.records.policy import RecordPolicy
from matching.records.stars import marks_of, quality_of
from matching.records.tables import Reviews
from matching.schema import keys_in
from matching.stores.records.crediting import Credited
from matching.stores.records.faulty import Faults, check_unique, settle
from matching.stores.records.sources import RecordSource
from matching.tables.cleaning import OnError


def rows_of(
    source: RecordSource,
    name: str,
    schema: type[dy.Schema],
    time_zone: str,
    on_error: OnError = "raise",
) -> Iterator[pl.DataFrame]:
    """Give the clean rows of a table in batches; nothing where there is no such table.

    Raises
    ------
    DataError
        With the faults of all rows, unless they are to be set aside.
    """
    faults = Faults(on_error)
    for batch in source.batches(name, schema):
        rows = faults.clean(batch, schema, time_zone)
        if rows is not None:
            yield rows
    settle(on_error, **{name: faults})


def whole(
    source: RecordSource,
    name: str,
    schema: type[dy.Schema],
    time_zone: str,
    on_error: OnError = "raise",
    among: pl.DataFrame | None = None,
) -> pl.DataFrame | None:
    """Return a table with every key once; None where there is no such table.

    Parameters
    ----------
    source, name, schema, time_zone, on_error
        As of `rows_of`.
    among : polars.DataFrame, optional
        Keys; all rows with others are left out.
    """
    (key,) = keys_in(schema)
    found = []
    for rows in rows_of(source, name, schema, time_zone, on_error):
        found.append(rows if among is None else rows.join(among, on=key, how="semi"))
    if not found:
        return None
    every = pl.concat(found)
    check_unique(name, every, key)
    return every.drop("row")


def quality(source: RecordSource, policy: RecordPolicy, on_error: OnError) -> pl.DataFrame | None:
    """Return what reviews say of each volunteer; None where there are no reviews."""
    found = [
        marks_of(rows) for rows in rows_of(source, "reviews", Reviews, policy.time_zone, on_error)
    ]
    return quality_of(found, policy.review_weight) if found else None


def working_days(policy: RecordPolicy, first: date, last: date) -> WorkingDays:
    """Return the days that are worked by the calendar of the policy, from one day to another."""
    last = last + timedelta(days=14 + 3 * policy.due_days)
    if policy.calendar == "weekdays":
        return WorkingDays.of(weekdays(first, last), policy.holidays, policy.worked)
    from matching.stores.national import working_days as national

    days, unknown = national.working_days(first, last)
    return WorkingDays.of(days, policy.holidays, policy.worked, unknown)


def due_records(credited: Credited, policy: RecordPolicy) -> tuple[pl.DataFrame, WorkingDays]:
    """Return the records that are due, soonest first, and the calendar that says so."""
    zone = credited.time_zone
    today = credited.today
    firsts = [part.select(pl.col("end").min().dt.date()) for part in credited.parts()]
    first: date = pl.concat(firsts).select(pl.col("end").min().fill_null(today)).item()
    working = working_days(policy, min(first, today) - timedelta(days=1), today)
    found = [due(part, working, today, policy.due_days, zone) for part in credited.parts()]
    every = pl.concat(found).sort("due_on", "record_id", nulls_last=True)
    return every, working
