"""Rules of one volunteer's week."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.audit.findings import clock, date, hours, report
from matching.audit.services import TOLERANCE, on_one_line, place_of, way_minutes
from matching.problem import Problem
from matching.problem import columns as c


def _successions(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return the services after another, with the columns of that one as ``before_*``.

    The one before is that which ends last among all that start earlier: in a week without overlaps
    simply the last one, and in others no overlap hides behind a short service in between.
    """
    who = services["volunteer"].to_numpy()
    end = on_one_line(services, "end")
    number = np.arange(services.height)
    latest = np.maximum.accumulate(np.where(end == np.maximum.accumulate(end), number, 0))
    follows = np.flatnonzero(who[1:] == who[:-1]) + 1
    before = services[latest[follows - 1]].select(
        before_request="request", before_end="end", before_day="day"
    )
    joined = pl.concat([services[follows], before], how="horizontal")
    return joined.with_columns(
        gap=pl.col("start") - pl.col("before_end"),
        before_id=problem.requests.id.gather(joined["before_request"]),
    )


def overlap(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services that start before an earlier one has ended."""
    broken = _successions(problem, services).filter(pl.col("gap") < 0)
    detail = pl.format(
        "starts {}, {} ends {}", clock(problem, "start"), "before_id", clock(problem, "before_end")
    )
    return report(problem, broken, detail)


def travel(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services that cannot be reached in time from the one before."""
    pairs = _successions(problem, services).filter(pl.col("gap") >= 0)
    here, there = (place_of(problem, pairs[name]) for name in ("before_request", "request"))
    minutes = way_minutes(problem, here, there)
    # A comparison with an unknown distance is false: no rule.
    late = pairs["gap"].to_numpy() < minutes * (1 - TOLERANCE)
    # Rounded up, so that it is seen to exceed the gap.
    broken = pairs.with_columns(minutes=pl.Series(np.ceil(minutes * (1 - TOLERANCE)))).filter(
        pl.Series(late)
    )
    detail = pl.format(
        "{} ends {}, next starts {}, travel takes {} min",
        "before_id",
        clock(problem, "before_end"),
        clock(problem, "start"),
        pl.col("minutes").cast(pl.Int64),
    )
    return report(problem, broken, detail)


def rest(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services that leave too little rest after one of an earlier day."""
    pairs = _successions(problem, services)
    needed = problem.volunteers.min_rest[pairs["volunteer"].to_numpy()]
    broken = pairs.with_columns(needed=pl.Series(needed)).filter(
        pl.col("gap") >= 0,
        pl.col("day") != pl.col("before_day"),
        pl.col("gap") < pl.col("needed"),
    )
    detail = pl.format(
        "{} ends {}, next starts {}: {} h of rest, needs {} h",
        "before_id",
        clock(problem, "before_end"),
        clock(problem, "start"),
        hours("gap"),
        hours("needed"),
    )
    return report(problem, broken, detail)


def _limited(services: pl.DataFrame, total: pl.Expr, limit: c.Ints, *keys: str) -> pl.DataFrame:
    """Sum up per volunteer, and keep the ``total`` beyond the volunteer's ``limit``."""
    sums = services.group_by("volunteer", *keys, maintain_order=True).agg(total=total)
    sums = sums.with_columns(limit=pl.Series(limit[sums["volunteer"].to_numpy()]))
    return sums.filter(pl.col("total") > pl.col("limit"))


def max_shifts(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find volunteers with too many services in the week."""
    broken = _limited(services, pl.len(), problem.volunteers.max_shifts)
    return report(problem, broken, pl.format("{} services, at most {}", "total", "limit"))


def max_hours(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find volunteers with too many hours in the week."""
    minutes = (pl.col("end") - pl.col("start")).sum()
    broken = _limited(services, minutes, problem.volunteers.max_minutes)
    return report(problem, broken, pl.format("{} h, at most {} h", hours("total"), hours("limit")))


def max_shifts_per_day(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find days on which a volunteer starts too many services."""
    broken = _limited(services, pl.len(), problem.volunteers.max_shifts_per_day, "day")
    detail = pl.format("{} services on {}, at most {}", "total", date(problem, "day"), "limit")
    return report(problem, broken, detail)


RULES = (
    (overlap, "a volunteer's services do not overlap"),
    (travel, "a volunteer has time to travel from one service to the next"),
    (rest, "between services on different days a volunteer has the rest they need"),
    (max_shifts, "a volunteer has no more services a week than their limit"),
    (max_hours, "a volunteer has no more hours a week than their limit"),
    (max_shifts_per_day, "a volunteer starts no more services a day than their limit"),
)
