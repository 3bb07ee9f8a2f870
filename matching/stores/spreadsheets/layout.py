"""What the columns of a table are: fields by their heading and cells, times, and others."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from matching.stores.spreadsheets.days import Day, find_days, serial, typed
from matching.stores.spreadsheets.grid import Cell, letter, text
from matching.stores.spreadsheets.headings import number
from matching.stores.spreadsheets.hours import Window, find_hours, hours_in
from matching.stores.spreadsheets.legend import Legend
from matching.stores.spreadsheets.tables import Column, Table
from matching.stores.spreadsheets.words import bare, begins, eastern, is_any, meanings, plain

_CONTACT = re.compile(
    r"\S+@\S+\.\S+|^\+?\(?\d[\d\s()/-]{7,}$|^\d{1,3}(\.\d{1,3}){3}|^https?://|^webcal:"
)
_RANGE = re.compile(r"^(\d+)\s*(?:-|–|~|to|bis|至|à)\s*(\d+)\D*$")
_COUNT = re.compile(
    r"^\D{0,3}(\d+(?:[.,]\d+)?)\s*(?:人|名|位|people|persons?|volunteers?|x|明|명)?\.?$"
)
_GENERIC = {"name", "nom", "naam", "nome", "nombre", "title", "bezeichnung", "名称", "名稱", "이름"}
PEOPLE = ("person", "first", "last", "person_id")
TIMES = ("day", "start", "end", "time")
COUNTS = ("seats", "min_seats", "open", "qty", "max_shifts", "max_hours", "max_per_day", "minutes")


@dataclass
class Layout:
    """A table whose columns are known, as far as they are; ``name``: the sheet's, if of one job."""

    table: Table
    fields: dict[str, list[Column]] = field(default_factory=dict)
    axes: list[Column] = field(default_factory=list)
    others: list[Column] = field(default_factory=list)
    name: str = ""

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
        if timed and not (name in ("timestamp", *COUNTS) or (name == "day" and not at)):
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
    for name in names:
        if name == "private" or _fits(name, column):
            return name
    cells = column.filled
    if not cells:
        return ""
    if _share(cells, _is_contact) > 0.6:
        return "private"
    if not column.heads and _share(cells, lambda c: day_of(c) is not None) > 0.6:
        return "day"
    return ""


def _fits(name: str, column: Column) -> bool:
    cells = column.filled
    if not cells:
        return True
    if name == "day":
        return _share(cells, lambda c: day_of(c) is not None or begins(text(c), "open")) > 0.5 or (
            _share(cells, lambda c: isinstance(c, float)) > 0.8
        )
    if name in ("start", "end"):
        timed = _share(cells, lambda c: bool(moment_of(c)[1]) or day_of(c) is not None)
        return timed > 0.5 or _share(cells, lambda c: isinstance(c, float) and 0 <= c < 25) > 0.8
    if name in COUNTS:
        return _share(cells, lambda c: not math.isnan(count_of(c)[1])) > 0.5
    if name == "timestamp":
        return _share(cells, lambda c: day_of(c) is not None) > 0.5
    if name == "skills" and value_type(cells, {}) == "marks":
        return False  # a question of yes and no, such as "do you have a certificate?"
    if name in ("person", "first", "last", "service", "place", "role", "skills", "wish"):
        return _share(cells, lambda c: isinstance(c, str) and not hours_only(c)) > 0.5
    if name in ("together", "apart"):
        return _share(cells, lambda c: isinstance(c, str) and not math.isfinite(number(c))) > 0.5
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


def _share(cells: list[Cell], test: Callable[[Cell], bool]) -> float:
    return sum(1 for c in cells if test(c)) / len(cells) if cells else 0.0


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
    only_days = layout.has("day") and not layout.has("start", "end", "time", "service", "seats")
    if layout.people and only_days and not layout.has("qty", "role"):
        cells = [c for column in layout.fields["day"] for c in column.filled]
        if _share(cells, _is_phrase) > 0.2:
            layout.move("day", "free")
    if layout.has("start", "day") and layout.has("time") and not layout.has("service"):
        cells = [c for column in layout.fields["time"] for c in column.filled]
        if cells and not any(not w.part for c in cells for w in hours_in(c)):
            layout.move("time", "service")  # "Shift: Food bank" is no time
    times = layout.fields.get("time", [])
    wordy = [column for column in times if not any(hours_in(c) for c in column.filled)]
    if counted and wordy and len(wordy) < len(times) and not layout.has("service"):
        # "Shift: Food bank" beside "Time: 9-12".
        layout.fields["time"] = [column for column in times if column not in wordy]
        layout.fields["service"] = wordy
    if layout.has("person") and not layout.has("first", "last", "free", "private") and counted:
        # One column says how many there are, another who: "Volunteers: 4" is a number.
        for column in list(layout.fields["person"]):
            if _share(column.filled, lambda c: math.isfinite(number(c))) > 0.8:
                layout.fields["person"].remove(column)


# --- cells ---------------------------------------------------------------------------------------


