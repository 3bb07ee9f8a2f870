"""The proof: an upper bound on the value of every plan, from prices alone. Imports no solver."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.value import quality
from matching.bounds.labelling import Stopped, never
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.bounds.teams import best_teams
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem import columns as c


@door
def certify(problem: Problem, prices: object) -> float:
    """Return ``bound(p)``: no plan that keeps the rules is worth more, whatever the prices.

    The best roster of every volunteer, the best team of every request and the priced quotas, each
    on its own, over all eligible arcs: a Lagrangian bound (Geoffrion, 1974, Lagrangean relaxation
    for integer programming).

    Parameters
    ----------
    problem : Problem
    prices : Prices, Result, polars.DataFrame or Mapping
        Any prices; those of a good search make the bound tight. See `Prices.of`.

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
    prices = Prices.of(problem, prices)
    arcs = eligible(problem)
    return bound(problem, Weeks(problem, arcs), quality(problem, arcs), prices)


def bound(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    prices: Prices,
    stop: Callable[[], bool] = never,
) -> float:
    """Return ``bound(p)`` from the eligible arcs and their quality.

    When it has to stop, it relaxes the rules that make a best roster hard to find, and returns a
    bound that is no smaller.

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
    try:
        value, _ = weeks.best(reward, stop=stop)
    except Stopped:
        value, _ = weeks.best(reward, relaxed=True)
    return value


def reward(problem: Problem, arcs: Arcs, quality: c.Longs, prices: Prices) -> c.Floats:
    """Return what each arc is worth to its volunteer: quality plus price minus quota charges."""
    charge = prices.charge(problem)[arcs.volunteer]
    value: c.Floats = quality + prices.of_arcs(arcs) - charge
    return value


def rest_of_bound(problem: Problem, arcs: Arcs, prices: Prices) -> float:
    """Return the requests' and the quotas' part of ``bound(p)``."""
    teams = float(best_teams(problem, arcs, prices).sum())
    limited = problem.organisations.limited
    most = problem.organisations.max_seats[limited].astype(np.float64)
    quotas = prices.charged(problem)[limited] @ most
    return teams + float(quotas)
