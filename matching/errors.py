"""What can go wrong, said so that the reader knows what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from matching.guards.harmless import harmless, one_line

SHOWN = 20
# From so many rows on that share a fault, it is told of all at once.
MANY = 4
SHOWN_NAMES, SHOWN_CHARACTERS = 10, 60

FAULT_SCHEMA = {
    "table": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "rule": pl.String,
    "message": pl.String,
}


class MatchingError(Exception):
    """Base of every error this library raises on purpose; its text steers no terminal."""

    def __str__(self) -> str:
        """Return the text, with what would steer a terminal written out."""
        return harmless(super().__str__())


class DataError(MatchingError):
    """The tables break their contract.

    Attributes
    ----------
    faults : polars.DataFrame
        One row per failing cell: ``table``, ``row`` (1 is the first data row; null where the fault
        is the whole table's), ``column``, ``value`` as it was read, ``rule`` and ``message``.
    whose : str
        Which tables, where there are several sets of them: "region 23"; else empty.
    """

    def __init__(
        self, faults: pl.DataFrame, whose: str = "", heights: Mapping[str, int] | None = None
    ) -> None:
        self.faults = faults
        self.whose = whose
        self._heights = dict(heights or {})
        super().__init__(self._text())

    def __reduce__(self) -> tuple[type[DataError], tuple[pl.DataFrame, str, dict[str, int]]]:
        # From its arguments, or it would not arrive from another process.
        return type(self), (self.faults, self.whose, self._heights)

    def _text(self) -> str:
        total = self.faults.height
        noun = "fault" if total == 1 else "faults"
        lines = [f"{total} {noun} in the tables{self.whose and f' of {self.whose}'}"]
        alike = ["table", "column", "rule", "message"]
        # What many rows of a column share is said once, where the first of them stands.
        faults = self.faults.with_columns(size=pl.len().over(alike))
        together = pl.col("row").is_not_null() & (pl.col("size") >= MANY)
        said = faults.filter(~together | pl.struct(alike).is_first_distinct()).head(SHOWN)
        left = total
        for row in said.iter_rows(named=True):
            if row["row"] is None or row["size"] < MANY:
                lines.append(describe(row))
                left -= 1
                continue
            same = faults.filter(*(pl.col(name).eq_missing(row[name]) for name in alike))
            lines.append(_describe_many(same, self._heights.get(row["table"])))
            left -= row["size"]
        if left:
            lines.append(f"... and {left} more: see DataError.faults")
        return "\n".join(lines)


class PolicyError(MatchingError):
    """A policy names something unknown or asks for a value that is not allowed."""


class UsageError(MatchingError):
    """A call or a command asks for something that is not there or not allowed."""


class NoTables(UsageError):
    """A place holds spreadsheets, and no table of the contract.

    Attributes
    ----------
    where : str
    """

    def __init__(self, text: str, where: object) -> None:
        self.where = str(where)
        super().__init__(text, self.where)

    def __str__(self) -> str:
        """Return the text."""
        return harmless(str(self.args[0]))


class StoreError(MatchingError):
    """A store does not answer, or refuses; nothing of what was to be written is there."""


def describe(fault: dict[str, object]) -> str:
    """Put one failing cell into a sentence: where it is, what it holds, what is wrong."""
    where = one_line(fault["table"])
    if fault["row"] is not None:
        where += f" row {fault['row']}"
    if fault["column"] is not None:
        where += f", {one_line(fault['column'])}"
    if fault["value"] is not None:
        where += f" = {fault['value']!r}"
    return f"  {where}: {fault['message']} [{fault['rule']}]"


def _describe_many(faults: pl.DataFrame, height: int | None) -> str:
    """Put what several rows of a column share into one sentence, with the first of them."""
    first = faults.row(0, named=True)
    where = f"  {one_line(first['table'])}"
    if first["column"] is not None:
        where += f", {one_line(first['column'])}"
    all_ = "all " if faults.height == height else ""
    cells = faults.head(MANY - 1).select("row", "value").iter_rows()
    rows = [str(row) if value is None else f"{row} = {value!r}" for row, value in cells]
    some = f"{all_}{faults.height:,} rows ({', '.join(rows)}, ...)"
    return f"{where}, {some}: {first['message']} [{first['rule']}]"


def listed(names: Iterable[object], most: int = SHOWN_NAMES) -> str:
    """Put names into a message: the first ones, and how many more there are; empty if none."""
    every = [*names]
    first = ", ".join(shown(name) for name in every[:most])
    return f"{first} and {len(every) - most:,} more" if len(every) > most else first


def shown(name: object, most: int = SHOWN_CHARACTERS) -> str:
    """Return what a message shows of a name: not too much of it, and on one line."""
    text = str(name)
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: most + 1])
    return f"{text[:most]}..." if len(text) > most else text


def quoted(value: object, most: int = 2 * SHOWN_CHARACTERS) -> str:
    """Return what a message shows of a value that somebody wrote: its `repr`, cut."""
    try:
        return shown(repr(value), most)
    except (ValueError, RecursionError):  # thousands of digits, thousands of lists
        return f"a {type(value).__name__} too large to show"


class DataWarning(UserWarning):
    """The tables keep the contract and still look wrong."""
