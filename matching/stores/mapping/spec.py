"""The mapping file: what may stand in it, and what each part of it says.

::

    [volunteers]                       # our table
    table = "志愿者"                    # the store's, if it has another name
    volunteer_id = "编号"               # our column = the store's
    max_hours = { column = "每周分钟", unit = "minutes" }

    [[qualifications]]                 # the same store table again, several blocks of one of ours
    table = "志愿者"
    volunteer_id = "编号"
    qualification = { column = "特长", split = ",", codes = "national:skills" }
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass, fields
from datetime import date, time
from pathlib import Path
from typing import Any

from matching.errors import UsageError, quoted, shown
from matching.guards.toml import Place, read_toml
from matching.schema import TABLES
from matching.stores.mapping.choosing import constant_text
from matching.stores.mapping.codes import Book, books_of, codes_of
from matching.stores.mapping.refusals import (
    refuse_alike,
    refuse_incomplete,
    refuse_nonsense,
    refuse_shared,
    refuse_twice,
    refuse_unknown,
)
from matching.stores.mapping.shapes import RESULTS, Block, Column, Constant, columns_of
from matching.stores.names import no_table_name
from matching.stores.national import SlotRules

_BLOCK_KEYS = ("table", "where")
_SECTIONS = ("codes", "slots")
_SLOT_KEYS = ("morning", "afternoon", "evening", "holidays", "worked", "keep_worked")


@dataclass(frozen=True)
class Mapping:
    """A mapping file, checked: `Mapping.from_toml`.

    Attributes
    ----------
    blocks : tuple of Block
    slots : SlotRules
        What the weekly slots mean.
    """

    blocks: tuple[Block, ...]
    slots: SlotRules

    @classmethod
    def from_toml(cls, path: str | Path) -> Mapping:
        """Read a mapping file.

        Raises
        ------
        UsageError
            If the file cannot be read, is not TOML, or asks for what makes no sense.
        """
        try:
            return cls.from_dict(*read_toml(path, "mapping"))
        except OSError as error:
            raise UsageError(f"mapping {path}: {error.strerror}") from None
        except UsageError as error:
            if "is not TOML" not in str(error) or not re.search("overwrite|twice", str(error)):
                raise
            raise UsageError(
                f"{error}; a key stands there for the second time: each of our columns comes from "
                "one place, and a second block of a table is headed [[table]] like the first"
            ) from None

    @classmethod
    def from_dict(cls, content: Dict[str, Any], where: str | Place = "the mapping") -> Mapping:
        """Make a mapping of what a TOML file holds; ``where`` is what errors call it."""
        where = Place(where) if isinstance(where, str) else where
        known = [*TABLES, *RESULTS, *_SECTIONS]
        for name in content:
            refuse_unknown(f"{where.at(name)}: [{shown(name)}]", name, known, "our tables are")
        books = books_of(content.get("codes", {}), where)
        blocks: list[Block] = []
        for name, given in content.items():
            if name in _SECTIONS:
                continue
            items = given if isinstance(given, list) else [given]
            if name in RESULTS and len(items) > 1:
                text = f"{where.at(name, 1)}: [[{name}]] stands twice; a result goes to one table"
                raise UsageError(text)
            blocks += [_block(name, item, books, where, n) for n, item in enumerate(items)]
        refuse_twice(blocks, str(where))
        refuse_shared(blocks, where)
        if not blocks:
            raise UsageError(f"{where} maps no table; begin with [volunteers]")
        return cls(tuple(blocks), _slots(content.get("slots", {}), where))

    def of(self, ours: str) -> list[Block]:
        """Return the blocks of one of our tables."""
        return [block for block in self.blocks if block.ours == ours]


def load(mapping: object) -> Mapping:
    """Return a mapping that is given as one, as a path, or as what a TOML file holds."""
    if isinstance(mapping, Mapping):
        return mapping
    if isinstance(mapping, str | Path):
        return Mapping.from_toml(mapping)
    if isinstance(mapping, dict):
        return Mapping.from_dict(mapping)
    raise UsageError(f"mapping is a {type(mapping).__name__}: give the path of a TOML file")


def _block(ours: str, given: object, books: Dict[str, Book], where: Place, number: int) -> Block:
    def at(key: str = "") -> str:
        return f"{where.at(ours, number, key)}: [{ours}]"

    here = at()
    if not isinstance(given, dict):
        raise UsageError(f"{here} must be a table of our columns, as volunteer_id = '编号'")
    kinds = columns_of(ours)
    table = given.get("table", ours)
    why: str | None = "write the name of one table of the store"
    if isinstance(table, str) and table:
        why = no_table_name(table)
    if why is not None:
        raise UsageError(f"{at('table')} table = {quoted(table)}: {why}")
    columns = {}
    for name, cell in given.items():
        if name not in _BLOCK_KEYS:
            key = f"{at(name)} {shown(name)}"
            refuse_unknown(key, name, [*kinds, *_BLOCK_KEYS], "it has the columns")
            columns[name] = _column(key, name, cell, ours, books)
    block = Block(ours, table, _where(at("where"), given.get("where", {})), columns)
    if ours in TABLES:
        refuse_incomplete(here, block)
    refuse_alike(here, block)
    split = [name for name, column in columns.items() if column.split]
    if len(split) > 1:
        text = "split in one block; which of one goes with which of the other? Use two blocks"
        raise UsageError(f"{here}: {' and '.join(split)} are both {text}")
    return block


def _column(here: str, name: str, given: object, table: str, books: Dict[str, Book]) -> Column:
    if isinstance(given, str):
        given = {"column": given}
    if not isinstance(given, dict):
        raise UsageError(
            f"{here} = {quoted(given)}: write the store's column as text, or a constant as "
            f"{{ value = {quoted(given)} }}"
        )
    keys = [item.name for item in fields(Column) if item.name not in ("ours", "columns")]
    for key in given:
        refuse_unknown(f"{here} {key}", key, ["column", "columns", *keys], "it may have")
    sources = [key for key in ("column", "columns", "value") if key in given]
    if len(sources) != 1:
        there = "has " + " and ".join(sources) if sources else "has none of them"
        raise UsageError(f"{here} {there}: give exactly one of column, columns and value")
    if sources == ["value"] and len(given) > 1:
        others = ", ".join(key for key in given if key != "value")
        raise UsageError(f"{here} is a constant, so {others} would do nothing; take it out")
    parsed: dict[str, Any] = {}
    for key, cell in given.items():
        at = f"{here} {key}"
        if key == "codes":
            parsed[key] = codes_of(at, cell, books)
        elif key in ("column", "columns"):
            parsed["columns"] = _texts(at, cell) if cell else ()
        else:
            parsed[key] = _typed(at, key, cell)
    column = Column(name, **parsed)
    refuse_nonsense(here, column, given, table)
    return column


def _typed(here: str, key: str, cell: object) -> object:
    """Return a value of a column's key as the type that it wants."""
    if key in ("split", "format"):
        return _texts(here, cell)
    if key in ("value", "default"):
        return constant_text(_constant(here, cell))
    fits, wanted = isinstance(cell, str), "text"
    if key == "skip_empty":
        fits, wanted = isinstance(cell, bool), "true or false"
    elif key in ("part", "digits"):
        fits, wanted = type(cell) is int and 1 <= cell <= 100, "a whole number from 1 to 100"
    if not fits:
        raise UsageError(f"{here} = {quoted(cell)}: write {wanted}")
    if key == "separator" and not cell:
        raise UsageError(f"{here} is empty: write the sign that parts the pieces")
    return cell


