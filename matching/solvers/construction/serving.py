"""Serving one request: the best team among its options, people one by one, and every other way."""

from __future__ import annotations

from matching.parallel.compiled import inner, whole
from matching.solvers.construction.book import (
    NONE,
    ONE,
    ZERO,
    Book,
    added,
    put,
    seat_worth,
    serves,
)
from matching.solvers.construction.teams import (
    ALONE,
    agrees,
    begin,
    best_for,
    build,
    disband,
    has_time,
    join,
    join_ring,
    keep,
    leave,
    put_team,
    unmet,
    worth,
    worth_of_last,
)

_FAR = whole(1 << 60)
_PER_MILLE = whole(1000)
# Ways tried for one option where pairs, quotas and team rules leave a doubt.
_MOST_WAYS = 2_000
# Groups tried for one option.
_MOST_RINGS = 256


@inner
def roll(b: Book, below: int) -> int:
    """Return a random number below another."""
    b.one[0].dice = (b.one[0].dice * 1103515245 + 12345) & 0x7FFFFFFF
    return (b.one[0].dice >> 8) % below


@inner
def serve(b: Book, q: int, skip: int, every_way: int) -> int:
    """Let people serve a request, if the plan gains by it; return what it gains.

    Parameters
    ----------
    skip : int
        Options are left aside with this probability, per mille.
    every_way : int
        Not 0 if all ways are to be tried in doubt.
    """
    request, total, doubt = b.requests[q], 0, False
    if request.option == NONE:
        count, most = ZERO, ZERO
        for o in range(request.first, request.last):
            if skip > 0 and roll(b, _PER_MILLE) < skip:
                continue
            if most > 0 and _at_most(b, o) <= most:
                continue
            begin(b)
            if build(b, o):
                gain = worth(b, o)
                doubt = doubt or gain <= 0
                if gain > most:
                    count, most = keep(b), gain
            doubt = doubt or b.one[0].doubt != 0
            disband(b)
            if b.one[0].rings != 0:
                count, most = _best_with_ring(b, o, count, most)
        total = put_team(b, count)
    elif not _is_whole(b, request.option):
        # Of what is pinned the others are missing, at whatever price.
        total = _try_all(b, request.option, -_FAR)
    if request.option != NONE:
        total += _fill(b, request.option)
        doubt = b.one[0].doubt != 0
    if every_way == 0 or not doubt:
        return total
    for o in range(request.first, request.last):
        more = 1
        while more > 0 and (request.option == NONE or request.option == o):
            more = _try_all(b, o, ZERO)
            if more > 0:
                total += more + _fill(b, o)
    return total


@inner
def _at_most(b: Book, o: int) -> int:
    """Return what the smallest team of an option could gain at most, were all of them free."""
    single, needed = ZERO, ZERO
    bonus = b.requests[b.options[o].request].bonus
    team = bonus
    for s in range(b.options[o].first, b.options[o].last):
        slot = b.slots[s]
        if slot.first == slot.last:
            continue
        gain = b.arcs[slot.first].gain
        single = max(single, gain + seat_worth(b, slot.post, ONE) + bonus)
        least = b.posts[slot.post].least
        needed += least
        for k in range(least):
            team += gain + seat_worth(b, slot.post, k + 1)
    least = max(b.requests[b.options[o].request].least, 1)
    if needed >= least:
        return team
    return single if needed == 0 and least == 1 else _FAR


@inner
def _fill(b: Book, o: int) -> int:
    """Let people join one by one as long as that gains; return what it gains."""
    total = 0
    while True:
        begin(b)
        best, most = NONE, ZERO
        for s in range(b.options[o].first, b.options[o].last):
            post = b.posts[b.slots[s].post]
            if post.filled < post.seats:
                a = best_for(b, s, ALONE)
                if a != NONE and added(b, a) > most:
                    best, most = a, added(b, a)
        if best != NONE:
            total += put(b, best)
            continue
        doubt, count = b.one[0].doubt, ZERO
        if b.one[0].rings != 0:
            count, most = _best_with_ring(b, o, ZERO, ZERO)
            b.one[0].doubt += doubt
        if count == 0:
            return total
        total += put_team(b, count)


