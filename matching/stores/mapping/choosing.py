"""Which rows of a store's table count: those whose cell is one of the constants of ``where``."""

from datetime import date, time

import polars as pl

from matching.stores.mapping.cells import text_of
from matching.stores.mapping.shapes import Constant
from matching.tables.cells import FALSE, TRUE

# Whole numbers that floats tell apart; longer ones are compared as text.
_EXACT = 1 << 53
_DAY, _CLOCK = r"^(\d{4}-\d\d-\d\d)", r"(?:[T ](\d\d:\d\d)(?::00(?:\.0+)?)?)?$"


def chosen(cells: pl.Series, wanted: tuple[Constant, ...]) -> pl.Series:
    """Return which cells are one of the constants, in whatever type a store keeps them.

    True is also 1 and yes; a number is also one with decimals that are zero; a day is also its
    midnight, and a time to the minute one with seconds that are zero.
    """
    text = text_of(cells).fill_null("").alias("cell")
    found = pl.repeat(False, len(cells), eager=True)
    for constant in wanted:
        found |= text.to_frame().select(_is(constant, cells.dtype)).to_series()
    return found


def constant_text(constant: Constant) -> str:
    """Return a constant as the text of a cell."""
    if isinstance(constant, bool):
        return TRUE[0] if constant else FALSE[0]
    return constant.isoformat() if isinstance(constant, date | time) else str(constant)


def _is(constant: Constant, kind: pl.DataType) -> pl.Expr:
    cell, text = pl.col("cell"), constant_text(constant)
    same = cell == text
    if isinstance(constant, bool) or (kind == pl.Boolean and text in (*TRUE, *FALSE)):
        words = TRUE if text in TRUE else FALSE
        return cell.str.to_lowercase().str.replace(r"\.0+$", "").is_in(words)
    if isinstance(constant, int | float):
        if abs(constant) < _EXACT:
            same |= (cell.cast(pl.Float64, strict=False) == constant).fill_null(False)
    elif isinstance(constant, date):
        day, _, clock = text.partition("T")
        parts = cell.str.extract_groups(_DAY + _CLOCK)
        at = parts.struct.field("2").fill_null("00:00") == (clock[:5] or "00:00")
        if clock[5:] in ("", ":00"):
            same |= ((parts.struct.field("1") == day) & at).fill_null(False)
    elif isinstance(constant, time) and text[5:] == ":00":
        same |= cell.str.contains(rf"^(?:1899-12-3[01] )?{text[:5]}(?::00(?:\.0+)?)?$")
    return same
