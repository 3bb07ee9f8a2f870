"""Which seats are empty although the prices say that they are worth filling."""

from __future__ import annotations

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.value import seat_value
from matching.bounds.prices import Prices
from matching.bounds.teams import best_teams
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan

_TOLERANCE = 0.5


def unsettled(problem: Problem, arcs: Arcs, prices: Prices, plan: Plan) -> c.Bools:
    """Tell which posts have a seat that is worth more than somebody's price there.

    A price is what a volunteer is worth elsewhere, as far as the search knows: such a seat is empty
    since the search ended, not since others need the people more. Of a request that nobody serves
    it is the best team that counts, for all its posts.

    Returns
    -------
    bool array, shape (posts,)
    """
    posts, slots = problem.posts, problem.slots
    filled = np.bincount(slots.post[plan.slot], minlength=len(posts))
    served = np.zeros(len(problem.requests), np.bool_)
    served[slots.request[plan.slot]] = True
    there = np.zeros(len(problem.options), np.bool_)
    there[slots.option[plan.slot]] = True
    # Whoever serves on the slot already has no second seat there.
    used = np.sort(c.combine(plan.volunteer, plan.slot))
    rows = np.flatnonzero(
        there[slots.option][arcs.slot] & (filled < posts.seats)[slots.post][arcs.slot]
    )
    rows = rows[c.lookup(used, c.combine(arcs.volunteer[rows], arcs.slot[rows])) < 0]
    cheapest = np.full(len(posts), np.inf)
    np.minimum.at(cheapest, slots.post[arcs.slot[rows]], prices.of_arcs(arcs)[rows])
    every = np.arange(len(posts), dtype=np.int32)
    wanted = seat_value(problem, every, filled + 1) > cheapest + _TOLERANCE
    teams = best_teams(problem, arcs, prices) > _TOLERANCE
    worth: c.Bools = np.where(served[posts.request], wanted, teams[posts.request])
    return worth & (filled < posts.seats)
