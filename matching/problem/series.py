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
    # A menu's count times a quantity may exceed 32 bits, and the number of people.
    filled = series.fill_null(default) if series.null_count() else series
    whole: c.Ints = np.minimum(filled.to_numpy(), c.MOST_INT).astype(np.int32)
    return whole


def floats(series: pl.Series, default: float = np.nan) -> c.Floats:
    """Return numbers."""
    return series.fill_null(default).cast(pl.Float64).to_numpy()


def truths(series: pl.Series) -> c.Bools:
    """Return truths, those that are absent as false."""
    return series.fill_null(False).to_numpy().astype(np.bool_)


def statuses(series: pl.Series) -> c.Ints:
    """Return indices into `schema.STATUSES`."""
    return ints(series.cast(pl.String).replace_strict(STATUSES, range(len(STATUSES))))


def index_in(values: pl.Series, ids: pl.Series) -> c.Ints:
    """Return where each value stands among the ids; -1 where it is null or not there."""
    return ints(positions(values, ids))


def by_id(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Sort the rows by their ids; most stores give them sorted, which is cheap to check."""
    return rows if rows[key].is_sorted() else rows.sort(key)
