"""One of our columns becomes the store's again, all cells at once."""

import dataframely as dy
import polars as pl

from matching.stores.mapping.cells import pieces_of, read, scaled, text_of, typed
from matching.stores.mapping.codes import Book
from matching.stores.mapping.shapes import Column, is_moment, units_of

# How moments are written where the mapping has no format.
_PLAIN: dict[type[dy.Column], str] = {
    dy.Datetime: "%Y-%m-%d %H:%M",
    dy.Date: "%Y-%m-%d",
    dy.Time: "%H:%M",
}


def write(
    column: Column, kind: dy.Column, ours: pl.Series
) -> tuple[dict[str, pl.Series], pl.Series]:
    """Turn one of our columns into the store's; see `cells.read` for the other way.

    Cells by the store's names: one of several pieces holds its own piece only. And which rows hold
    what the store has no word for.
    """
    if column.value is not None:
        return {}, (text_of(ours) != column.value).fill_null(True)
    cells, unsaid = ours, pl.repeat(False, len(ours), eager=True)
    if is_moment(kind):
        if column.format or len(column.columns) > 1:
            moments = typed(cells, kind)
            # A time with an offset is in another zone than the store's clock.
            unsaid = moments.is_null() & text_of(cells).is_not_null()
            cells = moments.dt.strftime((column.format or (_PLAIN[type(kind)],))[0])
    elif column.unit is not None:
        numbers = cells.cast(pl.Float64, strict=False)
        cells = scaled(numbers, 1 / units_of(kind)[column.unit]).round(9)
    if column.prefix:
        text = text_of(cells)
        unsaid |= ~text.str.starts_with(column.prefix).fill_null(True)
        cells = text.str.strip_prefix(column.prefix)
    if isinstance(column.codes, Book):
        cells, lost = _encoded(cells, column.codes)
        unsaid |= lost
    if len(column.columns) == 1:
        return {column.columns[0]: cells}, unsaid
    pieces = text_of(cells).str.splitn(column.join, len(column.columns)).struct.unnest()
    return dict(zip(column.columns, pieces, strict=True)), unsaid


def _encoded(cells: pl.Series, codes: Book) -> tuple[pl.Series, pl.Series]:
    """Return the first code of each word, and which cells have none."""
    known = codes.frame().unique("term", keep="first", maintain_order=True)
    text = text_of(cells).alias("term")
    joined = text.to_frame().join(known, on="term", how="left", maintain_order="left")["code"]
    blank = known.filter(pl.col("term") == "")["code"]
    if len(blank):
        joined = joined.set(text.is_null(), blank[0])
    return joined, text.is_not_null() & joined.is_null()


def comes_back(
    column: Column, kind: dy.Column, ours: pl.Series, written: pl.DataFrame
) -> pl.Series:
    """Return which cells of ours are read as they are from what was written."""
    if column.skip_empty and ours.null_count():
        return ours.is_not_null()
    cells, single = [written[name] for name in column.columns], pl.Series([True])
    if column.split:
        pieces = pieces_of(cells[0], column.split)
        cells, single = [pieces.list.first()], (pieces.list.len() == 1).fill_null(False)
    again = read(column, kind, cells).cells
    if is_moment(kind):
        return typed(again, kind).eq_missing(typed(ours, kind)) & single
    if isinstance(kind, dy.Float64 | dy.Int64):
        one, other = again.cast(pl.Float64, strict=False), ours.cast(pl.Float64, strict=False)
        close = ((one - other).abs() <= 1e-9 * (1 + other.abs())).fill_null(False)
        return (close | (again.is_null() & ours.is_null())) & single
    return text_of(again).eq_missing(text_of(ours)) & single
