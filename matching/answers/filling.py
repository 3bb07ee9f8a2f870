"""Orders given out one by one, to what has fewest, for as long as all can be served at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.journeys import longest_ways
from matching.bounds.pricing import Weeks
from matching.flow.living import LivingWeek
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan

# What floats make of a limit itself.
_SAFE = 1 + 1e-6


def fill(problem: Problem, arcs: Arcs, most: int) -> tuple[c.Longs, Problem, Plan]:
    """Return how many orders of each request can be served jointly, and who would serve them.

    Parameters
    ----------
    problem : Problem
        Its requests are single orders with all their seats; every seat is worth the same, and
        nothing else is worth anything.
    arcs : Arcs
        Such that the rules of every volunteer's week are those of a tree.
    most : int
        At most so many of each.

    Returns
    -------
    orders : int64 array, shape (requests,)
    problem : Problem
        With the seats of all these orders.
    plan : Plan
    """
    team = problem.posts.seats.tolist()
    first = c.starts_of(problem.posts.request, len(problem.requests)).tolist()
    without = replace(
        problem, posts=replace(problem.posts, seats=np.zeros_like(problem.posts.seats))
    )
    living = LivingWeek(without, arcs)
    worth = _worth_of_a_seat(problem)
    orders = np.zeros(len(problem.requests), np.int64)
    seats = 0
    # Who cannot fill one seat cannot fill two: what is closed stays closed.
    open_ = np.flatnonzero(_has_people(problem, arcs)).tolist()
    while open_:
        still = []
        for q in open_:
            posts = range(first[q], first[q + 1])
            wanted = seats + sum(team[n] for n in posts)
            _set(living, posts, team, int(orders[q]) + 1)
            if living.value == worth * wanted:
                seats, orders[q] = wanted, orders[q] + 1
                if orders[q] < most:
                    still.append(q)
            else:
                _set(living, posts, team, int(orders[q]))
        open_ = still
    return orders, living.problem, Plan(*living.plan())


def _set(living: LivingWeek, posts: range, team: list[int], orders: int) -> None:
    for post in posts:
        living.set_seats(post, team[post] * orders)


def _worth_of_a_seat(problem: Problem) -> int:
    """Return what every seat is worth: the policy's weight, times the usual priority."""
    return int(problem.policy.seat * problem.requests.priority.max(initial=0))


def _has_people(problem: Problem, arcs: Arcs) -> c.Bools:
    """Tell which requests have, at each post, as many who could come as it has seats."""
    could = np.bincount(problem.slots.post[arcs.slot], minlength=len(problem.posts))
    short = np.bincount(
        problem.posts.request, could < problem.posts.seats, minlength=len(problem.requests)
    )
    has: c.Bools = short == 0
    return has


def within_trees(problem: Problem, arcs: Arcs) -> tuple[Problem, Arcs]:
    """Let people have so few times to serve that hours, travel and rest keep themselves.

    As many services as their hours allow at the longest, and as any limit that a tree cannot keep
    leaves room for; and of half days that are too near each
    other for some way between two places, or for their rest, the earlier one.
    """
    people, slots, options = problem.volunteers, problem.slots, problem.options
    option = slots.option[arcs.slot]
    longest = np.ones(len(people), np.int64)
    np.maximum.at(longest, arcs.volunteer, options.minutes[option])
    shifts = np.minimum(people.max_shifts, people.max_minutes // longest).astype(np.int32)
    problem = replace(problem, volunteers=replace(people, max_shifts=shifts))
    weeks = Weeks(problem, arcs)
    counters, tree = weeks.counters, weeks.clusters.tree
    if len(counters) and not tree.all():
        least = np.full(len(people), c.NO_LIMIT, np.int32)
        np.minimum.at(least, counters.volunteer, counters.most)
        shifts = np.where(tree, shifts, np.minimum(shifts, least))
        problem = replace(problem, volunteers=replace(people, max_shifts=shifts))
        tree = Weeks(problem, arcs).clusters.tree
    if tree.all():
        return problem, arcs
    km = np.where(np.isnan(arcs.km), _unknown(problem, arcs), arcs.km)
    farthest = np.zeros(len(people))
    np.maximum.at(farthest, arcs.volunteer, km)
    # Any two places of theirs are at most so many minutes apart.
    way = 120.0 * farthest * _SAFE / problem.policy.travel_kmh
    stop = problem.requests.stop[slots.request[arcs.slot]]
    np.maximum.at(way, arcs.volunteer, longest_ways(problem)[stop])
    times, half = np.unique(c.combine(options.start, options.end), return_inverse=True)
    before = np.full(len(people), -c.NO_LIMIT, np.int64)
    before_day = np.full(len(people), -1, np.int64)
    kept = tree[arcs.volunteer].copy()
    for number in range(len(times)):
        some = int(np.argmax(half == number))
        start, end, day = options.start[some], options.end[some], options.day[some]
        rows = np.flatnonzero(~tree[arcs.volunteer] & (half[option] == number))
        who = arcs.volunteer[rows]
        gap = start - before[who]
        able = (gap >= way[who]) & ((before_day[who] == day) | (gap >= people.min_rest[who]))
        kept[rows[able]] = True
        before[who[able]], before_day[who[able]] = end, day
    return problem, arcs.take(kept)


def _unknown(problem: Problem, arcs: Arcs) -> c.Floats:
    """Return how far a service is that has a place, from a home that has none."""
    placed = ~np.isnan(problem.requests.lat[problem.slots.request[arcs.slot]])
    return np.where(placed, np.inf, 0.0)
