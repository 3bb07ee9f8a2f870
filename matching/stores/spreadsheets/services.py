"""Rows of services: a time, a task, how many people, and sometimes who; one reader for all.

The same row may be what is needed (a number), who stands there (names), or a sign-up (one row for
each seat, with or without a name).
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Callable
from typing import Any

from matching.stores.spreadsheets.cells import count_of, value_type
from matching.stores.spreadsheets.days import Day
from matching.stores.spreadsheets.facts import Held, Need, When
from matching.stores.spreadsheets.grid import text
from matching.stores.spreadsheets.layout import Layout, place_name
from matching.stores.spreadsheets.members import base_name, flag_name
from matching.stores.spreadsheets.names import names_in, nobody
from matching.stores.spreadsheets.notebook import (
    Lists,
    Notebook,
    full_name,
    real_names,
    role_name,
)
from matching.stores.spreadsheets.sentences import sentence
from matching.stores.spreadsheets.slots import Slot, say_unread, slots_of
from matching.stores.spreadsheets.tables import Column
from matching.stores.spreadsheets.words import is_any, meanings, plain


def read_services(layout: Layout, book: Notebook) -> None:
    """Read a table whose rows are services or sign-ups for them."""
    _numbered_days(layout, book)
    signed = layout.has("first", "last") or len(layout.fields.get("person", ())) == 1
    seats = _seat_columns(layout, book)
    groups: dict[Slot, dict[str, Any]] = {}
    last: list[Day] = []
    unread: list[int] = []
    asked = [text(c) for column in layout.fields.get("skills", ()) for c in column.filled]
    lists = Lists(asked, book.roles.values())
    for row in layout.table.rows:
        slots, last = slots_of(layout, row, book, last)
        if not slots and row not in layout.gone:
            unread.append(row)
        for slot in slots if signed or row not in layout.gone else ():
            counted = groups.setdefault(slot, {"rows": 0, "held": 0, "open": 0, "qty": 0})
            if asked:
                counted.setdefault("skills", lists.items(text(layout.cell(row, "skills"))))
            if seats:
                _seats(layout, row, slot, seats, book)
            if (not signed and not seats) or layout.has("seats", "open", "qty"):
                low, high = count_of(layout.cell(row, "seats"))
                if math.isfinite(high):
                    # Rows of sign-ups repeat what is needed; equal rows of services add to it.
                    join: Callable[[float, float], float] = max if signed else operator.add
                    counted["added"] = counted.get("added", 0) + (not signed)
                    counted["seats"] = join(counted.get("seats", 0), high)
                    counted["min"] = join(counted.get("min", 0), low)
                least = count_of(layout.cell(row, "min_seats"))[1]
                if math.isfinite(least):
                    counted["min"] = max(counted.get("min", 0), least)
            if math.isfinite(free := count_of(layout.cell(row, "open"))[1]):
                counted["open"], counted["left"] = max(counted["open"], free), 1
            if signed:
                _signed(layout, row, slot, counted, book)
    several = [slot for slot, counted in groups.items() if counted.get("added", 0) > 1]
    if several:
        shown = ", ".join(dict.fromkeys(slot.name for slot in several[:4]))
        book.say("added_up", where=layout.table.where, count=len(several), names=shown)
    gridded = _others(layout, book, seats)
    for row in unread if not gridded else ():
        say_unread(layout, row, book)
    for slot, counted in groups.items():
        if not gridded and (not seats or "seats" in counted):
            _need(layout, slot, counted, signed, book)


def _numbered_days(layout: Layout, book: Notebook) -> None:
    """Refuse days that are numbers such as 12.1, which stand for 1 and for 10 December."""
    for column in layout.fields.get("day", ()):
        cells = [c for c in column.filled if isinstance(c, float)]
        odd = [c for c in cells if not c.is_integer() and c < 32]
        if len(odd) > len(column.filled) / 2:
            shown = f"{odd[0]:g}"
            twice = [f"{c:g}" for c in odd if round(c * 100) % 10 == 0]
            day = twice[0].split(".")[1] if twice else ""
            book.facts.refusals.append(
                sentence(
                    "refuse_numbers",
                    where=layout.table.where,
                    column=column.head,
                    shown=shown,
                    row=layout.table.rows[0] + 1,
                    lost=sentence("lost_zeros", number=twice[0], day=day) if twice else "",
                )
            )


def _seat_columns(layout: Layout, book: Notebook) -> list[tuple[Column, str]]:
    """Return columns whose cells are people who stand at the row's service, with their role."""
    people = layout.fields.get("person", [])
    found = [(column, "") for column in people] if len(people) > 1 else []
    for column in layout.others if layout.timed and not layout.has("first", "last") else ():
        kind = value_type(column.filled, layout.table.legend)
        exact = kind == "names" or (not column.filled and found)
        if exact and _like_names(column, book, bool(people)):
            found.append((column, role_name(column.head)))
    if len(people) == 1 and found and not layout.has("seats", "qty", "open"):
        found.insert(0, (people[0], ""))
        layout.move("person", "seat")
    return found


