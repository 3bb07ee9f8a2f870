"""Random draws over whole columns: no loop runs over volunteers, requests or rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Small = NDArray[np.int8]

KM_PER_DEGREE = 111.195
NONE = -1


def weighted(rng: Generator, weights: ArrayLike, size: int) -> Ints:
    """Draw ``size`` indices of ``weights``, each with a chance in proportion to its weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    drawn: Ints = np.searchsorted(edges, rng.random(size) * edges[-1], side="right").astype(
        np.int64
    )
    # The product may round up to the last edge.
    drawn[drawn == edges.size] = edges.size - 1
    return drawn


def one_of(rng: Generator, values: Sequence[int], weights: ArrayLike, size: int) -> Ints:
    """Draw ``size`` of these values with these weights."""
    return np.asarray(values, dtype=np.int64)[weighted(rng, weights, size)]


def chance(rng: Generator, share: float, size: int) -> Bools:
    """Return a mask that is true with probability ``share``."""
    drawn: Bools = rng.random(size) < share
    return drawn


def pick(rng: Generator, candidates: Ints, share: float) -> Ints:
    """Return a share of the candidates, at least one if there are any, in random order."""
    count = min(candidates.size, max(1, round(share * candidates.size)))
    return rng.permutation(candidates)[:count]


def distinct(rng: Generator, weights: ArrayLike, counts: Ints) -> Small:
    """Draw up to ``counts[i]`` different items for row i, out of at most 64.

    Returns
    -------
    numpy.ndarray
        Shape (rows, largest count or 1), int8: item indices, -1 where nothing was drawn. A repeated
        item is dropped, so a row may hold fewer than its count, and never less than one of it.
    """
    table = np.full((counts.size, int(counts.max(initial=1))), NONE, dtype=np.int8)
    seen = np.zeros(counts.size, dtype=np.uint64)
    for column in range(table.shape[1]):
        rows = np.flatnonzero(counts > column)
        items = weighted(rng, weights, rows.size)
        bit = np.left_shift(np.uint64(1), items.astype(np.uint64))
        fresh = (seen[rows] & bit) == 0
        table[rows[fresh], column] = items[fresh]
        seen[rows] |= bit
    return table


def entries(table: Small) -> tuple[Ints, Ints]:
    """Return the row and the item of every drawn entry of such a table, row by row."""
    rows, columns = np.nonzero(table != NONE)
    return rows, table[rows, columns].astype(np.int64)


def scatter(rng: Generator, lat: Floats, lon: Floats, km: Floats | float) -> tuple[Floats, Floats]:
    """Move points (degrees) by a normal step of ``km`` kilometres in each direction."""
    north = rng.normal(size=lat.size) * km / KM_PER_DEGREE
    east = rng.normal(size=lat.size) * km / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    return np.round(lat + north, 5), np.round(lon + east, 5)


def partners(rng: Generator, groups: Ints, other_groups: Ints) -> tuple[Ints, Ints]:
    """Pair rows of one side with different rows of the other side in the same group.

    Returns
    -------
    tuple of numpy.ndarray
        Indices of the left and of the right side, equally long, none repeated; rows for which
        the other side has nobody left are missing.
    """
    left_key, left = _ranked(rng, groups)
    right_key, right = _ranked(rng, other_groups)
    _, at_left, at_right = np.intersect1d(
        left_key, right_key, assume_unique=True, return_indices=True
    )
    return left[at_left], right[at_right]


def _ranked(rng: Generator, groups: Ints) -> tuple[Ints, Ints]:
    """Return a unique key (group, rank in the group) per row, and the rows, in random order."""
    shuffled = rng.permutation(groups.size)
    order = shuffled[np.argsort(groups[shuffled], kind="stable")]
    ordered = groups[order]
    rank = np.arange(ordered.size) - np.searchsorted(ordered, ordered)
    return ordered * (1 << 32) + rank, order


def identifiers(prefix: str, count: int) -> pl.Series:
    """Return ``count`` opaque ids, the prefix and a number of at least four digits."""
    width = max(4, len(str(count)))
    numbers = pl.int_range(1, count + 1, eager=True).cast(pl.String).str.zfill(width)
    return pl.Series(prefix + numbers)


def name_by(index: Ints, names: pl.Series | Sequence[str]) -> pl.Series:
    """Return the name at each index, null where the index is -1."""
    series = names if isinstance(names, pl.Series) else pl.Series(names, dtype=pl.String)
    return series.gather(only(index, index != NONE))


def only(values: NDArray[np.generic], keep: Bools) -> pl.Series:
    """Return the values as a column, null where ``keep`` is false."""
    return pl.select(pl.when(pl.Series(keep)).then(pl.Series(values))).to_series()


def coordinates(degrees: Floats) -> pl.Series:
    """Return the degrees as a column, null where they are NaN."""
    return pl.Series(degrees, nan_to_null=True)
