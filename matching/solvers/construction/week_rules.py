"""Whether a volunteer's week in a book has room for one service more."""

from __future__ import annotations

import math

from matching.arcs.spatial import RADIUS_KM
from matching.parallel.compiled import inner
from matching.solvers.construction.book import NONE, ONE, Book

_LATE = 1 + 1e-9  # as in `arcs.journeys`


@inner
def _way(b: Book, here: int, there: int) -> int:
    """Return the minutes that are said of the way between two stops; `NONE` where nothing is."""
    if here == NONE or there == NONE:
        return NONE
    low, high = b.stops[here].first, b.stops[here].last
    while low < high:
        middle = (low + high) >> 1
        if b.ways[middle].there < there:
            low = middle + 1
        else:
            high = middle
    found = low < b.stops[here].last and b.ways[low].there == there
    return b.ways[low].minutes if found else NONE


@inner
def _in_time(b: Book, v: int, one: int, other: int) -> bool:
    """Tell whether a volunteer can serve at one option after another: order, rest and travel."""
    before, after = b.options[one], b.options[other]
    gap = after.start - before.end
    if gap < 0 or (before.day != after.day and gap < b.people[v].rest):
        return False
    return _is_way(b, before.request, after.request, gap)


@inner
def _is_way(b: Book, one: int, other: int, gap: int) -> bool:
    """Tell whether minutes suffice for the way from one request to another."""
    here, there = b.requests[one], b.requests[other]
    minutes = _way(b, here.stop, there.stop)
    if minutes != NONE:
        return minutes <= gap
    speed = b.one[0].speed
    if math.isinf(speed) or math.isnan(here.lat) or math.isnan(there.lat):
        return True
    h = math.sin((there.lat - here.lat) / 2) ** 2
    h += math.cos(here.lat) * math.cos(there.lat) * math.sin((there.lon - here.lon) / 2) ** 2
    km = 2 * RADIUS_KM * math.asin(math.sqrt(min(h, 1.0)))
    return not km / speed * 60 > gap * _LATE


@inner
def _meetings_fit(b: Book, v: int, o: int) -> bool:
    """Tell whether a volunteer's week has room for an option, where somebody has several meetings.

    Services of one meeting are not compared with each other here.
    """
    person, option = b.people[v], b.options[o]
    for k in range(option.first_meeting, option.last_meeting):
        mine, today = b.meetings[k], 0
        for n in range(option.first_meeting, option.last_meeting):
            other = b.meetings[n]
            today += other.day == mine.day
            if other.day > mine.day and other.start - mine.end < person.rest:
                return False
        i = person.serving
        while i != NONE:
            there = b.options[b.slots[b.items[i].slot].option]
            i = b.items[i].link
            several = option.several + there.several
            for n in range(there.first_meeting, there.last_meeting):
                other = b.meetings[n]
                today += other.day == mine.day
                if several == 0:
                    continue
                forth, back = other.start - mine.end, mine.start - other.end
                here, away, gap = option.request, there.request, max(forth, back)
                if gap < 0 or (other.day != mine.day and gap < person.rest):
                    return False
                if forth < back:
                    here, away = away, here
                if not _is_way(b, here, away, gap):
                    return False
        if today > person.most_a_day:
            return False
    return True


@inner
def fits(b: Book, v: int, o: int) -> bool:
    """Tell whether a volunteer's week has room for an option."""
    person, option = b.people[v], b.options[o]
    if person.shifts >= person.most_shifts:
        return False
    if person.minutes + option.minutes > person.most_minutes:
        return False
    if b.one[0].several != 0 and not _meetings_fit(b, v, o):
        return False
    before, after, today = NONE, NONE, 1
    i = person.serving
    while i != NONE:
        other = b.slots[b.items[i].slot].option
        if option.several + b.options[other].several > 0:
            i = b.items[i].link
            continue
        if b.options[other].end <= option.start:
            if before == NONE or b.options[other].start >= b.options[before].start:
                before = other
        elif b.options[other].start >= option.end:
            if after == NONE or b.options[other].start < b.options[after].start:
                after = other
        else:
            return False
        today += b.options[other].day == option.day
        i = b.items[i].link
    if today > person.most_a_day:
        return False
    if before != NONE and not _in_time(b, v, before, o):
        return False
    return after == NONE or _in_time(b, v, o, after)


@inner
def within_limits(b: Book, a: int) -> bool:
    """Tell whether the limits of an arc's volunteer leave room for it."""
    v, s = b.arcs[a].volunteer, b.arcs[a].slot
    for n in range(b.people[v].first_limit, b.people[v].last_limit):
        if not _has_room(b, v, s, n):
            return False
    n = b.one[0].common
    while n < len(b.limits) and _has_room(b, v, s, n):
        n += 1
    return n == len(b.limits)


@inner
def _has_room(b: Book, v: int, s: int, n: int) -> bool:
    """Tell whether one limit leaves a volunteer room for a slot."""
    limit, day, code = b.limits[n], b.options[b.slots[s].option].day, NONE
    if day < limit.first_day or day > limit.last_day:
        return True
    if limit.subject != NONE:
        code = b.codes[s, limit.subject]
        if code == NONE or (limit.code != NONE and code != limit.code):
            return True
    count, days = ONE, ONE << day
    i = b.people[v].serving
    while i != NONE:
        other = b.items[i].slot
        i = b.items[i].link
        day = b.options[b.slots[other].option].day
        if day < limit.first_day or day > limit.last_day:
            continue
        if limit.subject != NONE and b.codes[other, limit.subject] != code:
            continue
        if limit.by_day == 0 or (days >> day) & 1 == 0:
            count += 1
            days |= ONE << day
    return count <= limit.most
