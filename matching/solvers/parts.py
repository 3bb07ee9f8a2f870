"""The flow in parts: requests by place, with the volunteers who suit them best.

What crosses between parts is left out of them; their prices tell what of it matters, and the flow
over the whole, on the few arcs that are left, decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor

import numpy as np

from matching import columns as c
from matching.certificate import reward
from matching.network import Network, build
from matching.prices import Prices
from matching.problem import Problem
from matching.solvers.flow import potentials, solve_flow
from matching.solvers.territory import cells
from matching.tasks import run_all
from matching.weeks import Weeks

# Requests of a part. A city is one part: to cut it would cost more than it saves.
_REQUESTS = 8_000
# An arc that falls so far short of its volunteer's best week, under the parts' prices, is hardly in
# the optimum; where one is, the certificate asks for it.
_NEAR = 60.0


def parts_of(problem: Problem) -> c.Ints:
    """Return the part of each request, shape (requests,), by place alone."""
    requests = problem.requests
    if len(requests) < 2 * _REQUESTS:
        return np.zeros(len(requests), np.int32)
    cell = cells(requests.lat, requests.lon, _REQUESTS)
    return np.unique(cell, return_inverse=True)[1].astype(np.int32)


def worth_a_look(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    kept: c.Bools,
    part: c.Ints,
    executor: Executor | None,
) -> c.Bools:
    """Return the arcs that come near their volunteers' best weeks under the parts' prices.

    Parameters
    ----------
    kept : bool array, shape (arcs,)
        The arcs that the parts are solved with.
    part : int32 array, shape (requests,)
    executor : concurrent.futures.Executor or None
        Solves the parts; each is given as the arrays of a network.
    """
    arcs = weeks.arcs
    of_arc = part[problem.slots.request[arcs.slot]]
    home = np.full(len(problem.volunteers), -1, np.int32)
    best = c.best_of(arcs.volunteer, quality.astype(np.float64), np.flatnonzero(kept))
    home[arcs.volunteer[best]] = of_arc[best]
    inside = np.where(kept & (home[arcs.volunteer] == of_arc), of_arc, -1)
    prices = _prices(problem, weeks, quality, inside, part, executor)
    worth = reward(problem, arcs, quality, prices)
    value, best_weeks = weeks.best(worth, relaxed=True)
    near: c.Bools = weeks.shortfall(worth, value) <= _NEAR
    return near | best_weeks


def _prices(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    inside: c.Ints,
    part: c.Ints,
    executor: Executor | None,
) -> Prices:
    """Solve every part; return the prices of its posts, and of each quota the highest."""
    post_part = part[problem.posts.request]
    price = np.zeros(len(problem.posts))
    quota = np.zeros(len(problem.organisations))
    numbers = range(int(part.max()) + 1)

    def networks() -> Iterator[Network]:
        for number in numbers:
            yield build(
                problem, weeks.arcs, quality, weeks.clusters, weeks.first_load, inside == number
            )

    for number, (of_post, at, of_quota) in zip(
        numbers, run_all(executor, solved, networks()), strict=True
    ):
        mine = post_part == number
        price[mine] = of_post[mine]
        np.maximum.at(quota, at, of_quota)
    return Prices(price[problem.slots.post], quota)


def solved(network: Network) -> tuple[c.Floats, c.Ints, c.Floats]:
    """Solve one part: return the price of each post, and of each of some organisations' quotas."""
    return prices_of(network, potentials(network, solve_flow(network)))


def prices_of(network: Network, potential: c.Longs) -> tuple[c.Floats, c.Ints, c.Floats]:
    """Read the prices off the potentials: a post's, and the difference across a full quota."""
    edges = network.quota_edges
    step = potential[network.head[edges]] - potential[network.tail[edges]]
    of_post = potential[network.post_node].astype(np.float64)
    return of_post, network.quota, np.maximum(0, step).astype(np.float64)
