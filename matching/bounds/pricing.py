"""The pricing oracle: every volunteer's best roster, given the arcs' rewards. Half of every bound.

Where a volunteer's rules form a tree (see `clusters`) the best roster is a greedy choice. Elsewhere
it is a resource-constrained shortest path, see `labelling`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.limits import Counters, counters_of
from matching.arcs.value import first_load, rising_load, total_load
from matching.bounds.clusters import Clusters, cluster
from matching.bounds.labelling import fits_alone, never
from matching.bounds.rosters import solve_pricing
from matching.problem import Problem
from matching.problem import columns as c

# Of a volunteer with more, weeks are not looked at pair of services by pair.
MOST_SERVICES = 4_000
# Large enough for a best roster to hold as many services as possible.
_LARGE_REWARD = 1e9


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
        begin, best = np.append(clusters.begin, len(arcs)), np.empty(len(clusters.volunteer))
        for some in c.stretches(clusters.volunteer):
            first, last = begin[some.start], begin[some.stop]
            rows = clusters.order[first:last]
            best[some] = np.maximum.reduceat(reward[rows], begin[some] - first)
        best = np.maximum(best - first_load[clusters.volunteer], 0.0)
        most = np.bincount(clusters.volunteer, best, minlength=len(value)) - value
        short: c.Floats = np.empty(len(arcs))
        for block in c.blocks(len(arcs)):
            who = arcs.volunteer[block]
            short[block] = best[clusters.of_arc[block]] - most[who]
            short[block] -= reward[block] - first_load[who]
        return short

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
