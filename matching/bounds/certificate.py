"""The proof: an upper bound on the value of every plan, from prices alone. Imports no solver."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.meetings import meetings_of
from matching.arcs.value import quality
from matching.bounds.labelling import Stopped, never
from matching.bounds.prices import Prices
from matching.bounds.pricing import MOST_SERVICES, Weeks
from matching.bounds.rosters import batches, solve_pricing, worth_a_look
from matching.bounds.teams import best_districts, best_teams
from matching.bounds.timeline import best_timelines
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem import columns as c

_NOWHERE = 999.0


@door
def certify(problem: Problem, prices: object, *, time_limit: float = math.inf) -> float:
    """Return ``bound(p)``: no plan that keeps the rules is worth more, whatever the prices.

    The best roster of every volunteer, the best team of every request and the priced quotas, each
    on its own, over all eligible arcs: a Lagrangian bound (Geoffrion, 1974, Lagrangean relaxation
    for integer programming).

    Parameters
    ----------
    problem : Problem
    prices : Prices, Result, polars.DataFrame or Mapping
        Any prices; those of a good search make the bound tight. See `Prices.of`.
    time_limit : float
        Seconds. When they are over, the bound is what is proved by then: true, and maybe higher
        than the prices could prove.

    Returns
    -------
    float

    Raises
    ------
    UsageError
        If there are no prices in what was given, or they are another problem's.
    DataError
        If the table of prices has faults.
    """
    return certified(problem, prices, time_limit).bound


class Certificate(NamedTuple):
    """What prices prove.

    Attributes
    ----------
    bound : float
        No plan that keeps the rules is worth more.
    unfinished : int
        Volunteers whose best week was not worked out: of them the bound counts a week that leaves
        travel, rest, hours or shifts a day out. Without them it might be lower.
    """

    bound: float
    unfinished: int


def certified(problem: Problem, prices: object, time_limit: float = math.inf) -> Certificate:
    """Return what prices prove in so many seconds; see `certify`."""
    end = time.perf_counter() + time_limit
    prices = Prices.of(problem, prices)
    arcs = eligible(problem)
    weeks, rewards = Weeks(problem, arcs), reward(problem, arcs, quality(problem, arcs), prices)
    value, finished = _best_weeks(weeks, rewards, lambda: time.perf_counter() > end)
    total = float(value.sum()) + rest_of_bound(problem, arcs, prices)
    return Certificate(total, int(np.count_nonzero(~finished)))


def bound(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    prices: Prices,
    stop: Callable[[], bool] = never,
) -> float:
    """Return ``bound(p)`` from the eligible arcs and their quality.

    When it has to stop, it relaxes the rules that make a best roster hard to find for those who
    are left, and returns a bound that is no smaller.

    Parameters
    ----------
    problem : Problem
    weeks : Weeks
        The oracle of volunteers' weeks over the eligible arcs.
    quality : int64 array, shape (arcs,)
    prices : Prices
    stop : callable
        Asked often; true ends it.

    Returns
    -------
    float
    """
    value = best_weeks(weeks, reward(problem, weeks.arcs, quality, prices), stop)
    return float(value.sum()) + rest_of_bound(problem, weeks.arcs, prices)


def best_weeks(weeks: Weeks, reward: c.Floats, stop: Callable[[], bool] = never) -> c.Floats:
    """Return the value of every volunteer's best week, or at least that when it has to stop."""
    return _best_weeks(weeks, reward, stop)[0]


def _best_weeks(
    weeks: Weeks, reward: c.Floats, stop: Callable[[], bool]
) -> tuple[c.Floats, c.Bools]:
    """Return a value per volunteer, and for whom it is that of a best week and no more."""
    value, _ = weeks.best(reward, relaxed=True)
    # Whose services pay their load nowhere has nothing to look at.
    finished = weeks.clusters.tree | (value == 0)
    given, volunteer = (weeks.problem, weeks.arcs), weeks.arcs.volunteer
    left = np.flatnonzero(~finished[volunteer])
    if not len(left):
        return value, finished
    rows = _distinct(weeks, worth_a_look(*given, left, reward, weeks.first_load), reward)
    # The pairs of one volunteer's services could fill the memory.
    services = np.bincount(volunteer[rows], minlength=len(value))
    rows = rows[services[volunteer[rows]] <= MOST_SERVICES]
    for batch in batches(weeks.arcs, rows):
        if stop():
            break
        none = np.zeros(len(value))
        try:
            found = solve_pricing(*given, batch, reward, weeks.first_load, none, stop=stop)
        except Stopped:
            break
        value[volunteer[batch]] = 0.0
        value[found.volunteer] = found.value
        finished[volunteer[batch]] = True
    left = left[~finished[volunteer[left]]]
    if len(left):
        most = best_timelines(*given, left, reward, weeks.first_load)
        value[~finished] = np.minimum(value, most)[~finished]
        finished |= value == 0
    return value, finished


def _distinct(weeks: Weeks, rows: c.Longs, reward: c.Floats) -> c.Longs:
    """Keep the best of each volunteer's services at the same place and time: no other is needed."""
    problem = weeks.problem
    slot = weeks.arcs.slot[rows]
    option, request = problem.options.take(problem.slots.option[slot]), problem.slots.request[slot]
    # An unknown place is like any other.
    requests = problem.requests
    place = np.stack([requests.lat, requests.lon, requests.stop])
    place = np.nan_to_num(place, nan=_NOWHERE)
    _, at = np.unique(place, axis=1, return_inverse=True)
    where, times = at[request], c.combine(option.start, option.end)
    # What a limit counts may be needed least: such a service stands for itself.
    counted = np.isin(rows, weeks.counters.arc)
    where = np.where(counted, -1 - slot, where)
    # Of several meetings start and end say too little.
    several = meetings_of(problem).several[problem.slots.option[slot]]
    times = np.where(several, -1 - problem.slots.option[slot], times)
    order = np.lexsort((-reward[rows], where, times, weeks.arcs.volunteer[rows]))
    keys = (weeks.arcs.volunteer[rows][order], times[order], where[order])
    fresh = np.logical_or.reduce([np.diff(key, prepend=-1) != 0 for key in keys])
    fresh[:1] = True
    kept: c.Longs = np.sort(rows[order[fresh]])
    return kept


def reward(problem: Problem, arcs: Arcs, quality: c.Longs, prices: Prices) -> c.Floats:
    """Return what each arc is worth to its volunteer: quality plus price minus quota charges."""
    charge, value = prices.charge(problem), prices.of_arcs(arcs)
    for block in c.blocks(len(arcs)):
        value[block] += quality[block]
        value[block] -= charge[arcs.volunteer[block]]
    return value


def rest_of_bound(problem: Problem, arcs: Arcs, prices: Prices) -> float:
    """Return the requests' and the quotas' part of ``bound(p)``."""
    if problem.policy.equity:
        teams = best_districts(problem, arcs, prices)
    else:
        teams = float(best_teams(problem, arcs, prices).sum())
    limited = problem.organisations.limited
    most = problem.organisations.max_seats[limited].astype(np.float64)
    quotas = prices.charged(problem)[limited] @ most
    return teams + float(quotas)
