"""Grids with names in their cells: who stands at a service, or who could; and grids of needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from matching.stores.spreadsheets.cells import count_of, day_of, in_week
from matching.stores.spreadsheets.facts import Free, Need, Option, When, time_name
from matching.stores.spreadsheets.grid import Cell, text
from matching.stores.spreadsheets.hours import Window, hours_in
from matching.stores.spreadsheets.layout import Layout
from matching.stores.spreadsheets.names import names_in, nobody
from matching.stores.spreadsheets.notebook import Notebook, is_held, real_names
from matching.stores.spreadsheets.phrases import axis_in
from matching.stores.spreadsheets.services import hold
from matching.stores.spreadsheets.tables import only_day, section_of
from matching.stores.spreadsheets.words import is_any, mentions

if TYPE_CHECKING:
    from matching.stores.spreadsheets.crossing import Across


_WEEKS = re.compile(r"^(?:无|無|全|[\d\s,，、\-–~至周单双單雙odd even]+)$")

_PERIOD = re.compile(
    r"节|節|班|档|段|时|shift|slot|period|session|schicht|créneau|service|turno|部|コマ|dienst",
    re.I,
)


def read_names(layout: Layout, columns: list[Across], book: Notebook) -> str:
    """Read a grid with names in its cells: who stands there, or who could; return which."""
    table = layout.table
    cells = [c for one in columns for c in one.column.filled]
    _names, odd = real_names(cells, book)
    crowded = sum(len(names_in(text(c))) for c in cells) > 4 * max(1, len(cells))
    held = is_held(table.about, crowded or bool(book.facts.needs)) and not _weekly(cells)
    if crowded and not mentions(table.about, "held_titles"):
        held = False
    if layout.told:
        held = layout.told == "roster"
    repeats = any(section.repeats_days for section in table.sections.values())
    gone: list[str] = []
    timed = labels_are_times(layout)
    most = max((len(names_in(text(c))) for c in cells if nobody(text(c)) is None), default=1)
    for row in table.rows:
        here = [text(one.column.cells.get(row)) for one in columns]
        filled = [cell for cell in here if cell]
        when, role, place, called = row_of(layout, row, timed)
        section = section_of(table, row)
        shown = " ".join(filter(None, (role, when.label))) or f"row {row + 1}"
        strange = [c for c in filled if {n.name for n in names_in(c)} <= odd]
        if filled and len(strange) > len(filled) / 2:
            gone.append(shown)
            continue
        if repeats and (section is None or not section.repeats_days):
            if section is not None:
                book.say("no_day_here", where=table.where, section=section.label, shown=shown)
            continue
        head = section.label if section else ""
        for one in columns:
            cell = text(one.column.cells.get(row))
            window = when.window or one.when.window
            label = when.label or one.when.label or ("" if window else head)
            head_day = (section.axis.day if section else None) or when.day
            day = in_week(head_day, one.when.day) or only_day(table)
            at = When(day, window, label)
            does = role or one.name
            name = service_name(does, head, when.label or called, "", window)
            where = place or one.place
            if held:
                _stand(layout, row, at, name, where, does, head, cell, odd, most, book)
            else:
                book.facts.options.append(Option(at, name, where))
                for named in names_in(cell) if cell and nobody(cell) is None else ():
                    person = book.facts.person(named.name, table.where)
                    book.facts.asked.add(person)
                    weeks = named.bracket if _WEEKS.match(named.bracket) else ""
                    book.facts.free.append(Free(person, at, 0, where, weeks))
    if gone:
        book.say("no_people_in", where=table.where, names=", ".join(gone))
    strangers = sorted({n for n in odd if not re.search(r"\d", n)})
    if strangers:
        book.say("no_person", where=table.where, names=", ".join(strangers[:6]))
    return "roster" if held else "availability"


def _weekly(cells: list[Cell]) -> bool:
    brackets = [n.bracket for c in cells for n in names_in(text(c)) if n.bracket]
    weekly = [b for b in brackets if _WEEKS.match(b)]
    return len(weekly) > 2 and len(weekly) > len(brackets) / 2


def labels_are_times(layout: Layout) -> bool:
    """Tell whether most rows begin with the name of a time, such as a period or a part of a day."""
    first = min((c.index for c in layout.axes), default=999)
    labels = [text(c) for k in layout.others if k.index < first for c in k.filled]
    timed = [w for w in labels if axis_in(w).window or _PERIOD.search(w)]
    return len(timed) > 0.7 * len(labels)


def row_of(layout: Layout, row: int, timed: bool = True) -> tuple[When, str, str, str]:
    """Return what the words at the beginning of a row say: time, role, place, the time's name."""
    role = text(layout.cell(row, "role")) or text(layout.cell(row, "service"))
    place = text(layout.cell(row, "place"))
    window, label, called = None, "", ""
    inside = hours_in(role)
    if len(inside) == 1 and inside[0].closed:
        window, role = inside[0], axis_in(role).rest
    for cell in [c.cells.get(row) for c in layout.fields.get("time", ())][::-1]:
        hours = hours_in(cell)
        if len(hours) == 1 and not hours[0].part and not window:
            window = hours[0]
            # 早班 8:00-12:00 is called 早班; 10:00 - 11:00 as it is written.
            called = axis_in(text(cell)).rest or text(cell)
        elif cell is not None and not window and not label:
            label = text(cell)
    first = min((c.index for c in layout.axes), default=999)
    for column in layout.others:
        word = text(column.cells.get(row))
        if not word or column.index > first:
            continue
        axis = axis_in(word)
        if axis.window and not axis.window.part and axis.window.end:
            window = window or axis.window
            called = called or axis.rest or word
        elif timed and ((axis.window and axis.window.part) or (_PERIOD.search(word) and not role)):
            label = label or word
        else:
            role = role or word
    day = day_of(layout.cell(row, "day"))
    return When(day, window, "" if window else label), role.strip(), place, called


