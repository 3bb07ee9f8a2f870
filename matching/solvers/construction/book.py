"""A plan that people are put into and taken out of, for compiled loops.

A `Book` holds the problem and the plan side by side, a record for each arc, slot, person and so on.
All whole numbers are of 64 bits, so that each function is compiled once. An *item* is a service of
one person, listed both by person and by request.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.parallel.compiled import inner, whole
from matching.problem import columns as c

Records = Any  # numpy.recarray; their fields are listed in `FIELDS`


NONE, ZERO, ONE = whole(-1), whole(0), whole(1)
_HALF = 0.5 + 1e-9  # as in `columns.half_up`

# What a record has: whole numbers, or floats where the name ends so.
FIELDS = {
    # Sorted by slot and falling gain, which is the quality less the first load.
    "arcs": "volunteer slot gain",
    # Sorted by option; the arcs of a slot are those from first to before last.
    "slots": "post option first last joined seen via queue",
    "posts": "seats least filled bonus worth.float",
    # The slots from first to before last.
    "options": "request start end day minutes first last first_meeting last_meeting several",
    # Of all options, if there is one with several; else there are none.
    "meetings": "start end day",
    # Options and rules likewise; places in radians. The plan: option, people, serving.
    # Ruined: when its team was last sent home.
    "requests": "least bonus first last first_rule last_rule lat.float lon.float stop option "
    "people serving ruined",
    "rules": "least share held",
    # Of a group each knows the next, in a ring, and one leads; alone it is `NONE`.
    # The plan: shifts, minutes, serving. A team: member; whether their week was asked, and fits.
    "people": "most_shifts most_minutes most_a_day rest organisation first_pair last_pair "
    "first_limit last_limit ring leads shifts minutes serving member asked fits",
    "organisations": "parent left",
    "pairs": "partner together",
    # The ways from a stop are those from first to before last, sorted by where they lead.
    "stops": "first last",
    "ways": "there minutes",
    # First those of single people, then everybody's.
    "limits": "subject code first_day last_day most by_day",
    # The arc is `NONE` where it is none of the book's: such an item stays.
    "items": "link link_there arc volunteer slot",
    # The team that is being made, the best so far, and ways that are tried.
    "team": "arc best",
    "tried": "arc chosen gain",
    "one": "speed.float early_seat.float load_step load_first common rings several free members "
    "number sight work doubt ways dice",
}


class Book(NamedTuple):
    """Records by name (see `FIELDS`), and two tables of arcs and of slots."""

    arcs: Records
    slots: Records
    posts: Records
    options: Records
    meetings: Records
    requests: Records
    rules: Records
    people: Records
    organisations: Records
    pairs: Records
    stops: Records
    ways: Records
    limits: Records
    items: Records
    team: Records
    tried: Records
    one: Records
    holds: c.Longs  # which rules of their request arcs hold for, shape (arcs, most rules)
    codes: c.Longs  # what slots are in each subject, shape (slots, subjects)


def records(name: str, size: int, **columns: npt.ArrayLike) -> Records:
    """Return records of one kind, 0 where no column is given."""
    kinds = [
        (field.removesuffix(".float"), np.float64 if field.endswith(".float") else np.int64)
        for field in FIELDS[name].split()
    ]
    made = np.zeros(size, kinds).view(np.recarray)
    for field, column in columns.items():
        made[field] = column
    return made


@inner
def seat_worth(b: Book, p: int, k: int) -> int:
    """Return the value of the k-th seat of a post; the same as `arcs.value.seat_value`."""
    post = b.posts[p]
    value = post.worth * (1 + b.one[0].early_seat * (post.seats - k) / post.seats)
    return math.floor(value + _HALF) + (post.bonus if k == 1 else 0)


@inner
def load_of_one_more(b: Book, v: int) -> int:
    """Return what one more service of a volunteer costs beside the first load."""
    shifts = b.people[v].shifts
    return b.one[0].load_step * shifts if shifts > 0 else b.one[0].load_first


@inner
def added(b: Book, a: int) -> int:
    """Return what the plan gains by an arc that is not in it."""
    arc = b.arcs[a]
    p = b.slots[arc.slot].post
    load = load_of_one_more(b, arc.volunteer)
    request = b.requests[b.options[b.slots[arc.slot].option].request]
    first = request.bonus if request.people == 0 else 0
    return seat_worth(b, p, b.posts[p].filled + 1) + first + arc.gain - load


@inner
def use_quota(b: Book, v: int, many: int) -> None:
    """Take some of the quotas above a volunteer, or give it back."""
    at = b.people[v].organisation
    while at != NONE:
        b.organisations[at].left -= many
        at = b.organisations[at].parent


@inner
def has_quota(b: Book, v: int) -> bool:
    """Tell whether the quotas above a volunteer have room for one more service."""
    at = b.people[v].organisation
    while at != NONE:
        if b.organisations[at].left <= 0:
            return False
        at = b.organisations[at].parent
    return True


@inner
def serves(b: Book, v: int, q: int) -> bool:
    """Tell whether a volunteer serves a request."""
    i = b.people[v].serving
    while i != NONE:
        if b.options[b.slots[b.items[i].slot].option].request == q:
            return True
        i = b.items[i].link
    return False


@inner
def put(b: Book, a: int) -> int:
    """Put in an arc, whose option its request must be served at, if at any; return its gain."""
    gain = added(b, a)
    v, s = b.arcs[a].volunteer, b.arcs[a].slot
    o = b.slots[s].option
    q = b.options[o].request
    i = b.one[0].free
    item = b.items[i]
    b.one[0].free = item.link
    item.arc, item.volunteer, item.slot = a, v, s
    item.link, b.people[v].serving = b.people[v].serving, i
    item.link_there, b.requests[q].serving = b.requests[q].serving, i
    b.requests[q].option = o
    _count(b, a, ONE)
    return gain


@inner
def take_out(b: Book, q: int, gone: c.Longs, count: int) -> tuple[int, int]:
    """Take out all of a request that may go.

    Returns
    -------
    count, lost : int
        How many arcs are written down now, and what the plan loses.
    """
    lost, kept = 0, NONE
    i = b.requests[q].serving
    while i != NONE:
        item = b.items[i]
        following = item.link_there
        if item.arc == NONE:
            item.link_there, kept = kept, i
        else:
            person = b.people[item.volunteer]
            if person.serving == i:
                person.serving = item.link
            else:
                at = person.serving
                while b.items[at].link != i:
                    at = b.items[at].link
                b.items[at].link = item.link
            _count(b, item.arc, -ONE)
            lost += added(b, item.arc)
            gone[count] = item.arc
            count += 1
            item.link, b.one[0].free = b.one[0].free, i
        i = following
    b.requests[q].serving = kept
    if kept == NONE:
        b.requests[q].option = NONE
    return count, lost


@inner
def _count(b: Book, a: int, many: int) -> None:
    v, s = b.arcs[a].volunteer, b.arcs[a].slot
    option = b.options[b.slots[s].option]
    request = b.requests[option.request]
    b.posts[b.slots[s].post].filled += many
    request.people += many
    b.people[v].shifts += many
    b.people[v].minutes += many * option.minutes
    use_quota(b, v, many)
    for r in range(request.first_rule, request.last_rule):
        b.rules[r].held += many * b.holds[a, r - request.first_rule]