def _constant(here: str, cell: object) -> Constant:
    if isinstance(cell, str | int | float | date | time):
        return cell
    raise UsageError(f"{here} = {quoted(cell)}: write one value, not several")


def _texts(here: str, given: object) -> tuple[str, ...]:
    texts: list[Any] = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        text = f"{here} = {quoted(given)}: write a text or a list of texts, none of them empty"
        raise UsageError(text)
    if any("\0" in text for text in texts):
        raise UsageError(f"{here} = {quoted(given)}: no name or sign of a store holds a NUL")
    if len(set(texts)) < len(texts):
        raise UsageError(f"{here} = {quoted(given)} names something twice")
    return tuple(texts)


def _where(here: str, given: object) -> dict[str, tuple[Constant, ...]]:
    if not isinstance(given, dict):
        raise UsageError(f"{here} where = {quoted(given)}: write where = {{ 状态 = ['正常'] }}")
    wanted = {}
    for column, cells in given.items():
        allowed = cells if isinstance(cells, list) else [cells]
        wanted[column] = tuple(_constant(f"{here} where.{shown(column)}", cell) for cell in allowed)
    return wanted


def _slots(given: object, where: Place) -> SlotRules:
    here = f"{where.at('slots')}: [slots]"
    if not isinstance(given, dict):
        raise UsageError(f"{here} must be a table, as morning = ['07:00', '12:00']")
    for key in given:
        refuse_unknown(f"{here} {key}", key, _SLOT_KEYS, "it may have")
    holidays = given.get("holidays", "CN")
    if holidays != "CN" and not isinstance(holidays, list):
        raise UsageError(f"{here} holidays = {quoted(holidays)}: write 'CN', or a list of days")
    if holidays == "CN" and "worked" in given:
        raise UsageError(f"{here} worked needs holidays, a list of days, beside it")
    keep = given.get("keep_worked", False)
    if not isinstance(keep, bool):
        raise UsageError(f"{here} keep_worked = {quoted(keep)}: write true or false")
    parts = {n: _part(f"{here} {n}", given[n]) for n in _SLOT_KEYS[:3] if n in given}
    days = None if holidays == "CN" else _days(f"{here} holidays", holidays)
    return SlotRules(parts, days, _days(f"{here} worked", given.get("worked", [])), keep)


def _part(here: str, given: object) -> tuple[time, time]:
    try:
        start, end = map(time.fromisoformat, given)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        text = f"{here} = {quoted(given)}: write start and end, as ['07:00', '12:00']"
        raise UsageError(text) from None
    return start, end


def _days(here: str, given: list[object]) -> tuple[date, ...]:
    try:
        return tuple(date.fromisoformat(str(day)) for day in given)
    except (TypeError, ValueError):
        raise UsageError(f"{here} = {quoted(given)}: write days, as ['2026-10-01']") from None
