"""Requests of several meetings, by the same people: what they leave room for in a week.

Each of their meetings is held against every other service of a volunteer by itself: no overlap,
time to travel, and rest between different days. Services of one meeting follow one another, so that
of these only neighbours are compared.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.arcs.journeys import is_late, spots
from matching.problem import Problem
from matching.problem import columns as c


class Meetings(NamedTuple):
    """The meetings of all options, one or several each.

    Attributes
    ----------
    first : int64 array, shape (options + 1,)
        Where those of each option begin.
    start, end, day : int32 arrays, shape (meetings,)
    """

    first: c.Longs
    start: c.Ints
    end: c.Ints
    day: c.Ints

    @property
    def several(self) -> c.Bools:
        """Which options have more than one, shape (options,)."""
        several: c.Bools = np.diff(self.first) > 1
        return several


def meetings_of(problem: Problem) -> Meetings:
    """Return the meetings of all options."""
    options, sessions = problem.options, problem.sessions
    if not len(sessions):
        return Meetings(np.arange(len(options) + 1), options.start, options.end, options.day)
    count = np.maximum(np.bincount(sessions.option, minlength=len(options)), 1)
    first = np.append(0, np.cumsum(count))
    single = np.bincount(sessions.option, minlength=len(options)) == 0
    columns = []
    for name in ("start", "end", "day"):
        column = np.empty(first[-1], np.int32)
        column[first[:-1][single]] = getattr(options, name)[single]
        several = np.repeat(~single, count)
        column[several] = getattr(sessions, name)
        columns.append(column)
    return Meetings(first, *columns)


def clash(
    problem: Problem, meetings: Meetings, volunteer: c.Ints, one: c.Whole, other: c.Whole
) -> c.Bools:
    """Tell which pairs of options a volunteer cannot both serve, whatever else they do.

    Parameters
    ----------
    problem : Problem
    meetings : Meetings
    volunteer, one, other : int arrays of equal length
        Options of which at least one has several meetings.
    """
    first = meetings.first
    many, others = first[one + 1] - first[one], first[other + 1] - first[other]
    pair = np.repeat(np.arange(len(one)), many * others)
    number = c.ranges(np.zeros(len(one), np.int64), many * others)
    a = first[one][pair] + number // others[pair]
    b = first[other][pair] + number % others[pair]
    forth = meetings.start[b].astype(np.int64) - meetings.end[a]
    back = meetings.start[a].astype(np.int64) - meetings.end[b]
    gap = np.maximum(forth, back)
    tired = (meetings.day[a] != meetings.day[b]) & (
        gap < problem.volunteers.min_rest[volunteer[pair]]
    )
    request = problem.options.request
    ends = np.stack([request[one][pair], request[other][pair]])
    # From the earlier to the later one.
    here, there = np.where(forth >= back, ends, ends[::-1])
    places = spots(problem.requests, here), spots(problem.requests, there)
    close = (gap < 0) | tired | is_late(problem, *places, gap)
    found: c.Bools = np.bincount(pair[close], minlength=len(one)) > 0
    return found


def tired_alone(problem: Problem, meetings: Meetings, volunteer: c.Ints, option: c.Ints) -> c.Bools:
    """Tell which services have meetings on different days with too little rest in between."""
    size = len(meetings.start)
    gap = np.full(size, c.NO_LIMIT, np.int64)
    gap[:-1] = meetings.start[1:].astype(np.int64) - meetings.end[:-1]
    gap[:-1][meetings.day[1:] == meetings.day[:-1]] = c.NO_LIMIT
    gap[meetings.first[1:] - 1] = c.NO_LIMIT
    least = np.minimum.reduceat(gap, meetings.first[:-1]) if size else gap
    tired: c.Bools = least[option] < problem.volunteers.min_rest[volunteer]
    return tired


def most_a_day(meetings: Meetings) -> c.Longs:
    """Return how many meetings each option has on the fullest of its days."""
    option = np.repeat(np.arange(len(meetings.first) - 1), np.diff(meetings.first))
    key, count = np.unique(c.combine(option, meetings.day), return_counts=True)
    most = np.ones(len(meetings.first) - 1, np.int64)
    np.maximum.at(most, key >> 32, count)
    return most
