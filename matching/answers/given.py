"""What of a plan is given, and which arcs keep the rules of requests and quotas beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from matching.answers.beside import Book, Standing
from matching.arcs.eligibility import Arcs, holders
from matching.arcs.pair_rules import Answers
from matching.arcs.value import total_load
from matching.errors import DataError
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.schema import STATUSES
from matching.tables.faults import fault

Given = Literal["plan", "accepted", "nothing"]
_ACCEPTED = (STATUSES.index("pinned"), STATUSES.index("accepted"))


@dataclass(frozen=True, eq=False)
class Beside:
    """A plan of which something is given.

    Attributes
    ----------
    standing : Standing
    allowed : bool array, shape (arcs,)
        Whether rules of requests, pairs and quotas leave the arc; weeks are not looked at.
    open : int64 array, shape (slots,)
        Seats of the post that are not given to anybody.
    """

    standing: Standing
    allowed: c.Bools
    open: c.Longs


def arcs_of_plan(problem: Problem, arcs: Arcs, plan: Plan) -> c.Longs:
    """Return the arcs of a plan, sorted by volunteer and start.

    Raises
    ------
    DataError
        If somebody is not eligible where they serve.
    """
    first = np.searchsorted(arcs.volunteer, plan.volunteer)
    count = np.searchsorted(arcs.volunteer, plan.volunteer, "right") - first
    arc, which = c.ranges(first, count), np.repeat(np.arange(len(count)), count)
    same = arcs.slot[arc] == plan.slot[which]
    at, found = arc[same], which[same]
    if len(at) < len(plan.slot):
        row = int(np.setdiff1d(np.arange(len(count)), found)[0])
        who = problem.volunteers.id[int(plan.volunteer[row])]
        where = problem.requests.id[int(problem.slots.request[plan.slot[row]])]
        raise DataError(
            fault(
                "plan",
                "eligible",
                f"{who} may not serve {where} by these tables: matching check says which rule it "
                "breaks; plan the week again, or give the tables that the plan was made from",
                column="volunteer_id",
                value=who,
            )
        )
    start = problem.options.start[problem.slots.option[arcs.slot[at]]]
    planned: c.Longs = at[np.lexsort((start, arcs.volunteer[at]))]
    return planned


def beside(problem: Problem, arcs: Arcs, book: Book, planned: c.Longs, given: Given) -> Beside:
    """Let all of a plan be given, what was pinned or accepted, or nothing."""
    forced = np.full(len(planned), given == "plan")
    if given == "accepted":
        agreed = Answers(problem, _ACCEPTED)
        forced = agreed.among(arcs.volunteer[planned], arcs.slot[planned])
    people = len(problem.volunteers)
    who = arcs.volunteer[planned]
    count = np.bincount(who, minlength=people)
    value = np.bincount(who, book.reward[planned], minlength=people).astype(np.float64)
    value -= total_load(problem, book.first_load, count)
    standing = Standing(c.starts_of(who, people), planned, forced, value)
    rows = planned[forced]
    allowed = _seats_and_options(problem, arcs, rows)
    allowed &= ~partners(problem, arcs, rows, together=False)[0]
    allowed &= _below_quotas(problem, arcs.volunteer[rows])[arcs.volunteer]
    if given == "plan":
        # Nobody else will come: a team has to be whole with one more.
        allowed &= ~partners(problem, arcs, rows, together=True)[1]
        _refuse_broken_teams(problem, arcs, rows, allowed)
    allowed[rows] = False
    filled = np.bincount(problem.slots.post[arcs.slot[rows]], minlength=len(problem.posts))
    return Beside(standing, allowed, (problem.posts.seats - filled)[problem.slots.post])


def hindrance(problem: Problem, arcs: Arcs, rows: c.Longs, arc: int) -> str:
    """Name what keeps an arc from standing beside rows that are given.

    Returns
    -------
    str
        ``full``, ``taken`` (at another time), ``apart``, ``quota``, ``together`` (somebody is not
        there without whom they do not come) or, if none of these, ``team``.
    """
    slot = int(arcs.slot[arc])
    post, request = problem.slots.post[slot], problem.slots.request[slot]
    here = rows[problem.slots.request[arcs.slot[rows]] == request]
    if (problem.slots.option[arcs.slot[here]] != problem.slots.option[slot]).any():
        return "taken"
    if (problem.slots.post[arcs.slot[here]] == post).sum() >= problem.posts.seats[post]:
        return "full"
    if partners(problem, arcs, here, together=False)[0][arc]:
        return "apart"
    if not _below_quotas(problem, arcs.volunteer[rows])[arcs.volunteer[arc]]:
        return "quota"
    return "together" if partners(problem, arcs, here, together=True)[1][arc] else "team"


def _seats_and_options(problem: Problem, arcs: Arcs, rows: c.Longs) -> c.Bools:
    """Tell which arcs have a free seat, at the option that is chosen if one is."""
    slots = problem.slots
    filled = np.bincount(slots.post[arcs.slot[rows]], minlength=len(problem.posts))
    chosen = np.full(len(problem.requests), -1)
    chosen[slots.request[arcs.slot[rows]]] = slots.option[arcs.slot[rows]]
    chosen = chosen[slots.request]
    free = (filled < problem.posts.seats)[slots.post]
    free &= (chosen < 0) | (chosen == slots.option)
    allowed: c.Bools = free[arcs.slot]
    return allowed


def partners(
    problem: Problem, arcs: Arcs, rows: c.Longs, *, together: bool
) -> tuple[c.Bools, c.Bools]:
    """Tell at which arcs a partner of a kind of pair serves the request, and lacks there."""
    there, lacks = np.zeros((2, len(arcs)), np.bool_)
    pairs = problem.pairs.take(problem.pairs.together == together)
    request = problem.slots.request[arcs.slot]
    serves = np.sort(c.combine(arcs.volunteer[rows], request[rows]))
    first = c.starts_of(arcs.volunteer, len(problem.volunteers))
    for one, other in ((pairs.a, pairs.b), (pairs.b, pairs.a)):
        many = first[one + 1] - first[one]
        arc, partner = c.ranges(first[one], many), np.repeat(other, many)
        here = c.lookup(serves, c.combine(partner, request[arc])) >= 0
        there[arc[here]] = True
        lacks[arc[~here]] = True
    return there, lacks


def quotas_left(problem: Problem, serving: c.Ints) -> c.Longs:
    """Return how many more services each organisation may give, beside those of these people."""
    own, parent = problem.volunteers.organisation, problem.organisations.parent
    total = np.zeros(len(parent), np.int64)
    at = own[serving]
    while (at := at[at >= 0]).size:
        total += np.bincount(at, minlength=len(parent))
        at = parent[at]
    return problem.organisations.max_seats - total


def _below_quotas(problem: Problem, serving: c.Ints) -> c.Bools:
    """Tell whose organisation, and all above it, may serve once more."""
    full = np.append(quotas_left(problem, serving) <= 0, False)
    parent = np.append(problem.organisations.parent, -1)
    at = problem.volunteers.organisation
    blocked = np.zeros(len(at), np.bool_)
    while (at >= 0).any():
        blocked |= full[at]
        at = parent[at]
    return ~blocked


def _refuse_broken_teams(problem: Problem, arcs: Arcs, rows: c.Longs, allowed: c.Bools) -> None:
    """Take out arcs whose team would lack people or holders with one more and no others."""
    slots, posts, requests, rules = (
        problem.slots,
        problem.posts,
        problem.requests,
        problem.team_rules,
    )
    request = slots.request[arcs.slot]
    people = np.bincount(request[rows], minlength=len(requests))
    # A team that is served has its minimums; a new one is a team of one.
    minimum = np.bincount(posts.request, posts.min_seats, minlength=len(requests))
    beginning = people[request] == 0
    short = (minimum[request] > posts.min_seats[slots.post[arcs.slot]]) | (minimum[request] > 1)
    short |= requests.min_people[request] > 1
    allowed &= ~(beginning & short)
    first = c.starts_of(rules.request, len(requests))
    many = np.diff(first)
    for which in (rows, np.flatnonzero(allowed & (many[request] > 0))):
        count = many[request[which]]
        rule, arc = c.ranges(first[request[which]], count), np.repeat(which, count)
        holds = holders(problem, arcs, arc, rules.qualification[rule])
        if which is rows:
            holding = np.bincount(rule, holds, minlength=len(rules))
            continue
        size = people[request[arc]] + 1
        per = np.maximum(rules.per_people[rule], 1)
        share = np.where(rules.per_people[rule] > 0, (size + per - 1) // per, 0)
        needed = np.maximum(rules.min_people[rule], share)
        allowed[arc[holding[rule] + holds < needed]] = False
