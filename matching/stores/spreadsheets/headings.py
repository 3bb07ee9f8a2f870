"""Which lines of a sheet are headings: words that headers have, or days and hours."""

from __future__ import annotations

import itertools
import math
import re
from datetime import date, datetime, time

from matching.stores.spreadsheets.days import Day, letters, month_names, serial, single, typed
from matching.stores.spreadsheets.grid import Cell, Sheet, text
from matching.stores.spreadsheets.hours import Window, hours_in
from matching.stores.spreadsheets.phrases import Axis, axis_in
from matching.stores.spreadsheets.words import is_any, meanings, plain

FIRST_ROWS = 30


_EMAIL = re.compile(r"\S+@\S+\.\S+")


SHORT = 60


def own_cells(sheet: Sheet, r: int, left: int, right: int) -> list[tuple[int, Cell]]:
    """Return the cells of a row that hold something of their own."""
    row = sheet.rows[r]
    return [
        (c, row[c])
        for c in range(left, right)
        if row[c] is not None and (r, c) not in sheet.repeats
    ]


def known_words(sheet: Sheet, r: int, left: int, right: int) -> int:
    """Return how many cells of a line hold words that headers have."""
    found = [meanings(c) for _, c in own_cells(sheet, r, left, right) if isinstance(c, str)]
    return sum(1 for names, _ in found if names)


def axis_of(cell: Cell) -> Axis:
    """Return what a heading's cell says of a time."""
    if isinstance(cell, str):
        return axis_in(cell) if len(cell) < 150 else Axis(rest=cell)

    if isinstance(cell, datetime):
        minute = cell.hour * 60 + cell.minute
        return Axis(typed(cell.date()), Window(minute, None, point=True) if minute else None)
    if isinstance(cell, date):
        return Axis(typed(cell))
    if isinstance(cell, time):
        return Axis(None, hours_in(cell)[0])
    return Axis()


def axes_of(sheet: Sheet, r: int, left: int, right: int) -> dict[int, Axis]:
    """Return what the cells of a row say of times, if it is a row of them; else nothing."""
    own = _own(sheet, r, left, right)
    found = {c: axis for c, cell in own if (axis := axis_of(cell))}
    # "Kitchen, by Monday" is a text that holds a day, and no heading of one.
    found = {c: a for c, a in found.items() if len(a.rest) < 80}
    if len(found) < 2:
        found = _numbers(own) or _signs(own) or _serials(own) or found
    beside = {a.window for c, a in found.items() if c != own[0][0] and a.day is None}
    if (
        len(found) > 2
        and len(beside) == 1
        and len(found) - 1 <= sum(a.day is None for a in found.values())
    ):
        return {}  # cells of one word, such as AM, and no line of headings
    return found


def _own(sheet: Sheet, r: int, left: int, right: int) -> list[tuple[int, Cell]]:
    row = sheet.rows[r]
    return [(c, row[c]) for c in range(left, right) if row[c] is not None]


def _numbers(own: list[tuple[int, Cell]]) -> dict[int, Axis]:
    """Return the days of a row of numbers that go on from each other: 21, 22, ... 30, 1, 2."""
    wide = [(c, number(cell)) for c, cell in own]
    numbers = [(c, int(n)) for c, n in wide if n.is_integer() and 1 <= n <= 31]
    steps = [b - a for (_, a), (_, b) in itertools.pairwise(numbers)]
    good = sum(1 for step in steps if step == 1 or step <= -26)
    back = any(-20 < step < 1 for step in steps)  # 1 2 3 1 2 3 are periods
    if len(numbers) < 5 or good < len(steps) * 0.8 or back:
        return {}
    return {c: Axis(Day(day=n)) for c, n in numbers}


def months_in(sheet: Sheet, r: int, left: int, right: int) -> dict[int, Axis]:
    """Return the months of a line of a heading that holds nothing but their names."""
    own = _own(sheet, r, left, right)
    found = {c: month_names().get(plain(text(cell)).rstrip("."), 0) for c, cell in own}
    return {c: Axis(Day(month=m)) for c, m in found.items()} if all(found.values()) else {}


