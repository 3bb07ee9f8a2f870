"""Cells of a table as arrays, and where values stand among ids."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.problem import columns as c
from matching.schema import STATUSES
from matching.tables.indices import positions

# Stands for no index.
NULL = -1


def ints(series: pl.Series, default: int = NULL) -> c.Ints:
    """Return whole numbers; those beyond 32 bits as the largest one."""
    if series.null_count() == len(series):
        return np.full(len(series), default, np.int32)
    whole = (series.fill_null(default) if series.null_count() else series).to_numpy()
    # A menu's count times a quantity may exceed 32 bits, and the number of people.
    if whole.max() > c.MOST_INT:
        whole = np.minimum(whole, c.MOST_INT)
    return whole.astype(np.int32)


def floats(series: pl.Series, default: float = np.nan) -> c.Floats:
    """Return numbers."""
    if series.null_count() == len(series):
        return np.full(len(series), default)
    return series.fill_null(default).cast(pl.Float64).to_numpy()


def truths(series: pl.Series) -> c.Bools:
    """Return truths, those that are absent as false."""
    return series.fill_null(False).to_numpy().astype(np.bool_)


def statuses(series: pl.Series) -> c.Ints:
    """Return indices into `schema.STATUSES`."""
    return ints(series.cast(pl.String).replace_strict(STATUSES, range(len(STATUSES))))


def index_in(values: pl.Series, ids: pl.Series) -> c.Ints:
    """Return where each value stands among the ids; -1 where it is null or not there."""
    # With their sign, so that -1 for what is not there needs no more than 32 bits.
    return ints(positions(values, ids).cast(pl.Int32))


def by_id(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Sort the rows by their ids; most stores give them sorted, which is cheap to check."""
    return rows if rows[key].is_sorted() else rows.sort(key)
