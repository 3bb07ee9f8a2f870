"""Rules of one volunteer's week."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.audit.findings import NONE_OF_A_RULE, clock, date, hours, report
from matching.audit.services import (
    TOLERANCE,
    frame_of,
    meetings_of,
    on_one_line,
    place_among_equals,
    place_of,
    subjects_of,
    used_by,
    way_minutes,
)
from matching.problem import Problem
from matching.problem import columns as c
from matching.schema import SUBJECTS


def _successions(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return the services after another, with the columns of that one as ``before_*``.

    The one before is that which ends last among all that start earlier: in a week without overlaps
    simply the last one, and in others no overlap hides behind a short service in between.

    Services of several meetings are none of these: each of their meetings is followed by, or
    follows, each of all others. Of one request they follow one another.
    """
    meetings = meetings_of(problem, services)
    if not meetings["several"].any():
        return _followed(problem, services)
    single = _followed(problem, meetings.filter(~pl.col("several")).drop("several"))
    before = meetings.select(
        "volunteer",
        before_service="service",
        before_request="request",
        before_start="start",
        before_end="end",
        before_day="day",
        before_several="several",
    )
    both = meetings.join(before, on="volunteer", maintain_order="left_right")
    both = both.filter(
        pl.col("several") | pl.col("before_several"),
        (pl.col("before_start") < pl.col("start"))
        | (
            (pl.col("before_start") == pl.col("start"))
            & (pl.col("before_service") < pl.col("service"))
        ),
    )
    both = both.with_columns(
        gap=pl.col("start") - pl.col("before_end"),
        before_id=problem.requests.id.gather(both["before_request"]),
    )
    return pl.concat([single, both.select(single.columns)])


