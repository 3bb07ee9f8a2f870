"""The value of serving districts alike: of a district's filled seats the first are worth more."""

from __future__ import annotations

import numpy as np

from matching.problem import Problem
from matching.problem import columns as c


def seats_of(problem: Problem, seats: c.Whole) -> c.Longs:
    """Return the sum over the posts of each district, shape (districts,)."""
    of_post = problem.requests.district[problem.posts.request]
    some = of_post >= 0
    size = int(problem.requests.district.max(initial=-1)) + 1
    total: c.Longs = np.bincount(of_post[some], seats[some], minlength=size).astype(np.int64)
    return total


def district_value(problem: Problem, district: c.Whole, j: c.Whole) -> c.Longs:
    """Return what the j-th filled seat of each district is worth beside the seat; it falls with j.

    Parameters
    ----------
    problem : Problem
    district : int array
    j : int array of the same shape
        1 for the first.
    """
    seats = seats_of(problem, problem.posts.seats)[district]
    return c.half_up(problem.policy.equity * (seats - j) / seats)


def next_district_value(problem: Problem, filled: c.Longs) -> c.Longs:
    """Return what one more filled seat of each post adds by its district, shape (posts,)."""
    more = np.zeros(len(filled), np.int64)
    if problem.policy.equity:
        district = problem.requests.district[problem.posts.request]
        some = np.flatnonzero(district >= 0)
        j = seats_of(problem, filled)[district[some]] + 1
        more[some] = district_value(problem, district[some], j)
    return more


def districts_value(problem: Problem, filled: c.Whole) -> int:
    """Return what a plan gains by its districts, from the filled seats of each post."""
    if not problem.policy.equity:
        return 0
    count = seats_of(problem, filled)
    district = np.repeat(np.arange(len(count)), count)
    return int(district_value(problem, district, c.ranges(np.ones_like(count), count)).sum())
