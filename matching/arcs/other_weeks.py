"""The edges of the week: what people are held to in other weeks, as rules of a pair.

Such a service is settled: its volunteer may serve here whatever leaves room for it. So no rule of
the week has to look beyond its edge.
"""

from __future__ import annotations

import numpy as np

from matching.arcs.journeys import Spots, is_late, longest_ways, spots
from matching.arcs.meetings import meetings_of
from matching.arcs.spatial import distance_km
from matching.problem import Problem
from matching.problem import columns as c


def served_elsewhere(problem: Problem) -> c.Bools:
    """Tell which requests somebody serves at an option in another week, shape (requests,).

    The part of some volunteers knows of these alone.
    """
    served = np.zeros(len(problem.requests), np.bool_)
    served[problem.other_weeks.request[problem.other_weeks.request >= 0]] = True
    return served


class Edges:
    """Tells whether volunteers and slots go with the services of other weeks."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        there = problem.other_weeks
        self.served = served_elsewhere(problem)
        self.meetings = meetings_of(problem)
        self.there = there.take(np.flatnonzero(self._near(there))) if len(there) else there
        self.first = c.starts_of(self.there.volunteer, len(problem.volunteers))

    def _near(self, there: c.OtherWeeks) -> c.Bools:
        """Tell which services can touch one of the week, wherever its volunteer comes from."""
        people, options = self.problem.volunteers.take(there.volunteer), self.problem.options
        km = distance_km(people.lat, people.lon, there.lat, there.lon) + people.travel_km
        # From an unknown home any place may be within reach; to an unknown place no time is needed.
        km = np.where(np.isnan(there.lat), 0.0, np.where(np.isnan(km), np.inf, km))
        room = np.maximum(people.min_rest, self._minutes(km) * (1 + 1e-6))
        room = np.maximum(room, longest_ways(self.problem)[there.stop])
        latest, earliest = options.end.max(initial=0), options.start.min(initial=0)
        near: c.Bools = (there.end + room > earliest) & (there.start - room < latest)
        return near

    def _minutes(self, km: c.Floats) -> c.Floats:
        speed = self.problem.policy.travel_kmh
        return km / speed * 60 if np.isfinite(speed) else np.zeros(len(km))

    def unserved(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Refuse requests that somebody serves at an option in another week."""
        return ~self.served[self.problem.slots.request[slot]]

    def apart(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Refuse services that overlap one of another week, or leave no time to travel or rest.

        Mostly they are on different days; a meeting of several may be on the same.
        """
        problem, there = self.problem, self.there
        apart: c.Bools = np.ones(len(slot), np.bool_)
        if not len(there):
            return apart
        count = self.first[volunteer + 1] - self.first[volunteer]
        some = np.flatnonzero(count)
        row = np.repeat(some, count[some])
        other = c.ranges(self.first[volunteer[some]], count[some])
        # Each of our meetings beside each of theirs.
        begin = self.meetings.first[problem.slots.option[slot[row]]]
        many = self.meetings.first[problem.slots.option[slot[row]] + 1] - begin
        meeting = c.ranges(begin, many)
        row, other = np.repeat(row, many), np.repeat(other, many)
        request = problem.slots.request[slot[row]]
        after = self.meetings.start[meeting].astype(np.int64) - there.end[other]
        before = there.start[other].astype(np.int64) - self.meetings.end[meeting]
        gap = np.maximum(after, before)
        tired = gap < problem.volunteers.min_rest[volunteer[row]]
        close = (gap < 0) | (tired & (self.meetings.day[meeting] != there.day[other]))
        ours, theirs = spots(problem.requests, request), spots(there, other)
        first = after > before
        here, way = _chosen(first, theirs, ours), _chosen(first, ours, theirs)
        close |= is_late(problem, here, way, gap)
        apart[row[close]] = False
        return apart


def _chosen(first: c.Bools, one: Spots, other: Spots) -> Spots:
    """Return the one where the truth says so, and the other elsewhere."""
    return Spots(
        np.where(first, one.lat, other.lat),
        np.where(first, one.lon, other.lon),
        np.where(first, one.stop, other.stop),
    )
