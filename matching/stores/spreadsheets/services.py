"""Rows of services: a time, a task, how many people, and sometimes who; one reader for all.

The same row may be what is needed (a number), who stands there (names), or a sign-up (one row for
each seat, with or without a name).
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matching.stores.spreadsheets.days import Day
from matching.stores.spreadsheets.facts import Held, Need, When
from matching.stores.spreadsheets.grid import text
from matching.stores.spreadsheets.hours import DAY, Window, hours_in
from matching.stores.spreadsheets.layout import (
    Layout,
    count_of,
    hours_only,
    moment_of,
    place_name,
    value_type,
)
from matching.stores.spreadsheets.members import base_name, flag_name
from matching.stores.spreadsheets.names import names_in, nobody
from matching.stores.spreadsheets.notebook import (
    Lists,
    Notebook,
    choices,
    full_name,
    real_names,
    role_name,
)
from matching.stores.spreadsheets.phrases import axis_in
from matching.stores.spreadsheets.tables import Column, only_day, section_of
from matching.stores.spreadsheets.words import meanings, plain

_HINT = re.compile(r"\s*[(（\[][^)）\]]*[)）\]]\s*$")


@dataclass(frozen=True)
class Slot:
    """What a row says of a service."""

    when: When
    name: str
    place: str = ""
    role: str = ""
    section: str = ""


def read_services(layout: Layout, book: Notebook) -> None:
    """Read a table whose rows are services or sign-ups for them."""
    _numbered_days(layout, book)
    signed = layout.has("first", "last") or len(layout.fields.get("person", ())) == 1
    seats = _seat_columns(layout, book)
    groups: dict[Slot, dict[str, Any]] = {}
    last_day: Day | None = None
    asked = [text(c) for column in layout.fields.get("skills", ()) for c in column.filled]
    lists = Lists(asked, book.roles.values())
    for row in layout.table.rows:
        slots, last_day = slots_of(layout, row, book, last_day)
        for slot in slots:
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
        book.say(
            f"{layout.table.where}: {len(several)} services stand in several rows, whose seats are "
            f"added up ({shown})"
        )
    gridded = _others(layout, book, seats)
    for slot, counted in groups.items():
        if not gridded and (not seats or "seats" in counted):
            _need(layout, slot, counted, signed, book)


def slots_of(
    layout: Layout, row: int, book: Notebook, last: Day | None
) -> tuple[list[Slot], Day | None]:
    """Return the services of a row; a list of hours is one each. A day holds until the next."""
    section = section_of(layout.table, row)
    day, window, label = None, None, ""
    first, time = moment_of(layout.cell(row, "day"))
    day = first or (section.axis.day if section and section.axis.day else None)
    if layout.has("day") and layout.cell(row, "day") is None and day is None:
        day = last
    start, begins = moment_of(layout.cell(row, "start"))
    end, ends = moment_of(layout.cell(row, "end"))
    day = day or start or only_day(layout.table)
    begins = begins or time
    if start and end and not begins and start != end:
        begins, ends = None, None
    windows: list[Window] = []
    if begins is not None and begins.closed:
        windows = [begins]
    elif begins is not None:
        stop = ends.start if ends is not None else None
        minutes = count_of(layout.cell(row, "minutes"))[1]
        if stop is None and math.isfinite(minutes):
            stop = begins.start + int(minutes if minutes > 12 else minutes * 60)
        if stop is not None and stop <= begins.start:
            stop += DAY
        windows = [Window(begins.start, stop)]
    cell = layout.cell(row, "time")
    if not windows and cell is not None:
        if isinstance(cell, str):
            axis = axis_in(cell)
            day = day or axis.day
            windows = [w for c in choices(cell) for w in hours_in(c)]
            if any(w.part for w in windows) or not windows:
                windows, label = [], cell
        else:
            windows = hours_in(cell) or ([w] if (w := moment_of(cell)[1]) else [])
    if section and section.axis.window and not windows:
        window = section.axis.window
        windows = [window]
    name, place, role = _named(layout, row, book)
    if not windows and name and (inside := hours_in(name)) and inside[0].closed:
        windows = inside[:1]
    if windows and (shorter := _HINT.sub("", name)) and hours_in(name):
        name = shorter if not hours_in(shorter) else name
    if not label and not windows and section and not section.axis:
        label = section.label
    if section and section.label and not section.axis.window and name != section.label:
        name = name or section.label
    if day is None and not windows and not label:
        return [], last
    step = _step_of(layout, windows)
    whens = [When(day, _slot_window(w, step), label) for w in windows] or [When(day, None, label)]
    name = name or layout.name
    if not name and label:
        name = label
    if not name and cell is not None and isinstance(cell, str) and hours_only(cell):
        name = cell
    head = section.label if section else ""
    return [Slot(when, name, place, role, head) for when in whens], day


def _step_of(layout: Layout, windows: list[Window]) -> int:
    starts = sorted({w.start for w in windows if w.point})
    return min((b - a for a, b in itertools.pairwise(starts)), default=60)


def _slot_window(window: Window, step: int) -> Window:
    if window.point and len({step}) == 1 and window.end is None:
        return Window(window.start, window.start + step)
    return window


def _named(layout: Layout, row: int, book: Notebook) -> tuple[str, str, str]:
    """Return a row's name of the service, its place and its role."""
    service = text(layout.cell(row, "service"))
    role = text(layout.cell(row, "role"))
    place = text(layout.cell(row, "place"))
    if not place and book.places:
        around = " ".join(text(layout.cell(row, name)) for name in ("note", "service"))
        found = [name for key, name in book.places.items() if key in plain(around)]
        place = max(found, key=len) if found else ""
        if place:
            book.say(f"{layout.table.where}: the place of a shift is found in its description")
    name = (
        f"{service}: {role}"
        if service and role and plain(service) != plain(role)
        else service or role
    )
    return name, place, role or service


def _numbered_days(layout: Layout, book: Notebook) -> None:
    """Refuse days that are numbers such as 12.1, which stand for 1 and for 10 December."""
    for column in layout.fields.get("day", ()):
        cells = [c for c in column.filled if isinstance(c, float)]
        odd = [c for c in cells if not c.is_integer() and c < 32]
        if len(odd) > len(column.filled) / 2:
            shown = f"{odd[0]:g}"
            twice = [f"{c:g}" for c in odd if round(c * 100) % 10 == 0]
            lost = (
                f"; {twice[0]} may be day {twice[0].split('.')[1]} or {twice[0].split('.')[1]}0"
                if twice
                else ""
            )
            book.facts.refusals.append(
                f"{layout.table.where}: column {column.head} holds numbers such as {shown} (row "
                f"{layout.table.rows[0] + 1}), not days: the year is missing, and so are zeros"
                f"{lost}. --week alone cannot tell them apart. Write each day with its year, as "
                "2026-12-01, and start again"
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
    for column, role in columns:
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
                book.say(
                    f"{place_name(layout.table, row)}: {one.name} is planned, not who comes along"
                )


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
            grid.setdefault(kind, []).append(column)
    for kind in ("codes", "windows", "marks", "numbers"):
        columns = grid.get(kind, [])
        if len(columns) > 1 or (kind == "numbers" and columns):
            from matching.stores.spreadsheets.crossing import read_down

            read_down(layout, columns + grid.pop("", []), kind, book)
            del grid[kind]
            gridded = True
            break
    for column in (one for columns in grid.values() for one in columns):
        if column.filled:
            book.say(f"{layout.table.where}: column '{flag_name(column.head)}' is not used")
    return gridded
