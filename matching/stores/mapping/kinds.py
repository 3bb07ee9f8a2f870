"""What our columns are to a mapping: those of the contract, of a result, and slots."""

from __future__ import annotations

from fractions import Fraction

import dataframely as dy

from matching.schema import TABLES, meta

# A column of ``availability`` that stands for ``start`` and ``end`` in the planned week.
SLOT = "slot"
_ID = dy.String(nullable=True)
_TIME = dy.Datetime(nullable=True)

RESULTS: dict[str, dict[str, dy.Column]] = {
    "plan": {
        "request_id": _ID,
        "post": _ID,
        "option": _ID,
        "start": _TIME,
        "end": _TIME,
        "volunteer_id": _ID,
        "quality": dy.Int64(nullable=True),
        "status": _ID,
    },
    "unfilled": {
        "request_id": _ID,
        "post": _ID,
        "seats": dy.Int64(nullable=True),
        "filled": dy.Int64(nullable=True),
        "reason": _ID,
    },
    "prices": {
        "request_id": _ID,
        "post": _ID,
        "option": _ID,
        "volunteer_id": _ID,
        "organisation_id": _ID,
        "price": dy.Float64(nullable=True),
    },
}

# How many of our unit one of theirs is.
_UNITS: dict[str, dict[str, Fraction]] = {
    "hours": {
        "seconds": Fraction(1, 3600),
        "minutes": Fraction(1, 60),
        "hours": Fraction(1),
        "days": Fraction(24),
    },
    "minutes": {
        "seconds": Fraction(1, 60),
        "minutes": Fraction(1),
        "hours": Fraction(60),
        "days": Fraction(1440),
    },
    "km": {
        "m": Fraction(1, 1000),
        "km": Fraction(1),
        "li": Fraction(1, 2),
        "miles": Fraction(1609344, 1000000),
    },
    "share": {"percent": Fraction(1, 100), "per_mille": Fraction(1, 1000), "share": Fraction(1)},
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
    return _UNITS.get(str(unit), {})


def is_moment(column: dy.Column) -> bool:
    """Tell whether a column holds days or times, which come in formats."""
    return isinstance(column, dy.Datetime | dy.Date | dy.Time)
