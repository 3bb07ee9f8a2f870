"""The columns a problem is made of: arrays whose index is a volunteer, a post, a slot, ...

Everywhere: an index is int32 and -1 means none; what has an id is numbered in the order of the
ids, whatever that of the rows; a time is int32 minutes since the week's Monday 00:00, as they
elapse; a day is int32 days since that Monday by the local calendar; ``NO_LIMIT`` stands for a limit
that is not set. All arrays are read-only by convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Whole = Ints | Longs
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]
Selection = npt.NDArray[Any] | slice

NO_LIMIT = 2**30
MOST_INT = 2**31 - 1
# What a number of 64 bits holds beside its sign.
_BITS = 63
_BLOCK = 1 << 16


@dataclass(frozen=True, eq=False, repr=False)
class Columns:
    """Columns of equal length. Two are equal if they are the same object."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(getattr(self, fields(self)[0].name))

    def __repr__(self) -> str:
        names = ", ".join(item.name for item in fields(self))
        return f"<{type(self).__name__}: {len(self):,} rows of {names}>"

    def take(self, rows: Selection) -> Self:
        """Return the chosen rows, in that order."""
        return type(self)(*(getattr(self, item.name)[rows] for item in fields(self)))

    def sorted(self) -> Self:
        """Return the rows sorted by the first column, of equal ones by the second, and so on."""
        keys = [getattr(self, item.name) for item in fields(self)]
        if _in_order(keys):
            return self
        packing = _Packing(keys)
        if packing.bits > _BITS:
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


@dataclass(frozen=True, eq=False, repr=False)
class Affinities(Columns):
    """A platform's own score of a pair."""

    volunteer: Ints
    request: Ints
    post: Ints  # -1: any post of the request
    score: Ints


def half_up(values: npt.NDArray[np.floating[Any]]) -> Longs:
    """Round to whole numbers, halves up; within 1e-9 of a half counts as a half."""
    rounded: Longs = np.floor(values + (0.5 + 1e-9)).astype(np.int64)
    return rounded


def narrow(values: Whole) -> Whole:
    """Return whole numbers in 32 bits, if they and their negatives fit."""
    fits = values.min(initial=0) >= -MOST_INT and values.max(initial=0) <= MOST_INT
    return values.astype(np.int32, copy=False) if fits else values


def starts_of(sorted_index: Ints | Longs, size: int) -> Longs:
    """Return where each index begins in a sorted column, and its length last: shape (size + 1,)."""
    return np.searchsorted(sorted_index, np.arange(size + 1)).astype(np.int64)


def combine(major: npt.ArrayLike, minor: npt.ArrayLike) -> Longs:
    """Return one key for two indices (-1 allowed in the second), ordered like the pair."""
    return (np.asarray(major, dtype=np.int64) << 32) + (np.asarray(minor, dtype=np.int64) + 1)


def lookup(sorted_keys: Longs | Ints, asked: Longs | Ints) -> Longs:
    """Return where each asked key stands among the sorted ones; -1 where it does not."""
    if not len(sorted_keys):
        return np.full(len(asked), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(sorted_keys, asked), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == asked, at, -1)


def last_up_to(first: Longs, group: Ints, ascending: Ints, asked: Ints) -> Longs:
    """Return, for each asked value, the last row of its group with a value no larger; -1 for none.

    Where groups are short this looks at a few rows next to each other. A search among the keys of
    all rows would jump through all of memory.

    Parameters
    ----------
    first : int64 array, shape (groups + 1,)
        Where each group's rows begin.
    group : int32 array, shape (asked,)
    ascending : int32 array, shape (rows,)
        Values, ascending within each group.
    asked : int32 array, shape (asked,)
    """
    low, high = first[group], first[group + 1]
    begin, last = low, max(0, len(ascending) - 1)
    longest = int((high - low).max(initial=0))
    # Halving finds the first row with a larger value.
    for _ in range(longest.bit_length()):
        middle = (low + high) >> 1
        up_to = (low < high) & (ascending[np.minimum(middle, last)] <= asked)
        low, high = np.where(up_to, middle + 1, low), np.where(up_to, high, middle)
    found: Longs = np.where(low > begin, low - 1, -1)
    return found


