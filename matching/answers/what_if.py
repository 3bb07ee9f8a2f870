"""What if? A week with other tables, planned again from where the plan stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from matching import audit
from matching.answers.edited import edited
from matching.answers.plan_changes import plan_changes
from matching.arcs.unfilled import unfilled
from matching.arcs.value import quality
from matching.audit.pins import settled
from matching.bounds.unsettled import unsettled
from matching.engine import solve
from matching.errors import DataError, UsageError
from matching.guards.doors import door
from matching.policy import Policy
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import joined
from matching.problem.plan import Plan, slot_keys
from matching.problem.series import index_in
from matching.result import Result

_FIGURES = (
    *("status", "value", "bound", "seats", "filled", "requests", "requests_served"),
    *("volunteers", "volunteers_used", "hours", "km"),
)


class WhatIf(NamedTuple):
    """What becomes of a week.

    Attributes
    ----------
    tables : dict of str to polars.DataFrame
        ``changes``, ``summaries`` and ``done``.
    result : Result
        The changed week, planned.
    """

    tables: dict[str, pl.DataFrame]
    result: Result


@door
def what_if(
    result: Result,
    tables: Mapping[str, pl.DataFrame],
    changes: Mapping[str, pl.DataFrame] | None = None,
    policy: Mapping[str, Any] | None = None,
    *,
    time_limit: float = 60.0,
    staying: int = 1,
) -> WhatIf:
    """Return what becomes of a plan if tables or the policy change.

    The changed week is planned twice: for its value, and once more with ``staying`` added to the
    value of each service of the plan that can stay, so that nobody is moved for nothing. The second
    plan is taken unless the first is worth more than the people whom it spares.

    Parameters
    ----------
    result : Result
        The plan as it stands.
    tables : Mapping of str to polars.DataFrame
        The raw tables that it was made from.
    changes : Mapping of str to polars.DataFrame, optional
        By the table's name: its columns and ``action``; see `edited.edited`.
    policy : Mapping of str to Any, optional
        The keys that change.
    time_limit : float
        Seconds of each search.
    staying : int
        What it is worth that somebody stays where the plan has them, as a whole number of at
        least 1.

    Returns
    -------
    WhatIf
        ``changes``: ``volunteer_id``, ``request_id``, ``from``, ``to`` (post, start and end; null:
        nothing) and ``why``; see `plan_changes`. ``summaries``: ``figure``, ``before``, ``after``.
        ``done``: ``table``, ``action`` and ``rows``.

    Raises
    ------
    DataError
        If a change finds no row, or the changed tables are faulty.
    UsageError
        If there is no such table or column, nothing changes, or the changed week has no plan.
    PolicyError
        If the policy has no such key, or it may not have this value.
    """
    before = result.problem
    if not changes and not policy:
        raise UsageError("nothing changes: give changes of tables, or of the policy")
    chosen = Policy.from_dict(before.policy.to_dict() | dict(policy or {}))
    made, done = edited(tables, changes or {}, chosen.time_zone)
    problem = Problem.from_tables(made, before.week, chosen, before.on_error)
    problem = settled(problem)
    # Whatever the tables' own faults: a change is never set aside in silence.
    ours = problem.faults.filter(pl.col("table").str.starts_with("changes of "))
    if ours.height:
        raise DataError(ours)
    start = _standing(result, problem)
    best = solve(problem, time_limit=time_limit, start=start)
    if best.status in ("infeasible", "unknown"):
        pinned = ", ".join(sorted(best.pinned_requests())[:5])
        raise UsageError(
            f"the changed week has no plan that keeps every pin and every rule; look at {pinned}"
        )
    after = _sparing(best, start, time_limit, staying)
    found = {
        "changes": plan_changes(result, after),
        "summaries": _summaries(result, after),
        "done": done,
    }
    return WhatIf(found, after)


def _standing(result: Result, problem: Problem) -> Plan:
    """Return what of a plan the changed tables still know."""
    rows = slot_keys(result.problem)[result.plan.slot]
    known = slot_keys(problem).with_row_index("slot")
    keys = ["request_id", "post", "option"]
    found = rows.join(known, on=keys, how="left", nulls_equal=True, maintain_order="left")
    slot = found["slot"].cast(pl.Int32).fill_null(-1).to_numpy()
    ids = result.problem.volunteers.id.gather(result.plan.volunteer)
    volunteer = index_in(ids, problem.volunteers.id)
    stays = (slot >= 0) & (volunteer >= 0)
    return Plan(volunteer[stays], slot[stays])


def _sparing(best: Result, start: Plan, time_limit: float, worth: int) -> Result:
    """Return a plan as good, or nearly, that leaves more people where they are."""
    problem, arcs = best.problem, best.arcs
    keys = c.combine(arcs.volunteer, arcs.slot)
    able = c.lookup(keys, c.combine(start.volunteer, start.slot)) >= 0
    staying = Plan(start.volunteer[able], start.slot[able])
    if _kept(best.plan, staying) == len(staying):
        return best
    liked = replace(problem, affinities=_liked(problem, staying, worth))
    found = solve(liked, time_limit=time_limit, start=best.plan)
    if found.status in ("infeasible", "unknown"):
        return best
    value = audit.value(problem, found.plan)
    spared = _kept(found.plan, staying) - _kept(best.plan, staying)
    return _with_plan(best, found.plan, value) if value + worth * spared > best.value else best


def _kept(plan: Plan, staying: Plan) -> int:
    """Return how many services of a plan are in another."""
    ours = c.combine(plan.volunteer, plan.slot)
    return int(np.isin(ours, c.combine(staying.volunteer, staying.slot)).sum())


def _liked(problem: Problem, staying: Plan, worth: int) -> c.Affinities:
    """Return the affinities, with so much more for every pair of a volunteer and a post."""
    post = problem.slots.post[staying.slot]
    pairs = c.distinct(c.combine(staying.volunteer, post))
    old = problem.affinities
    is_post = old.post >= 0
    at = c.lookup(pairs, c.combine(old.volunteer, old.post))
    score = old.score + worth * ((at >= 0) & is_post)
    new = pairs[~np.isin(pairs, c.combine(old.volunteer, old.post)[is_post])]
    volunteer, posts = (new >> 32).astype(np.int32), ((new & 0xFFFFFFFF) - 1).astype(np.int32)
    more = c.Affinities(volunteer, problem.posts.request[posts], posts, np.full_like(posts, worth))
    return joined(replace(old, score=score.astype(np.int32)), more).sorted()


def _with_plan(result: Result, plan: Plan, value: int) -> Result:
    """Return a result with another plan; its bound and prices stay true."""
    problem, arcs = result.problem, result.arcs
    fit = quality(problem, arcs)
    rows = c.lookup(c.combine(arcs.volunteer, arcs.slot), c.combine(plan.volunteer, plan.slot))
    is_best = value == result.bound
    left = None if is_best else unsettled(problem, arcs, result.prices, plan)
    return replace(
        result,
        plan=plan,
        value=value,
        quality=fit[rows],
        km=arcs.km[rows],
        status="optimal" if is_best else "feasible",
        unfilled=unfilled(problem, arcs, fit, plan, unsettled=left),
    )


def _summaries(before: Result, after: Result) -> pl.DataFrame:
    """Return the figures of both plans side by side, as text where they are no numbers."""
    one, other = before.summary(), after.summary()
    rows = [(name, str(one[name]), str(other[name])) for name in _FIGURES]
    return pl.DataFrame(rows, schema=["figure", "before", "after"], orient="row")
