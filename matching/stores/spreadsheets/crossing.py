"""Grids: people, roles or times one way, days or hours the other, in the cells what holds.

Marks, windows and codes say when people can come; names say who stands somewhere, or who could;
numbers say how many are needed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from matching.stores.spreadsheets.cells import count_of, value_type
from matching.stores.spreadsheets.days import Calendar
from matching.stores.spreadsheets.facts import Need, When, time_name
from matching.stores.spreadsheets.grid import text
from matching.stores.spreadsheets.headings import number
from matching.stores.spreadsheets.layout import Layout, place_name
from matching.stores.spreadsheets.members import read_members
from matching.stores.spreadsheets.notebook import Notebook, role_name
from matching.stores.spreadsheets.phrases import axis_in
from matching.stores.spreadsheets.polls import codes_of, offer, poll_title, read_cell, read_people
from matching.stores.spreadsheets.rosters import labels_are_times, read_names, read_needs, row_of
from matching.stores.spreadsheets.slots import slots_of
from matching.stores.spreadsheets.tables import Column
from matching.stores.spreadsheets.words import is_any, meanings, mentions, plain


@dataclass(frozen=True)
class Across:
    """A column of a grid: its time, and what its group of columns says beside."""

    column: Column
    when: When
    place: str = ""
    name: str = ""


def read_cross(layout: Layout, book: Notebook, calendar: Calendar) -> str:
    """Read a grid with days or hours across; return what it was taken for."""
    columns = _across(layout, book)
    _needed_rows(layout, columns, book)
    if not (layout.told or layout.people) and mentions(layout.table.sheet.name, "need_titles"):
        layout.told = "needs"
    cells = [c for one in columns for c in one.column.filled]
    kind = value_type(cells, layout.table.legend)
    if not layout.people and _rows_are_people(layout, kind, book):
        layout.fields["person"] = [layout.others.pop(0)]
    if layout.people and kind != "names" and layout.told != "needs":
        rows = read_members(layout, book, calendar)
        return read_people(layout, columns, kind, rows, book)
    if layout.told == "needs":
        read_needs(layout, columns, kind, book)
    elif layout.name and kind in ("marks", "windows") and not _is_work(layout.name, book):
        _one_person(layout, columns, kind, book)
        return "availability"
    elif kind == "names" or not kind:
        return read_names(layout, columns, book)
    else:
        read_needs(layout, columns, kind, book)
    return "needs"


def _needed_rows(layout: Layout, columns: list[Across], book: Notebook) -> None:
    """Take off the lines of a poll that say how many are needed at each time."""
    first = layout.table.columns[0]
    for row in list(layout.table.rows):
        names, exact = meanings(text(first.cells.get(row)))
        cells = [one.column.cells.get(row) for one in columns]
        counted = all(c is None or math.isfinite(count_of(c)[1]) for c in cells)
        if not (exact and "seats" in names and counted and any(c is not None for c in cells)):
            continue
        layout.table.rows.remove(row)
        for one in columns:
            least, most = count_of(one.column.cells.pop(row, None))
            if most >= 1:
                name = one.name or poll_title(layout.table.titles) or time_name(one.when)
                need = Need(one.when, name, one.place, int(most), int(least), source=1)
                book.facts.needs.append(need)
        for column in layout.table.columns:
            column.cells.pop(row, None)


def _is_work(name: str, book: Notebook) -> bool:
    return plain(name) in book.roles or plain(name) in book.places


def _one_person(layout: Layout, columns: list[Across], kind: str, book: Notebook) -> None:
    """Read a sheet that is called by a person: hours down, days across, marks where they can."""
    person = book.facts.person(layout.name, layout.table.where)
    book.facts.asked.add(person)
    timed = labels_are_times(layout)
    for row in layout.table.rows:
        at, *_ = row_of(layout, row, timed)
        for one in columns:
            when = When(one.when.day, at.window or one.when.window, at.label)
            read_cell(person, when, "", one.column.cells.get(row), kind, {}, book)
    book.say("person_sheet", where=layout.table.where, name=layout.name)


def read_down(layout: Layout, columns: list[Column], kind: str, book: Notebook) -> None:
    """Read a grid with days down, and people or roles across."""
    heads = [plain(role_name(c.head)) for c in columns]
    numbers = kind == "numbers"
    roles = numbers or sum(h in book.roles for h in heads) * 2 > len(heads)
    people = (
        {} if roles else {id(c): book.facts.person(c.head, layout.table.where) for c in columns}
    )
    rows = {row: slots_of(layout, row, book, [])[0] for row in layout.table.rows}
    cells = [c for one in columns for r, c in one.cells.items() if c is not None and rows[r]]
    legend = codes_of(layout, kind, cells)
    days = []
    for row, slots in rows.items():
        if not slots:
            if people:
                _about_people(layout, row, columns, people, book)
            continue
        slot = slots[0]
        days.append(slot.when)
        for column in columns:
            cell = column.cells.get(row)
            if people:
                person = people[id(column)]
                book.facts.asked.add(person)
                read_cell(person, slot.when, "", cell, kind, legend, book)
            elif cell is not None and not is_any(text(cell), "no"):
                least, seats = count_of(cell) if numbers else (0.0, 1.0)
                role = role_name(column.head)
                name = f"{slot.name}: {role}" if slot.name and not slot.when.label else role
                if math.isfinite(seats) and seats >= 1:
                    book.facts.needs.append(
                        Need(
                            slot.when,
                            name,
                            slot.place,
                            int(seats),
                            int(least),
                            (),
                            role,
                            "",
                            id(layout),
                        )
                    )
    if people:
        offer(layout, [Across(columns[0], when) for when in days], kind, legend, book)


def _about_people(
    layout: Layout, row: int, columns: list[Column], people: dict[int, str], book: Notebook
) -> None:
    """Read a line that is no day, in a grid with people across: a limit, or a quality they have."""
    label = text(layout.cell(row, "day")) or text(layout.table.sheet.rows[row][0])
    cells = [c.cells.get(row) for c in columns]
    filled = [c for c in cells if c is not None]
    names, _ = meanings(label)
    if "note" in names:
        return
    limit = next((n for n in names if n in ("max_shifts", "max_hours", "max_per_day")), None)
    if not label or not filled:
        return
    for column, cell in zip(columns, cells, strict=True):
        about = book.facts.people[people[id(column)]]
        if limit and math.isfinite(most := number(cell)):
            about.limits[limit.replace("max_per_day", "max_shifts_per_day")] = most
        elif not limit and is_any(text(cell), "yes"):
            about.skills.setdefault(label, None)
    if not limit:
        book.say("quality_row", where=place_name(layout.table, row), label=label)


# --- what stands across --------------------------------------------------------------------------


def _across(layout: Layout, book: Notebook) -> list[Across]:
    """Return the columns of a grid; groups of columns are places, or work of another kind."""
    groups = list(dict.fromkeys(c.axis.rest for c in layout.axes))
    labels = {group: _label(group) for group in groups}
    asking = [g for g in groups if "free" in meanings(g)[0]]
    found = {g: ("", labels[g]) for g in groups}
    if len(groups) > 1 and len(asking) == len(groups):
        found = {g: (part, "") for g, part in _different(groups).items()}
        for part, _ in found.values():
            book.places.setdefault(plain(part), part)
    elif asking and len(asking) < len(groups):
        found = dict.fromkeys(asking, ("", ""))
        gone = [g for g in groups if g not in asking]
        if gone and all(g for g in gone):
            for group in gone:
                count = sum(1 for c in layout.axes if c.axis.rest == group)
                book.say("other_work", where=layout.table.where, group=group, count=count)
    elif len(groups) > 1 and sum(plain(g) in book.places for g in groups) * 2 > len(groups):
        found = {g: (g, "") for g in groups}
    elif len(groups) == 1:
        found = {groups[0]: ("", layout.name)}
    return [Across(c, _when(c), *found[c.axis.rest]) for c in layout.axes if c.axis.rest in found]


def _when(column: Column) -> When:
    """Return the time of a column; a part of a day has no hours of its own."""
    window = column.axis.window
    if window is not None and window.part:
        return When(column.axis.day, None, window.part)
    period = column.axis.rest if window is None and column.axis.rest.isdigit() else ""
    return When(column.axis.day, window, period)


def _label(group: str) -> str:
    return "" if re.fullmatch(r"[\W\d]*(?:\w+ \d{4})?", group) else group


def _different(groups: list[str]) -> dict[str, str]:
    """Return the words of each that the others have not."""
    words = [group.replace("?", " ").replace("？", " ").split() for group in groups]
    head = 0
    while all(len(w) > head and w[head] == words[0][head] for w in words):
        head += 1
    tail = 0
    while all(len(w) - tail > head + 1 and w[-1 - tail] == words[0][-1 - tail] for w in words):
        tail += 1
    parts = [" ".join(w[head : len(w) - tail]).strip(" ,:;[]()") for w in words]
    return dict(zip(groups, parts, strict=True))


def _rows_are_people(layout: Layout, kind: str, book: Notebook) -> bool:
    """Tell whether the first column of a grid holds people, and not times or roles."""
    if kind == "names" or not layout.others or layout.has("service", "role"):
        return False
    labels = [text(c) for c in layout.others[0].filled]
    if not labels or layout.others[0].index > min(c.index for c in layout.axes):
        return False
    times = sum(bool(axis_in(label).window or axis_in(label).day) for label in labels)
    roles = sum(plain(label) in book.roles for label in labels)
    people = sum(plain(label) in book.people for label in labels)
    if kind == "numbers":
        return people * 2 > len(labels)
    return times * 2 <= len(labels) and roles * 2 <= len(labels) + people
