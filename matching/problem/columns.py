"""The columns a problem is made of: arrays whose index is a volunteer, a post, a slot, ...

Everywhere: an index is int32 and -1 means none; what has an id is numbered in the order of the
ids, whatever that of the rows; a time is int32 minutes since the week's Monday 00:00, as they
elapse; a day is int32 days since that Monday by the local calendar; ``NO_LIMIT`` stands for a limit
that is not set. All arrays are read-only by convention.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
import polars as pl

from matching.problem.arrays import (
    BITS as BITS,
)
from matching.problem.arrays import (
    MOST_INT as MOST_INT,
)
from matching.problem.arrays import (
    NO_LIMIT as NO_LIMIT,
)
from matching.problem.arrays import (
    Bits as Bits,
)
from matching.problem.arrays import (
    Bools as Bools,
)
from matching.problem.arrays import (
    Floats as Floats,
)
from matching.problem.arrays import (
    Groups as Groups,
)
from matching.problem.arrays import (
    Ints as Ints,
)
from matching.problem.arrays import (
    Longs as Longs,
)
from matching.problem.arrays import (
    Packing as Packing,
)
from matching.problem.arrays import (
    Selection as Selection,
)
from matching.problem.arrays import (
    Whole as Whole,
)
from matching.problem.arrays import (
    best_of as best_of,
)
from matching.problem.arrays import (
    blocks as blocks,
)
from matching.problem.arrays import (
    combine as combine,
)
from matching.problem.arrays import (
    distinct as distinct,
)
from matching.problem.arrays import (
    half_up as half_up,
)
from matching.problem.arrays import (
    in_order as in_order,
)
from matching.problem.arrays import (
    last_up_to as last_up_to,
)
from matching.problem.arrays import (
    lookup as lookup,
)
from matching.problem.arrays import (
    narrow as narrow,
)
from matching.problem.arrays import (
    numbered as numbered,
)
from matching.problem.arrays import (
    order_of as order_of,
)
from matching.problem.arrays import (
    ranges as ranges,
)
from matching.problem.arrays import (
    starts_of as starts_of,
)
from matching.problem.arrays import (
    stretches as stretches,
)

# Names of columns in a line about a table.
_SHOWN = 12


@dataclass(frozen=True, eq=False, repr=False)
class Columns:
    """Columns of equal length. Two are equal if they are the same object."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(getattr(self, next(iter(self.__dataclass_fields__))))

    def __repr__(self) -> str:
        every = [item.name for item in fields(self)]
        names = ", ".join([*every[:_SHOWN], *(["..."] if len(every) > _SHOWN else [])])
        return f"<{type(self).__name__}: {len(self):,} rows of {names}>"

    def take(self, rows: Selection) -> Self:
        """Return the chosen rows, in that order."""
        return type(self)(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def sorted(self) -> Self:
        """Return the rows sorted by the first column, of equal ones by the second, and so on."""
        keys = [getattr(self, item.name) for item in fields(self)]
        if in_order(keys):
            return self
        packing = Packing(keys)
        if packing.bits > BITS:
            return self.take(order_of(*keys))
        # A row is its keys: they come out of the sorted numbers again.
        packed = packing.packed()
        packed.sort()
        return type(self)(*packing.unpacked(packed))


@dataclass(frozen=True, eq=False, repr=False)
class Volunteers(Columns):
    """One row per volunteer: index v."""

    id: pl.Series
    organisation: Ints
    station: Ints
    lat: Floats  # degrees; NaN where the place is unknown
    lon: Floats
    travel_km: Floats
    max_shifts: Ints  # services a week
    max_minutes: Ints  # minutes of service a week
    max_shifts_per_day: Ints
    max_days: Ints  # days of the week on which services start
    max_consecutive_days: Ints  # such days in a row, in any week
    max_in_days: Ints  # services that start within `in_days` days, in any week
    in_days: Ints
    min_rest: Ints  # minutes
    recent_hours: Floats
    max_offers: Ints  # offers a week
    show_up: Floats  # odds of coming; NaN where the volunteer does not say
    refuses: Bools  # eligible only for what is pinned or accepted


@dataclass(frozen=True, eq=False, repr=False)
class Windows(Columns):
    """Availability, sorted by volunteer and start; windows may touch or overlap."""

    volunteer: Ints
    start: Ints
    end: Ints
    preference: Ints  # -2..2


@dataclass(frozen=True, eq=False, repr=False)
class Holdings(Columns):
    """Qualifications held, sorted by qualification."""

    qualification: Ints
    volunteer: Ints
    level: Ints
    first_day: Ints  # valid from this day
    last_day: Ints  # to this one, inclusive


@dataclass(frozen=True, eq=False, repr=False)
class Requests(Columns):
    """One row per request of the week: index q. The codes tell subjects of preferences apart."""

    id: pl.Series
    priority: Floats  # with what its age adds
    organisation: Ints
    menu_organisation: Ints
    ordering_organisation: Ints  # code for preferences
    lat: Floats
    lon: Floats
    stop: Ints  # the station that it takes place at, if `travel` names it
    min_people: Ints
    bonus: Ints  # for being served at all
    category: Ints
    menu_item: Ints
    station: Ints
    district: Ints  # of the station: the region that its code names down to the county
    beneficiary: Ints
    row: Ints  # in the table ``requests``


@dataclass(frozen=True, eq=False, repr=False)
class Options(Columns):
    """The times of the requests, sorted by request: index o."""

    id: pl.Series  # null where the request has its own time
    request: Ints
    start: Ints  # of its first meeting, where it has several
    end: Ints  # of its last one
    day: Ints  # the day it starts on, 0..6
    last_day: Ints  # the last day it touches
    first_end: Ints  # the end of its first meeting
    minutes: Ints  # of service: all meetings


@dataclass(frozen=True, eq=False, repr=False)
class Sessions(Columns):
    """The meetings of the options that have several, sorted by option and start."""

    option: Ints
    start: Ints
    end: Ints
    day: Ints
    id: pl.Series


@dataclass(frozen=True, eq=False, repr=False)
class Posts(Columns):
    """The posts of the requests, sorted by request: index n."""

    id: pl.Series
    request: Ints
    seats: Ints
    min_seats: Ints
    bonus: Ints  # of its first seat: the request's, where it is the only post
    name: Ints  # code of the name, for preferences


@dataclass(frozen=True, eq=False, repr=False)
class Needs(Columns):
    """What posts ask for, sorted by post."""

    post: Ints
    qualification: Ints
    level: Ints


@dataclass(frozen=True, eq=False, repr=False)
class Slots(Columns):
    """A slot is a post at one option of its request; sorted by request, post, option: index s."""

    post: Ints
    option: Ints
    request: Ints


@dataclass(frozen=True, eq=False, repr=False)
class TeamRules(Columns):
    """What the team of a request must hold, sorted by request; 0 where a rule asks nothing."""

    request: Ints
    qualification: Ints
    min_people: Ints
    per_people: Ints


@dataclass(frozen=True, eq=False, repr=False)
class Preferences(Columns):
    """Likes and dislikes; the subject is an index into `schema.SUBJECTS`, the code one of its."""

    volunteer: Ints
    subject: Ints
    code: Ints
    weight: Ints
    never: Bools


@dataclass(frozen=True, eq=False, repr=False)
class Limits(Columns):
    """At most so many services of one volunteer's week, or days with one; sorted by volunteer.

    Those count that start from the first day to the last and whose subject, an index into
    `schema.SUBJECTS`, has the code.
    """

    volunteer: Ints  # -1: each volunteer, by themself
    subject: Ints  # -1: whatever it is about
    code: Ints  # -1: each of the subject, by itself
    first_day: Ints
    last_day: Ints
    most: Ints
    by_day: Bools  # days on which one starts are counted, not services


@dataclass(frozen=True, eq=False, repr=False)
class Pairs(Columns):
    """Volunteers who serve together, or apart where ``together`` is false.

    A group is a chain of such pairs: all of it serve together if each does with the next.
    """

    a: Ints
    b: Ints
    together: Bools
    group: Ints  # whose link this is; -1 for a row of the table


@dataclass(frozen=True, eq=False, repr=False)
class Members(Columns):
    """Who is in which group, sorted by both."""

    group: Ints
    volunteer: Ints


@dataclass(frozen=True, eq=False, repr=False)
class Bonds(Columns):
    """Earlier visits of a volunteer to a beneficiary."""

    volunteer: Ints
    beneficiary: Ints
    visits: Ints


@dataclass(frozen=True, eq=False, repr=False)
class Earlier(Columns):
    """What was decided or answered before; the status is an index into `schema.STATUSES`."""

    volunteer: Ints
    post: Ints
    option: Ints  # -1: at any option
    status: Ints
    row: Ints  # in the table ``assignments``


@dataclass(frozen=True, eq=False, repr=False)
class OtherWeeks(Columns):
    """What people are held to in other weeks, sorted by volunteer: pinned, accepted, published."""

    volunteer: Ints
    request_id: pl.Series
    request: Ints  # -1: none of this week's
    option: pl.Series  # null where the request has its own time
    status: Ints  # an index into `schema.STATUSES`
    start: Ints
    end: Ints
    day: Ints  # the day it starts on: below 0, or above 6
    lat: Floats  # degrees; NaN where the place is unknown
    lon: Floats
    stop: Ints  # as that of a request
    later: Bools  # a further meeting of the service before it


@dataclass(frozen=True, eq=False, repr=False)
class Travel(Columns):
    """Minutes from stop to stop, sorted; both ways."""

    here: Ints
    there: Ints
    minutes: Ints

    def find(self, here: Ints, there: Ints) -> Longs:
        """Return the row of each way; -1 where nothing is said of it."""
        return lookup(combine(self.here, self.there), combine(here, there))


@dataclass(frozen=True, eq=False, repr=False)
class Organisations(Columns):
    """One row per organisation."""

    id: pl.Series
    parent: Ints
    max_seats: Ints

    @property
    def limited(self) -> Bools:
        """Which organisations have a quota."""
        limited: Bools = self.max_seats < NO_LIMIT
        return limited

    @cached_property
    def nearest_limited(self) -> Ints:
        """The nearest with a quota, itself or above, or -1; the last row is of no organisation."""
        size = len(self)
        jump = np.append(np.where(self.limited, np.arange(size), self.parent), -1)
        # Doubling the jump climbs to the nearest limited one, or past the root, in log(size) steps.
        for _ in range(size.bit_length()):
            jump = jump[jump]
        nearest: Ints = jump.astype(np.int32)
        return nearest


@dataclass(frozen=True, eq=False, repr=False)
class Affinities(Columns):
    """A platform's own score of a pair."""

    volunteer: Ints
    request: Ints
    post: Ints  # -1: any post of the request
    score: Ints
