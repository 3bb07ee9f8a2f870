"""Kinds of columns that a contract is written in: what each may hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dataframely as dy
import polars as pl

from matching.guards.characters import INVISIBLE

MAX_COUNT = 1_000_000
# A spreadsheet turns the id 100000 into this text, and two ids may then look the same.
_SPREADSHEET_NUMBER = r"^[+-]?\d+([.,]\d+)?[eE][+-]?\d+$"


_WELL_WRITTEN: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "not_a_spreadsheet_number": lambda c: ~c.str.contains(_SPREADSHEET_NUMBER),
    "no_outer_space": lambda c: c == c.str.strip_chars(),
    "no_invisible_character": lambda c: ~c.str.contains(INVISIBLE),
}


def identifier(
    description: str, *, key: bool = False, required: bool | None = None, **metadata: Any
) -> dy.String:
    """Return a column of an opaque id."""
    required = key if required is None else required
    return dy.String(
        nullable=not required,
        min_length=1,
        max_length=200,
        check=_WELL_WRITTEN,
        description=description,
        metadata={"key": key, "required": required, **metadata},
    )


def text(description: str) -> dy.String:
    """Return a column of text that is shown to people."""
    return dy.String(nullable=True, max_length=1000, description=description)


def count(
    description: str,
    *,
    low: int = 0,
    high: int = MAX_COUNT,
    required: bool = False,
    **metadata: Any,
) -> dy.Int64:
    """Return a column of a whole number."""
    return dy.Int64(
        nullable=not required,
        min=low,
        max=high,
        description=description,
        metadata={"required": required, **metadata},
    )


def number(description: str, low: float, high: float, **metadata: Any) -> dy.Float64:
    """Return a column of a number."""
    return dy.Float64(nullable=True, min=low, max=high, description=description, metadata=metadata)


def choice(description: str, values: tuple[str, ...], **metadata: Any) -> dy.Enum:
    """Return a column of one of some words."""
    required = bool(metadata.get("required"))
    return dy.Enum(values, nullable=not required, description=description, metadata=metadata)


def moment(description: str, *, required: bool = False) -> dy.Datetime:
    """Return a column of a local time."""
    metadata = {"unit": "local time", "required": required}
    return dy.Datetime(nullable=not required, description=description, metadata=metadata)


def date(description: str) -> dy.Date:
    """Return a column of a date."""
    return dy.Date(nullable=True, description=description, metadata={"unit": "date"})


def degrees(name: str, most: int) -> dy.Float64:
    """Return a column of a coordinate."""
    return number(f"{name}, WGS 84", -most, most, unit="degrees")


def seats() -> dy.Int64:
    """Return a column of how many people are wanted."""
    return count("people wanted", low=1, required=True, unit="people")


def min_seats() -> dy.Int64:
    """Return a column of how many people are needed."""
    return count("people needed, if the request is served at all", unit="people", default=0)


def level() -> dy.Int64:
    """Return a column of a level of a qualification."""
    return count("level", low=1, high=5, default=1)


def rule(keeps: pl.Expr) -> Any:
    """Return a rule that its name in a table tells apart: what must hold of a row, or be null."""
    return dy.rule()(lambda schema: keeps)
