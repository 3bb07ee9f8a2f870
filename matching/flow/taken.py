"""What pinned arcs take of a network, and what they are worth."""

from __future__ import annotations

import numpy as np

from matching.arcs.districts import districts_value
from matching.arcs.eligibility import Arcs
from matching.arcs.value import seat_value, total_load
from matching.bounds.clusters import Clusters
from matching.problem import Problem
from matching.problem import columns as c


class Taken:
    """What pinned arcs take.

    Attributes
    ----------
    busy : bool array, shape (clusters,)
        Which clusters hold an arc that is pinned.
    seats : int64 array, shape (posts,)
    quotas : int64 array, shape (organisations,)
    """

    def __init__(self, problem: Problem, arcs: Arcs, clusters: Clusters, pinned: c.Longs) -> None:
        self.problem, self.pinned = problem, pinned
        self.volunteer, slot = arcs.volunteer[pinned], arcs.slot[pinned]
        self.group = clusters.group[clusters.of_arc[pinned]]
        self.seats = np.bincount(problem.slots.post[slot], minlength=len(problem.posts))
        self.quotas = services_below(problem, problem.volunteers.organisation[self.volunteer])
        self.busy = np.zeros(len(clusters.begin), np.bool_)
        self.busy[clusters.of_arc[pinned]] = True

    def shifts(self, volunteers: c.Ints) -> c.Longs:
        """Return how many shifts of each volunteer are taken."""
        return _times(self.volunteer, volunteers)

    def of_groups(self, volunteers: c.Ints, groups: c.Longs) -> c.Longs:
        """Return how many shifts of each volunteer are taken in a group of each."""
        return _times(c.combine(self.volunteer, self.group), c.combine(volunteers, groups))

    def value(self, quality: c.Longs, first_load: c.Longs) -> int:
        """Return what the pinned arcs are worth by themselves."""
        if not len(self.pinned):
            return 0
        post = np.repeat(np.arange(len(self.seats), dtype=np.int32), self.seats)
        k = c.ranges(np.ones(len(self.seats), np.int64), self.seats)
        people = people_value(self.problem, self.volunteer, quality[self.pinned], first_load)
        seats = int(seat_value(self.problem, post, k).sum())
        return seats + people + districts_value(self.problem, self.seats)


def services_below(problem: Problem, organisation: c.Ints) -> c.Longs:
    """Return how many services count for each organisation, given whose volunteers serve."""
    count, at = np.zeros(len(problem.organisations), np.int64), organisation
    while len(at := at[at >= 0]):
        count += np.bincount(at, minlength=len(count))
        at = problem.organisations.parent[at]
    return count


def people_value(problem: Problem, volunteer: c.Ints, quality: c.Longs, first_load: c.Longs) -> int:
    """Return what some services are worth but for their seats: quality less load."""
    who, shifts = np.unique(volunteer, return_counts=True)
    return int(quality.sum() - total_load(problem, first_load[who], shifts).sum())


def _times(keys: c.Ints | c.Longs, asked: c.Ints | c.Longs) -> c.Longs:
    """Return how often each asked key is among some."""
    among = np.sort(keys)
    times: c.Longs = np.searchsorted(among, asked, "right") - np.searchsorted(among, asked)
    return times
