"""What a mapping is made of: blocks of columns."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import date, time

from matching.stores.mapping.codes import Book, Lookup

# What a mapping file says a cell is to be.
Constant = str | int | float | date | time


@dataclass(frozen=True)
class Column:
    """Where one of our columns comes from, and what is done to each cell, in this order.

    Attributes
    ----------
    ours : str
    columns : tuple of str
        The store's; several are put together with ``join`` between them.
    value : str, optional
        A constant instead.
    split : tuple of str
        Signs that part a cell into several rows.
    part, separator : int, str
        Which piece of the cell, from 1, and what the pieces are parted by.
    pattern : str, optional
        A regular expression whose group is kept.
    digits : int, optional
        How many a code has: zeros that a spreadsheet took away are put before it.
    codes : Book or Lookup, optional
        What the store's codes are here.
    format : tuple of str
        Of days and times, as strptime writes them; the first that fits.
    unit : str, optional
        Of numbers.
    prefix : str
        Put before text.
    default : str, optional
        Of empty cells.
    skip_empty : bool
        Whether a row is left out where this is empty.
    """

    ours: str
    columns: tuple[str, ...] = ()
    join: str = " "
    value: str | None = None
    split: tuple[str, ...] = ()
    part: int | None = None
    separator: str = ","
    pattern: str | None = None
    digits: int | None = None
    codes: Book | Lookup | None = None
    format: tuple[str, ...] = ()
    unit: str | None = None
    prefix: str = ""
    default: str | None = None
    skip_empty: bool = False


@dataclass(frozen=True)
class Block:
    """Rows of one of our tables that come from one table of the store."""

    ours: str
    table: str
    where: Dict[str, tuple[Constant, ...]]
    columns: Dict[str, Column]

    @property
    def split(self) -> Column | None:
        """The column that makes several rows of one."""
        return next((column for column in self.columns.values() if column.split), None)
