"""The flow over all eligible arcs, found with few of them: the prices prove nothing was lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from matching import columns as c
from matching.certificate import rest_of_bound, reward
from matching.network import build
from matching.prices import Prices
from matching.problem import Problem
from matching.solvers.flow import potentials, solve_flow
from matching.solvers.parts import parts_of, prices_of, worth_a_look
from matching.weeks import Weeks


# What comes so close to a best week is brought back along with what is in one: the prices of the
# next round will hardly ask for anything else.
_CLOSE = 20.0


@dataclass(frozen=True)
class Relaxation:
    """The optimum of the two trees.

    Attributes
    ----------
    chosen : int64 array
        The arcs with flow.
    prices : Prices
    value : int
        Value of the flow: an upper bound, and the optimum where the trees hold all rules in force.
    rounds : int
        How often candidates were brought back.
    """

    chosen: c.Longs
    prices: Prices
    value: int
    rounds: int


def relax(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    stop: Callable[[], bool] = lambda: False,
    executor: Executor | None = None,
) -> Relaxation:
    """Solve the flow with the best candidates of each post, then bring back what is missed.

    A left-out arc matters only if it is in somebody's best week under the prices; when nobody's
    best week is better with the arcs left out, the bound over all arcs equals the flow's value.
    Where there are many requests, parts of them are solved first: their prices leave fewer
    candidates.
    """
    kept = best_candidates(problem, weeks, quality)
    part = parts_of(problem)
    if part.any():
        kept = worth_a_look(problem, weeks, quality, kept, part, executor)
    rounds = 1
    while True:
        network = build(problem, weeks.arcs, quality, weeks.clusters, weeks.first_load, kept)
        flow = solve_flow(network)
        of_post, at, of_quota = prices_of(network, potentials(network, flow))
        quota = np.zeros(len(problem.organisations))
        quota[at] = of_quota
        prices = Prices(of_post[problem.slots.post], quota)
        value = -int(flow @ network.cost)
        rewards = reward(problem, weeks.arcs, quality, prices)
        worth, best = weeks.best(rewards, relaxed=True)
        missed = best & ~kept
        proved = worth.sum() + rest_of_bound(problem, weeks.arcs, prices) <= value + 0.5
        if proved or not missed.any() or stop():
            chosen = network.arc[flow[network.arc_edges] > 0]
            return Relaxation(chosen, prices, value, rounds)
        kept |= missed | (weeks.shortfall(rewards, worth) <= _CLOSE)
        rounds += 1


def best_candidates(problem: Problem, weeks: Weeks, quality: c.Longs) -> c.Bools:
    """Keep, for each slot, the arcs of highest quality: three times the seats and a few more."""
    arcs = weeks.arcs
    many = np.bincount(arcs.slot, minlength=len(problem.slots))
    wanted = 3 * problem.posts.seats[problem.slots.post].astype(np.int64) + 6
    kept: c.Bools = (many <= wanted)[arcs.slot]
    rows = np.flatnonzero(~kept)
    rows = rows[
        np.lexsort((-quality[rows] + weeks.first_load[arcs.volunteer[rows]], arcs.slot[rows]))
    ]
    first = c.starts_of(arcs.slot[rows], len(problem.slots))
    rank = np.arange(len(rows)) - first[arcs.slot[rows]]
    kept[rows[rank < wanted[arcs.slot[rows]]]] = True
    return kept
