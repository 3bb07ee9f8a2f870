"""The loop that settles who stands by where, and the rules that it keeps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.answers.beside import Book, Standing, follows, meetings_fit
from matching.answers.within import has_limits, within
from matching.parallel.compiled import compiled
from matching.problem import columns as c


class Calls(NamedTuple):
    """Who stands by for what so far, and what may still be asked of whom.

    Attributes
    ----------
    last : int64 array, shape (volunteers,)
        The last entry of each volunteer; -1 for none.
    before : int64 array, shape (entries,)
        The entry before it of the same volunteer.
    arc : int64 array, shape (entries,)
    wanted : float64 array, shape (entries,)
        The odds that this one is called.
    clash : float64 array, shape (entries,)
        The odds that the volunteer is wanted elsewhere at the same time, too.
    certain : bool array, shape (entries,)
        Whether they come anyhow.
    organisation : int32 array, shape (volunteers,)
    parent : int32 array, shape (organisations,)
    left : int64 array, shape (organisations,)
        Services that the quota leaves.
    apart_first, apart : int arrays
        With whom each volunteer does not serve.
    """

    last: c.Longs
    before: c.Longs
    arc: c.Longs
    wanted: c.Floats
    clash: c.Floats
    certain: c.Bools
    organisation: c.Ints
    parent: c.Ints
    left: c.Longs
    apart_first: c.Longs
    apart: c.Ints


@compiled
def settle(
    book: Book,
    standing: Standing,
    calls: Calls,
    size: int,
    arcs: c.Longs,
    wanted: c.Floats,
    share: float,
    done: c.Bools,
) -> int:
    """Give each slot one more who stands by, where somebody can; return how many entries there are.

    Parameters
    ----------
    size : int
        Entries so far.
    arcs : int64 array
        The first comes first.
    wanted : float64 array, shape (slots,)
        The odds that the next one is called.
    share : float
        The largest odds that somebody is wanted twice at a time.
    done : bool array, shape (slots,)
        Where somebody was found; written here.
    """
    for k in range(len(arcs)):
        arc = arcs[k]
        v, slot = book.volunteer[arc], book.slot[arc]
        if done[slot] or not has_room(calls, v) or meets_other(book, calls, v, slot):
            continue
        clash = clash_of(book, standing, calls, v, slot, wanted[slot], share)
        if clash < 0:
            continue
        entry = calls.last[v]
        while entry >= 0:
            other = book.slot[calls.arc[entry]]
            if not (follows(book, v, slot, other) or follows(book, v, other, slot)):
                calls.clash[entry] += wanted[slot] * calls.wanted[entry]
            entry = calls.before[entry]
        calls.before[size], calls.last[v] = calls.last[v], size
        calls.arc[size], calls.wanted[size], calls.clash[size] = arc, wanted[slot], clash
        at = calls.organisation[v]
        while at >= 0:
            calls.left[at] -= 1
            at = calls.parent[at]
        done[slot] = True
        size += 1
    return size


@compiled
def has_room(calls: Calls, v: int) -> bool:
    """Tell whether the quotas above a volunteer leave one more service."""
    at = calls.organisation[v]
    while at >= 0:
        if calls.left[at] <= 0:
            return False
        at = calls.parent[at]
    return True


@compiled
def meets_other(book: Book, calls: Calls, v: int, slot: int) -> bool:
    """Tell whether somebody stands by on a request with whom the volunteer does not serve."""
    for k in range(calls.apart_first[v], calls.apart_first[v + 1]):
        entry = calls.last[calls.apart[k]]
        while entry >= 0:
            if book.request[book.slot[calls.arc[entry]]] == book.request[slot]:
                return True
            entry = calls.before[entry]
    return False


@compiled
def clash_of(
    book: Book, standing: Standing, calls: Calls, v: int, slot: int, wanted: float, share: float
) -> float:
    """Return the odds that a volunteer is wanted twice at a time; -1, if they cannot stand by."""
    shifts, today, one = 1, 1, np.empty(1, np.int64)
    minutes, clash = book.service[slot], 0.0
    begin, end = standing.first[v], standing.first[v + 1]
    entry = calls.last[v]
    # First what is planned, then what they stand by for.
    while begin < end or entry >= 0:
        planned = begin < end
        other = book.slot[standing.arc[begin] if planned else calls.arc[entry]]
        if book.request[other] == book.request[slot]:
            return -1.0
        shifts += 1
        minutes += book.service[other]
        today += book.day[other] == book.day[slot]
        goes = follows(book, v, slot, other) or follows(book, v, other, slot)
        if len(book.first_meeting):
            one[0] = other
            several = book.first_meeting[slot + 1] - book.first_meeting[slot] > 1
            several = several or book.first_meeting[other + 1] - book.first_meeting[other] > 1
            if several:
                goes = meetings_fit(book, v, one, 1, slot)
        if not goes:
            if planned or calls.certain[entry]:
                return -1.0
            both = wanted * calls.wanted[entry]
            if calls.clash[entry] + both > share:
                return -1.0
            clash += both
        if planned:
            begin += 1
        else:
            entry = calls.before[entry]
    if shifts > book.max_shifts[v] or minutes > book.max_minutes[v]:
        return -1.0
    if today > book.max_shifts_per_day[v] or clash > share:
        return -1.0
    if has_limits(book.limits, v) or len(book.first_meeting):
        others, size = np.empty(shifts, np.int64), 0
        for row in range(standing.first[v], end):
            others[size] = book.slot[standing.arc[row]]
            size += 1
        entry = calls.last[v]
        while entry >= 0:
            others[size] = book.slot[calls.arc[entry]]
            size += 1
            entry = calls.before[entry]
        if not within(book.limits, v, others, size, slot):
            return -1.0
        if not meetings_fit(book, v, others, size, slot):
            return -1.0
    return clash
