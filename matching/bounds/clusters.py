"""Clusters of services that overlap, and for whom they make a tree of the rules.

Where a tree of clusters, limits of groups of these and of the week is all that can bind, the best
roster is a greedy choice, see `pricing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.journeys import longest_ways
from matching.arcs.limits import Counters
from matching.arcs.meetings import meetings_of
from matching.problem import Problem
from matching.problem import columns as c

_LAST_DAY = 6


@dataclass(frozen=True, eq=False)
class Clusters:
    """Arcs of one volunteer of which any two overlap; no arc is in two clusters.

    Attributes
    ----------
    order : int32 array, shape (arcs,)
        The arcs sorted by volunteer and start; clusters are stretches of it.
    begin : int64 array, shape (clusters,)
        Where each stretch begins.
    of_arc : int32 array, shape (arcs,)
    volunteer, group, most : int32 arrays, shape (clusters,)
        How many clusters of a volunteer's group can be served: on a day, that of the earliest
        start, or of what a limit counts.
    tree : bool array, shape (volunteers,)
        Whether clusters, groups and shifts a week are all the rules that can bind.
    """

    order: c.Ints
    begin: c.Longs
    of_arc: c.Ints
    volunteer: c.Ints
    group: c.Ints
    most: c.Ints
    tree: c.Bools


class _Services(NamedTuple):
    """The services of arcs, sorted by volunteer and start; ``order`` has their arcs."""

    order: c.Ints
    volunteer: c.Ints
    start: c.Ints
    end: c.Ints
    day: c.Ints
    several: c.Bools  # meetings


def _services(problem: Problem, arcs: Arcs) -> _Services:
    option = problem.slots.option[arcs.slot]
    start, end = problem.options.start[option], problem.options.end[option]
    order = c.order_of(arcs.volunteer, start, end).astype(np.int32)
    option = option[order]
    several = meetings_of(problem).several[option]
    day = problem.options.day[option]
    return _Services(order, arcs.volunteer[order], start[order], end[order], day, several)


def cluster(problem: Problem, arcs: Arcs, counters: Counters) -> Clusters:
    """Partition every volunteer's arcs into cliques of overlapping services, first come first."""
    order, of_arc = np.empty((2, len(arcs)), np.int32)
    tree = np.ones(len(problem.volunteers), np.bool_)
    none, size = np.empty(0, np.int32), 0
    parts: list[tuple[c.Ints | c.Longs, ...]] = [(np.empty(0, np.int64), none, none)]
    for some in c.stretches(arcs.volunteer):
        mine = arcs.take(some)
        services = _services(problem, mine)
        begin, inside = _cut(services)
        order[some] = services.order + np.int32(some.start)
        of_arc[order[some]] = inside + np.int32(size)
        size += len(begin)
        parts.append((begin + some.start, services.volunteer[begin], services.day[begin]))
        _unless_tree(problem, mine, services, begin, tree)
    begin, volunteer, day = (np.concatenate(column) for column in zip(*parts, strict=True))
    most = problem.volunteers.max_shifts_per_day[volunteer]
    clusters = Clusters(order, begin, of_arc, volunteer, day, most, tree)
    if not len(counters):
        return clusters
    return _with_counters(clusters, _services(problem, arcs), counters)


def _cut(services: _Services) -> tuple[c.Longs, c.Ints]:
    """Return where each cluster begins, and which one each service is in."""
    _, volunteer, start, end, _, several = services
    fresh = np.diff(volunteer, prepend=np.int32(-1)) != 0
    # Between meetings there is time for others: a service of several is a cluster of its own.
    fresh |= several
    fresh[1:] |= several[:-1]
    # All that start before the earliest end hold that moment in common; the next cluster begins
    # with the first that does not, and so on until no stretch can be cut.
    while True:
        begin = np.flatnonzero(fresh)
        inside = np.cumsum(fresh, dtype=np.int32)
        inside -= 1
        out = start >= np.minimum.reduceat(end, begin)[inside]
        cut = out & ~fresh & ~np.append(False, out[:-1])
        if not cut.any():
            return begin, inside
        fresh |= cut


