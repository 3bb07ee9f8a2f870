"""What a store calls our tables and columns."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dataframely as dy
import polars as pl

from matching.errors import UsageError, listed, quoted
from matching.schema import TABLES

RESULT_TABLES = ("plan", "unfilled", "prices", "faults")
SUMMARY = "summary"
_THEIRS = "(of the store)"
# The number of a row goes by ``row``; a column of the store that is called so is another thing.
OWN_ROW = "row (of the file)"


@dataclass(frozen=True)
class Names:
    """Our names and the store's; what is not named is called the same.

    Attributes
    ----------
    tables : Mapping of str to str
        The store's name by our table: ``{"volunteers": "志愿者"}``.
    columns : Mapping of str to Mapping of str to str
        The store's name by our column, by our table:
        ``{"volunteers": {"volunteer_id": "编号"}}``.

    Raises
    ------
    UsageError
        If the contract has no such table or column, or two of ours have the same name there.
    """

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = [*TABLES, *RESULT_TABLES, SUMMARY]
        _check("tables", self.tables, known, no_table_name)
        _refuse_unknown("columns", self.columns, known)
        for table, mapping in self.columns.items():
            columns = list(TABLES[table].columns()) if table in TABLES else None
            _check(f"columns[{table!r}]", mapping, columns, _no_column_name)

    def theirs(self, table: str) -> str:
        """Return the store's name of a table."""
        return self.tables.get(table, table)

    def ours(self, name: str) -> str:
        """Return our name of the store's table; the same if it has no other."""
        return next((table for table, theirs in self.tables.items() if theirs == name), name)

    def column(self, table: str, ours: str) -> str:
        """Return the store's name of a column."""
        return self.columns.get(table, {}).get(ours, ours)

    def kinds(self, table: str) -> dict[str, bool]:
        """Return the store's names of the columns of one of our tables, and which are text."""
        columns = TABLES[table].columns().items()
        return {self.column(table, name): isinstance(kind, dy.String) for name, kind in columns}

    def read(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Give the columns our names.

        A column that has our name without being the one that is meant is set apart.
        """
        if table not in self.columns:
            return frame
        named = self.columns[table].items()
        mapping = {theirs: ours for ours, theirs in named if theirs in frame.columns}
        taken = {ours for theirs, ours in mapping.items() if theirs != ours}
        taken &= {*frame.columns} - {*mapping}
        return frame.rename(mapping | {name: f"{name} {_THEIRS}" for name in taken})

    def write(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Give the columns the store's names."""
        theirs = {name: self.column(table, name) for name in frame.columns}
        _refuse_repeated(f"columns[{table!r}]", list(theirs.values()))
        return frame.rename(theirs)

    def write_rows(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Give the columns the store's names; the number of a row stays with where it was read."""
        return self.write(table, frame if table == "faults" else frame.drop("row", strict=False))


def check_file_names(names: Names) -> None:
    """Refuse names of tables that a folder would hide from its readers."""
    for table, theirs in names.tables.items():
        if theirs.startswith((".", "~$")):
            text = f"tables[{table!r}] = {quoted(theirs)}: a file of such a name is hidden"
            raise UsageError(f"{text}; let the name begin with a letter")


def check_results(tables: Iterable[str]) -> None:
    """Refuse tables that no result has."""
    unknown = [name for name in tables if name not in RESULT_TABLES]
    if unknown:
        known = ", ".join(RESULT_TABLES)
        raise UsageError(f"a result has no table {listed(unknown)}; it has {known}")


def no_table_name(name: str) -> str | None:
    """Say why no table, sheet or file can have a name; None if one can.

    A name becomes a path where the store is a folder.
    """
    if "/" in name or "\\" in name or name in (".", ".."):
        return "the name of a table is no path; leave out its folder, the store has one"
    if any(unicodedata.category(sign) == "Cc" for sign in name):
        return "the name of a table holds no line break, NUL or other control character"
    return None


def apart(name: str, frame: pl.DataFrame) -> str:
    """Return a store's name that cannot be taken for one of ours that is there."""
    return f"{name} {_THEIRS}" if name in (*frame.columns, "row") else name


def _no_column_name(name: str) -> str | None:
    return "no column's name holds a NUL" if "\0" in name else None


def _check(
    what: str, given: Any, known: list[str] | None, why_not: Callable[[str], str | None]
) -> None:
    """Refuse names that nothing in a store can have, unknown ones of ours, and those of two."""
    _refuse_unknown(what, given, known or given)
    for ours, theirs in given.items():
        why = why_not(theirs) if isinstance(theirs, str) and theirs else "give a name"
        if why is not None:
            raise UsageError(f"{what}[{ours!r}] = {quoted(theirs)}: {why}")
    _refuse_repeated(what, [given.get(name, name) for name in known or ()])


def _refuse_unknown(what: str, given: object, known: Iterable[str]) -> None:
    if not isinstance(given, Mapping):
        raise UsageError(f"{what} = {quoted(given)}: give a mapping from our names to theirs")
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError(f"{what} names {listed(unknown)}; known are {', '.join(known)}")


def _refuse_repeated(what: str, theirs: list[str]) -> None:
    twice = sorted(name for name, count in Counter(theirs).items() if count > 1)
    if twice:
        raise UsageError(f"{what}: {listed(twice)} would stand for two of ours; name both")


AS_OURS = Names()