def service_name(role: str, head: str, label: str, group: str, window: Window | None) -> str:
    """Return what a service is called: its role in its section, or its time."""
    if role and head:
        return f"{head}: {role}"
    return role or label or group or head or time_name(When(window=window))


def _stand(
    layout: Layout,
    row: int,
    when: When,
    name: str,
    place: str,
    role: str,
    section: str,
    cell: str,
    odd: set[str],
    most: int,
    book: Notebook,
) -> None:
    state = nobody(cell) if cell else "open"
    named = [n for n in names_in(cell) if n.name not in odd] if state is None else []
    if state == "closed" or (state is None and not named):
        return
    seats = max(1, len(named)) if role else None
    if seats is None:
        book.facts.seats_seen.append(max(1, most))
    book.facts.needs.append(Need(when, name, place, seats, 0, (), role, section, -id(layout)))
    for one in named:
        hold(one.name, when, name, place, role, section, book, layout, row)


def read_needs(layout: Layout, columns: list[Across], kind: str, book: Notebook) -> None:
    """Read a grid of numbers or marks whose rows are roles or times: how many are needed."""
    timed = labels_are_times(layout)
    for row in layout.table.rows:
        when, role, place, called = row_of(layout, row, timed)
        for one in columns:
            cell = one.column.cells.get(row)
            least, seats = count_of(cell) if kind == "numbers" else (0.0, 1.0)
            if cell is None or is_any(text(cell), "no") or not seats >= 1:
                continue
            window = when.window or one.when.window
            day = in_week(when.day, one.when.day) or only_day(layout.table)
            at = When(day, window, "" if window else when.label)
            name = service_name(role, "", when.label or called, one.name, window)
            book.facts.needs.append(
                Need(at, name, place or one.place, int(seats), int(least), (), role, "", id(layout))
            )
