"""A moment as a minute of the week."""

from __future__ import annotations

from datetime import UTC

import polars as pl

from matching.guards.moments import Moment, moment_of
from matching.problem import Problem
from matching.tables.cells import to_utc, week_start


def minute_of(problem: Problem, now: Moment) -> int:
    """Return the minute of the week that a moment is in; it may lie in another week."""
    zone = problem.policy.time_zone
    monday = pl.select(to_utc(week_start(problem.week), zone)).item()
    moment = moment_of(now, zone, "now")
    return int((moment.replace(tzinfo=UTC) - monday.replace(tzinfo=UTC)).total_seconds() // 60)
