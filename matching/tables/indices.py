"""Where ids stand among others, and which there are, without hashing what stands in order."""

from __future__ import annotations

import polars as pl

# To look for so few, of those that are there, takes less time than to go through all of these.
_FEW = 1 / 16
# Fewer rows than this are looked up before anything could be found out about their order.
_SMALL = 256
# So many cells tell whether a column has few values, and how often one of those must come.
_SAMPLE, _OFTEN = 1 << 16, 4


def positions(values: pl.Series, ids: pl.Series) -> pl.Series:
    """Return where each value stands among the ids; null where it is null or not there.

    Tables mostly have the rows of one id one after the other: each stretch is looked for once.
    Where ids and stretches are sorted, the stretches nearly so, one pass along both finds them.

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
        return _listed(values.cast(pl.String), ids.cast(pl.String))
    asked = values.cast(pl.String)
    stretch, fresh = _stretches(asked)
    repeated = 2 * fresh.sum() <= len(asked)
    asked = asked.filter(fresh) if repeated else asked
    known = ids.cast(pl.String)
    in_order = known.null_count() == 0 and known.is_sorted()
    found = _in_order(asked, known) if in_order else _joined(asked, known)
    return found.gather(stretch) if repeated else found


def _in_order(asked: pl.Series, known: pl.Series) -> pl.Series:
    """Return where each value stands among sorted ids."""
    if len(asked) <= _FEW * len(known):
        return _searched(asked, known)
    # What comes after a larger one is passed by, and looked for by itself.
    rows = pl.DataFrame({"id": known}).with_row_index("index")
    passed = pl.DataFrame({"id": asked}).join_asof(rows, on="id", check_sortedness=False)["index"]
    found = _where_equal(asked, known, passed)
    others = (found.is_null() & asked.is_not_null()).arg_true()
    if len(others) > _FEW * len(asked):
        return _joined(asked, known)
    return found.scatter(others, _searched(asked.gather(others), known))


def _searched(asked: pl.Series, known: pl.Series) -> pl.Series:
    at = known.search_sorted(asked.fill_null("")).clip(upper_bound=len(known) - 1)
    return _where_equal(asked, known, at)


def _where_equal(asked: pl.Series, known: pl.Series, at: pl.Series) -> pl.Series:
    return pl.select(pl.when(known.gather(at) == asked).then(at)).to_series()


def _listed(asked: pl.Series, known: pl.Series) -> pl.Series:
    # Of few rows a join takes many times as long.
    at = {name: index for index, name in enumerate(known.to_list()) if name is not None}
    return pl.Series([at.get(name) for name in asked.to_list()], dtype=pl.UInt32)


def _joined(asked: pl.Series, known: pl.Series) -> pl.Series:
    rows = pl.DataFrame({"id": known}).with_row_index("index")
    return pl.DataFrame({"id": asked}).join(rows, on="id", how="left", maintain_order="left")[
        "index"
    ]


def few_values(cells: pl.Series) -> pl.Series | None:
    """Return each value of a column once, if most come often; None if they do not."""
    if len(cells) < _SMALL:
        return None
    sample = cells.gather_every(max(1, len(cells) // _SAMPLE))
    if _OFTEN * sample.n_unique() > len(sample):
        return None
    return cells.unique()


def hardly_repeated(cells: pl.Series) -> pl.Series:
    """Return every value of a column, most of them once: what is asked of each is asked less."""
    if len(cells) < _SMALL:
        return cells
    values = few_values(cells)
    return cells.filter(_stretches(cells)[1]) if values is None else values


def _stretches(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the number of the stretch of equal neighbours of each cell, and where one begins."""
    stretch = cells.rle_id()
    return stretch, stretch.ne_missing(stretch.shift(1))
