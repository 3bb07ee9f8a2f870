"""Will they come? The odds that the teams of a plan are whole, exact for independent people."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.answers.spreads import Spread, of_people, summed
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan


def show_up(problem: Problem) -> c.Floats:
    """Return the odds that each volunteer comes; the policy's, where they do not say."""
    known = problem.volunteers.show_up
    return np.where(np.isnan(known), problem.policy.show_up, known).astype(np.float64)


def comers(problem: Problem, plan: Plan) -> Spread:
    """Return how many come to each post, of those who are to."""
    post = problem.slots.post[plan.slot]
    parts = of_people(show_up(problem)[plan.volunteer])
    return summed(parts, post, len(problem.posts))


def odds(problem: Problem, plan: Plan, standing_by: Plan | None = None) -> pl.DataFrame:
    """Return the table ``odds``, one row per request that is served.

    Everybody comes or does not by themselves: whether one does says nothing of another.

    Parameters
    ----------
    problem : Problem
    plan : Plan
    standing_by : Plan, optional
        Who is called, if somebody does not come.

    Returns
    -------
    polars.DataFrame
        ``request_id``; ``people`` who are planned; ``expected``, how many of them come in the mean;
        ``minimum_met``, the odds that somebody comes and every minimum of people is met;
        ``all_met``, the odds that all come; ``assumed``, of how many the odds are the policy's.
        With standby also the last three figures as they are then: ``expected_standby``,
        ``minimum_standby`` and ``all_standby``, of places that were planned and are filled.
    """
    size = len(problem.requests)
    slots = problem.slots
    planned = np.bincount(slots.post[plan.slot], minlength=len(problem.posts))
    request = slots.request[plan.slot]
    people = np.bincount(request, minlength=size)
    unknown = np.isnan(problem.volunteers.show_up)[plan.volunteer]
    columns: dict[str, c.Longs | c.Floats] = {"people": people}
    columns |= _figures(problem, comers(problem, plan), planned)
    columns["assumed"] = np.bincount(request, unknown, minlength=size).astype(np.int64)
    if standing_by is not None:
        both = Plan(
            np.append(plan.volunteer, standing_by.volunteer),
            np.append(plan.slot, standing_by.slot),
        )
        helped = _figures(problem, comers(problem, both).at_most(planned), planned)
        names = ("expected_standby", "minimum_standby", "all_standby")
        columns |= dict(zip(names, helped.values(), strict=True))
    rows = np.flatnonzero(people)
    ids = problem.requests.id.gather(rows).rename("request_id")
    return pl.DataFrame([ids, *(pl.Series(name, of[rows]) for name, of in columns.items())])


def _figures(problem: Problem, come: Spread, planned: c.Longs) -> dict[str, c.Floats]:
    """Return what is expected of each request, and the odds of its minimums and of everybody."""
    posts, size = problem.posts, len(problem.requests)
    expected = np.bincount(posts.request, come.expected(), minlength=size)
    every = come.at_least(planned)
    all_met = np.ones(size)
    np.multiply.at(all_met, posts.request, every)
    teams = summed(come.only(posts.min_seats), posts.request, size)
    return {
        "expected": expected.astype(np.float64),
        "minimum_met": teams.at_least(np.maximum(problem.requests.min_people, 1)),
        "all_met": all_met,
    }
