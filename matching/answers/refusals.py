"""Why somebody cannot serve on a request: the first rule that fails, with its figures."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from matching.answers.names import number_of
from matching.arcs.eligibility import RULES, Finder, held, km_of
from matching.arcs.layout import merged_windows
from matching.arcs.meetings import meetings_of
from matching.arcs.other_weeks import served_elsewhere
from matching.arcs.pair_rules import subject_codes
from matching.arcs.unfilled import left_by_rules
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import alone
from matching.problem.plan import Plan, slot_keys
from matching.result import Result
from matching.schema import SUBJECTS

_MOST_LEVEL = 5
_SERVED = RULES.index("already_served")


@door
def refusals(
    result: Result, volunteer: str, requests: Collection[str] | None = None
) -> pl.DataFrame:
    """Return, for each post and option, the first rule that keeps a volunteer from it.

    Parameters
    ----------
    result : Result
    volunteer : str
        The ``volunteer_id``.
    requests : collection of str, optional
        All, if absent.

    Returns
    -------
    polars.DataFrame
        See `refused`.

    Raises
    ------
    UsageError
        If the week has no such volunteer, or no such request.
    """
    problem = result.problem
    slots = np.arange(len(problem.slots), dtype=np.int32)
    if requests is not None:
        asked = [number_of(problem.requests.id, name, "request") for name in requests]
        slots = slots[np.isin(problem.slots.request, asked)]
    who = number_of(problem.volunteers.id, volunteer, "volunteer")
    return refused(problem, result.plan, who, slots)


def refused(problem: Problem, plan: Plan, volunteer: int, slots: c.Ints) -> pl.DataFrame:
    """Return, for some slots, the first rule that keeps a volunteer from each.

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``post``, ``option``, ``rule`` (null where the volunteer could serve),
        ``km`` and ``travel_km``; where the rule is about them, else null: ``qualification`` with
        the ``level`` that is asked for and that which is ``held`` (null for none), the ``minutes``
        of the service that the volunteer is not free, the ``organisation_id`` whose service it is,
        the ``subject`` of which they said never; and ``serves``: whether the plan has them there.
    """
    part = alone(problem, volunteer)
    fails = left_by_rules(Finder(part), slots, 1) == 0
    fails[:, _SERVED] |= served_elsewhere(problem)[problem.slots.request[slots]]
    first = np.where(fails.any(axis=1), fails.argmax(axis=1), len(RULES))
    mine = plan.slot[plan.volunteer == volunteer]
    figures = [
        pl.Series("rule", [*RULES, None], dtype=pl.String).gather(first),
        pl.Series("km", km_of(part, np.zeros_like(slots), slots), nan_to_null=True),
        pl.Series("travel_km", np.full(len(slots), part.volunteers.travel_km[0])),
        *_lacking(part, slots),
        pl.Series("minutes", _missing(part, slots)),
        _owner(part, slots),
        _banned(part, slots),
        pl.Series("serves", np.isin(slots, mine)),
    ]
    about = {
        "qualification": ("qualification", "level", "held"),
        "availability": ("minutes",),
        "organisation": ("organisation_id",),
        "never": ("subject",),
    }
    found = slot_keys(problem)[slots].hstack(figures)
    return found.with_columns(
        pl.when(pl.col("rule") == rule).then(pl.col(name)).alias(name)
        for rule, names in about.items()
        for name in names
    )


def _lacking(part: Problem, slots: c.Ints) -> list[pl.Series]:
    """Return the first qualification that somebody lacks for each slot, and at which levels."""
    first = c.starts_of(part.needs.post, len(part.posts))
    post = part.slots.post[slots]
    many = first[post + 1] - first[post]
    need = part.needs.take(c.ranges(first[post], many))
    row = np.repeat(np.arange(len(slots)), many)
    pair = np.zeros_like(slots)[row], slots[row], need.qualification
    has = np.zeros(len(row), np.int64)
    for level in range(1, _MOST_LEVEL + 1):
        has[held(part, *pair, np.full(len(row), level))] = level
    # A last row, of nothing, is for those who lack nothing.
    which = np.full(len(slots), len(row))
    lacks = np.flatnonzero(has < need.level)[::-1]
    which[row[lacks]] = lacks
    frame = pl.DataFrame(
        {
            "qualification": part.qualification_ids.gather(need.qualification),
            "level": need.level,
            "held": pl.Series(has).replace(0, None),
        }
    )
    frame = pl.concat([frame, frame.clear(1)])
    return frame[which].get_columns()


def _missing(part: Problem, slots: c.Ints) -> c.Longs:
    """Return how many minutes of each service somebody is not free."""
    option, meetings = part.slots.option[slots], meetings_of(part)
    start, end = meetings.start[:, None], meetings.end[:, None]
    _, opens, closes = merged_windows(part.windows)
    inside = np.maximum(np.minimum(closes, end) - np.maximum(opens, start), 0)
    missing = (end - start)[:, 0] - inside.sum(axis=1).astype(np.int64)
    if not len(missing):
        return np.zeros(len(slots), np.int64)
    of_option: c.Longs = np.add.reduceat(missing, meetings.first[:-1])
    return of_option[option]


def _owner(part: Problem, slots: c.Ints) -> pl.Series:
    """Return the organisation whose volunteers alone serve; null for none."""
    requests, request = part.requests, part.slots.request[slots]
    owner = np.where(
        requests.organisation[request] >= 0,
        requests.organisation[request],
        requests.menu_organisation[request],
    )
    return _named("organisation_id", part.organisations.id, owner)


def _banned(part: Problem, slots: c.Ints) -> pl.Series:
    """Return the first subject of which somebody said never; null for none."""
    likes = part.preferences.take(part.preferences.never)
    which = np.full(len(slots), -1)
    for subject in range(len(SUBJECTS))[::-1]:
        codes = likes.code[likes.subject == subject]
        which[np.isin(subject_codes(part, subject)[slots], codes)] = subject
    return _named("subject", pl.Series(SUBJECTS), which)


def _named(column: str, names: pl.Series, which: c.Longs | c.Ints) -> pl.Series:
    """Return names by number; null for -1."""
    at = pl.Series(np.where(which < 0, len(names), which))
    return pl.concat([names, pl.Series([None], dtype=pl.String)]).gather(at).rename(column)
