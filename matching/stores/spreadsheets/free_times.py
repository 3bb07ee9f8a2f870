"""Rows of a name and a time, or of a time and names: when people can come, one time a row."""

from __future__ import annotations

from matching.stores.spreadsheets.days import Calendar, Day
from matching.stores.spreadsheets.facts import Free, Option, When
from matching.stores.spreadsheets.grid import text
from matching.stores.spreadsheets.hours import DAY, Window
from matching.stores.spreadsheets.layout import Layout, place_name
from matching.stores.spreadsheets.members import base_name, read_qualities
from matching.stores.spreadsheets.names import names_in
from matching.stores.spreadsheets.notebook import Notebook, people_in
from matching.stores.spreadsheets.slots import say_unread, slots_of


def read_free_times(layout: Layout, book: Notebook, calendar: Calendar) -> None:
    """Read rows of a name and a time at which that person can come."""
    last: list[Day] = []
    rows: dict[int, str] = {}
    for row in layout.table.rows:
        slots, last = slots_of(layout, row, book, last)
        if not slots and people_in(layout, row):
            say_unread(layout, row, book)
        for name in people_in(layout, row) if row not in layout.gone else ():
            person = book.facts.person(base_name(name), place_name(layout.table, row))
            book.facts.asked.add(person)
            rows[row] = person
            for slot in slots:
                window = slot.when.window
                if window is not None and window.end is None:
                    window = Window(window.start, DAY)
                when = When(slot.when.day, window, slot.when.label)
                book.facts.free.append(Free(person, when))
                if layout.fields.get("time") and window is not None and _could(layout):
                    book.facts.options.append(Option(when, slot.name))

    read_qualities(layout, rows, book)


def _could(layout: Layout) -> bool:
    """Tell whether a list of times with names is a poll: the times are what was asked about."""
    cells = [text(layout.cell(row, "person")) for row in layout.table.rows]
    return any(len(names_in(cell)) > 1 for cell in cells)
