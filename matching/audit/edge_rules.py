"""Rules of one volunteer at one post beside the services they are held to in other weeks."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.audit.findings import NONE_OF_A_RULE, clock, hours, report
from matching.audit.services import TOLERANCE, frame_of, meetings_of, place_of, used_by, way_minutes
from matching.problem import Problem
from matching.problem import columns as c
from matching.schema import STATUSES


def already_served(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find requests that somebody is held to at an option in another week."""
    held = problem.other_weeks.request >= 0
    if not held.any():
        return NONE_OF_A_RULE
    there = _other_weeks(problem, held)
    first = there.unique("request", keep="first", maintain_order=True)
    broken = services.join(first, on="request", maintain_order="left", suffix="_there")
    detail = pl.format(
        "{} is {} here at the option {}, {}", "who", "held", "at", _moment(problem, "start_there")
    )
    return report(problem, broken, detail)


def other_week(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services too close to what the volunteer is held to in another week."""
    used = used_by(problem, services)[problem.other_weeks.volunteer]
    if not used.any():
        return NONE_OF_A_RULE
    there = _other_weeks(problem, used).drop("request")
    meetings = meetings_of(problem, services)
    both = meetings.join(there, on="volunteer", maintain_order="left", suffix="_there")
    ahead = pl.col("start_there") < pl.col("start")
    here, there = place_of(problem, both["request"]), both.select("lat", "lon", "stop")
    back, forth = way_minutes(problem, there, here), way_minutes(problem, here, there)
    way = np.where(both.select(ahead).to_series().to_numpy(), back, forth)
    gap = pl.when(ahead).then(pl.col("start") - pl.col("end_there"))
    both = both.with_columns(
        gap=gap.otherwise(pl.col("start_there") - pl.col("end")),
        travel=pl.Series(way * (1 - TOLERANCE)).fill_nan(0.0),
        rest=pl.Series(problem.volunteers.min_rest[both["volunteer"].to_numpy()])
        * (both["day"] != both["day_there"]),
    )
    needed = pl.max_horizontal("travel", pl.col("rest").cast(pl.Float64), pl.lit(0.0))
    broken = both.filter(pl.col("gap") < needed)
    needs = (
        pl.when(pl.col("gap") < 0)
        .then(pl.lit("they overlap"))
        .when(pl.col("gap") < pl.col("rest"))
        .then(pl.format("{} h of rest, needs {} h", hours("gap"), hours("rest")))
        .otherwise(pl.format("travel takes {} min", pl.col("travel").ceil().cast(pl.Int64)))
    )
    detail = pl.format(
        "serves {} to {}, and is {} at {} from {} to {}: {}",
        _moment(problem, "start"),
        _moment(problem, "end"),
        "held",
        "request_id",
        _moment(problem, "start_there"),
        _moment(problem, "end_there"),
        needs,
    )
    return report(problem, broken, detail)


def _moment(problem: Problem, minutes: str) -> pl.Expr:
    return clock(problem, minutes, "%a %Y-%m-%d %H:%M")


def _other_weeks(problem: Problem, chosen: c.Bools) -> pl.DataFrame:
    """Return the services of other weeks: ``who``, how they are ``held``, ``at`` which option."""
    there = problem.other_weeks.take(np.flatnonzero(chosen))
    return (
        frame_of(there)
        .rename({"option": "at"})
        .with_columns(
            who=problem.volunteers.id.gather(there.volunteer),
            held=pl.Series(STATUSES).gather(there.status),
        )
    )


RULES = (
    (already_served, "a request that is kept at an option in another week is not served again"),
    (
        other_week,
        "next to what a volunteer is held to in other weeks there is time to travel and rest",
    ),
)
