"""A month drawn as a wall calendar: weekdays across, day numbers in the cells, names below them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from matching.stores.spreadsheets.cells import day_of
from matching.stores.spreadsheets.days import Day, find_days, typed
from matching.stores.spreadsheets.facts import Need, When
from matching.stores.spreadsheets.grid import Cell, text
from matching.stores.spreadsheets.headings import number
from matching.stores.spreadsheets.hours import find_hours, hours_in
from matching.stores.spreadsheets.layout import Layout
from matching.stores.spreadsheets.names import names_in, nobody
from matching.stores.spreadsheets.notebook import Notebook, real_names
from matching.stores.spreadsheets.sentences import sentence
from matching.stores.spreadsheets.services import hold
from matching.stores.spreadsheets.words import plain

_LEADING = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th|日|\.)?(?:\s*\n\s*|\s*[:：]\s*|\s{2,}|$)(.*)$", re.S
)


def is_calendar(layout: Layout) -> bool:
    """Tell whether a table has weekdays across and the numbers of days in its cells."""
    weekdays = [c for c in layout.axes if c.axis.day and c.axis.day.weekday and not c.axis.day.day]
    if len({c.axis.day.weekday for c in weekdays if c.axis.day}) < 5:
        return False
    cells = [c for column in weekdays for c in column.filled]
    numbers = {n for n in (_number(c)[0] for c in cells) if n}
    return len(numbers) >= 15


def month_of(layout: Layout) -> Day | None:
    """Return the month that title, sheet or file names."""
    for words in [*layout.table.titles, layout.table.sheet.name, layout.table.sheet.file]:
        for _, _, day in find_days(plain(words)):
            if day.month and day.year:
                return day
    return None


def read_calendar(layout: Layout, book: Notebook) -> None:
    """Read who stands where in a calendar; shifts are where anybody ever stands."""
    month = month_of(layout)
    if month is None or month.year is None or month.month is None:
        book.facts.refusals.append(sentence("refuse_month", where=layout.table.where))
        return
    base = date(month.year, month.month, 1)
    columns = [c for c in layout.axes if c.axis.day and c.axis.day.weekday]
    _names, odd = real_names([c for k in columns for c in k.filled if not _number(c)[0]], book)
    current: dict[int, date] = {}
    band: tuple[When, str] = (When(), "")
    stands: dict[tuple[date, str], list[str]] = {}
    bands: dict[str, When] = {}
    closed: set[tuple[date, str]] = set()
    for row in layout.table.rows:
        label = next((text(c.cells.get(row)) for c in layout.others if c.cells.get(row)), "")
        label = label or text(layout.cell(row, "time"))
        if label:
            band = (_band(label), label)
        bands[band[1]] = band[0]
        for column in columns:
            weekday = column.axis.day.weekday if column.axis.day else 0
            number_here, rest = _number(column.cells.get(row))
            if number_here:
                current[weekday or 0] = _dated(base, number_here, weekday or 0)
            for part in rest.split("\n"):
                day = current.get(weekday or 0)
                if not part.strip() or day is None:
                    continue
                _entry(part, day, band[1], stands, closed, odd, bands)
    drawn = {band[1] for band in _drawn(layout)}
    _emit(layout, book, stands, bands, closed, base, drawn)


def _entry(
    part: str,
    day: date,
    label: str,
    stands: dict[tuple[date, str], list[str]],
    closed: set[tuple[date, str]],
    odd: set[str],
    bands: dict[str, When],
) -> None:
    """Read one line of a day: a name, several, or a time with names behind it."""
    words = " ".join(part.split())
    found = find_hours(plain(words))
    if found and found[0][2].closed and len(plain(words)) == len(words):
        begin, end, window = found[0]
        label = words[begin:end].strip(" :-")
        bands[label] = When(None, window)
        part = f"{words[:begin]} {words[end:]}".strip(" :-–")
    state = nobody(part) if part else "open"
    if state == "closed":
        closed.add((day, ""))
        return
    seen = stands.setdefault((day, label), [])
    if state is None:
        seen += [n.name for n in names_in(part) if n.name not in odd]


def _emit(
    layout: Layout,
    book: Notebook,
    stands: dict[tuple[date, str], list[str]],
    bands: dict[str, When],
    closed: set[tuple[date, str]],
    base: date,
    drawn: set[str],
) -> None:
    # A band beside the days is a shift wherever anybody ever stands; hours in a cell are its own.
    usual = {
        (day.isoweekday(), label) for (day, label), who in stands.items() if who and label in drawn
    }
    days = {base + timedelta(days=k) for k in range(31)}
    days = {day for day in days if day.month == base.month} | {day for day, _ in stands}
    most = max((len(who) for who in stands.values()), default=1)
    for day in sorted(days):
        if (day, "") in closed:
            continue
        for label in bands:
            who = stands.get((day, label), [])
            written = label not in drawn and (day, label) in stands and label
            if not who and not written and (day.isoweekday(), label) not in usual:
                continue
            when = When(typed(day), bands[label].window, bands[label].label)
            name = label or layout.table.sheet.name
            book.facts.needs.append(Need(when, name, "", None, 0, (), "", "", -id(layout)))
            book.facts.seats_seen.append(most)
            for person in who:
                hold(person, when, name, "", "", "", book, layout, layout.table.rows[0])


def _drawn(layout: Layout) -> list[tuple[When, str]]:
    """Return the bands of hours beside the days."""
    cells = [c.cells.get(row) for c in layout.others for row in layout.table.rows]
    cells += [layout.cell(row, "time") for row in layout.table.rows]
    return [(_band(text(c)), text(c)) for c in cells if c is not None]


def _band(label: str) -> When:
    hours = hours_in(label)
    if len(hours) == 1 and hours[0].end is not None and not hours[0].part:
        return When(None, hours[0])
    return When(None, None, label)


def _number(cell: Cell) -> tuple[int, str]:
    """Return the day number that a cell begins with, 0 if none, and the rest of its text."""
    value = number(cell)
    if value.is_integer() and 1 <= value <= 31:
        return int(value), ""
    if isinstance(cell, date):
        return cell.day, ""
    if isinstance(cell, str):
        found = _LEADING.match(cell)
        if found and 1 <= int(found[1]) <= 31 and not hours_in(cell.split("\n")[0]):
            return int(found[1]), found[2]
        day = day_of(cell) if len(cell) < 14 else None
        if day is not None and day.day and not day.weekday:
            return day.day, ""
        return 0, cell
    return 0, ""


def _dated(base: date, number_here: int, weekday: int) -> date:
    """Return the date of a number: of the month, or of the one beside it, as the weekday says."""
    found = []
    for shift in (0, -1, 1):
        month = (base.month - 1 + shift) % 12 + 1
        year = base.year + (base.month - 1 + shift) // 12
        try:
            found.append(date(year, month, number_here))
        except ValueError:
            continue
    fitting = [day for day in found if day.isoweekday() == weekday]
    return (fitting or found)[0]
