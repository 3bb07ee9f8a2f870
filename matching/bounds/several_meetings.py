"""What labels remember of services of several meetings: which ones a path holds, as a set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from matching.arcs.meetings import Meetings
from matching.problem import columns as c


class SeveralMeetings:
    """Sets of such services, built up one by one in one order, and what goes with all of a set.

    A set is the number of a node in a tree; 0 is empty. A service is an index into a labelling's.

    Parameters
    ----------
    meetings : Meetings
    option : int32 array, shape (services,)
    following, first : int64 arrays
        The services that may follow each, and where they begin; see `RosterLabelling`.
    limit : int array, shape (services,)
        How many meetings a day the volunteer of each has at most.
    """

    def __init__(
        self, meetings: Meetings, option: c.Ints, following: c.Longs, first: c.Longs, limit: c.Ints
    ) -> None:
        self.meetings, self.option, self.limit = meetings, option, limit
        self.single = ~meetings.several[option]
        before = np.repeat(np.arange(len(option)), np.diff(first))
        self.follow = c.combine(before, following)
        # How many meetings each option has on which day.
        each = np.repeat(np.arange(len(meetings.first) - 1), np.diff(meetings.first))
        self.met, self.times = np.unique(c.combine(each, meetings.day), return_counts=True)
        self.parent, self.service = np.zeros((2, 1), np.int64)
        self.key, self.node = np.empty((2, 0), np.int64)

    def added(self, sets: c.Longs, service: c.Longs) -> c.Longs:
        """Return each set with a service more."""
        key, which = np.unique(c.combine(sets, service), return_inverse=True)
        new = key[c.lookup(self.key, key) < 0]
        size = len(self.parent)
        self.parent = np.append(self.parent, new >> 32)
        self.service = np.append(self.service, (new & 0xFFFFFFFF) - 1)
        self.key = np.append(self.key, new)
        self.node = np.append(self.node, np.arange(size, size + len(new)))
        order = np.argsort(self.key)
        self.key, self.node = self.key[order], self.node[order]
        return self.node[c.lookup(self.key, key)][which]

    def goes_with_all(self, sets: c.Longs, service: c.Longs, today: c.Longs) -> c.Bools:
        """Tell which services leave room for all of a set each, in time and on their days.

        Parameters
        ----------
        sets, service : int64 arrays of equal length
        today : int64 array
            Of a service of one meeting: how many of those there are on its day, itself included.
        """
        goes: c.Bools = np.ones(len(sets), np.bool_)
        first = self.meetings.first[self.option[service]]
        many = self.meetings.first[self.option[service] + 1] - first
        row = np.repeat(np.arange(len(sets)), many)
        on_day, own = np.unique(
            c.combine(row, self.meetings.day[c.ranges(first, many)]), return_counts=True
        )
        row, day = on_day >> 32, (on_day & 0xFFFFFFFF) - 1
        total = np.where(self.single[service[row]], today[row], own)
        for member, there in self._members(sets):
            goes[there[c.lookup(self.follow, c.combine(member, service[there])) < 0]] = False
            held = np.full(len(sets), -1)
            held[there] = member
            some = np.flatnonzero(held[row] >= 0)
            found = c.lookup(self.met, c.combine(self.option[held[row[some]]], day[some]))
            total[some] += np.where(found >= 0, self.times[found], 0)
        goes[row[total > self.limit[service[row]]]] = False
        return goes

    def begins_on(self, sets: c.Longs, day: c.Ints) -> c.Bools:
        """Tell in which sets one begins on a day."""
        begins: c.Bools = np.zeros(len(sets), np.bool_)
        first = self.meetings.day[self.meetings.first[:-1]]
        for member, there in self._members(sets):
            begins[there] |= first[self.option[member]] == day[there]
        return begins

    def _members(self, sets: c.Longs) -> Iterator[tuple[c.Longs, c.Longs]]:
        """Yield one member of each set that has more, and which sets those are."""
        there = np.flatnonzero(sets)
        at = sets[there]
        while len(at):
            yield self.service[at], there
            at = self.parent[at]
            there, at = there[at > 0], at[at > 0]
