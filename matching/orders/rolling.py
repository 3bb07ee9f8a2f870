"""From one week's tables to the next: what was done, what was not, and what it means for people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from matching.answers.changed_rows import as_text
from matching.answers.edited import edited
from matching.errors import UsageError, listed
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan, local_times, slot_keys
from matching.schema import TABLES
from matching.tables.cells import parse, to_local

_CLOCK = "%Y-%m-%dT%H:%M"
_AGAIN = pl.duration(days=7)
# What somebody did not serve, whatever the plan said.
_NOT_DONE = ("no_show", "cancelled", "declined")
_PAIR = ["volunteer_id", "request_id"]


@door
def rolled(
    problem: Problem,
    tables: Mapping[str, pl.DataFrame],
    plan: object,
    outcome: pl.DataFrame | None = None,
    *,
    ask_again: bool = True,
    half_life_weeks: float = 4.0,
) -> dict[str, pl.DataFrame]:
    """Return the tables with what a week came to, for the week after.

    Bonds grow by a visit for each service to a beneficiary. What people served lately loses half
    its weight in `half_life_weeks`, and the week's hours come on top. A request to which nobody
    came is asked for again seven days later, one week older (``waited``). The services of the plan
    stay known as published, so that the next week keeps its distance from them.

    Parameters
    ----------
    problem : Problem
        The week that is over, or nearly.
    tables : Mapping of str to polars.DataFrame
        The tables that it was made from.
    plan : Plan, Result, polars.DataFrame or Mapping
        The plan as it ended.
    outcome : polars.DataFrame, optional
        ``volunteer_id``, ``request_id`` and ``status``: who did not come, as ``no_show``,
        ``cancelled`` or ``declined``. All others of the plan came.
    ask_again : bool
        Whether requests to which nobody came are asked for again.
    half_life_weeks : float

    Returns
    -------
    dict of str to polars.DataFrame

    Raises
    ------
    UsageError
        If the outcome has no such column, or the half-life is not above 0.
    DataError
        If the plan names what the week has not.
    """
    if not half_life_weeks > 0:
        raise UsageError(f"half_life_weeks = {half_life_weeks!r}: give a number above 0")
    chosen = Plan.of(problem, plan)
    came = _came(problem, chosen, outcome)
    done = Plan(chosen.volunteer[came], chosen.slot[came])
    changes = {
        "volunteers": _recent(problem, done, 2 ** (-1 / half_life_weeks)),
        "bonds": _bonds(problem, tables, done),
        "assignments": _held(problem, tables, done),
    }
    if ask_again:
        changes |= _asked_again(problem, tables, done)
    changes = {name: frame for name, frame in changes.items() if frame.height}
    made = edited(tables, changes, problem.policy.time_zone).tables
    # They are tables of their own: their rows are counted anew.
    return {name: frame.drop("row", strict=False) for name, frame in made.items()}


def _came(problem: Problem, plan: Plan, outcome: pl.DataFrame | None) -> c.Bools:
    """Tell which services of the plan were served."""
    if outcome is None:
        return np.ones(len(plan), np.bool_)
    lacking = [name for name in (*_PAIR, "status") if name not in outcome.columns]
    if lacking:
        raise UsageError(
            f"the outcome has no column {lacking[0]}: the table has {listed(outcome.columns)}"
        )
    not_done = outcome.filter(pl.col("status").cast(pl.String).is_in(_NOT_DONE))
    pairs = not_done.select(pl.col(_PAIR).cast(pl.String)).unique().with_columns(away=True)
    away = _rows(problem, plan).join(pairs, on=_PAIR, how="left", maintain_order="left")["away"]
    return ~away.fill_null(False).to_numpy()


def _rows(problem: Problem, plan: Plan) -> pl.DataFrame:
    who = problem.volunteers.id.gather(plan.volunteer).alias("volunteer_id")
    times = local_times(problem)[problem.slots.option[plan.slot]]
    return slot_keys(problem)[plan.slot].with_columns(who, *times.get_columns())


def _recent(problem: Problem, done: Plan, weight: float) -> pl.DataFrame:
    """Return the hours that everybody served lately, where there are any."""
    option = problem.slots.option[done.slot]
    minutes = (problem.options.end - problem.options.start)[option]
    people = problem.volunteers
    hours = np.bincount(done.volunteer, minutes, minlength=len(people)) / 60
    lately = np.round(people.recent_hours * weight + hours, 2)
    some = np.flatnonzero((lately > 0) | (people.recent_hours > 0))
    return pl.DataFrame(
        {
            "action": ["change"] * len(some),
            "volunteer_id": people.id.gather(some),
            "recent_hours": pl.Series(lately[some]).cast(pl.String),
        }
    )


def _bonds(problem: Problem, tables: Mapping[str, pl.DataFrame], done: Plan) -> pl.DataFrame:
    """Return the visits to each beneficiary, with those of the week."""
    requests = tables["requests"]
    if "beneficiary_id" not in requests.columns:
        return pl.DataFrame()
    whom = as_text(requests).select("request_id", "beneficiary_id").drop_nulls()
    visits = _rows(problem, done).join(whom, on="request_id", maintain_order="left")
    keys = ["volunteer_id", "beneficiary_id"]
    week = visits.group_by(keys, maintain_order=True).agg(
        more=pl.len(), last_visit=pl.col("start").max().dt.strftime("%Y-%m-%d")
    )
    schema = dict.fromkeys((*keys, "visits"), pl.String)
    known = as_text(tables.get("bonds", pl.DataFrame(schema=schema)))
    known = known.select(
        *keys, before=pl.col("visits") if "visits" in known.columns else pl.lit(None, pl.String)
    )
    both = week.join(known.with_columns(there=True), on=keys, how="left", maintain_order="left")
    before = pl.col("before").cast(pl.Float64, strict=False).fill_null(0).cast(pl.Int64)
    return both.select(
        pl.when("there").then(pl.lit("change")).otherwise(pl.lit("add")).alias("action"),
        *keys,
        visits=(before + pl.col("more")).cast(pl.String),
        last_visit="last_visit",
    )


def _held(problem: Problem, tables: Mapping[str, pl.DataFrame], done: Plan) -> pl.DataFrame:
    """Return what people were held to, as far as the tables do not know it."""
    rows = _rows(problem, done).select(*_PAIR, "post", "option")
    known = tables.get("assignments")
    if known is not None:
        known = as_text(known)
        kept = known.filter(pl.col("status").is_in(["pinned", "accepted", "published"]))
        rows = rows.join(kept.select(_PAIR), on=_PAIR, how="anti", maintain_order="left")
        offered = known.join(rows.select(_PAIR), on=_PAIR, how="semi", maintain_order="left")
        columns = [name for name in (*_PAIR, "post", "option") if name in known.columns]
        gone = offered.select(pl.lit("remove").alias("action"), *columns)
    else:
        gone = pl.DataFrame()
    added = rows.select(pl.lit("add").alias("action"), *rows.columns, status=pl.lit("published"))
    return pl.concat([frame for frame in (gone, added) if frame.height] or [added], how="diagonal")


def _asked_again(
    problem: Problem, tables: Mapping[str, pl.DataFrame], done: Plan
) -> dict[str, pl.DataFrame]:
    """Return the requests to which nobody came, seven days later and a week older."""
    served = np.zeros(len(problem.requests), np.bool_)
    served[problem.slots.request[done.slot]] = True
    ids = problem.requests.id.filter(pl.Series(~served)).implode()
    zone, found = problem.policy.time_zone, {}
    for name in ("requests", "options", "sessions"):
        if name not in tables:
            continue
        rows = tables[name].filter(pl.col("request_id").cast(pl.String).is_in(ids))
        columns, schema = TABLES[name].columns(), rows.schema
        later = {
            n: (to_local(parse(n, schema[n], columns[n], zone), zone) + _AGAIN).dt.strftime(_CLOCK)
            for n in ("start", "end", "latest_start")
            if n in schema
        }
        if name != "requests":
            keys = [key for key in ("option", "session") if key in schema]
            later |= {key: pl.col(key).cast(pl.String) for key in keys}
        else:
            age = pl.col("waited") if "waited" in schema else pl.lit(None, pl.String)
            older = age.cast(pl.Float64, strict=False).fill_null(0).cast(pl.Int64) + 1
            later["waited"] = older.cast(pl.String)
        # Cells that are absent stay so.
        request = pl.col("request_id").cast(pl.String)
        found[name] = rows.select(pl.lit("change").alias("action"), request, **later)
    return found
