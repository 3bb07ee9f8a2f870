"""A roster and one order of everything at every place and half day, as a problem without seats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from matching.answers.half_days import HalfDay, label
from matching.answers.teams_to_promise import Piece, menu_of
from matching.errors import UsageError
from matching.flow.taken import services_below
from matching.policy import Policy
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.series import index_in
from matching.schema import KEPT
from matching.tables.cells import NO_SUCH_TIME, to_local, to_utc, week_start
from matching.tables.references import times_of

_OF_REQUESTS = (
    *("options", "sessions", "posts", "post_qualifications", "assignments", "affinities"),
)
DAYS = 7


def half_days_of_week(week: date, parts: tuple[HalfDay, ...], time_zone: str) -> pl.DataFrame:
    """Return every half day of a week: ``half_day``, its ``day``, ``start`` and ``end`` in UTC.

    Raises
    ------
    UsageError
        If the clock skips or repeats a time on some day.
    """
    rows = [
        (label(day, part.name), day, day * 1440 + part.start, day * 1440 + part.end)
        for day in range(DAYS)
        for part in parts
    ]
    frame = pl.DataFrame(rows, schema=["half_day", "day", "start", "end"], orient="row")
    frame = frame.with_columns(
        to_utc(week_start(week) + pl.duration(minutes=pl.col(name)), time_zone).alias(name)
        for name in ("start", "end")
    )
    skipped = frame.filter((pl.col("start") == NO_SUCH_TIME) | (pl.col("end") == NO_SUCH_TIME))
    if skipped.height:
        raise UsageError(
            f"half day {skipped['half_day'][0]}: the clock of {time_zone} skips or repeats its "
            "start or its end; choose other times"
        )
    return frame


def held_this_week(tables: dict[str, pl.DataFrame], week: date, time_zone: str) -> pl.DataFrame:
    """Return what of the clean table ``assignments`` holds people to services of this week."""
    here = requests_here(tables, week, time_zone)
    kept = pl.col("status").cast(pl.String).is_in(KEPT)
    return tables["assignments"].filter(kept, pl.col("request_id").is_in(here.implode()))


def requests_here(tables: dict[str, pl.DataFrame], week: date, time_zone: str) -> pl.Series:
    """Return the requests that have a time in this week."""
    day = to_local(pl.col("start"), time_zone).dt.date()
    times = times_of(tables).filter(day >= week, day < week + timedelta(days=DAYS))
    return times["request_id"].unique()


def roster(
    tables: dict[str, pl.DataFrame],
    week: date,
    policy: Policy,
    teams: Mapping[str, list[Piece]],
    orders: pl.DataFrame,
    away: Mapping[str, pl.Series],
) -> Problem:
    """Return the problem of the orders; nobody in it wants anything, and nothing has seats yet.

    Parameters
    ----------
    tables : dict of str to polars.DataFrame
        Clean ones. What they order in this week is left out; what people do in the weeks next door
        stays.
    teams : Mapping of str to list of Piece
    orders : polars.DataFrame
        ``request_id``, ``menu_item``, ``station_id``, ``start`` and ``end`` in UTC.
    away : Mapping of str to polars.Series
        Who is not to be counted on, by why.
    """
    zone = policy.time_zone
    held, here = held_this_week(tables, week, zone), requests_here(tables, week, zone)
    of_others = ~pl.col("request_id").is_in(here.implode())
    tables = menu_of(dict(teams), tables)
    tables |= {name: tables[name].filter(of_others) for name in _OF_REQUESTS}
    requests = orders.with_columns(row=pl.int_range(1, orders.height + 1, dtype=pl.UInt32))
    others = tables["requests"].filter(of_others)
    asked = requests.select(name for name in others.columns if name in requests.columns)
    ids = tables["volunteers"]["volunteer_id"]
    is_away = ids.is_in(pl.concat([ids.clear(), *away.values()]).implode())
    refusing = pl.when(is_away).then(pl.lit("refuse")).otherwise(pl.col("consent").cast(pl.String))
    people = tables["volunteers"].with_columns(consent=refusing)
    tables |= {"requests": pl.concat([others, asked], how="diagonal"), "volunteers": people}
    plain = replace(
        policy,
        seat=1,
        early_seat=0.0,
        distance=0,
        window_preference=0,
        preference_limit=0,
        visit=0,
        kept=0,
        load_step=0,
        load_first=0,
        load_recent=0,
    )
    no_faults = pl.DataFrame()
    problem = Problem.from_clean(tables, no_faults, week, plain)
    # What is agreed for this week takes its places in quotas.
    whose = problem.volunteers.organisation[index_in(held["volunteer_id"], problem.volunteers.id)]
    room = problem.organisations.max_seats - services_below(problem, whose)
    quotas = np.where(problem.organisations.limited, np.maximum(room, 0), c.NO_LIMIT)
    organisations = replace(problem.organisations, max_seats=quotas.astype(np.int32))
    return replace(problem, organisations=organisations)
