"""One of our columns becomes the store's again, all cells at once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import dataframely as dy
import polars as pl

from matching.stores.mapping.cells import scaled, text_of
from matching.stores.mapping.codes import Book
from matching.stores.mapping.kinds import is_moment, units_of
from matching.stores.mapping.moments import typed
from matching.stores.mapping.shapes import Column

# How moments are written where the mapping has no format.
_PLAIN: dict[type[dy.Column], str] = {
    dy.Datetime: "%Y-%m-%d %H:%M",
    dy.Date: "%Y-%m-%d",
    dy.Time: "%H:%M",
}


@dataclass
class Written:
    """The store's columns of one of ours, and the cells that cannot be said there.

    Attributes
    ----------
    cells : dict of str to polars.Series
        By the store's names. A cell of several pieces holds its own piece only.
    unsaid : polars.Series
        Which rows hold what the store has no word for.
    """

    cells: dict[str, pl.Series]
    unsaid: pl.Series


def hindrance(column: Column) -> str | None:
    """Say why a column cannot be gone backwards; None if it can."""
    if column.pattern is not None:
        return "a pattern forgets what is around its group"
    if column.codes is not None and not isinstance(column.codes, Book):
        return "its codes are a table of the store"
    if len(column.columns) > 1 and (not column.join or column.part):
        return "several columns with nothing between them cannot be told apart"
    return None


def write(column: Column, kind: dy.Column, ours: pl.Series) -> Written:
    """Turn one of our columns into the store's; see `cells.read` for the other way."""
    nothing = pl.repeat(False, len(ours), eager=True)
    if column.value is not None:
        return Written({}, (text_of(ours) != column.value).fill_null(True))
    cells, unsaid = ours, nothing
    if is_moment(kind):
        if column.format or len(column.columns) > 1:
            moments = typed(cells, kind)
            # A time with an offset is in another zone than the store's clock.
            unsaid = moments.is_null() & text_of(cells).is_not_null()
            cells = moments.dt.strftime((column.format or (_PLAIN[type(kind)],))[0])
    elif column.unit is not None:
        cells = _in_their_unit(cells, units_of(kind)[column.unit])
    if column.prefix:
        text = text_of(cells)
        unsaid = unsaid | ~text.str.starts_with(column.prefix).fill_null(True)
        cells = text.str.strip_prefix(column.prefix)
    if isinstance(column.codes, Book):
        cells, lost = _encoded(cells, column.codes)
        unsaid = unsaid | lost
    if len(column.columns) > 1:
        pieces = text_of(cells).str.splitn(column.join, len(column.columns))
        fields = pieces.struct.fields
        found = dict(
            zip(column.columns, (pieces.struct.field(name) for name in fields), strict=True)
        )
        return Written({name: piece.alias(name) for name, piece in found.items()}, unsaid)
    return Written({column.columns[0]: cells.alias(column.columns[0])}, unsaid)


def _encoded(cells: pl.Series, codes: Book) -> tuple[pl.Series, pl.Series]:
    """Return the first code of each word, and which cells have none."""
    known = codes.frame().unique("term", keep="first", maintain_order=True)
    text = text_of(cells).alias("term")
    joined = text.to_frame().join(known, on="term", how="left", maintain_order="left")["code"]
    blank = known.filter(pl.col("term") == "")["code"]
    if len(blank):
        joined = joined.set(text.is_null(), blank[0])
    return joined, text.is_not_null() & joined.is_null()


def _in_their_unit(cells: pl.Series, factor: Fraction) -> pl.Series:
    numbers = cells.cast(pl.Float64, strict=False)
    return scaled(numbers, 1 / factor).round(9)
