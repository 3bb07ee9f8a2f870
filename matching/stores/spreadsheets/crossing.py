"""Grids: people, roles or times one way, days or hours the other, and in the cells what holds there.

Marks, windows and codes say when people can come; names say who stands somewhere, or who could;
numbers say how many are needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from matching.stores.spreadsheets.days import Calendar
from matching.stores.spreadsheets.facts import Free, Held, Need, Option, When
from matching.stores.spreadsheets.grid import Cell, text
from matching.stores.spreadsheets.hours import DAY, Window, hours_in
from matching.stores.spreadsheets.layout import Layout, count_of, place_name, value_type
from matching.stores.spreadsheets.legend import Legend, Meaning
from matching.stores.spreadsheets.members import flag_name, read_members
from matching.stores.spreadsheets.names import names_in, nobody
from matching.stores.spreadsheets.notebook import Notebook, choices, is_held, real_names, role_name
from matching.stores.spreadsheets.phrases import axis_in, said_in
from matching.stores.spreadsheets.services import _slots, hold
from matching.stores.spreadsheets.tables import Column, number, section_of
from matching.stores.spreadsheets.words import begins, is_any, meanings, mentions, plain

_WEEKS = re.compile(r"^(?:无|無|全|[\d\s,，、\-–~至周单双單雙odd even]+)$")
_PERIOD = re.compile(r"节|節|班|档|段|时|shift|slot|period|session|schicht|créneau|service|turno|部|コマ|dienst", re.I)


@dataclass(frozen=True)
class Across:
    """A column of a grid: its time, and what its group of columns says beside."""

    column: Column
    when: When
    place: str = ""
    name: str = ""


def read_cross(layout: Layout, book: Notebook, calendar: Calendar) -> None:
    """Read a grid with days or hours across."""
    columns = _across(layout, book)
    cells = [c for one in columns for c in one.column.filled]
    kind = value_type(cells, layout.table.legend)
    if not layout.people and _rows_are_people(layout, kind, book):
        layout.fields["person"] = [layout.others.pop(0)]
    if layout.people and kind != "names":
        rows = read_members(layout, book, calendar)
        _people(layout, columns, kind, rows, book)
    elif kind == "names" or not kind:
        _names(layout, columns, book)
    else:
        _needed(layout, columns, kind, book)


def read_down(layout: Layout, columns: list[Column], kind: str, book: Notebook) -> None:
    """Read a grid with days down, and people or roles across."""
    heads = [plain(role_name(c.head)) for c in columns]
    numbers = kind == "numbers"
    roles = numbers or sum(h in book.roles for h in heads) * 2 > len(heads)
    people = {} if roles else {id(c): book.facts.person(c.head, layout.table.where) for c in columns}
    rows = {row: _slots(layout, row, book, None)[0] for row in layout.table.rows}
    cells = [c for one in columns for r, c in one.cells.items() if c is not None and rows[r]]
    legend = _codes(layout, kind, cells)
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
                _available(person, slot.when, "", cell, kind, legend, book)
            elif cell is not None and not is_any(text(cell), "no"):
                seats = count_of(cell)[1] if numbers else 1.0
                role = role_name(column.head)
                name = f"{slot.name}: {role}" if slot.name and not slot.when.label else role
                if math.isfinite(seats) and seats >= 1:
                    book.facts.needs.append(
                        Need(slot.when, name, slot.place, int(seats), 0, (), role, "", id(layout))
                    )
    if people:
        _offer(layout, [Across(columns[0], when) for when in days], kind, legend, book)


def _about_people(
    layout: Layout, row: int, columns: list[Column], people: dict[int, str], book: Notebook
) -> None:
    """Read a line that is no day, in a grid with people across: a limit, or a quality they have."""
    label = text(layout.cell(row, "day")) or text(layout.table.sheet.rows[row][0])
    cells = [c.cells.get(row) for c in columns]
    filled = [c for c in cells if c is not None]
    names, _ = meanings(label)
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
        book.say(f"{place_name(layout.table, row)}: '{label}' is kept as a quality of those with yes")


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
        found = {g: ("", "") for g in asking}
        gone = [g for g in groups if g not in asking]
        if gone and all(g for g in gone):
            for group in gone:
                count = sum(1 for c in layout.axes if c.axis.rest == group)
                book.say(
                    f"{layout.table.where}: '{group}' ({count} columns) is other work, and no time "
                    "for these services"
                )
    elif len(groups) > 1 and sum(plain(g) in book.places for g in groups) * 2 > len(groups):
        found = {g: (g, "") for g in groups}
    elif len(groups) == 1 and asking:
        found = {groups[0]: ("", "")}
    return [
        Across(c, When(c.axis.day, c.axis.window), *found[c.axis.rest])
        for c in layout.axes
        if c.axis.rest in found
    ]


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


# --- people down ---------------------------------------------------------------------------------


def _people(
    layout: Layout, columns: list[Across], kind: str, rows: dict[int, str], book: Notebook
) -> None:
    legend = _codes(layout, kind, [c for one in columns for c in one.column.filled])
    roster = kind == "codes" and _is_roster(layout, legend)
    for row, person in rows.items():
        book.facts.asked.add(person)
        for one in columns:
            cell = one.column.cells.get(row)
            if roster:
                _duty(person, one.when, cell, legend, book, layout)
            elif one.name and kind == "marks" and not one.when.day and not one.when.window:
                continue
            else:
                _available(person, one.when, one.place, cell, kind, legend, book)
    if roster:
        shifts = [m for m in legend.values() if not m.off and m.words and not _waiting(m)]
        for one in columns:
            for shift in shifts:
                when = replace(one.when, window=shift.window, label="" if shift.window else shift.words)
                book.facts.needs.append(
                    Need(when, shift.words, one.place, None, 0, (), "", "", id(layout))
                )
        book.say(f"{layout.table.where}: an empty cell is a day on which somebody can be planned")
    else:
        _offer(layout, columns, kind, legend, book)


def _available(
    person: str, when: When, place: str, cell: Cell, kind: str, legend: Legend, book: Notebook
) -> None:
    """Read one cell of a poll."""
    word = text(cell)
    if cell is None or is_any(word, "no") or begins(word, "none"):
        return
    free = book.facts.free
    if kind == "codes":
        for meaning in _meanings(word, legend):
            if not meaning.off:
                label = "" if meaning.window else meaning.words
                free.append(Free(person, replace(when, window=meaning.window, label=label), 0, place))
        return
    if is_any(word, "maybe") and not is_any(word, "yes"):
        free.append(Free(person, when, -1, place))
        book.facts.doubts.setdefault("if-need-be", (word, "available, but liked less"))
        return
    if is_any(word, "yes") or is_any(word, "all"):
        free.append(Free(person, when, 0, place))
        return
    windows = [w for part in choices(word) for w in hours_in(part)] or hours_in(word)
    joined = hours_in(word)
    if len(joined) < len(windows):
        windows = joined  # "from 3 pm, until 6" is one window
    for window in windows:
        if window.end is None:
            book.facts.doubts.setdefault("open end", (word, "until the end of the day"))
            window = Window(window.start, DAY)
        free.append(Free(person, replace(when, window=window), 0, place))
    if not windows:
        said = said_in(word)
        free += [Free(person, replace(when, window=w), 0, place) for _, w in said.free]
        if not said.understood:
            book.say(f"'{word}' was not understood as a time, and is taken for no")


def _offer(
    layout: Layout, columns: list[Across], kind: str, legend: Legend, book: Notebook
) -> None:
    """Note the times that a poll asked about, which are the services where nothing else says so."""
    options = book.facts.options
    title = poll_title(layout.table.titles)
    if kind == "marks":
        for one in columns:
            if one.when.window is not None or one.when.label:
                name = one.name or title or _window_name(one.when)
                options.append(Option(one.when, name, one.place))
    elif kind == "codes":
        for one in columns:
            for meaning in legend.values():
                if not meaning.off and meaning.words:
                    label = "" if meaning.window else meaning.words
                    when = replace(one.when, window=meaning.window, label=label)
                    options.append(Option(when, meaning.words, one.place))
    elif kind == "windows":
        named: dict[Window, str] = {}
        for cell in (c for one in columns for c in one.column.filled):
            for part in choices(text(cell)):
                for window in hours_in(part):
                    named.setdefault(window, part)
        if _partition(named):
            for one in columns:
                for window, name in sorted(named.items()):
                    shown = f"{one.place} {name}".strip()
                    options.append(Option(replace(one.when, window=window), shown, one.place))


def _partition(windows: Iterable[Window]) -> bool:
    """Tell whether windows are the shifts of a form: closed, few, and none over another."""
    every = sorted(windows)
    closed = all(w.closed for w in every) and 0 < len(every) <= 8
    return closed and all((a.end or 0) <= b.start for a, b in zip(every, every[1:], strict=False))


def _window_name(when: When) -> str:
    from matching.stores.spreadsheets.hours import clock

    window = when.window
    return when.label or (f"{clock(window.start)}-{clock(window.end or DAY)}" if window else "")


def poll_title(titles: list[str]) -> str:
    """Return what a poll is about, of the lines above it."""
    for title in titles:
        if quoted := re.search(r"[\"“「](.+?)[\"”」]", title):
            return quoted[1]
    words = [t for t in titles if not re.search(r"https?://|\d{1,2}:\d\d|@", t)]
    return re.sub(r"^(?:poll|doodle|umfrage|sondage)\s*[:：]?\s*", "", words[0], flags=re.I) if words else ""


# --- codes ---------------------------------------------------------------------------------------


def _codes(layout: Layout, kind: str, cells: list[Cell]) -> Legend:
    """Return what each code of a grid means: by the legend, or by the code itself."""
    if kind != "codes":
        return {}
    legend = dict(layout.table.legend)
    for word in {plain(text(c)) for c in cells}:
        if word not in legend and not _meanings(word, legend):
            legend[word] = Meaning(next(text(c) for c in cells if plain(text(c)) == word))
    return {code: meaning for code, meaning in legend.items() if code}


def _meanings(word: str, legend: Legend) -> list[Meaning]:
    """Return the meanings of a cell that may hold several codes: AM is morning and afternoon."""
    word = plain(word)
    if word in legend:
        return [legend[word]]
    parts = re.split(r"[\s/+,&、]+", word)
    if len(parts) > 1 and all(part in legend for part in parts):
        return [legend[part] for part in parts]
    if len(word) > 1 and all(sign in legend for sign in word):
        return [legend[sign] for sign in word]
    return []


def _waiting(meaning: Meaning) -> bool:
    return mentions(meaning.words, "open")


def _is_roster(layout: Layout, legend: Legend) -> bool:
    if any(meaning.off for meaning in legend.values()):
        return True
    return is_held(layout.table.about, False) and not mentions(layout.table.about, "free_titles")


def _duty(
    person: str, when: When, cell: Cell, legend: Legend, book: Notebook, layout: Layout
) -> None:
    """Read one cell of a roster of codes; who is not off can be planned on that day."""
    meanings_here = _meanings(text(cell), legend) if cell is not None else []
    if any(meaning.off for meaning in meanings_here):
        book.facts.off.append((person, replace(when, window=None)))
        return
    book.facts.free.append(Free(person, replace(when, window=None)))
    for meaning in meanings_here:
        label = "" if meaning.window else meaning.words
        held = replace(when, window=meaning.window, label=label)
        book.facts.held.append(Held(person, held, meaning.words, source=id(layout)))


# --- names in cells ------------------------------------------------------------------------------


def _names(layout: Layout, columns: list[Across], book: Notebook) -> None:
    """Read a grid with names in its cells: who stands there, or who could."""
    table = layout.table
    cells = [c for one in columns for c in one.column.filled]
    names, odd = real_names(cells, book)
    crowded = sum(len(names_in(text(c))) for c in cells) > 4 * max(1, len(cells))
    held = is_held(table.about, crowded or bool(book.facts.needs)) and not _weekly(cells)
    if crowded and not mentions(table.about, "held_titles"):
        held = False
    repeats = any(section.repeats_days for section in table.sections.values())
    gone: list[str] = []
    timed = _labels_are_times(layout)
    most = max((len(names_in(text(c))) for c in cells if nobody(text(c)) is None), default=1)
    for row in table.rows:
        here = [text(one.column.cells.get(row)) for one in columns]
        filled = [cell for cell in here if cell]
        when, role, place = _row_of(layout, row, timed)
        section = section_of(table, row)
        shown = " ".join(filter(None, (role, when.label))) or f"row {row + 1}"
        strange = [c for c in filled if {n.name for n in names_in(c)} <= odd]
        if filled and len(strange) > len(filled) / 2:
            gone.append(shown)
            continue
        if repeats and (section is None or not section.repeats_days):
            if section is not None:
                book.say(f"{table.where}: '{section.label}' says no day for '{shown}'; left out")
            continue
        head = section.label if section else ""
        for one in columns:
            cell = text(one.column.cells.get(row))
            window = when.window or one.when.window
            label = when.label or ("" if window else head)
            at = When((section.axis.day if section else None) or one.when.day, window, label)
            name = _service_name(role, head, when.label, one.name, window)
            where = place or one.place
            if held:
                _stand(layout, row, at, name, where, role or one.name, head, cell, odd, most, book)
            else:
                for named in names_in(cell) if cell and nobody(cell) is None else ():
                    person = book.facts.person(named.name, table.where)
                    book.facts.asked.add(person)
                    weeks = named.bracket if _WEEKS.match(named.bracket) else ""
                    book.facts.free.append(Free(person, at, 0, where, weeks))
    if gone:
        book.say(f"{table.where}: no people stand in {', '.join(gone)}; left out")
    strangers = sorted({n for n in odd if not re.search(r"\d", n)})
    if strangers:
        book.say(f"{table.where}: not taken for people: {', '.join(strangers[:6])}")


def _weekly(cells: list[Cell]) -> bool:
    brackets = [n.bracket for c in cells for n in names_in(text(c)) if n.bracket]
    weekly = [b for b in brackets if _WEEKS.match(b)]
    return len(weekly) > 2 and len(weekly) > len(brackets) / 2


def _labels_are_times(layout: Layout) -> bool:
    """Tell whether most rows begin with the name of a time, such as a period or a part of a day."""
    first = min((c.index for c in layout.axes), default=999)
    labels = [text(c) for k in layout.others if k.index < first for c in k.filled]
    timed = [w for w in labels if axis_in(w).window or _PERIOD.search(w)]
    return len(timed) > 0.7 * len(labels)


def _row_of(layout: Layout, row: int, timed: bool = True) -> tuple[When, str, str]:
    """Return the time, role and place that the words at the beginning of a row say."""
    role = text(layout.cell(row, "role")) or text(layout.cell(row, "service"))
    place = text(layout.cell(row, "place"))
    window, label = None, ""
    for cell in [c.cells.get(row) for c in layout.fields.get("time", ())][::-1]:
        hours = hours_in(cell)
        if len(hours) == 1 and not hours[0].part and not window:
            window = hours[0]
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
            role = role or axis.rest
        elif timed and ((axis.window and axis.window.part) or (_PERIOD.search(word) and not role)):
            label = label or word
        else:
            role = role or word
    return When(None, window, "" if window else label), role.strip(), place


def _service_name(role: str, head: str, label: str, group: str, window: Window | None) -> str:
    if role and head:
        return f"{head}: {role}"
    return role or label or group or head or _window_name(When(window=window))


def _stand(
    layout: Layout, row: int, when: When, name: str, place: str, role: str, section: str,
    cell: str, odd: set[str], most: int, book: Notebook,
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


def _needed(layout: Layout, columns: list[Across], kind: str, book: Notebook) -> None:
    """Read a grid of numbers or marks whose rows are roles or times: how many are needed."""
    timed = _labels_are_times(layout)
    for row in layout.table.rows:
        when, role, place = _row_of(layout, row, timed)
        for one in columns:
            cell = one.column.cells.get(row)
            seats = number(cell) if kind == "numbers" else 1.0
            if cell is None or is_any(text(cell), "no") or not seats >= 1:
                continue
            window = when.window or one.when.window
            at = When(one.when.day, window, "" if window else when.label)
            name = _service_name(role, "", when.label, one.name, window)
            book.facts.needs.append(
                Need(at, name, place or one.place, int(seats), 0, (), role, "", id(layout))
            )


__all__ = ["flag_name", "poll_title", "read_cross", "read_down"]
