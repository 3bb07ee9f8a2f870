"""The first level of a dispatch: how many seats of each post an organisation is given."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack

from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.value import quality, seat_value
from matching.problem import Problem
from matching.problem import columns as c

# The quality of the average is no proof: a thousandth more is not worth the time.
_GAP, _SECONDS = 1e-3, 60.0
# Coefficients over pairs, a row for each limit.
_Rows = tuple[csr_array, c.Floats]


class Shares(NamedTuple):
    """Seats of posts by organisation, sorted by post and organisation; those that got any.

    Attributes
    ----------
    organisations : int32 array, shape (organisations,)
        Ascending numbers in ``problem.organisations``; -1 are people of none.
    post, organisation : int32 arrays, shape (shares,)
        The second is a position in ``organisations``.
    seats : int32 array, shape (shares,)
    """

    organisations: c.Ints
    post: c.Ints
    organisation: c.Ints
    seats: c.Ints


class _Capacity(NamedTuple):
    """Which organisation could serve which post: index x, sorted by post and organisation."""

    post: c.Ints
    organisation: c.Ints
    people: c.Longs
    worth: c.Floats


def shares_of(problem: Problem) -> Shares:
    """Give the seats of a week to organisations, by quota and capacity.

    An integer programme over posts and organisations, which knows no volunteer: no more seats than
    people who could serve the post, than services that all of them could serve in the week, than
    people who are free at any one time, and than the quotas of its tree.
    """
    arcs = eligible(problem)
    organisations, where = np.unique(problem.volunteers.organisation, return_inverse=True)
    of: c.Ints = where.astype(np.int32)
    if not len(arcs):
        none = np.empty(0, np.int32)
        return Shares(organisations.astype(np.int32), none, none, none)
    capacity = _capacity(problem, arcs, of)
    rows = [
        _at_most(capacity.post, problem.posts.seats),
        _at_most(capacity.organisation, _services(problem, arcs, of, len(organisations))),
        *_quotas(problem, capacity, organisations),
        *_times(problem, arcs, of, capacity),
    ]
    whole = _Whole(problem, capacity)
    count, extra = len(capacity.post), len(whole.request)
    least = _pinned(problem, of, capacity)
    found = milp(
        np.concatenate([-capacity.worth, np.zeros(extra)]),
        integrality=np.ones(count + extra),
        bounds=Bounds(
            np.concatenate([least, np.zeros(extra)]),
            np.concatenate([np.maximum(capacity.people, least), np.ones(extra)]),
        ),
        constraints=[
            LinearConstraint(
                hstack([matrix, csr_array((matrix.shape[0], extra))], format="csr"), ub=limit
            )
            for matrix, limit in rows
        ]
        + whole.constraints(problem, capacity),
        options={"mip_rel_gap": _GAP, "time_limit": _SECONDS},
    )
    seats = least if found.x is None else np.rint(found.x[:count])
    some = seats > 0
    return Shares(
        organisations.astype(np.int32),
        capacity.post[some],
        capacity.organisation[some],
        seats[some].astype(np.int32),
    )


def _capacity(problem: Problem, arcs: Arcs, of: c.Ints) -> _Capacity:
    post = problem.slots.post[arcs.slot]
    worth = quality(problem, arcs).astype(np.float64)
    key = c.combine(post, of[arcs.volunteer])
    pairs, where = np.unique(key, return_inverse=True)
    mean = np.bincount(where, worth) / np.bincount(where)
    people = c.distinct(c.combine(where.astype(np.int32), arcs.volunteer)) >> 32
    posts = (pairs >> 32).astype(np.int32)
    last = seat_value(problem, posts, problem.posts.seats[posts])
    organisation = (pairs & 0xFFFFFFFF).astype(np.int32) - 1
    counts = np.bincount(people, minlength=len(pairs))
    return _Capacity(posts, organisation, counts, np.maximum(mean + last, 1.0))


def _at_most(group: c.Ints, limit: c.Whole) -> _Rows:
    """Return one row for each group: the sum of its members is at most its limit."""
    shape, members = (len(limit), len(group)), np.arange(len(group))
    return csr_array((np.ones(len(group)), (group, members)), shape), np.asarray(limit, float)


def _services(problem: Problem, arcs: Arcs, of: c.Ints, organisations: int) -> c.Longs:
    """Return how many services the people of each organisation could serve in the week."""
    pairs = c.distinct(c.combine(arcs.volunteer, problem.slots.post[arcs.slot])) >> 32
    posts = np.bincount(pairs, minlength=len(problem.volunteers))
    most = np.minimum(posts, problem.volunteers.max_shifts)
    return np.bincount(of, most, organisations).astype(np.int64)


def _quotas(problem: Problem, capacity: _Capacity, organisations: c.Ints) -> list[_Rows]:
    """Return a row for each quota: what its whole tree serves is at most that."""
    tree, rows = problem.organisations, []
    limited = np.flatnonzero(tree.limited)
    if not len(limited):
        return []
    above = organisations.copy()
    inside = np.zeros((len(limited), len(organisations)), bool)
    while (above >= 0).any():
        inside |= above[None, :] == limited[:, None]
        above = np.where(above >= 0, tree.parent[np.maximum(above, 0)], -1)
    rows.append(
        (
            csr_array(inside[:, capacity.organisation].astype(float)),
            tree.max_seats[limited].astype(float),
        )
    )
    return rows


def _times(problem: Problem, arcs: Arcs, of: c.Ints, capacity: _Capacity) -> list[_Rows]:
    """Return a row for each organisation and start: not more services at once than people.

    Of requests with one time alone; a start is the fullest moment around it.
    """
    options, posts = problem.options, problem.posts
    alone = np.bincount(options.request, minlength=len(problem.requests)) == 1
    first = np.searchsorted(options.request, posts.request)
    timed = alone[posts.request]
    first = np.where(timed, first, 0)
    start, end = options.start[first], options.end[first]
    people = c.Groups(problem.slots.post[arcs.slot], len(posts))
    rows = []
    for moment in np.unique(start[timed]).tolist():
        active = np.flatnonzero(timed & (start <= moment) & (moment < end))
        volunteers = np.unique(arcs.volunteer[people.of(active)])
        limit = np.bincount(of[volunteers], minlength=int(of.max()) + 1).astype(float)
        here = np.isin(capacity.post, active)
        shape = (len(limit), len(capacity.post))
        at = np.flatnonzero(here)
        rows.append((csr_array((np.ones(len(at)), (capacity.organisation[at], at)), shape), limit))
    return rows


def _pinned(problem: Problem, of: c.Ints, capacity: _Capacity) -> c.Floats:
    """Return how many seats each pair holds already."""
    pins = problem.pins
    held = c.lookup(
        c.combine(capacity.post, capacity.organisation), c.combine(pins.post, of[pins.volunteer])
    )
    return np.bincount(held[held >= 0], minlength=len(capacity.post)).astype(float)


class _Whole:
    """Requests that stay with one organisation: index k, one for each that could have it."""

    def __init__(self, problem: Problem, capacity: _Capacity) -> None:
        posts, number = problem.posts, len(problem.requests)
        counted = np.bincount(problem.options.request, minlength=number) > 1
        counted |= problem.requests.min_people > 0
        counted[posts.request[posts.min_seats > 0]] = True
        counted[problem.team_rules.request] = True
        request = posts.request[capacity.post]
        self.pairs = np.flatnonzero(counted[request])
        keys = c.combine(request[self.pairs], capacity.organisation[self.pairs])
        known, self.of = np.unique(keys, return_inverse=True)
        self.request = (known >> 32).astype(np.int32)

    def constraints(self, problem: Problem, capacity: _Capacity) -> list[LinearConstraint]:
        """Return: seats only where the request is, it is in one place, and with its minimum."""
        size, extra, pairs = len(capacity.post), len(self.request), self.pairs
        if not extra:
            return []
        ones, each, places = np.ones(len(pairs)), np.arange(len(pairs)), np.arange(extra)
        post = capacity.post[pairs]

        def rows(group: c.Longs, place: c.Floats, of_place: c.Longs) -> csr_array:
            """Return a row for each group of pairs, with its place."""
            shape = (len(place), size), (len(place), extra)
            seats = csr_array((ones, (group, pairs)), shape[0])
            there = csr_array((-place, (np.arange(len(place)), of_place)), shape[1])
            return hstack([seats, there], format="csr")

        only_there = rows(each, capacity.people[pairs].astype(float), self.of)
        at_least = rows(each, problem.posts.min_seats[post].astype(float), self.of)
        enough = rows(self.of, problem.requests.min_people[self.request].astype(float), places)
        one_place = csr_array(
            (np.ones(extra), (self.request, size + np.arange(extra))),
            (len(problem.requests), size + extra),
        )
        return [
            LinearConstraint(only_there, ub=0),
            LinearConstraint(at_least, lb=0),
            LinearConstraint(enough, lb=0),
            LinearConstraint(one_place, ub=1),
        ]
