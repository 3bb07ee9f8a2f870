"""Teams for one request in the plan as it is: greedy, and mended by exchanges.

A team for an option nobody serves yet begins with the posts' minimums, the best person first. Where
nobody is left for a post, somebody of the team moves there and another takes their place (an
augmenting path). Then come those who are missing in all, and the holders that team rules ask for.
"""

from __future__ import annotations

from matching.parallel.compiled import inner, whole
from matching.solvers.construction.book import (
    NONE,
    ONE,
    ZERO,
    Book,
    has_quota,
    load_of_one_more,
    put,
    seat_worth,
    serves,
    use_quota,
)
from matching.solvers.construction.week_rules import fits, within_limits

# Who is looked at: anybody, or who keeps all team rules by joining alone; else holders of a rule.
_ANYBODY, ALONE = whole(-1), whole(-2)


@inner
def begin(b: Book) -> None:
    """Forget whose week has room: the plan has changed."""
    b.one[0].number += 1
    b.one[0].doubt = 0


@inner
def join(b: Book, a: int) -> None:
    """Let somebody join the team."""
    v, size = b.arcs[a].volunteer, b.one[0].members
    b.people[v].member = size
    b.team[size].arc = a
    b.one[0].members = size + 1
    b.slots[b.arcs[a].slot].joined += 1
    use_quota(b, v, ONE)


@inner
def leave(b: Book, k: int) -> None:
    """Take the k-th out of the team; the last takes its place."""
    last = b.one[0].members - 1
    a, other = b.team[k].arc, b.team[last].arc
    b.team[k].arc = other
    b.people[b.arcs[other].volunteer].member = k
    b.people[b.arcs[a].volunteer].member = NONE
    b.one[0].members = last
    b.slots[b.arcs[a].slot].joined -= 1
    use_quota(b, b.arcs[a].volunteer, -ONE)


@inner
def disband(b: Book) -> None:
    """Take all out of the team."""
    while b.one[0].members > 0:
        leave(b, b.one[0].members - 1)


@inner
def has_time(b: Book, a: int) -> bool:
    """Tell whether the week of an arc's volunteer has room for it."""
    v = b.arcs[a].volunteer
    person = b.people[v]
    if person.asked != b.one[0].number:
        person.asked = b.one[0].number
        person.fits = fits(b, v, b.slots[b.arcs[a].slot].option)
    return person.fits != 0 and within_limits(b, a)


@inner
def agrees(b: Book, a: int, alone: int) -> bool:
    """Tell whether quotas and pairs allow somebody; if alone, friends must be there already.

    Where another team, or a friend, could make it possible, there is a doubt.
    """
    v = b.arcs[a].volunteer
    o = b.slots[b.arcs[a].slot].option
    if not has_quota(b, v):
        if b.one[0].members > 0:
            b.one[0].doubt = 1
        return False
    for i in range(b.people[v].first_pair, b.people[v].last_pair):
        other, together = b.pairs[i].partner, b.pairs[i].together != 0
        in_team = b.people[other].member != NONE
        there = in_team or serves(b, other, b.options[o].request)
        if there != together and (there or alone != 0):
            if in_team or fits(b, other, o):
                b.one[0].doubt = 1
            return False
    return True


@inner
def join_ring(b: Book, a: int) -> bool:
    """Let somebody and all who must come along join the team; tell whether all could.

    Who is there already need not join.
    """
    o = b.slots[b.arcs[a].slot].option
    first, last = b.options[o].first, b.options[o].last
    begin_at = b.arcs[a].volunteer
    v = begin_at
    while True:
        best, most = NONE, 0
        if b.people[v].member == NONE and not serves(b, v, b.options[o].request):
            for s in range(first, last):
                slot = b.slots[s]
                room = b.posts[slot.post].seats > b.posts[slot.post].filled + slot.joined
                for k in range(slot.first, slot.last if room else slot.first):
                    b.one[0].work += 1
                    arc = b.arcs[k]
                    if arc.volunteer != v or (v == begin_at and k != a):
                        continue
                    better = best == NONE or arc.gain > most
                    if better and has_time(b, k) and agrees(b, k, ZERO):
                        best, most = k, arc.gain
            if best == NONE:
                return False
            join(b, best)
        v = b.people[v].ring
        if v == begin_at:
            return True