def day_numbers(
    sheet: Sheet, r: int, left: int, right: int, months: bool = False
) -> dict[int, Axis]:
    """Return the days of a line of a heading that holds nothing but their numbers.

    Under ``months`` the numbers may begin again.
    """
    own = own_cells(sheet, r, left, right)
    if own and own[0][0] == left and math.isnan(number(own[0][1])):
        own = own[1:]
    numbers = [number(cell) for _, cell in own]
    days = len(own) > 1 and all(n.is_integer() and 1 <= n <= 31 for n in numbers)
    if not days or any(b <= a and not months for a, b in itertools.pairwise(numbers)):
        return {}
    return {c: Axis(Day(day=int(n))) for (c, _), n in zip(own, numbers, strict=True)}


def _signs(own: list[tuple[int, Cell]]) -> dict[int, Axis]:
    days = [(c, single(cell)) for c, cell in own if isinstance(cell, str)]
    days = [(c, day) for c, day in days if day]
    if len(days) < 5:
        ones = [(c, cell) for c, cell in own if isinstance(cell, str) and len(cell) == 1]
        found = letters([cell for _, cell in ones])
        days = list(zip([c for c, _ in ones], found, strict=True)) if found else []
    return {c: Axis(Day(weekday=day)) for c, day in days}


def _serials(own: list[tuple[int, Cell]]) -> dict[int, Axis]:
    moments = [(c, serial(cell)) for c, cell in own if isinstance(cell, float)]
    if sum(1 for _, m in moments if m) < 3:
        return {}
    return {c: axis_of(moment) for c, moment in moments if moment}


def number(cell: Cell) -> float:
    """Return the number of a cell, also of one in text; NaN if it is none."""
    if isinstance(cell, float):
        return cell
    if isinstance(cell, str) and re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", cell):
        return float(cell.replace(",", "."))
    return float("nan")


def likeness(sheet: Sheet, r: int, left: int, right: int) -> float:
    """Return how much a row looks like a heading."""
    cells = own_cells(sheet, r, left, right)
    axes = axes_of(sheet, r, left, right)
    columns = {a.day or a.window for a in axes.values()}
    marked = sum(any(is_any(text(c), k) for k in ("yes", "maybe", "no")) for _, c in cells) > 1
    score = 0.0
    for c, cell in cells:
        if c in axes and len(columns) > 1:
            score += 2
        elif isinstance(cell, str):
            names, exact = meanings(cell)
            if (
                _EMAIL.search(cell)
                or is_any(cell, "yes")
                or is_any(cell, "maybe")
                or (marked and is_any(cell, "no"))
            ):
                score -= 1
            elif names:
                score += 3 if exact else 1.5
            elif 1 < len(cell) <= SHORT:
                score += 0.4
        else:
            score -= 1
    # One text over many columns is a title.
    return score if len(cells) > 1 or right - left < 2 else score / 4


def holds_marks(sheet: Sheet, rows: list[int], left: int, right: int) -> bool:
    """Tell whether a table holds marks: then what stands above them is a heading, in any words."""
    cells = [c for r in rows for k, c in own_cells(sheet, r, left, right) if k > left]
    marks = [c for c in cells if isinstance(c, str) and (is_any(c, "yes") or is_any(c, "no"))]
    return len(marks) > len(cells) / 2


def line_above_days(sheet: Sheet, rows: list[int], left: int) -> int | None:
    """Return the line above those that begin with days, a heading in any words; None if few do."""
    axes = [axis_of(sheet.rows[r][left]) for r in rows]
    days = [k for k, axis in enumerate(axes) if axis.day and not axis.rest]
    if len(days) < 2 or not days[0] or len(days) < 0.6 * (len(rows) - days[0]):
        return None
    return rows[days[0] - 1] if sheet.rows[rows[days[0] - 1]][left] is None else None


