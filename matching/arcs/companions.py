"""Who comes along with whom: friends, friends of friends, and groups, as far as the tables say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem import columns as c


class Companions(NamedTuple):
    """Parties of volunteers who serve a request all together or not at all.

    Attributes
    ----------
    party : int32 array, shape (volunteers,)
    size : int64 array, shape (parties,)
        1 for who comes alone.
    """

    party: c.Ints
    size: c.Longs


def companions(problem: Problem) -> Companions:
    """Return the parties: what pairs and links of groups connect."""
    people, friends = len(problem.volunteers), problem.pairs.take(problem.pairs.together)
    if not len(friends):
        return Companions(np.arange(people, dtype=np.int32), np.ones(people, np.int64))
    ends = (np.ones(len(friends), np.bool_), (friends.a, friends.b))
    graph = sparse.coo_array(ends, shape=(people, people))
    party = connected_components(graph, directed=False)[1]
    return Companions(party, np.bincount(party))


def can_come_whole(problem: Problem, arcs: Arcs, rows: c.Longs) -> c.Bools:
    """Tell at which arcs all who come along are eligible at the option, and have seats there.

    Parameters
    ----------
    problem : Problem
    arcs : Arcs
        All of the week.
    rows : int64 array
        Those that are asked about.

    Returns
    -------
    bool array, shape (rows,)
    """
    party, size = companions(problem)
    if size.max(initial=1) == 1:
        return np.ones(len(rows), np.bool_)
    many = size[party[arcs.volunteer]] > 1
    option = problem.slots.option[arcs.slot]
    there = c.distinct(c.combine(option[many], arcs.volunteer[many]))
    key, count = np.unique(
        c.combine(there >> 32, party[(there & 0xFFFFFFFF) - 1]), return_counts=True
    )
    seats = np.bincount(problem.posts.request, problem.posts.seats, len(problem.requests))
    at = c.lookup(key, c.combine(option[rows], party[arcs.volunteer[rows]]))
    wanted = size[party[arcs.volunteer[rows]]]
    whole: c.Bools = wanted == 1
    whole[at >= 0] |= count[at[at >= 0]] == wanted[at >= 0]
    return whole & (wanted <= seats[problem.slots.request[arcs.slot[rows]]])
