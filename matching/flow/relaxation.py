"""The optimal flow over all eligible arcs, proved by its prices; of very many, found with few."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from matching.bounds.certificate import rest_of_bound, reward
from matching.bounds.labelling import never
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.flow.capacities import build
from matching.flow.components import ComponentFlow, parts_of, solve_component
from matching.flow.network import Network
from matching.flow.residual import MOST_PLAIN_ARCS, Residual
from matching.parallel.tasks import run_all
from matching.problem import Problem
from matching.problem import columns as c

# Arcs of no larger reduced cost come back along with those of best rosters: the prices of the next
# round will hardly ask for others.
_NEAR_MISS_REDUCED_COST = 20.0
# Beside three for a seat, each slot has so many candidates more: the more, the less is missed.
_MORE, _MORE_OF_MANY = 6, 24
# Fewer are soon done with: the clock is not looked at.
_FEW_ARCS = 50_000
# OR-Tools does not look at the clock: in a hurry a round that took longer is not repeated.
_LONG_SECONDS = 0.2
# Fewer arcs go into one network, all of them: no candidates are chosen, and nothing is missed.
_MANY_ARCS = 1 << 20
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
    complete : bool
        Whether it is the optimum; if not, it was stopped, and the value bounds nothing.
    """

    chosen: c.Longs
    prices: Prices
    value: int
    complete: bool = True


def relax(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    stop: Callable[[], bool] = never,
    executor: Executor | None = None,
    pinned: c.Longs | None = None,
    *,
    hurried: bool = False,
) -> Relaxation:
    """Solve the flow over all eligible arcs.

    Where seats are few, shortest paths from their side solve it (`kernel`): over all arcs or, of a
    million and more, over the best candidates of each slot, and what is missed is brought back.
    Elsewhere OR-Tools solves it over candidates, part by part.

    Parameters
    ----------
    stop : callable
        Asked between seats, or parts; true ends it, with a flow that is not the best one yet.
    executor : concurrent.futures.Executor, optional
        Solves the parts; each is given as the arrays of a network.
    pinned : int64 array, optional
        Arcs that have to be in the plan, where all rules are those of the network.
    hurried : bool
        Whether there is no time to compile the kernel's loops: OR-Tools does what it can.
    """
    if len(weeks.arcs) <= _FEW_ARCS:
        stop = never
    if problem.policy.equity:
        # Districts join the seats of all their requests: there are no parts.
        network = _whole(problem, weeks, quality, pinned)
        return _relaxation(problem, solve_component(network))
    if pinned is not None and len(pinned):
        network = _whole(problem, weeks, quality, np.unique(pinned))
        return _by_shortest_paths(problem, network, stop)
    hurried &= len(weeks.arcs) > MOST_PLAIN_ARCS
    if seats_are_few(problem, weeks) and not hurried:
        return _by_few_seats(problem, weeks, quality, stop)
    return _by_parts(problem, weeks, quality, stop, executor, hurried=hurried)


def takes_loops(problem: Problem, weeks: Weeks, pinned: c.Longs | None, *, hurried: bool) -> bool:
    """Tell whether `relax` may have to compile the kernel's loops.

    For few arcs it never does: there they run compiled if they are on disk, and are soon loaded.
    """
    if problem.policy.equity or len(weeks.arcs) <= MOST_PLAIN_ARCS:
        return False
    has_pins = pinned is not None and len(pinned) > 0
    return has_pins or (not hurried and seats_are_few(problem, weeks))


def seats_are_few(problem: Problem, weeks: Weeks) -> bool:
    """Tell whether seats are few beside people, or beside the shifts that they could do."""
    seats = np.minimum(problem.posts.seats, weeks.arcs.of_posts(problem)).sum()
    clusters = np.bincount(weeks.clusters.volunteer, minlength=len(problem.volunteers))
    people, shifts = clusters > 0, np.minimum(clusters, problem.volunteers.max_shifts)
    most = max(_MOST_SEATS_A_PERSON * people.sum(), _MOST_SEATS_A_SHIFT * shifts.sum())
    return bool(seats <= most)


def _whole(
    problem: Problem, weeks: Weeks, quality: c.Longs, pinned: c.Longs | None = None
) -> Network:
    every = np.ones(len(weeks.arcs), np.bool_)
    return build(problem, weeks.arcs, quality, weeks.clusters, weeks.first_load, every, pinned)


