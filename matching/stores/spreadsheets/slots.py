"""What a row says of a service: its days, hours, task and place."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass

from matching.stores.spreadsheets.cells import count_of, days_of, hours_only, moment_of
from matching.stores.spreadsheets.days import Day
from matching.stores.spreadsheets.facts import When
from matching.stores.spreadsheets.grid import text
from matching.stores.spreadsheets.hours import DAY, Window, hours_in
from matching.stores.spreadsheets.layout import Layout, place_name
from matching.stores.spreadsheets.notebook import Notebook, choices
from matching.stores.spreadsheets.phrases import axis_in
from matching.stores.spreadsheets.tables import only_day, section_of
from matching.stores.spreadsheets.words import is_any, plain

_HINT = re.compile(r"\s*[(（\[][^)）\]]*[)）\]]\s*$")


@dataclass(frozen=True)
class Slot:
    """What a row says of a service."""

    when: When
    name: str
    place: str = ""
    role: str = ""
    section: str = ""


def slots_of(
    layout: Layout, row: int, book: Notebook, last: list[Day]
) -> tuple[list[Slot], list[Day]]:
    """Return the services of a row; of several days or hours one each. Days hold until the next.

    A row whose day is not understood has none.
    """
    section = section_of(layout.table, row)
    window, label = None, ""
    told = layout.cell(row, "day")
    days, time = days_of(told), moment_of(told)[1]
    if not days and section and section.axis.day:
        days = [section.axis.day]
    if layout.has("day") and told is None and not days:
        days = last
    start, begins = moment_of(layout.cell(row, "start"))
    end, ends = moment_of(layout.cell(row, "end"))
    if not days and (only := start or only_day(layout.table)):
        days = [only]
    if told is not None and not days and not is_any(text(told), "all"):
        return [], last
    if begins and ends and start is None is end and (both := _written(layout, row)):
        begins, ends = both, None
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
            days = days or ([axis.day] if axis.day else [])
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
    if not days and not windows and not label:
        return [], last
    step = _step_of(layout, windows)
    hours = [_slot_window(window, step) for window in windows]
    whens = [When(day, window, label) for day in days or (None,) for window in hours or (None,)]
    name = name or layout.name
    if not name and label:
        name = label
    if not name and cell is not None and isinstance(cell, str) and hours_only(cell):
        name = cell
    head = section.label if section else ""
    return [Slot(when, name, place, role, head) for when in whens], days


def _written(layout: Layout, row: int) -> Window | None:
    """Return the hours of two texts, read as one: 9:00 and 1:00 are four hours apart."""
    start, end = layout.cell(row, "start"), layout.cell(row, "end")
    if not (isinstance(start, str) and isinstance(end, str)):
        return None
    found = hours_in(f"{start} - {end}")
    return found[0] if len(found) == 1 and found[0].closed else None


def say_unread(layout: Layout, row: int, book: Notebook) -> None:
    """Name a row that no day or time was found in."""
    told = text(layout.cell(row, "day"))[:30]
    key = "bad_day" if told else "no_day"
    book.say(key, where=place_name(layout.table, row), told=told)


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
            book.say("found_place", where=layout.table.where)
    name = (
        f"{service}: {role}"
        if service and role and plain(service) != plain(role)
        else service or role
    )
    return name, place, role or service
