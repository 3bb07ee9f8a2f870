"""Seeded draws that are the same on any machine and version."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Draws:
    """Draw a number in [0, 1) for every integer key and purpose.

    The draws are counter-based (the finaliser of SplitMix64; Steele, Lea, Flood 2014): what is
    drawn for one key and purpose does not move when other rows or purposes come or go.
    """

    seed: int

    def __call__(self, key: pl.Expr, purpose: str) -> pl.Expr:
        salt = np.uint64(zlib.crc32(f"{self.seed} {purpose}".encode()) << 32)

        def mix(keys: pl.Series) -> pl.Series:
            z = salt + keys.cast(pl.UInt64).to_numpy() * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z ^= z >> np.uint64(31)
            return pl.Series((z >> np.uint64(11)).astype(np.float64) / 2.0**53)

        return key.map_batches(mix, return_dtype=pl.Float64)

    def index(self, key: pl.Expr, purpose: str, size: int | pl.Expr) -> pl.Expr:
        """Draw a whole number from 0 to ``size - 1``."""
        return (self(key, purpose) * size).cast(pl.Int64)


def choose(options: pl.DataFrame, by: str, order: str, u: pl.Expr) -> pl.DataFrame:
    """Keep one of the rows of each ``by``, drawn by their ``weight``, a whole number."""
    reached = pl.col("weight").cum_sum().over(by) > u * pl.col("weight").sum().over(by)
    return (
        options.sort(by, order)
        .filter(reached)
        .unique(by, keep="first", maintain_order=True)
        .drop("weight")
    )


def pick(values: pl.Series, shares: pl.Series, u: pl.Expr) -> pl.Expr:
    """Return one of the values for every row, by their shares."""
    bounds = (shares.cum_sum() / shares.sum())[:-1]
    index = pl.sum_horizontal((u >= bound).cast(pl.Int64) for bound in bounds)
    return index.replace_strict(list(range(values.len())), values)