def headings_around(sheet: Sheet, rows: list[int], head: int, left: int, right: int) -> list[int]:
    """Return the lines of the heading around its best one."""
    at = rows.index(head)
    found = [head]
    axes = axes_of(sheet, head, left, right)
    for r in rows[at + 1 : at + 3]:
        below = axes_of(sheet, r, left, right)
        if axes and r == found[-1] + 1 and _periods(sheet, r, left, right):
            found.append(r)
            break
        kinds = {(a.day is None, a.window is None) for a in below.values()}
        above = {(a.day is None, a.window is None) for a in axes.values()}
        if len(below) < max(2, len(axes) * 0.5) or (
            axes and kinds == above and not (_numeric(below) or _apart(axes, below))
        ):
            break
        words = {c: cell for c, cell in own_cells(sheet, head, left, right) if c not in axes}
        under = {c: text(cell) for c, cell in own_cells(sheet, r, left, right) if c not in below}
        named = [
            c
            for c, cell in under.items()
            if c in words and meanings(text(words[c]))[1] and not meanings(cell)[0]
        ]
        if len(words.keys() & below.keys()) > 1 or named:
            break  # what stands below a word is its column's first cell
        label = sheet.rows[r][left]
        if isinstance(label, str) and left not in below and not meanings(label)[0]:
            break  # a name, with hours behind it
        if left in below and left not in axes:
            break  # the hours of a row
        if r != found[-1] + 1 or len(set(map(repr, below.values()))) < 2:
            break
        if _numeric(below) and sum(bool(_numbers(_own(sheet, q, left, right))) for q in rows) > 2:
            break  # the weeks of a calendar
        found.append(r)
        axes = axes | below
    for r in reversed(rows[max(0, at - 2) : at]):
        if r != found[0] - 1 or not _groups(sheet, r, left, right):
            break
        found.insert(0, r)
    return found


def _periods(sheet: Sheet, r: int, left: int, right: int) -> bool:
    """Tell whether a line counts periods, again for each day above it: 1 2 3 1 2 3."""
    own = own_cells(sheet, r, left, right)
    numbers = [number(cell) for _, cell in own]
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    again = sum(step < 0 for step in steps)
    return (
        bool(own)
        and own[0][0] > left
        and all(n.is_integer() and 1 <= n <= 20 for n in numbers)
        and 0 < again < len(steps)
        and all(step == 1 or b == numbers[0] for step, b in zip(steps, numbers[1:], strict=True))
    )


def _apart(above: dict[int, Axis], below: dict[int, Axis]) -> bool:
    """Tell whether one line has the weekdays and the other the dates."""
    dated = [{bool(a.day and a.day.dated) for a in axes.values()} for axes in (above, below)]
    return len(dated[0]) == len(dated[1]) == 1 and dated[0] != dated[1]


def _numeric(axes: dict[int, Axis]) -> bool:
    return all(a.day and a.day.day and not a.day.month and not a.day.weekday for a in axes.values())


def _groups(sheet: Sheet, r: int, left: int, right: int) -> bool:
    """Tell whether a line above a heading groups its columns: days, months, or merged words."""
    cells = own_cells(sheet, r, left, right)
    axes = axes_of(sheet, r, left, right)
    if any(re.search(r"[:：]\D", text(c)) or len(text(c)) > SHORT for _, c in cells):
        return False
    if axes:
        return len(axes) * 2 >= len(cells) and not (len(cells) == 1 and cells[0][0] == left)
    merged = [c for c, _ in cells if is_merged(sheet, r, c)]
    return (len(cells) > 1 and len(merged) > 0) or (len(merged) == 1 and cells[0][0] > left)


def is_merged(sheet: Sheet, r: int, c: int) -> bool:
    """Tell whether a cell is merged with the next."""
    return (r, c + 1) in sheet.repeats and sheet.rows[r][c + 1] == sheet.rows[r][c]
