"""People as they are laid out for passes over slots, once, and who of them holds what."""

from __future__ import annotations

from functools import reduce
from weakref import WeakKeyDictionary

import numpy as np

from matching.arcs.crowd import asked_of, crowd_of, mask_of, reached, size_of
from matching.arcs.spatial import Places
from matching.problem import Problem
from matching.problem import columns as c

_LAID_OUT: WeakKeyDictionary[c.Volunteers, Places] = WeakKeyDictionary()


def places_of(people: c.Volunteers) -> Places:
    """Return where people live, laid out once for whoever asks, while these people are known."""
    if people not in _LAID_OUT:
        _LAID_OUT[people] = Places(people.lat, people.lon, people.travel_km)
    return _LAID_OUT[people]


class Layout:
    """The people of a problem by position, whatever slots they are asked about.

    Attributes
    ----------
    places : Places
    crowd : Crowd
    position : int32 array, shape (volunteers,)
    everybody : uint64 array
        The mask of all.
    """

    def __init__(self, problem: Problem) -> None:
        people = problem.volunteers
        self.places = places_of(people)
        self.position = np.empty(len(people), np.int32)
        self.position[self.places.order] = np.arange(len(people), dtype=np.int32)
        self.crowd = crowd_of(problem, self.places.order, merged_windows(problem.windows))
        self.everybody = mask_of(self.crowd, self.position)
        self.holdings = problem.holdings
        self.holders_of = c.starts_of(self.holdings.qualification, len(problem.qualification_ids))

    def holding(self, qualification: int, level: int, day: int, last_day: int) -> c.Bits:
        """Return the mask of who holds a qualification at a level on all of some days."""
        rows = slice(self.holders_of[qualification], self.holders_of[qualification + 1])
        held = self.holdings.take(rows)
        valid = (held.level >= level) & (held.first_day <= day) & (held.last_day >= last_day)
        return mask_of(self.crowd, self.position[held.volunteer[valid]])

    def fitting(self, problem: Problem, slots: c.Ints, absent: c.Longs) -> tuple[c.Ints, c.Ints]:
        """Return who is qualified, near, free and of the right organisation: people and slots.

        Parameters
        ----------
        problem : Problem
            Of the same people; its slots may be others.
        absent : int64 array
            Who is not asked.
        """
        asked, present = asked_of(problem, self.places, slots), self.everybody
        if len(absent):
            present = present & ~mask_of(self.crowd, self.position[absent])
        pairs = [(np.empty(0, np.int32), np.empty(0, np.int32))]
        for row, slot in enumerate(slots.tolist()):
            post, option = problem.slots.post[slot], problem.slots.option[slot]
            days = problem.options.day[option], problem.options.last_day[option]
            needs = problem.needs.take(
                slice(*np.searchsorted(problem.needs.post, [post, post + 1]))
            )
            asks = zip(needs.qualification.tolist(), needs.level.tolist(), strict=True)
            mask = reduce(np.bitwise_and, (self.holding(*one, *days) for one in asks), present)
            who, which = np.empty((2, size_of(mask)), np.int32)
            count = np.empty((len(slots), 3), np.int64)
            rows, nobody_looked = np.array([row]), (0, 0)
            _, found = reached(self.crowd, asked, mask, rows, 0, nobody_looked, who, which, count)
            pairs.append((who[:found], np.full(found, slot, np.int32)))
        people, where = (np.concatenate(column) for column in zip(*pairs, strict=True))
        return people, where


def merged_windows(windows: c.Windows) -> tuple[c.Ints, c.Ints, c.Ints]:
    """Join windows that touch or overlap: volunteer, start and end, sorted."""
    if not len(windows):
        return windows.volunteer, windows.start, windows.end
    parts = [_merged(windows.take(rows)) for rows in c.stretches(windows.volunteer)]
    volunteer, start, end = (np.concatenate(column) for column in zip(*parts, strict=True))
    return volunteer, start, end


def _merged(windows: c.Windows) -> tuple[c.Ints, c.Ints, c.Ints]:
    # Ends raised by the volunteer's number, so that no running maximum crosses volunteers.
    lifted = c.combine(windows.volunteer, windows.end.astype(np.int64) + c.NO_LIMIT)
    reach = np.maximum.accumulate(lifted)
    starts = c.combine(windows.volunteer, windows.start.astype(np.int64) + c.NO_LIMIT)
    fresh = np.append(True, starts[1:] > reach[:-1])
    begin = np.flatnonzero(fresh)
    last = np.append(begin[1:], len(fresh)) - 1
    end = ((reach[last] & 0xFFFFFFFF) - 1 - c.NO_LIMIT).astype(np.int32)
    return windows.volunteer[begin], windows.start[begin], end
