"""What our columns are to a mapping: those of the contract, of a result, and slots."""

from __future__ import annotations

from fractions import Fraction

import dataframely as dy

from matching.schema import TABLES, meta

# A column of ``availability`` that stands for ``start`` and ``end`` in the planned week.
SLOT = "slot"
_ID = dy.String(nullable=True)
_KINDS = {"start": dy.Datetime, "end": dy.Datetime, "price": dy.Float64} | dict.fromkeys(
    ("quality", "seats", "filled"), dy.Int64
)
_COLUMNS = {
    "plan": "request_id post option start end volunteer_id quality status",
    "unfilled": "request_id post seats filled reason",
    "prices": "request_id post option volunteer_id organisation_id price",
}
RESULTS: dict[str, dict[str, dy.Column]] = {
    table: {name: _KINDS.get(name, dy.String)(nullable=True) for name in names.split()}
    for table, names in _COLUMNS.items()
}
# How many of our unit one of theirs is.
_UNITS = {
    "hours": {"seconds": "1/3600", "minutes": "1/60", "hours": "1", "days": "24"},
    "minutes": {"seconds": "1/60", "minutes": "1", "hours": "60", "days": "1440"},
    "km": {"m": "1/1000", "km": "1", "li": "1/2", "miles": "1.609344"},
    "share": {"percent": "1/100", "per_mille": "1/1000", "share": "1"},
}


def columns_of(table: str) -> dict[str, dy.Column]:
    """Return what a mapping may fill of one of our tables."""
    if table in RESULTS:
        return RESULTS[table]
    columns = dict(TABLES[table].columns())
    if table == "availability":
        columns[SLOT] = _ID
    return columns


def units_of(column: dy.Column) -> dict[str, Fraction]:
    """Return the units that a column may come in, as multiples of ours; empty if it has none."""
    unit = meta(column).get("unit")
    if unit is None and isinstance(column, dy.Float64) and (column.min, column.max) == (0, 1):
        unit = "share"
    return {name: Fraction(factor) for name, factor in _UNITS.get(str(unit), {}).items()}


def is_moment(column: dy.Column) -> bool:
    """Tell whether a column holds days or times, which come in formats."""
    return isinstance(column, dy.Datetime | dy.Date | dy.Time)
