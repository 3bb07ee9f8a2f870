"""Requests served one after the other, and rounds of ruin and recreate (Schrimpf and others, 2000).

Each round sends home the teams of a few requests that compete with one that is not served well, and
serves them all again in another order: the plan is kept if it is no worse.
"""

from __future__ import annotations

from matching.parallel.compiled import compiled
from matching.problem import columns as c
from matching.solvers.construction.book import NONE, ONE, ZERO, Book, put, take_out, whole
from matching.solvers.construction.serving import roll, serve

# Options left aside in rounds, per mille: the same order may end in another plan.
_SKIPPED = whole(50)
_TWO, _FOUR, _MOST_RUINED = whole(2), whole(4), whole(12)
_TRIES_TO_FIND = 30


@compiled
def serve_all(b: Book, order: c.Longs, every_way: bool) -> int:
    """Serve requests in the given order; return what the plan gains."""
    total = 0
    for q in order:
        total += serve(b, q, ZERO, ONE if every_way else ZERO)
    return total


@compiled
def put_all(b: Book, arcs: c.Longs) -> int:
    """Put in the arcs of a plan; return what it gains."""
    total = 0
    for a in arcs:
        total += put(b, a)
    return total


@compiled
def ruin_and_recreate(
    b: Book, wanting: c.Longs, rank: c.Longs, ruined: c.Longs, gone: c.Longs, work: int
) -> tuple[int, int]:
    """Go rounds until so many people were looked at; return how many, and what the plan gained.

    Parameters
    ----------
    wanting : int64 array
        Requests that are not served fully: each round begins at one of them.
    rank : int64 array, shape (requests,)
        Those of low rank are mostly served first.
    ruined, gone : int64 arrays
        Scratch for requests and for arcs, as many as there are requests, and twice the items.
    """
    total, rounds, end = 0, 0, b.one[0].work + work
    while b.one[0].work < end:
        # A round in which nobody can be looked at is work too.
        b.one[0].work += 1
        rounds += 1
        many = _rivals(b, wanting, ruined)
        count, gain = ZERO, ZERO
        for k in range(many):
            count, lost = take_out(b, ruined[k], gone, count)
            gain -= lost
        # Mostly by rank, with some displaced.
        for i in range(1, many):
            k = i
            while k > 0 and (
                rank[ruined[k]] < rank[ruined[k - 1]] if roll(b, _FOUR) > 0 else roll(b, _TWO) == 0
            ):
                ruined[k], ruined[k - 1] = ruined[k - 1], ruined[k]
                k -= 1
        for k in range(many):
            gain += serve(b, ruined[k], _SKIPPED, ZERO)
        if gain >= 0:
            total += gain
            continue
        for k in range(many):
            take_out(b, ruined[k], gone, count)
        for k in range(count - 1, -1, -1):
            put(b, gone[k])
    return rounds, total


@compiled
def _rivals(b: Book, wanting: c.Longs, ruined: c.Longs) -> int:
    """List a request and some that people who could serve it serve that day; return how many."""
    q = wanting[roll(b, len(wanting))]
    ruined[0], many = q, 1
    wish = 2 + roll(b, _MOST_RUINED)
    for _ in range(_TRIES_TO_FIND):
        o = b.requests[q].first + roll(b, b.requests[q].last - b.requests[q].first)
        slots = b.options[o].last - b.options[o].first
        if slots == 0:
            continue
        slot = b.slots[b.options[o].first + roll(b, slots)]
        if slot.first == slot.last:
            continue
        i = b.people[b.arcs[slot.first + roll(b, slot.last - slot.first)].volunteer].serving
        while i != NONE and many < min(wish, len(ruined)):
            other = b.options[b.slots[b.items[i].slot].option]
            if other.day == b.options[o].day and not _listed(ruined, many, other.request):
                ruined[many] = other.request
                many += 1
            i = b.items[i].link
    extra = wanting[roll(b, len(wanting))]
    if many < len(ruined) and not _listed(ruined, many, extra):
        ruined[many] = extra
        many += 1
    return many


@compiled
def _listed(listed: c.Longs, many: int, q: int) -> bool:
    found = False
    for k in range(many):
        found = found or listed[k] == q
    return found
