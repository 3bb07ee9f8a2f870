"""The pricing oracle: every volunteer's best roster, given the arcs' rewards. Half of every bound.

Where a volunteer's rules form a tree (clusters of services that all overlap, limits of groups of
these and of the week, nothing else binding) the best roster is a greedy choice. Elsewhere it is a
resource-constrained shortest path, see `labelling`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.journeys import longest_ways
from matching.arcs.limits import Counters, counters_of
from matching.arcs.meetings import meetings_of
from matching.arcs.value import first_load, rising_load, total_load
from matching.bounds.labelling import fits_alone, never
from matching.bounds.rosters import solve_pricing
from matching.problem import Problem
from matching.problem import columns as c

# Of a volunteer with more, weeks are not looked at pair of services by pair.
MOST_SERVICES = 4_000
# Large enough for a best roster to hold as many services as possible.
_LARGE_REWARD = 1e9
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


class Weeks:
    """Finds best rosters over a fixed set of arcs."""

    def __init__(self, problem: Problem, arcs: Arcs) -> None:
        self.problem = problem
        self.arcs = arcs
        self.first_load = first_load(problem)

    @cached_property
    def clusters(self) -> Clusters:
        """The clusters of the arcs."""
        return cluster(self.problem, self.arcs, self.counters)

    @cached_property
    def counters(self) -> Counters:
        """What limits count among the arcs."""
        return counters_of(self.problem, self.arcs)

    def fit_alone(self, arc: c.Longs) -> c.Bools:
        """Tell which arcs keep every rule of their volunteer's week if they are the only one."""
        closed = np.zeros(len(self.arcs), np.bool_)
        counters = self.counters
        closed[counters.arc[counters.most[counters.counter] == 0]] = True
        option = self.problem.slots.option[self.arcs.slot[arc]]
        return fits_alone(self.problem, self.arcs.volunteer[arc], option) & ~closed[arc]

    @cached_property
    def first_cluster(self) -> c.Longs:
        """Where each volunteer's clusters begin."""
        return c.starts_of(self.clusters.volunteer, len(self.clusters.tree))

    @property
    def are_long(self) -> bool:
        """Whether somebody could serve so often that pairs of services would fill the memory."""
        return bool(np.bincount(self.arcs.volunteer).max(initial=0) > MOST_SERVICES)

    def load(self, volunteer: c.Ints | c.Longs, shifts: c.Longs) -> c.Longs:
        """Return the load of a number of shifts of a volunteer, each dearer than the last."""
        return total_load(self.problem, self.first_load[volunteer], shifts)

    def best(
        self, reward: c.Floats, *, relaxed: bool = False, stop: Callable[[], bool] = never
    ) -> tuple[c.Floats, c.Bools]:
        """Return the value of every volunteer's best roster, and the arcs that make it.

        Parameters
        ----------
        reward : float64 array, shape (arcs,)
            What each service is worth, before load.
        relaxed : bool
            Treat every volunteer's rules as the tree: an upper bound.
        stop : callable
            Asked often; true ends it.

        Returns
        -------
        value : float64 array, shape (volunteers,)
        chosen : bool array, shape (arcs,)

        Raises
        ------
        Stopped
            If ``stop`` said so.
        """
        value, chosen = self._best_of_trees(reward)
        tree = self.clusters.tree
        if not relaxed and not tree.all():
            rows = np.flatnonzero(~tree[self.arcs.volunteer])
            chosen[rows] = False
            value[~tree] = 0.0
            above = np.zeros(len(value))
            found = solve_pricing(
                self.problem, self.arcs, rows, reward, self.first_load, above, stop=stop
            )
            value[found.volunteer] = found.value
            chosen[found.arc] = True
        return value, chosen

    def reduced_cost_bound(self, reward: c.Floats, value: c.Floats) -> c.Floats:
        """Return by how much, at least, any roster with an arc falls short of its volunteer's best.

        At most one of several overlapping services is served, at no less than a first load: a
        roster with an arc is worth no more than the arc and the best of every other cluster.

        Parameters
        ----------
        reward : float64 array, shape (arcs,)
        value : float64 array, shape (volunteers,)
            Of the best rosters, see `best`.
        """
        arcs, clusters, first_load = self.arcs, self.clusters, self.first_load
        if not len(arcs):
            return np.empty(0)
        best = np.maximum.reduceat(reward[clusters.order], clusters.begin)
        best = np.maximum(best - first_load[clusters.volunteer], 0.0)
        most = np.bincount(clusters.volunteer, best, minlength=len(value)) - value
        short: c.Floats = best[clusters.of_arc] - most[arcs.volunteer]
        return short - (reward - first_load[arcs.volunteer])

    def infeasible_rosters(self, chosen: c.Longs) -> c.Longs:
        """Return those of the chosen arcs whose volunteers cannot serve all of theirs."""
        kept = solve_pricing(
            self.problem,
            self.arcs,
            np.sort(chosen),
            np.full(len(self.arcs), _LARGE_REWARD),
            self.first_load,
            np.zeros(len(self.problem.volunteers)),
        )
        lost = np.setdiff1d(chosen, kept.arc)
        return chosen[np.isin(self.arcs.volunteer[chosen], self.arcs.volunteer[lost])]

    def best_in_flow(self, reward: c.Floats) -> tuple[c.Floats, c.Bools]:
        """Return the `best` as a flow sees it: all rules are trees, and loads rise."""
        return self._best_of_trees(reward, rising=True)

    def _best_of_trees(self, reward: c.Floats, *, rising: bool = False) -> tuple[c.Floats, c.Bools]:
        """Take the best arc of each cluster, the best clusters of each group, then of the week."""
        value = np.zeros(len(self.problem.volunteers))
        chosen = np.zeros(len(self.arcs), np.bool_)
        begin = np.append(self.clusters.begin, len(self.arcs))
        for some in c.stretches(self.clusters.volunteer):
            first, last = begin[some.start], begin[some.stop]
            order = self.clusters.order[first:last]
            sorted_reward = reward[order]
            best = np.maximum.reduceat(sorted_reward, begin[some] - first)
            picked = self._best_clusters(some, best, value, rising=rising)
            rows = np.flatnonzero(picked)
            many = begin[some.start + rows + 1] - begin[some.start + rows]
            arc = c.ranges(begin[some.start + rows] - first, many)
            row = np.repeat(rows, many)
            hit = sorted_reward[arc] == best[row]
            arc, row = arc[hit], row[hit]
            chosen[order[arc[np.diff(row, prepend=-1) != 0]]] = True
        return value, chosen

    def _best_clusters(
        self, some: slice, best: c.Floats, value: c.Floats, *, rising: bool
    ) -> c.Bools:
        """Tell which clusters of some volunteers are served, and note what these weeks are worth.

        Parameters
        ----------
        some : slice
            The clusters.
        best : float64 array, shape (clusters,)
            The highest reward in each.
        value : float64 array, shape (volunteers,)
        """
        clusters, people, policy = self.clusters, self.problem.volunteers, self.problem.policy
        who, group, most = clusters.volunteer[some], clusters.group[some], clusters.most[some]
        paying = np.flatnonzero(best > self.first_load[who])
        # Rank by reward within the group, then, of those it allows, within the week.
        paying = _ranked(paying, best, c.combine(who, group), most)
        rank, paying = _rank(paying, best, who.astype(np.int64))
        volunteer = who[paying]
        load = rising_load(self.problem, rank) if rising else policy.load_step * rank
        gain = best[paying] - self.first_load[volunteer] - load
        served = (rank < people.max_shifts[volunteer]) & (gain > 0)
        np.add.at(value, volunteer[served], gain[served])
        if policy.load_first and not rising:
            theirs = slice(who[0], who[-1] + 1)
            value[theirs] = np.maximum(value[theirs] - policy.load_first, 0.0)
            served &= value[volunteer] > 0
        picked = np.zeros(len(best), np.bool_)
        picked[paying[served]] = True
        return picked


