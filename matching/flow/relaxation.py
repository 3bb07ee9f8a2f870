"""The optimal flow over all eligible arcs, found with few of them and proved by its prices."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from matching.bounds.certificate import rest_of_bound, reward
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.flow.components import ComponentFlow, parts_of, solve_component
from matching.flow.network import Network, build
from matching.flow.residual import Residual
from matching.parallel.tasks import run_all
from matching.problem import Problem
from matching.problem import columns as c

# Arcs of no larger reduced cost come back along with those of best rosters: the prices of the next
# round will hardly ask for others.
_NEAR_MISS_REDUCED_COST = 20.0
# With more seats than both say, searches from their side take long: nearly all are at work, and
# each seat asks many of them (measured in benchmarks/README.md).
_MOST_SEATS_A_PERSON, _MOST_SEATS_A_SHIFT = 1.0, 2 / 3
# Potentials are sums of costs along ways of any length, in 64 bits.
_MOST_COST = 1 << 32


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The optimum of the network.

    Attributes
    ----------
    chosen : int64 array
        The arcs with flow.
    prices : Prices
    value : int
        Value of the flow: an upper bound, and the optimum where the network has all rules in force.
    """

    chosen: c.Longs
    prices: Prices
    value: int


def relax(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    stop: Callable[[], bool] = lambda: False,
    executor: Executor | None = None,
    pinned: c.Longs | None = None,
) -> Relaxation:
    """Solve the flow over all eligible arcs.

    Where seats are few, shortest paths from their side do it in one go (`kernel`). Else OR-Tools
    takes the best candidates of each post, part by part, and what is missed is brought back.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        Solves the parts; each is given as the arrays of a network.
    pinned : int64 array, optional
        Arcs that have to be in the plan, where all rules are those of the network.
    """
    if problem.policy.equity:
        return _by_districts(problem, _whole(problem, weeks, quality, pinned))
    if pinned is not None and len(pinned):
        return _by_shortest_paths(problem, _whole(problem, weeks, quality, np.unique(pinned)))
    if seats_are_few(problem, weeks):
        network = _whole(problem, weeks, quality)
        if np.abs(network.cost).max() <= _MOST_COST:
            return _by_shortest_paths(problem, network)
    return _by_candidates(problem, weeks, quality, stop, executor)


def seats_are_few(problem: Problem, weeks: Weeks) -> bool:
    """Tell whether seats are few beside people, or beside the shifts that they could do."""
    candidates = np.bincount(problem.slots.post[weeks.arcs.slot], minlength=len(problem.posts))
    seats = np.minimum(problem.posts.seats, candidates).sum()
    clusters = np.bincount(weeks.clusters.volunteer, minlength=len(problem.volunteers))
    people, shifts = clusters > 0, np.minimum(clusters, problem.volunteers.max_shifts)
    most = max(_MOST_SEATS_A_PERSON * people.sum(), _MOST_SEATS_A_SHIFT * shifts.sum())
    return bool(seats <= most)


def _whole(
    problem: Problem, weeks: Weeks, quality: c.Longs, pinned: c.Longs | None = None
) -> Network:
    every = np.ones(len(weeks.arcs), np.bool_)
    return build(problem, weeks.arcs, quality, weeks.clusters, weeks.first_load, every, pinned)


def _by_shortest_paths(problem: Problem, network: Network) -> Relaxation:
    residual = Residual(network)
    post, of_quota = residual.prices()
    quota = np.zeros(len(problem.organisations))
    quota[network.quota] = of_quota
    prices = Prices(post[problem.slots.post].astype(np.float64), quota)
    return Relaxation(residual.chosen, prices, residual.value)


def _by_districts(problem: Problem, network: Network) -> Relaxation:
    """Solve the flow in which districts join the seats of all their requests, whole."""
    answer = solve_component(network)
    quota = np.zeros(len(problem.organisations))
    quota[answer.quota] = answer.quota_price
    chosen = np.append(answer.chosen, network.pinned)
    prices = Prices(answer.price[problem.slots.post], quota)
    return Relaxation(chosen, prices, answer.value + network.pinned_value)


def _by_candidates(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    stop: Callable[[], bool],
    executor: Executor | None,
) -> Relaxation:
    """Solve the flow with the best candidates of each post, then bring back what is missed.

    This is column generation with arcs for columns: a left-out arc matters only if it is in
    somebody's best roster under the prices. When no best roster is better with the arcs left out,
    the bound over all arcs equals the flow's value.

    Parts that share nothing are solved each by itself, and again only where something was missed.
    """
    kept = best_candidates(problem, weeks, quality)
    part = parts_of(problem, weeks.arcs)
    of_arc = part[problem.slots.request[weeks.arcs.slot]]
    of_post = part[problem.posts.request]
    number = np.arange(int(part.max(initial=-1)) + 1)
    found: dict[int, ComponentFlow] = {}
    price, quota = np.zeros(len(problem.posts)), np.zeros(len(problem.organisations))
    while True:
        networks = (
            build(
                problem,
                weeks.arcs,
                quality,
                weeks.clusters,
                weeks.first_load,
                kept & (of_arc == one),
            )
            for one in number
        )
        for one, answer in zip(
            number.tolist(), run_all(executor, solve_component, networks), strict=True
        ):
            found[one] = answer
            price[of_post == one] = answer.price[of_post == one]
            quota[answer.quota] = answer.quota_price
        prices = Prices(price[problem.slots.post], quota)
        value = sum(answer.value for answer in found.values())
        rewards = reward(problem, weeks.arcs, quality, prices)
        best_value, best = weeks.best_in_flow(rewards)
        missed = best & ~kept
        proved = best_value.sum() + rest_of_bound(problem, weeks.arcs, prices) <= value + 0.5
        if proved or not missed.any() or stop():
            chosen = [np.empty(0, np.int64), *(answer.chosen for answer in found.values())]
            return Relaxation(np.concatenate(chosen), prices, value)
        kept |= missed | (weeks.reduced_cost_bound(rewards, best_value) <= _NEAR_MISS_REDUCED_COST)
        number = np.unique(of_arc[missed])


def best_candidates(problem: Problem, weeks: Weeks, quality: c.Longs) -> c.Bools:
    """Keep, for each slot, the arcs of highest quality: three times the seats and a few more."""
    arcs = weeks.arcs
    count = np.bincount(arcs.slot, minlength=len(problem.slots))
    wanted = 3 * problem.posts.seats[problem.slots.post].astype(np.int64) + 6
    kept: c.Bools = (count <= wanted)[arcs.slot]
    rows = np.flatnonzero(~kept)
    rows = rows[
        np.lexsort((-quality[rows] + weeks.first_load[arcs.volunteer[rows]], arcs.slot[rows]))
    ]
    first = c.starts_of(arcs.slot[rows], len(problem.slots))
    rank = np.arange(len(rows)) - first[arcs.slot[rows]]
    kept[rows[rank < wanted[arcs.slot[rows]]]] = True
    return kept