def numbered(ascending: Longs | Ints) -> tuple[Longs, Longs]:
    """Return where each value of a sorted column begins, and a number for each row by its value."""
    fresh = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=fresh[1:])
    return np.flatnonzero(fresh), np.cumsum(fresh) - 1


def _in_order(keys: Sequence[Longs | Ints]) -> bool:
    """Tell whether rows are sorted by the first key, of equal ones by the second, and so on."""
    tied = np.ones(max(0, len(keys[0]) - 1), np.bool_)
    for key in keys:
        before, after = key[:-1], key[1:]
        if (tied & (before > after)).any():
            return False
        tied &= before == after
    return True


class _Packing:
    """Several whole numbers a row in one, ordered like them; where ``bits`` are no more than 63."""

    def __init__(self, keys: Sequence[Longs | Ints]) -> None:
        self.keys = keys
        some = len(keys[0]) > 0
        self.lowest = [int(key.min()) if some else 0 for key in keys]
        highest = [int(key.max()) if some else 0 for key in keys]
        self.widths = [
            (high - low).bit_length() for high, low in zip(highest, self.lowest, strict=True)
        ]
        self.bits = sum(self.widths)

    def packed(self) -> Longs:
        packed = np.zeros(len(self.keys[0]), np.int64)
        for key, low, width in zip(self.keys, self.lowest, self.widths, strict=True):
            packed <<= width
            packed += key
            packed -= low
        return packed

    def unpacked(self, packed: Longs) -> list[Any]:
        """Return the keys of each number, in arrays like those they came from."""
        columns: list[Any] = []
        above = self.bits
        for key, low, width in zip(self.keys, self.lowest, self.widths, strict=True):
            above -= width
            columns.append((((packed >> above) & ((1 << width) - 1)) + low).astype(key.dtype))
        return columns


def order_of(*keys: Longs | Ints) -> Longs:
    """Return the rows sorted by the first key, of equal ones by the second, and so on; stable.

    Where all keys and the row's number go into one number of 64 bits, sorting takes a fraction of
    `numpy.lexsort`.
    """
    size = len(keys[0])
    packing = _Packing(keys)
    width = max(0, size - 1).bit_length()
    if packing.bits + width > _BITS:
        return np.lexsort(keys[::-1])
    packed = packing.packed()
    packed <<= width
    packed += np.arange(size)
    packed.sort()
    packed &= (1 << width) - 1
    return packed


def blocks(size: int) -> Iterator[slice]:
    """Cut rows into blocks so short that what is computed of each stays near the processor."""
    for at in range(0, size, _BLOCK):
        yield slice(at, min(at + _BLOCK, size))


def ranges(first: Longs, count: Longs) -> Longs:
    """Return first[0], first[0] + 1, ... (count[0] of them), first[1], ..., in one array."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    flat: Longs = np.arange(total, dtype=np.int64) + np.repeat(first - (ends - count), count)
    return flat


def best_of(group: Ints, score: Floats, rows: Longs) -> Longs:
    """Return the row with the highest score in each group; the first where several are equal."""
    rows = rows[np.lexsort((-score[rows], group[rows]))]
    best: Longs = rows[np.diff(group[rows], prepend=-1) != 0]
    return best


class Groups:
    """The rows of each number, found without a pass over all rows.

    Parameters
    ----------
    number : int array, shape (rows,)
        The number each row belongs to; -1 for none.
    size : int
        How many numbers there are.
    """

    def __init__(self, number: Ints, size: int) -> None:
        self.order = np.argsort(number, kind="stable")
        self.start = starts_of(number[self.order], size)

    def of(self, numbers: Longs) -> Longs:
        """Return the rows of some numbers, in the order of these."""
        first = self.start[numbers]
        return self.order[ranges(first, self.start[numbers + 1] - first)]