def _rank(items: c.Longs, score: c.Floats, group: c.Longs) -> tuple[c.Longs, c.Longs]:
    """Return each item's rank by falling score within its group, and the items in that order."""
    order = np.lexsort((-score[items], group[items]))
    items = items[order]
    label = group[items]
    fresh = np.flatnonzero(np.diff(label, prepend=label[0] - 1)) if len(items) else np.empty(0, int)
    start = np.repeat(fresh, np.diff(np.append(fresh, len(items))))
    return np.arange(len(items)) - start, items


def _ranked(items: c.Longs, score: c.Floats, group: c.Longs, limit: c.Ints) -> c.Longs:
    """Keep the best items of each group, up to its limit."""
    if (limit[items] >= c.NO_LIMIT).all():
        return items
    rank, items = _rank(items, score, group)
    return items[rank < limit[items]]


class _Services(NamedTuple):
    """The services of arcs, sorted by volunteer and start; ``order`` has their arcs."""

    order: c.Ints
    volunteer: c.Ints
    start: c.Ints
    end: c.Ints
    day: c.Ints
    several: c.Bools  # meetings


def _times(problem: Problem) -> c.Longs:
    """Return a number for the time of each option, that sorts as start and end do."""
    times = c.combine(problem.options.start, problem.options.end)
    return np.unique(times, return_inverse=True)[1]


