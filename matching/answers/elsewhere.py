"""What volunteers are worth in their best weeks, with a service and without it.

Where the rules of a volunteer are a tree, what has to be in the week is taken first and the best
clusters after it; elsewhere labels find the week, where what has to be in it outweighs all else.
"""

from __future__ import annotations

import numpy as np

from matching.answers.beside import Book, Standing, load
from matching.bounds.clusters import Clusters
from matching.bounds.pricing import Weeks
from matching.bounds.rosters import solve_pricing
from matching.parallel.compiled import compiled
from matching.problem import columns as c

# What has to be in a week is worth more than so many others.
_MANY = 1_000
# Groups of a volunteer's clusters are days, or one of each limit, which has a cluster at least.
_MOST_GROUPS = 8


def elsewhere(
    weeks: Weeks, book: Book, standing: Standing, tops: c.Floats, arcs: c.Longs
) -> c.Floats:
    """Return what each volunteer is worth without a service: W(v) - (W(v given it) - its reward).

    Parameters
    ----------
    tops : float64 array, shape (clusters,)
        See `tops_of`.
    arcs : int64 array
        Each can stand beside what is given; no volunteer has two.
    """
    worth = np.empty(len(arcs))
    clusters = weeks.clusters
    of_tree = clusters.tree[book.volunteer[arcs]]
    groups = clusters.group, clusters.most
    worth_in_trees(
        *(book, standing, arcs, weeks.first_cluster, tops, clusters.of_arc, *groups, worth)
    )
    if not of_tree.all():
        others = arcs[~of_tree]
        worth[~of_tree] = _by_labels(weeks, book, standing, others)
    return worth


def tops_of(weeks: Weeks, reward: c.Floats) -> c.Floats:
    """Return the reward of the best arc of each cluster."""
    clusters: Clusters = weeks.clusters
    if not len(clusters.begin):
        return np.empty(0)
    best: c.Floats = np.maximum.reduceat(reward[clusters.order], clusters.begin)
    return best


def _by_labels(weeks: Weeks, book: Book, standing: Standing, arcs: c.Longs) -> c.Floats:
    """Find the best weeks of some volunteers twice: with what is given, and with one arc more."""
    who = np.sort(book.volunteer[arcs])
    many = book.first[who + 1] - book.first[who]
    rows = c.ranges(book.first[who], many)
    given = standing.arc[standing.forced]
    given = given[np.isin(book.volunteer[given], who)]
    found = []
    for more in (np.empty(0, np.int64), arcs):
        reward, forced = book.reward.copy(), np.union1d(given, more)
        reward[forced] += _MANY * (1 + np.abs(book.reward).max())
        above = np.zeros(len(weeks.first_load))
        rosters = solve_pricing(weeks.problem, weeks.arcs, rows, reward, weeks.first_load, above)
        value = np.zeros(len(above))
        # Of what has to be there the weights are left out again: sums are made anew.
        np.add.at(value, rosters.volunteer[rosters.roster], book.reward[rosters.arc])
        count = np.bincount(rosters.volunteer[rosters.roster], minlength=len(above))
        value -= weeks.load(np.arange(len(above)), count)
        found.append(value[book.volunteer[arcs]])
    without, with_it = found
    lost: c.Floats = without - (with_it - book.reward[arcs])
    return lost


@compiled
def worth_in_trees(
    book: Book,
    standing: Standing,
    arcs: c.Longs,
    first: c.Longs,
    best: c.Floats,
    of_arc: c.Ints,
    group_of: c.Ints,
    most: c.Ints,
    worth: c.Floats,
) -> None:
    """Write `elsewhere` of each arc, as if the rules of its volunteer were a tree."""
    for k in range(len(arcs)):
        v = book.volunteer[arcs[k]]
        begin, size = first[v], first[v + 1] - first[v]
        order = np.argsort(-best[begin : begin + size])
        value = np.zeros(2)
        for with_it in range(2):
            forced = np.zeros(size, np.bool_)
            served = np.zeros(_MOST_GROUPS + size, np.int64)
            count, total = 0, 0.0
            for row in range(standing.first[v], standing.first[v + 1] + with_it):
                arc = arcs[k] if row == standing.first[v + 1] else standing.arc[row]
                if row < standing.first[v + 1] and not standing.forced[row]:
                    continue
                at = of_arc[arc] - begin
                forced[at] = True
                served[group_of[begin + at]] += 1
                total += book.reward[arc]
                count += 1
            for i in order:
                gain = best[begin + i] - book.first_load[v] - book.load_step * count
                if gain <= 0 or count >= book.max_shifts[v]:
                    break
                group = group_of[begin + i]
                if not forced[i] and served[group] < most[begin + i]:
                    served[group] += 1
                    total += best[begin + i]
                    count += 1
            value[with_it] = total - load(book, v, count)
            if value[with_it] < 0 and not forced.any():
                value[with_it] = 0.0  # not worth the call
        worth[k] = value[0] - (value[1] - book.reward[arcs[k]])