@inner
def _best_with_ring(b: Book, o: int, count: int, most: int) -> tuple[int, int]:
    """Make teams with each group of an option and keep the best, if it gains more than the most.

    Returns
    -------
    count, most : int
        How many are in the best team, and what it gains: as before, if none is better.
    """
    q, tries = b.options[o].request, 0
    for s in range(b.options[o].first, b.options[o].last):
        for a in range(b.slots[s].first, b.slots[s].last):
            if b.people[b.arcs[a].volunteer].leads == 0 or tries == _MOST_RINGS:
                continue
            tries += 1
            begin(b)
            if join_ring(b, a) and b.one[0].members > 0:
                whole = build(b, o) if b.requests[q].people == 0 else _is_whole(b, o)
                gain = worth(b, o)
                if whole and gain > most:
                    count, most = keep(b), gain
            disband(b)
    return count, most


@inner
def _is_whole(b: Book, o: int) -> bool:
    """Tell whether the plan with the team keeps the request's rules."""
    q = b.options[o].request
    people = b.requests[q].people + b.one[0].members
    if people < b.requests[q].least or unmet(b, q, people) != NONE:
        return False
    for s in range(b.options[o].first, b.options[o].last):
        post = b.posts[b.slots[s].post]
        if post.filled + b.slots[s].joined < post.least:
            return False
    for k in range(b.one[0].members):
        v = b.arcs[b.team[k].arc].volunteer
        for i in range(b.people[v].first_pair, b.people[v].last_pair):
            other = b.pairs[i].partner
            there = b.people[other].member != NONE or serves(b, other, q)
            if b.pairs[i].together != 0 and not there:
                return False
    return True


@inner
def _could_join(b: Book, o: int) -> int:
    """List who could join an option, and what those from each on could gain; return how many."""
    many = 0
    for s in range(b.options[o].first, b.options[o].last):
        post = b.posts[b.slots[s].post]
        if post.filled < post.seats:
            for a in range(b.slots[s].first, b.slots[s].last):
                if many < len(b.tried) - 1 and has_time(b, a):
                    b.tried[many].arc = a
                    many += 1
    b.tried[many].gain = 0
    for i in range(many - 1, -1, -1):
        b.tried[i].gain = b.tried[i + 1].gain + max(added(b, b.tried[i].arc), 0)
    return many


@inner
def _try_all(b: Book, o: int, least: int) -> int:
    """Look for people who can join at once with a gain, in every way; return what was gained.

    Gains that are no more than the least do not count.
    """
    begin(b)
    many, i, gain, count = _could_join(b, o), ZERO, ZERO, ZERO
    for _ in range(min(_MOST_WAYS, b.one[0].ways)):
        b.one[0].ways -= 1
        if i < many and gain + b.tried[i].gain > least:
            a = b.tried[i].arc
            slot = b.slots[b.arcs[a].slot]
            post = b.posts[slot.post]
            joins = post.seats > post.filled + slot.joined
            joins = joins and b.people[b.arcs[a].volunteer].member == NONE and agrees(b, a, ZERO)
            b.tried[i].chosen = joins
            i += 1
            if joins:
                join(b, a)
                gain += worth_of_last(b)
                if gain > least and _is_whole(b, o):
                    count = keep(b)
                    break
            continue
        i -= 1
        while i >= 0 and b.tried[i].chosen == 0:
            i -= 1
        if i < 0:
            break
        gain -= worth_of_last(b)
        leave(b, b.one[0].members - 1)
        b.tried[i].chosen = 0
        i += 1
    disband(b)
    return put_team(b, count)