def _like_names(column: Column, book: Notebook, beside: bool) -> bool:
    names, _ = real_names(column.filled, book)
    cells = [c for c in column.filled if isinstance(c, str) and nobody(c) is None]
    known = sum(plain(name) in book.people for name in names)
    if beside or known:
        return known > 0 and 3 * known >= len(names)
    if not cells:
        return True
    if len(cells) > 3 and len({plain(text(c)) for c in cells}) == 1:
        return False
    usual = sum(len(text(c)) <= 40 for c in cells)
    return usual > 0.8 * len(cells) and not meanings(column.head)[0]


def _seats(
    layout: Layout, row: int, slot: Slot, columns: list[tuple[Column, str]], book: Notebook
) -> None:
    """Every column is a seat of the row's service: filled, open, or closed."""
    explicit = all(not role for _, role in columns)
    bare = slot
    for column, role in columns:
        slot = bare
        if is_any(role, "shifts") and slot.when.window is None and not slot.when.label:
            when = dataclasses.replace(slot.when, label=role)
            slot, role = dataclasses.replace(slot, when=when, name=slot.name or role), ""
        cell = column.cells.get(row)
        state = nobody(text(cell)) if cell is not None else "open"
        if state == "closed":
            continue
        named = names_in(text(cell)) if state is None else []
        name = (
            slot.name if not role else (f"{slot.name}: {role}" if slot.name and slot.role else role)
        )
        if not layout.has("seats"):
            book.facts.needs.append(
                Need(
                    slot.when,
                    name,
                    slot.place,
                    max(1, len(named)),
                    0,
                    (),
                    role or slot.role,
                    slot.section,
                    id(layout) if explicit else -id(layout),
                )
            )
        for one in named:
            stands = role or (slot.role if layout.has("role") else "")
            hold(one.name, slot.when, name, slot.place, stands, slot.section, book, layout, row)
            if one.company:
                book.say("company", where=place_name(layout.table, row), name=one.name)


def hold(
    name: str,
    when: When,
    service: str,
    place: str,
    role: str,
    section: str,
    book: Notebook,
    layout: Layout,
    row: int,
    party: int = 1,
    status: str = "published",
) -> None:
    """Note that somebody stands at a service."""
    person = book.facts.person(name, place_name(layout.table, row))
    book.facts.rostered.add(person)
    book.facts.held.append(
        Held(person, when, service, place, role, party, status, section, id(layout))
    )


def _signed(layout: Layout, row: int, slot: Slot, counted: dict[str, Any], book: Notebook) -> None:
    """Read a row that is one seat, or several, with somebody or open."""
    if row in layout.gone:
        if not layout.cell(row, "person") and not full_name(layout, row):
            counted["closed"] = 1
        return
    quantity = count_of(layout.cell(row, "qty"))[1]
    party = int(quantity) if math.isfinite(quantity) else 1
    counted["rows"] += 1
    counted["qty"] += party
    if layout.has("first", "last"):
        names = [full_name(layout, row)] if full_name(layout, row) else []
    else:
        cell = text(layout.cell(row, "person"))
        state = nobody(cell) if cell else "open"
        if state == "closed":
            counted["closed"] = 1
        names = [n.name for n in names_in(cell)] if state is None else []
    status = "accepted" if layout.has("timestamp", "qty", "private") else "published"
    for name in names:
        counted["held"] += 1
        hold(
            base_name(name),
            slot.when,
            slot.name,
            slot.place,
            "",
            slot.section,
            book,
            layout,
            row,
            party,
            status,
        )
    if not names:
        counted["unnamed"] = counted.get("unnamed", 0) + party


def _need(
    layout: Layout, slot: Slot, counted: dict[str, Any], signed: bool, book: Notebook
) -> None:
    if counted.get("closed"):
        return
    seats: int | None
    if "seats" in counted:
        seats = int(counted["seats"])
    elif counted.get("left"):
        seats = int(counted["open"] + counted["qty"] - counted.get("unnamed", 0))
    elif signed:
        held = counted["held"]
        seats = int(
            counted["qty"] if layout.has("qty") else max(held + counted.get("unnamed", 0), 1)
        )
    else:
        seats = None
    if seats is not None and seats < 1:
        return
    book.facts.needs.append(
        Need(
            slot.when,
            slot.name,
            slot.place,
            seats,
            int(counted.get("min", 0)),
            tuple(counted.get("skills", ())),
            slot.role,
            slot.section,
            id(layout),
        )
    )


def _others(layout: Layout, book: Notebook, seats: list[tuple[Column, str]]) -> bool:
    """Read grids without a time in the heading: days down, and people or roles across."""
    used = {id(column) for column, _ in seats}
    gridded = False
    grid: dict[str, list[Column]] = {}
    for column in layout.others:
        if id(column) not in used and column.heads:
            kind = value_type(column.filled, layout.table.legend)
            if kind == "numbers" and any(not count_of(c)[1].is_integer() for c in column.filled):
                kind = "amounts"
            grid.setdefault(kind, []).append(column)
    for kind in ("codes", "windows", "marks", "numbers"):
        columns = grid.get(kind, [])
        if len(columns) > 1 or (kind == "numbers" and columns and not layout.has("seats")):
            from matching.stores.spreadsheets.crossing import read_down

            read_down(layout, columns + grid.pop("", []), kind, book)
            del grid[kind]
            gridded = True
            break
    for column in (one for columns in grid.values() for one in columns):
        if column.filled:
            head = flag_name(column.head)
            book.say("unused_column", where=layout.table.where, column=head)
    return gridded