@inner
def own_gain(b: Book, a: int) -> int:
    """Return what an arc is worth but for its seat."""
    arc = b.arcs[a]
    return arc.gain - load_of_one_more(b, arc.volunteer)


@inner
def unmet(b: Book, q: int, people: int) -> int:
    """Return a rule that the plan with the team would break as so many; `NONE` if there is none."""
    request = b.requests[q]
    for r in range(request.first_rule, request.last_rule):
        held = b.rules[r].held
        for k in range(b.one[0].members):
            held += b.holds[b.team[k].arc, r - request.first_rule]
        if held < _asked(b, r, people):
            return r
    return NONE


@inner
def _asked(b: Book, r: int, people: int) -> int:
    """Return how many holders a rule asks for in a team of so many."""
    rule = b.rules[r]
    share = (people + rule.share - 1) // rule.share if rule.share > 0 else 0
    return max(rule.least, share)


@inner
def _keeps_rules_alone(b: Book, a: int, q: int) -> bool:
    request = b.requests[q]
    for r in range(request.first_rule, request.last_rule):
        held = b.rules[r].held + b.holds[a, r - request.first_rule]
        if held < _asked(b, r, request.people + 1):
            return False
    return True


@inner
def best_for(b: Book, s: int, who: int) -> int:
    """Return the arc of who joins a slot best; `who` is a rule whose holders count, or a code."""
    slot, best, most = b.slots[s], NONE, 0
    q = b.options[slot.option].request
    for a in range(slot.first, slot.last):
        if best != NONE and b.arcs[a].gain <= most:
            break
        gain = own_gain(b, a)
        if b.people[b.arcs[a].volunteer].member != NONE or (best != NONE and gain <= most):
            continue
        if who >= 0 and b.holds[a, who - b.requests[q].first_rule] == 0:
            continue
        b.one[0].work += 1
        if not (has_time(b, a) and agrees(b, a, ONE)):
            continue
        if who == ALONE and not _keeps_rules_alone(b, a, q):
            b.one[0].doubt = 1
            continue
        best, most = a, gain
    return best


@inner
def _make_room(b: Book, begin_at: int) -> bool:
    """Find somebody for a slot where all who could come are in the team already."""
    b.one[0].sight += 1
    sight = b.one[0].sight
    first = b.options[b.slots[begin_at].option].first
    b.slots[first].queue, b.slots[begin_at].seen = begin_at, sight
    i, many = 0, 1
    while i < many:
        s = b.slots[first + i].queue
        i += 1
        for a in range(b.slots[s].first, b.slots[s].last):
            b.one[0].work += 1
            k = b.people[b.arcs[a].volunteer].member
            if k != NONE:
                there = b.arcs[b.team[k].arc].slot
                if b.slots[there].seen != sight:
                    b.slots[there].seen, b.slots[there].via = sight, a
                    b.slots[first + many].queue = there
                    many += 1
            elif has_time(b, a) and agrees(b, a, ONE):
                join(b, a)
                while s != begin_at:
                    moved = b.slots[s].via
                    b.team[b.people[b.arcs[moved].volunteer].member].arc = moved
                    b.slots[s].joined -= 1
                    s = b.arcs[moved].slot
                    b.slots[s].joined += 1
                return True
    return False


