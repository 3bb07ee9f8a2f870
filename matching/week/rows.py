"""Rows of a table from the arguments of a method, and the table from its rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import datetime, time
from functools import wraps
from numbers import Integral
from typing import ParamSpec, TypeVar

import dataframely as dy
import polars as pl

from matching.errors import UsageError
from matching.guards.doors import bound, check_types
from matching.schema import TABLES, meta
from matching.tables.cells import plain

P = ParamSpec("P")
R = TypeVar("R")

# What the columns of a method's table do not tell: its arguments that fill other tables.
_ELSEWHERE = {
    "available": "Windows; see `available`.",
    "qualifications": "Names, or names with levels.",
    "options": "Alternative times by name, of which one is chosen.",
    "seats": "People wanted, where there is one post.",
    "min_seats": "People without whom it does not happen, where there is one post.",
    "posts": "Posts, or numbers of seats, by name.",
}


def adds_row(table: str, **constant: object) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a method add a row to a table: of its arguments, those that are columns, and constants.

    The columns tell what the arguments mean. The row is added once the method is through.
    """

    def adding(method: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(method)

        @wraps(method)
        def add(*args: P.args, **kwargs: P.kwargs) -> R:
            given = bound(method, signature, *args, **kwargs)
            # The cells of columns are judged with the tables.
            check_types(method, {n: x for n, x in given.arguments.items() if n in _ELSEWHERE})
            given.apply_defaults()
            row = cells_of(table, given.arguments | constant)
            answer = method(*args, **kwargs)
            given.arguments["self"]._rows[table].append(row)
            return answer

        add.__doc__ = _numpydoc(method, signature, table)
        return add

    return adding


def _numpydoc(method: Callable[..., object], signature: inspect.Signature, table: str) -> str:
    columns = TABLES[table].columns()
    lines = [inspect.getdoc(method) or "", "", "Parameters", "----------"]
    for name, parameter in signature.parameters.items():
        if name != "self":
            column = columns.get(name)
            unit = str(meta(column).get("unit", "")) if column else ""
            meaning = str(column.description) if column else _ELSEWHERE[name]
            meaning += f" ({unit})" if unit not in meaning else ""
            lines += [f"{name} : {parameter.annotation}", f"    {meaning}"]
    if signature.return_annotation != "None":
        lines += ["", "Returns", "-------", f"{signature.return_annotation}", "    The id."]
    refused = "    If an argument is not known, or is nothing that a cell can hold."
    return "\n".join([*lines, "", "Raises", "------", "UsageError", refused])


def cells_of(table: str, cells: Mapping[str, object]) -> dict[str, object]:
    """Return those cells that the table has columns for and that are not empty."""
    columns = TABLES[table].columns()
    row = {c: plain(cells[c]) for c in columns if cells.get(c) is not None}
    for name, cell in row.items():
        is_word = isinstance(cell, str | Integral) and not isinstance(cell, bool)
        if isinstance(columns[name], dy.String) and not is_word:
            raise UsageError(
                f"{table}.{name} = {cell!r}: write text, a whole number or a UUID, "
                "or None for an empty cell"
            )
    return row


def frame_of(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Return the columns that are required or filled."""
    columns = TABLES[table].columns()
    filled = {name for row in rows for name in row}
    shown = [name for name in columns if name in filled or meta(columns[name]).get("required")]
    return pl.DataFrame([_series(n, columns[n], [row.get(n) for row in rows]) for n in shown])


def _series(name: str, column: dy.Column, cells: list[object]) -> pl.Series:
    """Return numbers as such where all are; else text, whose faults the tables' check can name."""
    if isinstance(column, dy.Int64 | dy.Float64 | dy.Bool):
        try:
            return pl.Series(name, cells, dtype=column.dtype)
        except TypeError:
            pass
    return pl.Series(name, [None if c is None else _text(c) for c in cells], dtype=pl.String)


def _text(cell: object) -> str:
    if isinstance(cell, datetime | time):
        short = cell.second == cell.microsecond == 0
        return cell.isoformat(timespec="minutes" if short else "auto")
    return str(cell)
