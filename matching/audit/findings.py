"""Violations as a table: the identifiers they are about, and a sentence with numbers."""

from __future__ import annotations

from datetime import UTC, datetime, time
from datetime import date as Date
from functools import cache
from zoneinfo import ZoneInfo

import polars as pl

from matching.problem import Problem

_COLUMNS = ("request_id", "post", "option", "volunteer_id", "detail")
NOTHING = pl.DataFrame(schema=dict.fromkeys(("rule", *_COLUMNS), pl.String))
# Most rules of most plans find nothing: of small plans, telling of it took a third of the audit.
NONE_OF_A_RULE = pl.DataFrame(schema=dict.fromkeys(_COLUMNS, pl.String))


def report(problem: Problem, broken: pl.DataFrame, detail: pl.Expr) -> pl.DataFrame:
    """Return the columns of `NOTHING` but the rule, in the order of the problem.

    Parameters
    ----------
    problem : Problem
    broken : polars.DataFrame
        One row per violation, with those of the indices ``request``, ``post``, ``option`` and
        ``volunteer`` that it is about; the identifiers of the others stay null.
    detail : polars.Expr
        The sentence, made of the columns of ``broken``.
    """
    if broken.is_empty():
        return NONE_OF_A_RULE
    about = {
        "request": ("request_id", problem.requests.id),
        "post": ("post", problem.posts.id),
        "option": ("option", problem.options.id),
        "volunteer": ("volunteer_id", problem.volunteers.id),
    }
    known = [index for index in about if index in broken.columns]
    broken = broken.sort(known, maintain_order=True) if known else broken
    found = {
        name: ids.gather(broken[index]).cast(pl.String)
        if index in known
        else pl.repeat(None, broken.height, dtype=pl.String, eager=True)
        for index, (name, ids) in about.items()
    }
    return pl.DataFrame(found).with_columns(broken.with_columns(detail=detail)["detail"])


def clock(problem: Problem, minutes: str, form: str = "%a %H:%M") -> pl.Expr:
    """Return a column of minutes since the week began as local weekday and time: ``Tue 09:30``."""
    zone = problem.policy.time_zone
    moment = pl.lit(_monday(problem.week, zone)) + pl.duration(minutes=pl.col(minutes))
    return moment.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.strftime(form)


@cache
def _monday(week: Date, zone: str) -> datetime:
    """Return the start of a week as UTC."""
    return datetime.combine(week, time(), ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def date(problem: Problem, day: str) -> pl.Expr:
    """Return a column of days since the Monday as dates: ``2026-12-01``."""
    return (pl.lit(problem.week) + pl.duration(days=pl.col(day))).dt.strftime("%Y-%m-%d")


def hours(minutes: str) -> pl.Expr:
    """Return a column of minutes as decimal hours, fine enough to tell two minutes apart."""
    return (pl.col(minutes) / 60).round(2)