@inner
def build(b: Book, o: int) -> bool:
    """Make the smallest team for an option that nobody serves; tell whether there is one."""
    option = b.options[o]
    q, needed = option.request, 0
    for s in range(option.first, option.last):
        needed += b.posts[b.slots[s].post].least
    least = max(b.requests[q].least, 1, needed)
    for s in range(option.first, option.last):
        while b.slots[s].joined < b.posts[b.slots[s].post].least:
            a, rule = NONE, unmet(b, q, least)
            if rule != NONE:
                a = best_for(b, s, rule)
            if a == NONE:
                a = best_for(b, s, _ANYBODY)
            if a != NONE:
                join(b, a)
            elif not _make_room(b, s):
                return False
    # Each exchange brings a holder; those of several rules may replace each other for ever.
    for _ in range(4 * (least + option.last - option.first) + 8):
        rule, short = unmet(b, q, b.one[0].members), b.one[0].members < least
        if rule == NONE and not short:
            return True
        if _one_more(b, o, rule, short):
            continue
        moved = False
        for s in range(option.first, option.last):
            room = b.posts[b.slots[s].post].seats > b.slots[s].joined
            if short and room and not moved:
                moved = _make_room(b, s)
        if not moved:
            break
    if unmet(b, q, b.one[0].members) != NONE:
        # Others of the team may stand in the way of a holder.
        b.one[0].doubt = 1
    return False


@inner
def _one_more(b: Book, o: int, rule: int, short: bool) -> bool:
    """Let somebody join: a holder, where a rule is unmet, who may also replace another."""
    best, most, replaced = NONE, 0, NONE
    first_rule = b.requests[b.options[o].request].first_rule
    for s in range(b.options[o].first, b.options[o].last):
        p = b.slots[s].post
        a = best_for(b, s, rule if rule != NONE else _ANYBODY)
        if a == NONE and rule != NONE and short:
            a = best_for(b, s, _ANYBODY)
        if a == NONE:
            continue
        own = own_gain(b, a)
        if b.slots[s].joined < b.posts[p].seats:
            gain = own + seat_worth(b, p, b.slots[s].joined + 1)
            if best == NONE or gain > most:
                best, most, replaced = a, gain, NONE
        if rule == NONE or b.holds[a, rule - first_rule] == 0:
            continue
        for k in range(b.one[0].members):
            other = b.team[k].arc
            grouped = b.people[b.arcs[other].volunteer].ring != NONE
            if b.arcs[other].slot == s and b.holds[other, rule - first_rule] == 0 and not grouped:
                gain = own - own_gain(b, other)
                if not short and (best == NONE or gain > most):
                    best, most, replaced = a, gain, k
    if best == NONE:
        return False
    if replaced != NONE:
        leave(b, replaced)
    join(b, best)
    return True


@inner
def worth(b: Book, o: int) -> int:
    """Return what the plan gains by the team."""
    total, request = 0, b.requests[b.options[o].request]
    if request.people == 0 and b.one[0].members > 0:
        total += request.bonus
    for k in range(b.one[0].members):
        total += own_gain(b, b.team[k].arc)
    for s in range(b.options[o].first, b.options[o].last):
        p = b.slots[s].post
        for k in range(b.slots[s].joined):
            total += seat_worth(b, p, b.posts[p].filled + k + 1)
    return total


@inner
def worth_of_last(b: Book) -> int:
    """Return how much of the team's worth is due to the last of it."""
    a = b.team[b.one[0].members - 1].arc
    slot = b.slots[b.arcs[a].slot]
    request = b.requests[b.options[slot.option].request]
    first = request.bonus if request.people == 0 and b.one[0].members == 1 else 0
    seat = seat_worth(b, slot.post, b.posts[slot.post].filled + slot.joined)
    return first + own_gain(b, a) + seat


@inner
def keep(b: Book) -> int:
    """Remember the team as the best; return its size."""
    for k in range(b.one[0].members):
        b.team[k].best = b.team[k].arc
    return b.one[0].members


@inner
def put_team(b: Book, count: int) -> int:
    """Put the best team into the plan; return what it gains."""
    gain = 0
    for k in range(count):
        gain += put(b, b.team[k].best)
    return gain
