"""What fits beside what is given of a volunteer's plan, and what of the rest it would displace."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from matching.answers.within import Limits, has_limits, limits_for, within
from matching.arcs.eligibility import Arcs
from matching.arcs.meetings import meetings_of
from matching.arcs.spatial import RADIUS_KM
from matching.arcs.value import first_load
from matching.parallel.compiled import compiled
from matching.problem import Problem
from matching.problem import columns as c


class Book(NamedTuple):
    """Arcs, what they are worth and the rules of weeks: by arc, slot and volunteer."""

    volunteer: c.Ints
    slot: c.Ints
    first: c.Longs  # where each volunteer's arcs begin
    reward: c.Floats  # fit and need
    start: c.Ints
    end: c.Ints
    day: c.Ints
    service: c.Ints  # minutes
    first_meeting: c.Longs  # where those of each slot begin; empty if no slot has several
    meeting_start: c.Ints
    meeting_end: c.Ints
    meeting_day: c.Ints
    request: c.Ints
    lat: c.Floats
    lon: c.Floats
    stop: c.Ints
    first_way: c.Longs  # where the ways from each stop begin
    there: c.Ints
    minutes: c.Ints
    max_shifts: c.Ints
    max_minutes: c.Ints
    max_shifts_per_day: c.Ints
    min_rest: c.Ints
    limits: Limits
    first_load: c.Longs
    load_step: float
    call: float  # what a first service costs more
    speed: float


class Standing(NamedTuple):
    """The plan as arcs, sorted by volunteer and start, and which of it is given."""

    first: c.Longs
    arc: c.Longs
    forced: c.Bools
    value: c.Floats  # of each volunteer's plan


def book_of(problem: Problem, arcs: Arcs, reward: c.Floats) -> Book:
    """Return what the compiled loops read."""
    slots, options, requests = problem.slots, problem.options, problem.requests
    people, travel, meetings = problem.volunteers, problem.travel, meetings_of(problem)
    many = np.diff(meetings.first)[slots.option]
    row = c.ranges(meetings.first[slots.option], many)
    first = np.append(0, np.cumsum(many)) if len(problem.sessions) else np.empty(0, np.int64)
    return Book(
        arcs.volunteer,
        arcs.slot,
        c.starts_of(arcs.volunteer, len(people)),
        reward,
        options.start[slots.option],
        options.end[slots.option],
        options.day[slots.option],
        options.minutes[slots.option],
        first,
        meetings.start[row],
        meetings.end[row],
        meetings.day[row],
        slots.request,
        np.radians(requests.lat[slots.request]),
        np.radians(requests.lon[slots.request]),
        requests.stop[slots.request],
        c.starts_of(travel.here, int(travel.here.max(initial=-1)) + 1),
        travel.there,
        travel.minutes,
        people.max_shifts,
        people.max_minutes,
        people.max_shifts_per_day,
        people.min_rest,
        limits_for(problem),
        first_load(problem),
        float(problem.policy.load_step),
        float(problem.policy.load_first),
        float(problem.policy.travel_kmh),
    )


@compiled
def follows(book: Book, v: int, a: int, b: int) -> bool:
    """Tell whether a volunteer can serve slot b next after slot a."""
    gap = book.start[b] - book.end[a]
    if gap < 0 or (book.day[a] != book.day[b] and gap < book.min_rest[v]):
        return False
    return is_way(book, a, b, gap)


@compiled
def meetings_fit(book: Book, v: int, others: c.Longs, size: int, slot: int) -> bool:
    """Tell whether a slot's meetings leave room for those of the first so many others.

    Slots of one meeting are compared by `follows`; all count for their days.
    """
    if len(book.first_meeting) == 0:
        return True
    first, last = book.first_meeting[slot], book.first_meeting[slot + 1]
    for i in range(first, last):
        day, many = book.meeting_day[i], 0
        for j in range(first, last):
            many += book.meeting_day[j] == day
            gap = book.meeting_start[j] - book.meeting_end[i]
            if book.meeting_day[j] > day and gap < book.min_rest[v]:
                return False
        for k in range(size):
            begin, end = book.first_meeting[others[k]], book.first_meeting[others[k] + 1]
            for j in range(begin, end):
                many += book.meeting_day[j] == day
                if last - first == 1 and end - begin == 1:
                    continue
                forth = book.meeting_start[j] - book.meeting_end[i]
                back = book.meeting_start[i] - book.meeting_end[j]
                here, there, gap = slot, others[k], max(forth, back)
                if gap < 0 or (book.meeting_day[j] != day and gap < book.min_rest[v]):
                    return False
                if forth < back:
                    here, there = others[k], slot
                if not is_way(book, here, there, gap):
                    return False
        if many > book.max_shifts_per_day[v]:
            return False
    return True


@compiled
def is_way(book: Book, a: int, b: int, gap: int) -> bool:
    """Tell whether minutes suffice for the way from one slot to another."""
    if book.stop[a] >= 0 and book.stop[b] >= 0:
        first, last = book.first_way[book.stop[a]], book.first_way[book.stop[a] + 1]
        way = first + np.searchsorted(book.there[first:last], book.stop[b])
        if way < last and book.there[way] == book.stop[b]:
            return bool(book.minutes[way] <= gap)
    h = math.sin((book.lat[b] - book.lat[a]) / 2) ** 2
    h += (
        math.cos(book.lat[a])
        * math.cos(book.lat[b])
        * (math.sin((book.lon[b] - book.lon[a]) / 2) ** 2)
    )
    km = 2 * RADIUS_KM * math.asin(math.sqrt(min(h, 1.0)))
    # NaN, where a place is unknown, is never too far.
    return not (km / book.speed * 60 > gap * (1 + 1e-9))


@compiled
def load(book: Book, v: int, shifts: int) -> float:
    """Return the load of a number of shifts of a volunteer."""
    cost: float = shifts * book.first_load[v] + (book.call if shifts > 0 else 0.0)
    return cost + book.load_step * (shifts * (shifts - 1) // 2)


@compiled
def kept_beside(book: Book, standing: Standing, arc: int, gone: c.Bools) -> tuple[int, float]:
    """Find what of a volunteer's plan is kept beside an arc: all that is given, the best of it.

    Parameters
    ----------
    gone : bool array
        Of the volunteer's plan, in its order: what is displaced is written here.

    Returns
    -------
    services, value : int, float
        Of the week with the arc; -1 services, if it cannot stand beside what is given.
    """
    v, slot = book.volunteer[arc], book.slot[arc]
    begin, end = standing.first[v], standing.first[v + 1]
    size = 1
    arcs = np.empty(end - begin + 1, np.int64)
    place = np.empty(end - begin + 1, np.int64)
    forced = np.ones(end - begin + 1, np.bool_)
    arcs[0], place[0] = arc, -1
    for row in range(begin, end):
        other = standing.arc[row]
        gone[row - begin] = False
        if other == arc:
            continue
        # What begins before the arc stands before it; all else is in order already.
        at = size
        if book.start[book.slot[other]] < book.start[slot]:
            at -= 1
            arcs[size], place[size], forced[size] = arcs[at], place[at], forced[at]
        arcs[at], place[at], forced[at] = other, row - begin, standing.forced[row]
        size += 1
    # What the rest could add at most.
    rest = np.zeros(size + 1)
    for i in range(size - 1, -1, -1):
        rest[i] = rest[i + 1] + max(0.0, book.reward[arcs[i]] - book.first_load[v])
    choice = np.full(size + 1, -1, np.int64)
    last = np.full(size + 1, -1, np.int64)
    minutes, count = np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64)
    gain = np.zeros(size + 1)
    limited, others = has_limits(book.limits, v), np.empty(size, np.int64)
    best, most = -np.inf, -1
    i = 0
    while i >= 0:
        if i == size:
            value = gain[i] - load(book, v, count[i])
            if value > best:
                best, most = value, count[i]
                for k in range(size):
                    if place[k] >= 0:
                        gone[place[k]] = choice[k] == 1
            if count[i] == size:
                break  # all of it fits: nothing need be displaced
            i -= 1
            continue
        choice[i] += 1
        here = book.slot[arcs[i]]
        if choice[i] == 0:
            today, fits = 1, True
            for k in range(i):
                if choice[k] == 0:
                    there = book.slot[arcs[k]]
                    today += book.day[there] == book.day[here]
                    fits = fits and book.request[there] != book.request[here]
            longer = minutes[i] + book.service[here]
            fits = fits and today <= book.max_shifts_per_day[v] and longer <= book.max_minutes[v]
            fits = fits and count[i] < book.max_shifts[v]
            alone = len(book.first_meeting) > 0
            alone = alone and book.first_meeting[here + 1] - book.first_meeting[here] > 1
            if fits and last[i] >= 0 and not alone:
                fits = follows(book, v, book.slot[arcs[last[i]]], here)
            if fits and (limited or len(book.first_meeting)):
                kept = 0
                for k in range(i):
                    if choice[k] == 0:
                        others[kept] = book.slot[arcs[k]]
                        kept += 1
                fits = within(book.limits, v, others, kept, here)
                fits = fits and meetings_fit(book, v, others, kept, here)
            if fits:
                last[i + 1], minutes[i + 1] = last[i] if alone else i, longer
                count[i + 1], gain[i + 1] = count[i] + 1, gain[i] + book.reward[arcs[i]]
                i += 1
                choice[i] = -1
        elif choice[i] == 1 and not forced[i]:
            if gain[i] + rest[i + 1] - load(book, v, count[i]) > best:
                last[i + 1], minutes[i + 1] = last[i], minutes[i]
                count[i + 1], gain[i + 1] = count[i], gain[i]
                i += 1
                choice[i] = -1
        elif choice[i] >= 1:
            i -= 1
    return most, best


@compiled
def judge(
    book: Book, standing: Standing, arcs: c.Longs, charge: c.Floats, lost: c.Floats, held: c.Ints
) -> None:
    """Write, for each arc, its load and what it displaces; NaN where it cannot stand.

    Parameters
    ----------
    charge, lost : float64 arrays
        The load beside what is kept, and the value of what is displaced.
    held : int32 array
        How many services are displaced.
    """
    for k in range(len(arcs)):
        arc = arcs[k]
        v = book.volunteer[arc]
        begin, end = standing.first[v], standing.first[v + 1]
        gone = np.zeros(end - begin, np.bool_)
        count, value = kept_beside(book, standing, arc, gone)
        charge[k] = np.nan
        if count < 0:
            continue
        before = standing.value[v]
        for row in range(begin, end):
            if standing.arc[row] == arc:
                before -= book.reward[arc] - load(book, v, end - begin)
                before -= load(book, v, end - begin - 1)
        charge[k] = load(book, v, count) - load(book, v, count - 1)
        held[k] = gone.sum()
        lost[k] = before - (value - (book.reward[arc] - charge[k]))
        if held[k] == 0:
            lost[k] = 0.0


@compiled
def name_displaced(
    book: Book, standing: Standing, arcs: c.Longs, row: c.Longs, slot: c.Ints
) -> None:
    """Write which slots each arc displaces: the number of the arc, and the slot."""
    found = 0
    for k in range(len(arcs)):
        v = book.volunteer[arcs[k]]
        begin, end = standing.first[v], standing.first[v + 1]
        gone = np.zeros(end - begin, np.bool_)
        kept_beside(book, standing, arcs[k], gone)
        for i in range(end - begin):
            if gone[i]:
                row[found], slot[found] = k, book.slot[standing.arc[begin + i]]
                found += 1


@compiled
def best_few(
    book: Book,
    standing: Standing,
    allowed: c.Bools,
    people: tuple[int, int],
    top: int,
    arc: c.Longs,
    charge: c.Floats,
    lost: c.Floats,
    held: c.Ints,
) -> None:
    """Write the best arcs of a stretch of volunteers, shape (volunteers, top); -1 for none."""
    one, one_charge, one_lost = np.empty(1, np.int64), np.empty(1), np.empty(1)
    one_held = np.empty(1, np.int32)
    for v in range(people[0], people[1]):
        row, size = v - people[0], 0
        for a in range(book.first[v], book.first[v + 1]):
            if not allowed[a]:
                continue
            # No arc costs less than a first load.
            if size == top:
                least = book.reward[arc[row, top - 1]] - charge[row, top - 1]
                if book.reward[a] - book.first_load[v] <= least:
                    continue
            one[0] = a
            judge(book, standing, one, one_charge, one_lost, one_held)
            score = book.reward[a] - one_charge[0]
            if np.isnan(score):
                continue
            at = size
            while at > 0 and score > book.reward[arc[row, at - 1]] - charge[row, at - 1]:
                at -= 1
            if at == top:
                continue
            for k in range(min(size, top - 1), at, -1):
                arc[row, k], charge[row, k] = arc[row, k - 1], charge[row, k - 1]
                lost[row, k], held[row, k] = lost[row, k - 1], held[row, k - 1]
            arc[row, at], charge[row, at] = a, one_charge[0]
            lost[row, at], held[row, at] = one_lost[0], one_held[0]
            size = min(size + 1, top)
        for k in range(size, top):
            arc[row, k] = -1