def _by_shortest_paths(problem: Problem, network: Network, stop: Callable[[], bool]) -> Relaxation:
    if np.abs(network.cost).max() > _MOST_COST:
        return _relaxation(problem, solve_component(network))
    residual = Residual(network, stop)
    post, quota = (price.astype(np.float64) for price in residual.prices())
    answer = ComponentFlow(residual.chosen, residual.value, post, network.quota, quota)
    return replace(_relaxation(problem, answer), complete=residual.complete)


def _relaxation(problem: Problem, answer: ComponentFlow) -> Relaxation:
    """Return the flow of a network that holds all."""
    quota = np.zeros(len(problem.organisations))
    quota[answer.quota] = answer.quota_price
    return Relaxation(answer.chosen, Prices(answer.price[problem.slots.post], quota), answer.value)


def _by_few_seats(
    problem: Problem, weeks: Weeks, quality: c.Longs, stop: Callable[[], bool]
) -> Relaxation:
    """Solve the flow; of many arcs with the best candidates, then bring back what is missed.

    That is column generation with arcs for columns: a left-out arc matters only if it is in
    somebody's best roster under the prices. When no best roster is better with the arcs left out,
    the bound over all arcs equals the flow's value.
    """
    if len(weeks.arcs) < _MANY_ARCS:
        return _by_shortest_paths(problem, _whole(problem, weeks, quality), stop)
    kept = best_candidates(problem, weeks, quality, _MORE_OF_MANY)
    while True:
        # The network has no name here: it would stand beside what looks for the missed.
        relaxation = _by_shortest_paths(
            problem,
            build(problem, weeks.arcs, quality, weeks.clusters, weeks.first_load, kept),
            stop,
        )
        missed = _missed(problem, weeks, quality, relaxation, kept) if relaxation.complete else None
        if missed is None:
            return relaxation
        if stop():
            return replace(relaxation, complete=False)
        kept |= missed.near


def _by_parts(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    stop: Callable[[], bool],
    executor: Executor | None,
    *,
    hurried: bool,
) -> Relaxation:
    """Do so part by part: those that share nothing are solved each by itself.

    Again, they are only where something was missed; in a hurry, if that is soon done.
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
            for one in takewhile(lambda one: not stop(), number)
        )
        solved, began = 0, time.perf_counter()
        for one, answer in zip(
            number.tolist(), run_all(executor, solve_component, networks), strict=False
        ):
            found[one] = answer
            price[of_post == one] = answer.price[of_post == one]
            quota[answer.quota] = answer.quota_price
            solved += 1
        prices = Prices(price[problem.slots.post], quota)
        value = sum(answer.value for answer in found.values())
        chosen = [np.empty(0, np.int64), *(answer.chosen for answer in found.values())]
        relaxation = Relaxation(np.concatenate(chosen), prices, value, solved == len(number))
        missed = _missed(problem, weeks, quality, relaxation, kept) if relaxation.complete else None
        if missed is None:
            return relaxation
        takes_long = time.perf_counter() - began > _LONG_SECONDS
        if stop() or (hurried and takes_long):
            return replace(relaxation, complete=False)
        kept |= missed.near
        number = np.unique(of_arc[missed.best])


class _Missed(NamedTuple):
    """Arcs that were left out and should not have been.

    Attributes
    ----------
    best, near : bool arrays, shape (arcs,)
        Those of best rosters; these and others of hardly larger reduced cost.
    """

    best: c.Bools
    near: c.Bools


def _missed(
    problem: Problem, weeks: Weeks, quality: c.Longs, found: Relaxation, kept: c.Bools
) -> _Missed | None:
    """Return what was missed, or None if the flow is the best over all arcs."""
    rewards = reward(problem, weeks.arcs, quality, found.prices)
    value, best = weeks.best_in_flow(rewards)
    best &= ~kept
    if value.sum() + rest_of_bound(problem, weeks.arcs, found.prices) <= found.value + 0.5:
        return None
    if not best.any():
        return None
    near = weeks.reduced_cost_bound(rewards, value) <= _NEAR_MISS_REDUCED_COST
    return _Missed(best, near | best)


def best_candidates(problem: Problem, weeks: Weeks, quality: c.Longs, more: int = _MORE) -> c.Bools:
    """Keep, for each slot, the arcs of highest quality: three times the seats and some more."""
    arcs = weeks.arcs
    count = arcs.of_slots(problem)
    wanted = 3 * problem.posts.seats[problem.slots.post].astype(np.int64) + more
    order = c.order_of(arcs.slot, weeks.first_load[arcs.volunteer] - quality)
    kept: c.Bools = np.zeros(len(arcs), np.bool_)
    kept[order[c.ranges(np.cumsum(count) - count, np.minimum(count, wanted))]] = True
    return kept