def _services(problem: Problem, arcs: Arcs, time: c.Longs) -> _Services:
    option = problem.slots.option[arcs.slot]
    order = c.order_of(arcs.volunteer, time[option]).astype(np.int32)
    option = option[order]
    start, end, day = (getattr(problem.options, name)[option] for name in ("start", "end", "day"))
    several = meetings_of(problem).several[option]
    return _Services(order, arcs.volunteer[order], start, end, day, several)


def cluster(problem: Problem, arcs: Arcs, counters: Counters) -> Clusters:
    """Partition every volunteer's arcs into cliques of overlapping services, first come first."""
    order, of_arc = np.empty((2, len(arcs)), np.int32)
    tree = np.ones(len(problem.volunteers), np.bool_)
    none, time, size = np.empty(0, np.int32), _times(problem), 0
    parts: list[tuple[c.Ints | c.Longs, ...]] = [(np.empty(0, np.int64), none, none)]
    for some in c.stretches(arcs.volunteer):
        mine = arcs.take(some)
        services = _services(problem, mine, time)
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
    return _with_counters(clusters, _services(problem, arcs, time), counters)


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
    people, policy, tree = problem.volunteers.take(theirs), problem.policy, tree[theirs]
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
        farthest = _farthest(problem, arcs, len(people), lowest)
        tree[who[gap * policy.travel_kmh < 120.0 * farthest[who] * (1 + 1e-9)]] = False
    if len(problem.travel):
        way = np.zeros(len(people), np.int32)
        stop = problem.requests.stop[problem.slots.request[arcs.slot]]
        np.maximum.at(way, arcs.volunteer - lowest, longest_ways(problem)[stop])
        tree[who[gap < way[who]]] = False
    other_day = last_day[follows + 1] != first_day[follows]
    tree[who[other_day & (gap < people.min_rest[who])]] = False
    # Within a cluster: one day, or no limit by the day.
    clusters_of = np.bincount(cluster_volunteer, minlength=len(people))
    by_day = people.max_shifts_per_day < np.minimum(clusters_of, people.max_shifts)
    tree[cluster_volunteer[(first_day != last_day) & by_day[cluster_volunteer]]] = False
    # In the week: enough hours for the longest of each cluster.
    minutes = np.zeros(len(people), np.int64)
    np.maximum.at(minutes, cluster_volunteer, longest)
    minutes *= np.minimum(clusters_of, people.max_shifts)
    tree &= minutes <= people.max_minutes


def _farthest(problem: Problem, arcs: Arcs, size: int, lowest: int) -> c.Floats:
    """Return how far from home each volunteer serves at most; infinity where no home is known."""
    farthest = np.zeros(size)
    first = np.flatnonzero(np.diff(arcs.volunteer, prepend=np.int32(-1)))
    farthest[arcs.volunteer[first] - lowest] = np.nan_to_num(np.fmax.reduceat(arcs.km, first))
    unknown = np.flatnonzero(np.isnan(arcs.km))
    placed = ~np.isnan(problem.requests.lat[problem.slots.request[arcs.slot[unknown]]])
    farthest[arcs.volunteer[unknown[placed]] - lowest] = np.inf
    return farthest
