"""What a mapping is made of: blocks of columns, and what our columns are to it."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from fractions import Fraction

import dataframely as dy

from matching.schema import TABLES, meta
from matching.stores.mapping.codes import Book, Lookup

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


def hindrance(column: Column) -> str | None:
    """Say why a column cannot be gone backwards; None if it can."""
    if column.pattern is not None:
        return "a pattern forgets what is around its group"
    if isinstance(column.codes, Lookup):
        return "its codes are a table of the store"
    if len(column.columns) > 1 and (not column.join or column.part):
        return "several columns with nothing between them cannot be told apart"
    return None


# Whose words a column of a result is in, where its section does not say.
_HOMES = {
    "request_id": ("requests",),
    "volunteer_id": ("volunteers",),
    "organisation_id": ("organisations", "volunteers"),
    "option": ("options",),
    "post": ("posts", "menu_posts"),
    "start": ("requests", "options"),
    "end": ("requests", "options"),
}


def sections(blocks: Sequence[Block]) -> dict[str, Block]:
    """Return the sections of results, complete.

    A column that a section does not name is what it is elsewhere: ``volunteer_id`` as in
    ``[volunteers]``, a start as in ``[requests]``. What cannot be gone backwards stays ours.
    """
    found = {}
    for name in RESULTS:
        for block in (b for b in blocks if b.ours == name):
            columns = dict(block.columns)
            taken = {theirs for column in columns.values() for theirs in column.columns}
            for ours in RESULTS[name]:
                column = None if ours in columns else _inherited(blocks, ours)
                if column is not None and not taken & set(column.columns):
                    columns[ours] = column
                    taken |= set(column.columns)
            found[name] = Block(name, block.table, {}, columns)
    return found


def _inherited(blocks: Sequence[Block], ours: str) -> Column | None:
    for home in _HOMES.get(ours, ()):
        for block in (b for b in blocks if b.ours == home):
            column = block.columns.get(ours)
            if column is not None and column.columns and hindrance(column) is None:
                if column.split or column.part:
                    return None
                return replace(column, default=None, skip_empty=False)
    return None