def day_of(cell: Cell) -> Day | None:
    """Return the day that a cell says, if it is one."""
    if isinstance(cell, (datetime, date)):
        return typed(cell)
    if isinstance(cell, float):
        moment = serial(cell)
        return typed(moment) if moment else None
    if not isinstance(cell, str) or len(cell) > 60:
        return None
    found = find_days(plain(cell), short=True)
    day: Day | None = None
    for _, _, one in found:
        if day is not None and day.dated and one.dated:
            return day
        day = one if day is None else day | one
    return day if day and (day.dated or day.weekday) else None


def moment_of(cell: Cell) -> tuple[Day | None, Window | None]:
    """Return the day and the time of day of a cell."""
    if isinstance(cell, float):
        if 0 <= cell < 1:
            return None, Window(round(cell * 1440), None, point=True)
        moment = serial(cell)
        if moment:
            minute = moment.hour * 60 + moment.minute
            return typed(moment), Window(minute, None, point=True) if minute else None
        return (None, Window(int(cell * 60), None, point=True)) if 1 <= cell < 25 else (None, None)
    windows = hours_in(cell)
    if isinstance(cell, datetime) and not windows:
        return typed(cell), None
    return day_of(cell), windows[0] if windows else None


def hours_only(cell: str) -> bool:
    """Tell whether a cell is nothing but times of day."""
    content = plain(cell)
    for a, b, _ in find_hours(content):
        content = content[:a] + " " * (b - a) + content[b:]
    return bool(find_hours(plain(cell))) and not re.search(r"\w", content)


def count_of(cell: Cell) -> tuple[float, float]:
    """Return the least and the most that a cell counts: ``2-3``, ``3人``, 4; NaN if it does not."""
    if isinstance(cell, float):
        return 0.0, cell
    if isinstance(cell, str):
        if found := _RANGE.match(plain(cell)):
            return float(found[1]), float(found[2])
        if single := _COUNT.match(plain(cell)):
            return 0.0, float(single[1].replace(",", "."))
    return math.nan, math.nan


def in_week(row: Day | None, column: Day | None) -> Day | None:
    """Return the day of a column of weekdays in the week that a row names by a date."""
    if row is None or column is None or not row.dated or column.dated or not column.weekday:
        return column or row
    if row.year is None or row.month is None or row.day is None:
        return column
    first = date(row.year, row.month, row.day)
    return typed(first + timedelta(days=column.weekday - first.isoweekday()))


def is_code(word: str) -> bool:
    """Tell whether a cell looks like the code of a shift, and not like a name."""
    if eastern(word):
        return len(word) == 1 or (len(word) == 2 and word[1] in "班假休勤番")
    return len(word) <= 2 or (len(word) <= 4 and word.isupper())


def value_type(cells: list[Cell], legend: Legend) -> str:
    """Return what cells hold: marks, numbers, windows, codes or names; nothing: empty."""
    words = [text(c) for c in cells]
    if not words:
        return ""
    marks = _share(cells, lambda c: any(is_any(text(c), k) for k in ("yes", "maybe", "no")))
    numbers = [n for n in map(number, cells) if math.isfinite(n)]
    if legend and sum(
        plain(w) in legend or plain(w) in _together(legend) for w in words
    ) > 0.6 * len(words):
        return "codes"
    if len(numbers) > 0.8 * len(words) and max(numbers) > 1:
        return "numbers"
    distinct = {plain(w) for w in words}
    lists = ("yes", "maybe", "no")
    strange = [w for w in distinct if not any(is_any(w, name) for name in lists)]
    worded = len(strange) <= 2 and not numbers and not any(map(is_code, strange))
    if marks > 0.85 or (marks > 0.6 and worded):
        return "marks"
    timed = [c for c in cells if _mostly_hours(c)]
    none = _share(cells, _says_no_hours)
    if timed and len(timed) / len(cells) + none > 0.8 and _all_parts(timed):
        return "codes"  # AM, PM, both
    if timed and len(timed) / len(cells) + none > 0.6 and not _all_parts(timed):
        return "windows"
    if timed and len(timed) / len(cells) + none > 0.8:
        return "windows"
    if all(map(is_code, words)) and (len(words) > 1.5 * len(distinct) or len(distinct) <= 3):
        return "codes"
    return "names"


def _mostly_hours(cell: Cell) -> bool:
    """Tell whether a cell says times, and not names with numbers behind."""
    if not isinstance(cell, str):
        return bool(hours_in(cell))
    content = plain(cell)
    found = find_hours(content)
    written = sum(b - a for a, b, _ in found)
    return bool(found) and written * 2 >= len(re.sub(r"[\s\W]+", "", content))


def _says_no_hours(cell: Cell) -> bool:
    lists = ("no", "none", "all", "maybe", "both")
    return any(is_any(text(cell), name) for name in lists)


def _all_parts(cells: list[Cell]) -> bool:
    return all(w.part for c in cells for w in hours_in(c))


def _together(legend: Legend) -> set[str]:
    """Return what several codes in one cell look like: AM is morning and afternoon."""
    codes = [code for code in legend if code]
    return {a + b for a in codes for b in codes if a != b}


def place_name(table: Table, row: int, column: Column | None = None) -> str:
    """Return where a cell is, as its owner sees it."""
    where = f"{table.where}, row {row + 1}"
    return where if column is None else f"{where}, column {letter(column.index)}"
