"""Arrays of whole numbers: their types, ranges and order, and keys of several columns in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Whole = Ints | Longs
Number = TypeVar("Number", bound=np.generic)
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]
Selection = npt.NDArray[Any] | slice

NO_LIMIT = 2**30
MOST_INT = 2**31 - 1
# What a number of 64 bits holds beside its sign.
BITS = 63
_BLOCK = 1 << 16


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
    # Numbers of another kind would have the whole column converted.
    numbers = np.arange(size + 1, dtype=sorted_index.dtype)
    return np.searchsorted(sorted_index, numbers).astype(np.int64)


def combine(major: npt.ArrayLike, minor: npt.ArrayLike) -> Longs:
    """Return one key for two indices (-1 allowed in the second), ordered like the pair."""
    # Large arrays for what stands between would cost more than the arithmetic.
    key: Longs = np.left_shift(major, 32, dtype=np.int64)
    key += 1
    both: Longs = key + np.asarray(minor)
    return both


def distinct(values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return the different ones, sorted.

    For millions `numpy.unique` takes a hundred times as long, since 2.3: it hashes them.
    """
    ascending = np.sort(values)
    fresh = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=fresh[1:])
    return ascending[fresh]


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


def in_order(keys: Sequence[Longs | Ints]) -> bool:
    """Tell whether rows are sorted by the first key, of equal ones by the second, and so on."""
    tied = np.ones(max(0, len(keys[0]) - 1), np.bool_)
    for key in keys:
        before, after = key[:-1], key[1:]
        if (tied & (before > after)).any():
            return False
        tied &= before == after
    return True


class Packing:
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
        """Return a number for each row."""
        packed = np.zeros(len(self.keys[0]), np.int64)
        for block in blocks(len(packed)):
            rows = packed[block]
            for key, low, width in zip(self.keys, self.lowest, self.widths, strict=True):
                rows <<= width
                rows += key[block]
                rows -= low
        return packed

    def unpacked(self, packed: Longs) -> list[Any]:
        """Return the keys of each number, in arrays like those they came from."""
        columns: list[Any] = [np.empty_like(key) for key in self.keys]
        for block in blocks(len(packed)):
            above = self.bits
            for column, low, width in zip(columns, self.lowest, self.widths, strict=True):
                above -= width
                column[block] = ((packed[block] >> above) & ((1 << width) - 1)) + low
        return columns


def order_of(*keys: Longs | Ints) -> Longs:
    """Return the rows sorted by the first key, of equal ones by the second, and so on; stable.

    Where all keys and the row's number go into one number of 64 bits, sorting takes a fraction of
    `numpy.lexsort`.
    """
    size = len(keys[0])
    packing = Packing(keys)
    width = max(0, size - 1).bit_length()
    if packing.bits + width > BITS:
        return np.lexsort(keys[::-1])
    packed = packing.packed()
    for block in blocks(size):
        packed[block] <<= width
        packed[block] += np.arange(block.start, block.stop)
    packed.sort()
    packed &= (1 << width) - 1
    return packed


def blocks(size: int) -> Iterator[slice]:
    """Cut rows into blocks so short that what is computed of each stays near the processor."""
    for at in range(0, size, _BLOCK):
        yield slice(at, min(at + _BLOCK, size))


def stretches(owner: Ints) -> Iterator[slice]:
    """Cut rows sorted by their owner into blocks of whole owners."""
    at = 0
    while at < len(owner):
        stop = int(np.searchsorted(owner, owner[min(at + _BLOCK, len(owner)) - 1], "right"))
        yield slice(at, stop)
        at = stop


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
