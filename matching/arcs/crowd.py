"""Who of a crowd is near a place, free in time and of the right organisation: one compiled pass.

Of pairs that do not fit nothing is written down. People stand in the order in which
`spatial.Places` lays them out; who may be asked at all is a mask of a bit each.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from matching.arcs.meetings import meetings_of
from matching.arcs.spatial import RADIUS_KM, Places, Stretches, vectors
from matching.parallel.compiled import compiled
from matching.problem import Problem
from matching.problem import columns as c

_ONE, _ALL = np.uint64(1), np.uint64(2**64 - 1)
# A limit itself is within reach, and home from home, whatever floats make of it.
_TOLERANCE, _LEAST = 1 + 1e-9, 1e-24


class Crowd(NamedTuple):
    """People by their position in `spatial.Places`; index x.

    Attributes
    ----------
    who : int32 array, shape (people,)
        Their numbers as volunteers.
    home : float64 array, shape (people, 4)
        Where they live on the unit sphere, NaN where unknown; and the square of the longest chord
        that they travel.
    begin : int64 array, shape (people + 1,)
        Where the windows of each begin.
    start, end : int32 arrays, shape (windows,)
        Merged windows, sorted by position and start.
    organisation : int32 array, shape (people,)
    """

    who: c.Ints
    home: c.Floats
    begin: c.Longs
    start: c.Ints
    end: c.Ints
    organisation: c.Ints


class Asked(NamedTuple):
    """What is asked for, one row per slot; and the stretches of people around its places.

    Attributes
    ----------
    place : int64 array, shape (slots,)
        Whose stretches are read.
    start, end : int32 arrays, shape (slots,)
    one, other : int32 arrays, shape (slots,)
        The organisations that people must be of; -1 for any.
    north, east, up : float64 arrays, shape (slots,)
    first : int64 array, shape (places + 1,)
        Where the stretches of each place begin.
    low, high : int64 arrays, shape (stretches,)
        The first position and the one after the last.
    more : int64 array, shape (slots + 1,)
        Where the meetings after the first begin, of those that have several; empty if none has.
    more_start, more_end : int32 arrays, shape (further meetings,)
    """

    place: c.Longs
    start: c.Ints
    end: c.Ints
    one: c.Ints
    other: c.Ints
    north: c.Floats
    east: c.Floats
    up: c.Floats
    first: c.Longs
    low: c.Longs
    high: c.Longs
    more: c.Longs
    more_start: c.Ints
    more_end: c.Ints


def crowd_of(problem: Problem, who: c.Ints, windows: tuple[c.Ints, c.Ints, c.Ints]) -> Crowd:
    """Lay out people, who are given in the order of their positions, and their merged windows."""
    people = problem.volunteers
    volunteer, start, end = windows
    first = c.starts_of(volunteer, len(people))
    many = np.diff(first)[who]
    rows = c.ranges(first[:-1][who], many)
    home = np.empty((len(who), 4))
    home[:, 0], home[:, 1], home[:, 2] = vectors(people.lat[who], people.lon[who])
    half = np.minimum(people.travel_km * (_TOLERANCE / (2 * RADIUS_KM)), math.pi / 2)
    home[:, 3] = np.where(half < math.pi / 2, (2 * np.sin(half)) ** 2 + _LEAST, np.inf)[who]
    return Crowd(
        who,
        home,
        np.append(0, np.cumsum(many)),
        start[rows],
        end[rows],
        people.organisation[who],
    )


def mask_of(crowd: Crowd, positions: c.Ints | None = None) -> c.Bits:
    """Return the mask of some people, or of nobody."""
    bits: c.Bits = np.zeros((len(crowd.who) + 63) // 64, np.uint64)
    if positions is not None:
        mark(bits, positions)
    return bits


def asked_of(problem: Problem, places: Places, rows: c.Ints | None = None) -> Asked:
    """Return what every slot of a problem asks for, or some, and who lives around."""
    slots = problem.slots if rows is None else problem.slots.take(rows)
    requests = problem.requests
    # Many requests are served at the same place.
    spots = np.stack([requests.lat[slots.request], requests.lon[slots.request]])
    spots, place = np.unique(spots, axis=1, return_inverse=True)
    return _asked(problem, slots, place, places.around(*spots))


def asked_of_all(problem: Problem) -> Asked:
    """Return what every slot of a problem asks for, and that anybody may live around."""
    everybody = Stretches(np.array([0, 1]), np.array([0]), np.array([len(problem.volunteers)]))
    return _asked(problem, problem.slots, np.zeros(len(problem.slots), np.int64), everybody)


def _asked(problem: Problem, slots: c.Slots, place: c.Longs, around: Stretches) -> Asked:
    requests, options = problem.requests, problem.options
    more, start, end = np.empty(0, np.int64), options.start[:0], options.end[:0]
    if len(problem.sessions):
        meetings = meetings_of(problem)
        begin = meetings.first[slots.option] + 1
        many = meetings.first[slots.option + 1] - begin
        rows = c.ranges(begin, many)
        more = np.append(0, np.cumsum(many))
        start, end = meetings.start[rows], meetings.end[rows]
    return Asked(
        place,
        options.start[slots.option],
        options.first_end[slots.option],
        requests.organisation[slots.request],
        requests.menu_organisation[slots.request],
        *vectors(requests.lat[slots.request], requests.lon[slots.request]),
        around.first,
        around.low,
        around.high,
        more,
        start,
        end,
    )


@compiled
def mark(bits: c.Bits, positions: c.Ints) -> None:
    """Add people to a mask."""
    for x in positions:
        bits[x >> 6] |= _ONE << np.uint64(x & 63)


@compiled
def mark_free(bits: c.Bits, crowd: Crowd, latest_start: int, earliest_end: int) -> None:
    """Add who has a window that starts by the one and lasts until the other."""
    for x in range(len(crowd.who)):
        for w in range(crowd.begin[x], crowd.begin[x + 1]):
            if crowd.start[w] > latest_start:
                break
            if crowd.end[w] >= earliest_end:
                bits[x >> 6] |= _ONE << np.uint64(x & 63)
                break


@compiled
def is_free(crowd: Crowd, x: int, start: int, end: int) -> bool:
    """Tell whether one merged window of somebody holds the whole service."""
    low, high = crowd.begin[x], crowd.begin[x + 1]
    while low < high:
        middle = (low + high) >> 1
        if crowd.start[middle] <= start:
            low = middle + 1
        else:
            high = middle
    return bool(low > crowd.begin[x] and crowd.end[low - 1] >= end)


@compiled
def is_free_later(crowd: Crowd, asked: Asked, x: int, i: int) -> bool:
    """Tell whether somebody is free for the meetings of a slot after its first."""
    for meeting in range(asked.more[i], asked.more[i + 1]):
        if not is_free(crowd, x, asked.more_start[meeting], asked.more_end[meeting]):
            return False
    return True


def size_of(mask: c.Bits) -> int:
    """Return how many people are in a mask."""
    return int(np.bitwise_count(mask).sum())


@compiled
def reached(
    crowd: Crowd,
    asked: Asked,
    mask: c.Bits,
    rows: c.Longs,
    begin: int,
    known: tuple[int, int],
    volunteer: c.Ints,
    slot: c.Ints,
    count: c.Longs,
) -> tuple[int, int]:
    """Find those of some people who are near, free and of the right organisation.

    Parameters
    ----------
    mask : uint64 array
        The people, by position.
    rows : int64 array
        Which slots are asked for; from `begin` on.
    known : tuple of int
        The start and the end of a service for which all of the people are known to be free.
    volunteer, slot : int32 arrays of equal length
        The pairs are written here, those of a slot all or none; if empty, who is near is counted,
        and no more.
    count : int64 array, shape (slots, 3)
        How many pairs of each slot each of the three rules left.

    Returns
    -------
    row, found : int
        The first row that found no room; how many pairs were written.
    """
    home, own, found = crowd.home, crowd.organisation, 0
    for row in range(begin, len(rows)):
        i = rows[row]
        before, near, free, right = found, 0, 0, 0
        north, east, up = asked.north[i], asked.east[i], asked.up[i]
        start, end, one, other = asked.start[i], asked.end[i], asked.one[i], asked.other[i]
        surely = start == known[0] and end == known[1]
        for stretch in range(asked.first[asked.place[i]], asked.first[asked.place[i] + 1]):
            low, high = asked.low[stretch], asked.high[stretch]
            for word in range(low >> 6, (high + 63) >> 6):
                bits = mask[word]
                if word == low >> 6:
                    bits &= _ALL << np.uint64(low & 63)
                if word == high >> 6:
                    bits &= (_ONE << np.uint64(high & 63)) - _ONE
                while bits:
                    others = bits & (bits - _ONE)
                    # The exponent of a power of two, as its bits tell it.
                    x = (word << 6) + int(np.float64(bits ^ others).view(np.int64) >> 52) - 1023
                    bits = others
                    chord = (home[x, 0] - north) ** 2 + (home[x, 1] - east) ** 2
                    chord += (home[x, 2] - up) ** 2
                    # Where a place is unknown this is NaN, and no distance is too far.
                    if chord > home[x, 3]:
                        continue
                    near += 1
                    if not len(volunteer) or not (surely or is_free(crowd, x, start, end)):
                        continue
                    if len(asked.more) and not is_free_later(crowd, asked, x, i):
                        continue
                    free += 1
                    if (one >= 0 and one != own[x]) or (other >= 0 and other != own[x]):
                        continue
                    right += 1
                    if found == len(volunteer):
                        return row, before
                    volunteer[found], slot[found] = crowd.who[x], i
                    found += 1
        count[i, 0], count[i, 1], count[i, 2] = near, free, right
    return len(rows), found
