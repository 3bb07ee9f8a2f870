"""What makes no sense in a mapping, said before anything is read."""

import difflib
import re
from collections.abc import Collection
from collections.abc import Mapping as Dict
from dataclasses import replace
from typing import Any

import dataframely as dy
import polars as pl

from matching.errors import UsageError, quoted
from matching.guards.toml import Place
from matching.schema import TABLES, meta
from matching.stores.mapping.cells import lost_by
from matching.stores.mapping.codes import Book
from matching.stores.mapping.shapes import (
    RESULTS,
    SLOT,
    Block,
    Column,
    columns_of,
    is_moment,
    sections,
    units_of,
)
from matching.stores.national import book


def refuse_incomplete(here: str, block: Block) -> None:
    """Refuse a block that cannot fill what our table needs."""
    columns = TABLES[block.ours].columns()
    lacking = [n for n, c in columns.items() if meta(c).get("required") and n not in block.columns]
    if lacking:
        raise UsageError(
            f"{here} lacks {', '.join(lacking)}, which our table {block.ours} needs; say which "
            f"column of {block.table} it is, or give a constant: {lacking[0]} = {{ value = '...' }}"
        )
    times = {"start", "end", "weekday", "start_time", "end_time"} & set(block.columns)
    if SLOT in block.columns and times:
        raise UsageError(f"{here}: a slot says when already; take out {', '.join(sorted(times))}")


def refuse_nonsense(here: str, column: Column, given: Dict[str, Any], table: str) -> None:
    """Refuse what a column is told to do and cannot."""
    kind = columns_of(table)[column.ours]
    if "separator" in given and column.part is None:
        raise UsageError(f"{here} separator needs part, as part = 1 for the first piece")
    if "join" in given and len(column.columns) < 2:
        raise UsageError(f"{here} join needs columns = ['...', '...']")
    if column.pattern is not None and _groups(here, column.pattern) != 1:
        raise UsageError(f"{here} pattern must have one group in (parentheses): what is kept")
    if column.format and not is_moment(kind):
        raise UsageError(f"{here} format is for days and times, and {column.ours} is none")
    if column.prefix and is_moment(kind):
        raise UsageError(f"{here} prefix is for text, and {column.ours} is a day or a time")
    for format in column.format:
        if (lost := lost_by(format, kind)) is not None:
            raise UsageError(f"{here} format = {format!r} {lost}")
    _refuse_wrong_words(here, column, kind)
    units = units_of(kind)
    if column.unit is not None and column.unit not in units:
        allowed = f"it may be {', '.join(units)}" if units else f"{column.ours} has no unit"
        raise UsageError(f"{here} unit = {column.unit!r}: {allowed}")


def _refuse_wrong_words(here: str, column: Column, kind: dy.Column) -> None:
    """Refuse a constant or a code that ends in what our column does not know."""
    if isinstance(kind, dy.Enum):
        allowed = list(kind.categories)
    elif column.ours == SLOT:
        allowed = book("slots")["term"].to_list()
    else:
        return
    words = [word for word in (column.value, column.default) if word is not None]
    if isinstance(column.codes, Book):
        words += [word for word in column.codes.ours.values() if word]
    wrong = sorted({column.prefix + word for word in words} - set(allowed))
    if wrong:
        raise UsageError(f"{here} comes to {wrong[0]!r}; it may be {', '.join(allowed)}")


def _groups(here: str, pattern: str) -> int:
    """Count the groups of a regular expression, which the one that is used must know too."""
    try:
        pl.Series([""]).str.extract(pattern, 1)
        return re.compile(pattern).groups
    except pl.exceptions.ComputeError as error:
        found = re.search("^error: (.*)$", str(error), re.MULTILINE)
        why = f" of the regex crate: {found[1] if found else 'it cannot be read'}"
    except re.error as error:
        why = f": {error}"
    raise UsageError(f"{here} pattern = {pattern!r} is no regular expression{why}")


def refuse_alike(here: str, block: Block) -> None:
    """Refuse two numbers or times that are read from the same cell in the same way."""
    kinds = columns_of(block.ours)
    seen: dict[Column, str] = {}
    for name, column in block.columns.items():
        if column.value is not None or isinstance(kinds[name], dy.String):
            continue
        alike = replace(column, ours="", codes=None)
        if alike in seen:
            raise UsageError(
                f"{here}: {seen[alike]} and {name} are both {', '.join(column.columns)}; "
                "which is which? If the cell holds both, say part = 1 and part = 2"
            )
        seen[alike] = name


def refuse_twice(blocks: list[Block], where: str) -> None:
    """Refuse blocks that give the same rows again."""
    for number, block in enumerate(blocks):
        if block in blocks[:number]:
            raise UsageError(
                f"{where}: two blocks [[{block.ours}]] from {block.table} say the same, and every "
                "row would be there twice; take one out"
            )


def refuse_shared(blocks: list[Block], where: Place) -> None:
    """Refuse a result that would be written over another table, or over a column of its own."""
    read = {block.table: block.ours for block in blocks if block.ours not in RESULTS}
    known = {name: name for name in RESULTS} | {b.ours: b.table for b in blocks}
    for block in blocks:
        if block.ours not in RESULTS:
            continue
        here, at = where.at(block.ours, 0, "table"), f"[{block.ours}] table = {quoted(block.table)}"
        others = [n for n in RESULTS if n != block.ours and known[n] == block.table]
        if block.table in read or others:
            owner = read.get(block.table) or others[0]
            text = f"{here}: {at} is the table of our {owner} too, which would be overwritten"
            raise UsageError(f"{text}; give the two different names")
        owners: dict[str, str] = {}
        columns = sections(blocks)[block.ours].columns
        for ours in [*columns, *(n for n in RESULTS[block.ours] if n not in columns)]:
            for theirs in columns[ours].columns if ours in columns else (ours,):
                if theirs in owners:
                    both = sorted((owners[theirs], ours), key=lambda name: name in block.columns)
                    raise UsageError(
                        f"{where.at(block.ours, 0, both[1])}: [{block.ours}] {both[1]} and "
                        f"{both[0]} would both be written as {quoted(theirs)}, one over the other; "
                        "give each a column of its own"
                    )
                owners[theirs] = ours


def refuse_unknown(here: str, name: str, known: Collection[str], introduction: str) -> None:
    """Refuse a name that is not known, and say which one may be meant."""
    if name not in known:
        near = difflib.get_close_matches(name[:60], known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"{here} is unknown: {hint}{introduction} {', '.join(known)}")
