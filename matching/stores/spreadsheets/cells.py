"""What single cells say: a day, a moment, a number of people; and what many hold alike."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from matching.stores.spreadsheets.days import Day, find_days, serial, typed
from matching.stores.spreadsheets.grid import Cell, text
from matching.stores.spreadsheets.headings import number
from matching.stores.spreadsheets.hours import WHOLE_DAY, Window, find_hours, hours_in
from matching.stores.spreadsheets.legend import Legend
from matching.stores.spreadsheets.phrases import said_in
from matching.stores.spreadsheets.words import eastern, is_any, plain

_RANGE = re.compile(r"^(\d+)\s*(?:-|–|~|to|bis|至|à)\s*(\d+)\D*$")
_COUNT = re.compile(
    r"^\D{0,3}(\d+(?:[.,]\d+)?)\s*(?:人|名|位|people|persons?|volunteers?|x|明|명)?\.?$"
)


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


def days_of(cell: Cell) -> list[Day]:
    """Return all days that a cell says: ``Mon-Fri``, ``Tue & Thu``, ``Dec 7-11``."""
    if not isinstance(cell, str):
        return [day] if (day := day_of(cell)) else []
    one, said = day_of(cell), said_in(cell)
    days = list(dict.fromkeys(day for day, _ in said.free if day is not None))
    if len(days) < 2 or said.busy:
        return [one] if one else []
    if one is not None and all(d.dated != one.dated for d in days[1:]):
        return [one]
    year = next((d.year for d in reversed(days) if d.year), None)
    return [d if d.year or not d.dated else replace(d, year=year) for d in days]


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


def counts(cell: Cell) -> bool:
    """Tell whether a cell is a number of people, and no name: 3, 2-3, 3人."""
    return not math.isnan(count_of(cell)[1])


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
    marks = share(cells, lambda c: any(is_any(text(c), k) for k in ("yes", "maybe", "no")))
    numbers = [n for n in map(number, cells) if math.isfinite(n)]
    ranged = [count_of(c)[1] for c in cells if counts(c)]
    if legend and sum(
        plain(w) in legend or plain(w) in _together(legend) for w in words
    ) > 0.6 * len(words):
        return "codes"
    # Of "2-3" among numbers, the hyphen is between the least and the most.
    if len(numbers) * 2 > len(words) and len(ranged) > 0.8 * len(words) and max(ranged) > 1:
        return "numbers"
    distinct = {plain(w) for w in words}
    lists = ("yes", "maybe", "no")
    strange = [w for w in distinct if not any(is_any(w, name) for name in lists)]
    worded = len(strange) <= 2 and not numbers and not any(map(is_code, strange))
    if marks > 0.85 or (marks > 0.6 and worded):
        return "marks"
    if share(cells, _only_days) > 0.6:
        return "windows"  # days, under headings that are hours
    timed = [c for c in cells if _mostly_hours(c)]
    none = share(cells, _says_no_hours)
    if timed and len(timed) / len(cells) + none > 0.8 and _all_parts(timed):
        return "codes"  # AM, PM, both
    if timed and len(timed) / len(cells) + none > 0.6 and not _all_parts(timed):
        return "windows"
    if timed and len(timed) / len(cells) + none > 0.8:
        return "windows"
    if all(map(is_code, words)) and (len(words) > 1.5 * len(distinct) or len(distinct) <= 3):
        return "codes"
    return "names"


def _only_days(cell: Cell) -> bool:
    if not isinstance(cell, str):
        return False
    said = said_in(cell)
    return bool(said.free) and not said.rest and all(day and w == WHOLE_DAY for day, w in said.free)


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


def share(cells: list[Cell], test: Callable[[Cell], bool]) -> float:
    """Return the share of cells that pass a test."""
    return sum(1 for c in cells if test(c)) / len(cells) if cells else 0.0
