"""Requests served one after the other, and rounds of ruin and recreate (Schrimpf et al., 2000).

Each round sends home the teams of a few requests that compete with one that is not served well, and
serves them all again in another order: the plan is kept if it is no worse.
"""

from __future__ import annotations

from matching.parallel.compiled import compiled, inner, whole
from matching.problem import columns as c
from matching.solvers.construction.book import NONE, ONE, ZERO, Book, put, take_out
from matching.solvers.construction.serving import roll, serve

# Options left aside in rounds, per mille: the same order may end in another plan.
_SKIPPED = whole(50)
_TWO, _FOUR, _MOST_RUINED = whole(2), whole(4), whole(12)
_TRIES_TO_FIND = 30


@compiled
def serve_and_improve(
    b: Book,
    order: c.Longs,
    wanting: c.Longs,
    rank: c.Longs,
    ruined: c.Longs,
    gone: c.Longs,
    work: int,
) -> tuple[int, int]:
    """Serve requests in every way, then go rounds until so many people were looked at.

    Parameters
    ----------
    order : int64 array
        Requests to serve, one after the other.
    wanting : int64 array
        Requests that are not served fully: each round begins at one of them.
    rank : int64 array, shape (requests,)
        Those of low rank are mostly served first.
    ruined, gone : int64 arrays
        Scratch for requests and for arcs, as many as there are requests, and twice the items.

    Returns
    -------
    rounds, gain : int
        How many rounds, and what the plan gains.
    """
    total, rounds, end = ZERO, ZERO, b.one[0].work + work
    for q in order:
        total += serve(b, q, ZERO, ONE)
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
            while k > 0:
                later, sooner = ruined[k], ruined[k - 1]
                if not (rank[later] < rank[sooner] if roll(b, _FOUR) > 0 else roll(b, _TWO) == 0):
                    break
                ruined[k], ruined[k - 1] = sooner, later
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
def put_all(b: Book, arcs: c.Longs) -> None:
    """Put in the arcs of a plan."""
    for a in arcs:
        put(b, a)


@inner
def _rivals(b: Book, wanting: c.Longs, ruined: c.Longs) -> int:
    """List a request and some that people who could serve it serve that day; return how many."""
    q = wanting[roll(b, len(wanting))]
    many, most = _listed(b, q, ruined, ZERO), 2 + roll(b, _MOST_RUINED)
    for _ in range(_TRIES_TO_FIND):
        o = b.requests[q].first + roll(b, b.requests[q].last - b.requests[q].first)
        slots = b.options[o].last - b.options[o].first
        if slots == 0:
            continue
        slot = b.slots[b.options[o].first + roll(b, slots)]
        if slot.first == slot.last:
            continue
        i = b.people[b.arcs[slot.first + roll(b, slot.last - slot.first)].volunteer].serving
        while i != NONE and many < most:
            other = b.options[b.slots[b.items[i].slot].option]
            if other.day == b.options[o].day:
                many = _listed(b, other.request, ruined, many)
            i = b.items[i].link
    return _listed(b, wanting[roll(b, len(wanting))], ruined, many)


@inner
def _listed(b: Book, q: int, ruined: c.Longs, many: int) -> int:
    """List a request that is not listed yet in this round; return how many are."""
    if b.requests[q].ruined == b.one[0].work:
        return many
    b.requests[q].ruined, ruined[many] = b.one[0].work, q
    return many + 1