def _with_counters(clusters: Clusters, services: _Services, counters: Counters) -> Clusters:
    """Let counters be groups, where no day limits anything and each counts whole clusters, apart.

    Who has others is not a tree.
    """
    size, who, people = len(clusters.begin), clusters.volunteer, len(clusters.tree)
    count = np.diff(np.append(clusters.begin, len(services.day)))
    pair, many = np.unique(
        counters.counter * size + clusters.of_arc[counters.arc], return_counts=True
    )
    counter, inside = np.divmod(pair, size)
    in_week = np.bincount(counters.volunteer, minlength=people)
    joined = np.zeros(people, np.bool_)
    joined[counters.volunteer[counter[many < count[inside]]]] = True
    joined[who[np.bincount(inside, minlength=size) > 1]] = True
    # Of days with one cluster, all on that day, it is the same what is counted.
    _, of, on_day = np.unique(
        c.combine(who, clusters.group), return_inverse=True, return_counts=True
    )
    last = np.maximum.reduceat(services.day, clusters.begin)
    mixed = np.zeros(people, np.bool_)
    mixed[who[(on_day[of] > 1) | (last > clusters.group)]] = True
    joined[counters.volunteer[counters.by_day & mixed[counters.volunteer]]] = True
    joined[who[on_day[of] > clusters.most]] = True
    grouped = (in_week > 0) & ~joined
    group, most = clusters.group.copy(), clusters.most.copy()
    mine = np.flatnonzero(grouped[who])
    group[mine], most[mine] = _LAST_DAY + 1, c.NO_LIMIT
    number = np.arange(len(counters)) - np.searchsorted(counters.volunteer, counters.volunteer)
    rows = np.flatnonzero(grouped[counters.volunteer[counter]])
    group[inside[rows]] = _LAST_DAY + 2 + number[counter[rows]]
    most[inside[rows]] = counters.most[counter[rows]]
    return replace(clusters, group=group, most=most, tree=clusters.tree & ~joined)


def _unless_tree(
    problem: Problem, arcs: Arcs, services: _Services, begin: c.Longs, tree: c.Bools
) -> None:
    """Note for whom more than clusters, shifts a day and shifts a week could ever bind.

    Parameters
    ----------
    arcs : Arcs
        All of some volunteers.
    begin : int64 array
        Where each cluster of their services begins.
    tree : bool array, shape (volunteers,)
    """
    lowest = int(services.volunteer[0])
    theirs = slice(lowest, int(services.volunteer[-1]) + 1)
    max_shifts, most_a_day, min_rest, max_minutes = (
        getattr(problem.volunteers, name)[theirs]
        for name in ("max_shifts", "max_shifts_per_day", "min_rest", "max_minutes")
    )
    policy, tree = problem.policy, tree[theirs]
    volunteer, start, end, day = services.volunteer - lowest, *services[2:5]
    cluster_volunteer = volunteer[begin]
    last_end = np.maximum.reduceat(end, begin)
    longest = np.maximum.reduceat(end - start, begin).astype(np.int64)
    first_day, last_day = np.minimum.reduceat(day, begin), np.maximum.reduceat(day, begin)
    tree[volunteer[services.several]] = False
    # Between clusters: time to travel between any two places within reach, and to rest.
    follows = np.flatnonzero(cluster_volunteer[1:] == cluster_volunteer[:-1])
    who = cluster_volunteer[follows]
    gap = start[begin[follows + 1]].astype(np.int64) - last_end[follows]
    tree[who[gap < 0]] = False
    if np.isfinite(policy.travel_kmh):
        farthest = _farthest(problem, arcs, len(tree), lowest)
        tree[who[gap * policy.travel_kmh < 120.0 * farthest[who] * (1 + 1e-9)]] = False
    if len(problem.travel):
        way = np.zeros(len(tree), np.int32)
        stop = problem.requests.stop[problem.slots.request[arcs.slot]]
        np.maximum.at(way, arcs.volunteer - lowest, longest_ways(problem)[stop])
        tree[who[gap < way[who]]] = False
    other_day = last_day[follows + 1] != first_day[follows]
    tree[who[other_day & (gap < min_rest[who])]] = False
    # Within a cluster: one day, or no limit by the day.
    clusters_of = np.bincount(cluster_volunteer, minlength=len(tree))
    by_day = most_a_day < np.minimum(clusters_of, max_shifts)
    tree[cluster_volunteer[(first_day != last_day) & by_day[cluster_volunteer]]] = False
    # In the week: enough hours for the longest of each cluster.
    minutes = np.zeros(len(tree), np.int64)
    np.maximum.at(minutes, cluster_volunteer, longest)
    minutes *= np.minimum(clusters_of, max_shifts)
    tree &= minutes <= max_minutes


def _farthest(problem: Problem, arcs: Arcs, size: int, lowest: int) -> c.Floats:
    """Return how far from home each volunteer serves at most; infinity where no home is known."""
    farthest = np.zeros(size)
    first = np.flatnonzero(np.diff(arcs.volunteer, prepend=np.int32(-1)))
    farthest[arcs.volunteer[first] - lowest] = np.nan_to_num(np.fmax.reduceat(arcs.km, first))
    unknown = np.flatnonzero(np.isnan(arcs.km))
    placed = ~np.isnan(problem.requests.lat[problem.slots.request[arcs.slot[unknown]]])
    farthest[arcs.volunteer[unknown[placed]] - lowest] = np.inf
    return farthest
