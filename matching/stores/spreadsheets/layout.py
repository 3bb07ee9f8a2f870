"""What the columns of a table are: fields by their heading and cells, times, and others."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from matching.stores.spreadsheets.cells import (
    count_of,
    counts,
    day_of,
    hours_only,
    moment_of,
    share,
    value_type,
)
from matching.stores.spreadsheets.days import find_days
from matching.stores.spreadsheets.grid import Cell, letter, text
from matching.stores.spreadsheets.headings import number
from matching.stores.spreadsheets.hours import hours_in
from matching.stores.spreadsheets.sentences import sentence
from matching.stores.spreadsheets.tables import Column, Table
from matching.stores.spreadsheets.words import bare, begins, meanings, plain

_CONTACT = re.compile(
    r"\S+@\S+\.\S+|^\+?\(?\d[\d\s()/-]{7,}$|^\d{1,3}(\.\d{1,3}){3}|^https?://|^webcal:"
)
_GENERIC = {"name", "nom", "naam", "nome", "nombre", "title", "bezeichnung", "名称", "名稱", "이름"}
PEOPLE = ("person", "first", "last", "person_id")
TIMES = ("day", "start", "end", "time")
COUNTS = ("seats", "min_seats", "open", "qty", "max_shifts", "max_hours", "max_per_day", "minutes")


@dataclass
class Layout:
    """A table whose columns are known, as far as they are.

    ``name`` is the sheet's, if it is of one job or one person; ``gone`` holds rows of people who do
    not come any more; ``told`` is the kind that somebody said the table is of, and
    ``key`` what reading.toml calls it.
    """

    table: Table
    fields: dict[str, list[Column]] = field(default_factory=dict)
    axes: list[Column] = field(default_factory=list)
    others: list[Column] = field(default_factory=list)
    name: str = ""
    gone: set[int] = field(default_factory=set)
    told: str = ""
    key: str = ""

    def has(self, *names: str) -> bool:
        """Tell whether the table has one of some fields."""
        return any(self.fields.get(name) for name in names)

    def cell(self, row: int, name: str) -> Cell:
        """Return the first filled cell of a field in a row."""
        for column in self.fields.get(name, ()):
            if column.cells.get(row) is not None:
                return column.cells[row]
        return None

    def move(self, name: str, to: str) -> None:
        """Let a field mean another thing."""
        if columns := self.fields.pop(name, None):
            self.fields[to] = self.fields.get(to, []) + columns

    @property
    def people(self) -> bool:
        """Whether its rows may name people."""
        return self.has("person", "first", "last", "person_id")

    @property
    def timed(self) -> bool:
        """Whether its rows may say times."""
        return self.has(*TIMES) or any(s.axis for s in self.table.sections.values())


def layout_of(table: Table, told: Mapping[str, str] | None = None) -> Layout:
    """Find out what each column of a table is, unless somebody told, by its letter."""
    layout = Layout(table)
    told = told or {}
    for column in table.columns:
        said = told.get(letter(column.index))
        if said == "skip":
            continue
        if said == "across":
            layout.axes.append(column)
            continue
        if said == "other":
            layout.others.append(column)
            continue
        if said is not None:
            layout.fields.setdefault(said, []).append(column)
            continue
        at = column.axis.day
        timed = (at is not None and (at.day or at.weekday)) or column.axis.window is not None
        name = meaning_of(column)
        if timed and not (
            name in ("timestamp", "note", "ignore", "private", *COUNTS)
            or (name == "day" and not at)
        ):
            values = value_type(column.filled, table.legend)
            key = column is table.columns[0] and values == "names" and len(table.columns) > 3
            if not key or _alike(column, table.columns[1:]):
                layout.axes.append(column)
                continue
        if name:
            layout.fields.setdefault(name, []).append(column)
        elif column.filled or column.heads:
            layout.others.append(column)
    if len(layout.axes) == 1 and len(layout.others) >= 3:
        layout.others += layout.axes  # one weekday among other words names no time of the table
        layout.axes = []
    if not told:
        _settle(layout)
    return layout


def _alike(column: Column, others: list[Column]) -> bool:
    """Tell whether a column is headed by a weekday or date as most others are."""
    kinds = [(c.axis.day.dated, c.axis.window is None) for c in others if c.axis.day]
    own = column.axis.day
    return own is not None and kinds.count((own.dated, column.axis.window is None)) * 2 > len(
        others
    )


def meaning_of(column: Column) -> str:
    """Return what a column means by its heading, if its cells may mean that, or by its cells."""
    names, _ = meanings(column.head)
    if column.head.strip() in ("#", "№", "n°", "＃"):
        names = ("seats",)
    if _is_numbering(column):
        return "ignore"
    for name in names:
        if name == "private" or _fits(name, column):
            return name
    if "person" in names and column.filled and share(column.filled, counts) > 0.8:
        return "seats"  # "Nb bénévoles", "Volunteers"
    cells = column.filled
    if not cells:
        return ""
    if share(cells, _is_contact) > 0.6:
        return "private"
    if not column.heads and share(cells, lambda c: day_of(c) is not None) > 0.6:
        return "day"
    return ""


_COUNTING = {"", "spot", "slot", "seat", "position", "no", "nr", "number", "line", "序号", "位次"}


def _is_numbering(column: Column) -> bool:
    """Tell whether numbers only count rows: 1 2 3 4, or 1 2 3 1 2 of the seats of each time."""
    numbers = [number(c) for c in column.filled]
    if bare(column.head) not in _COUNTING or not column.head or numbers[:1] != [1]:
        return False
    return len(numbers) > 1 and all(b in (a + 1, 1) for a, b in itertools.pairwise(numbers))


def _fits(name: str, column: Column) -> bool:
    cells = column.filled
    if not cells:
        return True
    if name == "day":
        return share(cells, lambda c: day_of(c) is not None or begins(text(c), "open")) > 0.5 or (
            share(cells, lambda c: isinstance(c, float)) > 0.8
        )
    if name in ("start", "end"):
        timed = share(cells, lambda c: bool(moment_of(c)[1]) or day_of(c) is not None)
        return timed > 0.5 or share(cells, lambda c: isinstance(c, float) and 0 <= c < 25) > 0.8
    if name in COUNTS:
        return share(cells, lambda c: not math.isnan(count_of(c)[1])) > 0.5
    if name == "timestamp":
        return share(cells, lambda c: day_of(c) is not None) > 0.5
    if name == "skills" and value_type(cells, {}) == "marks":
        return False  # a question of yes and no, such as "do you have a certificate?"
    if name in ("person", "first", "last", "service", "place", "role", "skills", "wish"):
        return share(cells, lambda c: isinstance(c, str) and not (hours_only(c) or counts(c))) > 0.5
    if name in ("together", "apart"):
        return share(cells, lambda c: isinstance(c, str) and not math.isfinite(number(c))) > 0.5
    return True


def _is_phrase(cell: Cell) -> bool:
    """Tell whether a cell says more than one day or time."""
    if not isinstance(cell, str):
        return False
    content = plain(cell)
    days = {d.weekday for _, _, d in find_days(content, short=True) if d.weekday}
    return len(days) > 1 or len(hours_in(cell)) > 0 or bool(re.search(r"[;；]", content))


def _is_contact(cell: Cell) -> bool:
    return isinstance(cell, str) and bool(_CONTACT.search(cell)) and day_of(cell) is None


def _settle(layout: Layout) -> None:
    """Decide what depends on the other columns: whose name a name is, what a position is."""
    counted = layout.has("seats", "min_seats", "open")
    personal = layout.has("private", "free", "busy", "timestamp", "person_id") or (
        layout.has("first") and layout.has("last")
    )
    for name in ("person", "last", "first"):
        for column in list(layout.fields.get(name, ())):
            generic = bare(column.head) in _GENERIC
            alone = name == "person" or not (layout.has("first") and layout.has("last"))
            if generic and alone and counted and not personal and not layout.axes:
                layout.fields[name].remove(column)
                layout.fields.setdefault("service", []).append(column)
    people = layout.fields.get("person", [])
    teams = [column for column in people if bare(column.head) in ("team", "crew")]
    if len(people) > len(teams) or (layout.has("first") and layout.has("last")):
        layout.fields["person"] = [column for column in people if column not in teams]
        layout.others += teams  # a team beside its people is no person
    layout.fields = {name: columns for name, columns in layout.fields.items() if columns}
    named = [bare(column.head) for column in layout.fields.get("person", ())]
    if layout.has("last") and named and not layout.has("first") and set(named) <= _GENERIC:
        layout.move("person", "first")  # Nome, Cognome
    if layout.has("last") and not layout.has("first") and not layout.has("person"):
        layout.move("last", "person")
    if layout.has("first") and not layout.has("last") and not layout.has("person"):
        layout.move("first", "person")
    if layout.people and not layout.has(*TIMES) and not layout.axes:
        layout.move("role", "skills")
    if layout.people and layout.has("free") and not layout.has("day", "start", "service", "qty"):
        layout.move("time", "part")  # days in one column, the part of the day in another
        layout.move("role", "skills")
        layout.move("seats", "max_shifts")
    form = layout.has("timestamp", "private", "free") and layout.people
    if form and layout.has("time") and not layout.has("day", "start", "seats", "service", "qty"):
        layout.move("time", "free")
    only_days = layout.has("day") and not layout.has("start", "end", "service", "seats")
    if layout.people and only_days and not layout.has("qty", "role"):
        cells = [c for column in layout.fields["day"] for c in column.filled]
        if share(cells, _is_phrase) > 0.2:
            layout.move("day", "free")
            layout.move("time", "part")
    if layout.has("start", "day") and layout.has("time") and not layout.has("service"):
        cells = [c for column in layout.fields["time"] for c in column.filled]
        if cells and not any(not w.part for c in cells for w in hours_in(c)):
            layout.move("time", "service")  # "Shift: Food bank" is no time
    times = layout.fields.get("time", [])
    written = [c for c in times if any(not w.part for cell in c.filled for w in hours_in(cell))]
    wordy = [column for column in times if column not in written]
    if wordy and written and not layout.has("service"):
        # "Shift: Food bank", or "Shift: Morning", beside "Time: 9-12".
        layout.fields["time"] = [column for column in times if column not in wordy]
        layout.fields["service"] = wordy
    if layout.has("person") and not layout.has("first", "last", "free", "private") and counted:
        # One column says how many there are, another who: "Volunteers: 4" is a number.
        for column in list(layout.fields["person"]):
            if share(column.filled, lambda c: math.isfinite(number(c))) > 0.8:
                layout.fields["person"].remove(column)


def place_name(table: Table, row: int, column: Column | None = None) -> str:
    """Return where a cell is, as its owner sees it."""
    if column is None:
        return sentence("row", where=table.where, row=row + 1)
    return sentence("cell", where=table.where, row=row + 1, column=letter(column.index))
