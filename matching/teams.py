"""The best team of every request, given what each volunteer costs it: the other half of a bound.

Kept exactly: one option at most, seats and minimums of posts, people in total, how many are
eligible. Dropped, which leaves every bound true: team rules, that one person fills one post only,
and what joins volunteers.
"""

from __future__ import annotations

import numpy as np

from matching import columns as c
from matching.eligibility import Arcs
from matching.prices import Prices
from matching.problem import Problem
from matching.value import seat_value


def best_teams(problem: Problem, arcs: Arcs, prices: Prices) -> c.Floats:
    """Return the value of every request's best team, at least 0, shape (requests,).

    Parameters
    ----------
    problem : Problem
    arcs : Arcs
        All eligible arcs.
    prices : Prices
    """
    slots, options = problem.slots, problem.options
    best = np.zeros(len(problem.requests))
    candidates = np.bincount(arcs.slot, minlength=len(slots))
    needed = problem.posts.min_seats[slots.post]
    many = np.minimum(problem.posts.seats[slots.post], candidates)
    slot = np.repeat(np.arange(len(slots)), many)
    k = c.ranges(np.ones(len(many), np.int64), many.astype(np.int64))
    gain = seat_value(problem, slots.post[slot], k) - _kth_price(arcs, prices, many, slot, k)
    taken = (k <= needed[slot]) | (gain > 0)
    option = slots.option[slot]
    # Where nobody is taken, NumPy counts in whole numbers.
    value = np.bincount(option[taken], gain[taken], minlength=len(options)).astype(np.float64)
    people = np.bincount(option[taken], minlength=len(options))
    # Who is missing in total joins where it costs least.
    short = problem.requests.min_people[options.request] - people
    rest = np.flatnonzero(~taken & (short[option] > 0))
    rest = rest[np.lexsort((-gain[rest], option[rest]))]
    first = c.starts_of(option[rest], len(options))
    rank = np.arange(len(rest)) - first[option[rest]]
    joins = rest[rank < short[option[rest]]]
    value += np.bincount(option[joins], gain[joins], minlength=len(options))
    people += np.bincount(option[joins], minlength=len(options))
    possible = people >= problem.requests.min_people[options.request]
    possible[slots.option[candidates < needed]] = False
    np.maximum.at(best, options.request[possible], value[possible])
    return best


def _kth_price(arcs: Arcs, prices: Prices, many: c.Longs, slot: c.Longs, k: c.Longs) -> c.Floats:
    """Return the k-th lowest price among the arcs of each slot."""
    price: c.Floats = prices.slot[slot]
    if not len(prices.own_key):
        return price
    concerned = np.zeros(len(many), np.bool_)
    concerned[(prices.own_key & 0xFFFFFFFF) - 1] = True
    rows = np.flatnonzero(concerned[arcs.slot])
    of_arc = prices.of_arcs(arcs)[rows]
    order = np.lexsort((of_arc, arcs.slot[rows]))
    first = c.starts_of(arcs.slot[rows][order], len(many))
    at = np.flatnonzero(concerned[slot])
    price[at] = of_arc[order][first[slot[at]] + k[at] - 1]
    return price
