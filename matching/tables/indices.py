"""Where ids stand among others, without hashing what stands in order."""

from __future__ import annotations

import polars as pl

# To look for so few, of those that are there, takes less time than to hash these; and so few steps
# back, of all that are asked, leave neighbours near each other.
_FEW = 1 / 16
# Fewer rows than this are joined before anything could be found out about their order.
_SMALL = 256


def positions(values: pl.Series, ids: pl.Series) -> pl.Series:
    """Return where each value stands among the ids; null where it is null or not there.

    Tables mostly have the rows of one id one after the other: each stretch is looked for once.
    Where the ids are sorted, and the stretches nearly so, or few, binary search finds them.

    Parameters
    ----------
    values, ids : polars.Series
        Text; no id twice.

    Returns
    -------
    polars.Series
        UInt32.
    """
    if not (len(values) and len(ids)):
        return pl.Series([None], dtype=pl.UInt32).new_from_index(0, len(values))
    if max(len(values), len(ids)) < _SMALL:
        return _joined(values.cast(pl.String), ids.cast(pl.String))
    asked = values.cast(pl.String)
    stretch = asked.rle_id()
    fresh = stretch.ne_missing(stretch.shift(1))
    repeated = 2 * fresh.sum() <= len(asked)
    asked = asked.filter(fresh) if repeated else asked
    known = ids.cast(pl.String)
    in_order = known.null_count() == 0 and known.is_sorted()
    if in_order and min(len(asked) / len(known), _steps_back(asked) / len(asked)) <= _FEW:
        at = known.search_sorted(asked.fill_null("")).clip(upper_bound=len(known) - 1)
        found = pl.select(pl.when(known.gather(at) == asked).then(at)).to_series()
    else:
        found = _joined(asked, known)
    return found.gather(stretch) if repeated else found


def _joined(asked: pl.Series, known: pl.Series) -> pl.Series:
    rows = pl.DataFrame({"id": known}).with_row_index("index")
    return pl.DataFrame({"id": asked}).join(rows, on="id", how="left", maintain_order="left")[
        "index"
    ]


def _steps_back(asked: pl.Series) -> int:
    return int((asked < asked.shift(1)).sum())