def _followed(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return the services after another, of those of one meeting."""
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
    meetings = meetings_of(problem, services)
    minutes = (pl.col("end") - pl.col("start")).sum()
    broken = _limited(meetings, minutes, problem.volunteers.max_minutes)
    return report(problem, broken, pl.format("{} h, at most {} h", hours("total"), hours("limit")))


def max_shifts_per_day(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find days on which a volunteer starts too many services."""
    meetings = meetings_of(problem, services)
    broken = _limited(meetings, pl.len(), problem.volunteers.max_shifts_per_day, "day")
    detail = pl.format("{} services on {}, at most {}", "total", date(problem, "day"), "limit")
    return report(problem, broken, detail)


def max_days(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find volunteers whose services start on too many days of the week."""
    broken = _limited(services, pl.col("day").n_unique(), problem.volunteers.max_days)
    return report(problem, broken, pl.format("services on {} days, at most {}", "total", "limit"))


def max_consecutive_days(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services on too many days in a row, days of other weeks among them."""
    if not _limits_some(problem, services, problem.volunteers.max_consecutive_days):
        return NONE_OF_A_RULE
    days = _all_days(problem, services).unique(["volunteer", "day"]).sort("volunteer", "day")
    # Of days in a row, each less its number is the same.
    row = (pl.col("day") - pl.Series(place_among_equals(days["volunteer"]))).alias("row")
    first, last = pl.col("day").min().alias("first"), pl.col("day").max().alias("last")
    runs = days.group_by("volunteer", row, maintain_order=True).agg(
        first, last, pl.col("here").any(), total=pl.len()
    )
    limit = problem.volunteers.max_consecutive_days[runs["volunteer"].to_numpy()]
    runs = runs.with_columns(limit=pl.Series(limit))
    detail = pl.format(
        "services on {} days in a row, {} to {}, at most {}",
        "total",
        date(problem, "first"),
        date(problem, "last"),
        "limit",
    )
    return report(problem, runs.filter("here", pl.col("total") > pl.col("limit")), detail)


def max_in_days(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find volunteers with too many services within so many days, other weeks among them."""
    if not _limits_some(problem, services, problem.volunteers.max_in_days):
        return NONE_OF_A_RULE
    every = _all_days(problem, services)
    who = every["volunteer"].to_numpy()
    every = every.with_columns(
        most=pl.Series(problem.volunteers.max_in_days[who]),
        length=pl.Series(problem.volunteers.in_days[who]),
    ).filter(pl.col("most") < c.NO_LIMIT)
    # The fullest windows begin on a day with a service.
    begins = every.select("volunteer", "most", "length", first="day").unique()
    inside = begins.join(every.select("volunteer", "day", "here"), on="volunteer").filter(
        pl.col("day").is_between(pl.col("first"), pl.col("first") + pl.col("length") - 1)
    )
    full = inside.group_by("volunteer", "first", "most", "length").agg(
        pl.col("here").any(), total=pl.len()
    )
    broken = full.filter("here", pl.col("total") > pl.col("most")).sort("volunteer", "first")
    detail = pl.format(
        "{} services in the {} days from {}, at most {}",
        "total",
        "length",
        date(problem, "first"),
        "most",
    )
    return report(problem, broken.unique("volunteer", keep="first", maintain_order=True), detail)


def _limits_some(problem: Problem, services: pl.DataFrame, limit: c.Ints) -> bool:
    """Tell whether anybody who serves has the limit."""
    return bool((limit[used_by(problem, services)] < c.NO_LIMIT).any())


def _all_days(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return ``volunteer`` and ``day`` of services ``here`` and of what else they are held to."""
    used = np.flatnonzero(used_by(problem, services)[problem.other_weeks.volunteer])
    there = frame_of(problem.other_weeks.take(used))
    # What starts at once is one service.
    there = (
        there.filter(~pl.col("later"))
        .unique(["volunteer", "start"])
        .select("volunteer", "day", here=pl.lit(False))
    )
    return pl.concat([services.select("volunteer", "day", here=pl.lit(True)), there])


def limits(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find volunteers who serve something more often than a row of `limits` allows."""
    if not len(problem.limits) + len(problem.limits_for_all):
        return NONE_OF_A_RULE
    about = subjects_of(problem, services)
    own = frame_of(problem.limits).select("volunteer", "subject", "most", named="code")
    common = frame_of(problem.limits_for_all).select("subject", "most", named="code")
    both = (
        about.join(own.with_row_index("rule"), on=["volunteer", "subject"]),
        about.join(common.with_row_index("rule", own.height), on="subject"),
    )
    columns = "rule", "volunteer", "subject", "code", "most"
    counted = pl.concat([rows.select(*columns, "named", "request") for rows in both])
    counted = counted.filter((pl.col("named") == pl.col("code")) | (pl.col("named") < 0))
    sums = counted.group_by(columns).agg(pl.col("request").sort(), total=pl.len())
    broken = sums.filter(pl.col("total") > pl.col("most")).sort(columns)
    ids = pl.element().replace_strict(
        pl.int_range(len(problem.requests), eager=True), problem.requests.id
    )
    broken = broken.with_columns(
        kind=pl.Series(SUBJECTS, dtype=pl.String).gather(broken["subject"]),
        which=pl.col("request").list.eval(ids).list.join(", "),
    ).drop("request")
    return report(
        problem,
        broken,
        pl.format("{} services of one {}: {}; at most {}", "total", "kind", "which", "most"),
    )


RULES = (
    (overlap, "a volunteer's services do not overlap"),
    (travel, "a volunteer has time to travel from one service to the next"),
    (rest, "between services on different days a volunteer has the rest they need"),
    (max_shifts, "a volunteer has no more services a week than their limit"),
    (max_hours, "a volunteer has no more hours a week than their limit"),
    (max_shifts_per_day, "a volunteer starts no more services a day than their limit"),
    (max_days, "a volunteer's services start on no more days of the week than their limit"),
    (
        max_consecutive_days,
        "a volunteer's services start on no more days in a row than their limit, in all weeks",
    ),
    (max_in_days, "in any so many days a volunteer has no more services than their limit"),
    (limits, "of what is limited, a volunteer serves no more in the week than that"),
)
