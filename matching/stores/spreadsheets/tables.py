"""Where the tables of a sheet are: their headings, bodies, sections, and what stands around them.

A heading is a row of words that headers have, or of days and hours; up to three lines of it make
one. What is above is the title, what is below and no row like the others is a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from matching.stores.spreadsheets.days import Day, serial, single, typed
from matching.stores.spreadsheets.grid import Cell, Sheet, text
from matching.stores.spreadsheets.hours import Window, hours_in
from matching.stores.spreadsheets.legend import Legend, line_legend, text_legend
from matching.stores.spreadsheets.phrases import Axis, axis_in
from matching.stores.spreadsheets.words import is_any, meanings, plain

_FIRST_ROWS = 30
_EMAIL = re.compile(r"\S+@\S+\.\S+")
_SHORT = 60


@dataclass
class Column:
    """A column of a table.

    Attributes
    ----------
    index : int
        In the sheet, A is 0.
    heads : list of str
        The texts of its heading, from top to bottom.
    axis : Axis
        What the heading says of a time.
    cells : dict of int to cell
        By row of the sheet.
    """

    index: int
    heads: list[str] = field(default_factory=list)
    axis: Axis = field(default_factory=Axis)
    cells: dict[int, Cell] = field(default_factory=dict)

    @property
    def head(self) -> str:
        """The heading as one text."""
        return " ".join(self.heads)

    @property
    def filled(self) -> list[Cell]:
        """The cells that are not empty."""
        return [cell for cell in self.cells.values() if cell is not None]


@dataclass
class Section:
    """Rows under a line of their own: what it says, and the columns' days if it repeats them."""

    label: str
    axis: Axis
    repeats_days: bool = False


@dataclass
class Table:
    """A table of a sheet."""

    sheet: Sheet
    headings: list[int]
    columns: list[Column]
    rows: list[int]
    sections: dict[int, Section] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    legend: Legend = field(default_factory=dict)

    @property
    def where(self) -> str:
        """What messages call it."""
        return self.sheet.title

    @property
    def about(self) -> str:
        """Everything that names it: file, sheet and title."""
        return " ".join([self.sheet.file, self.sheet.name, *self.titles])


def tables_of(sheet: Sheet) -> list[Table]:
    """Find the tables of a sheet."""
    found: list[Table] = []
    rows = [r for r, cells in enumerate(sheet.rows) if any(c is not None for c in cells)]
    legend: Legend = {}
    for r in rows[:_FIRST_ROWS]:
        if line := line_legend([sheet.rows[r][c] for c, _ in _cells(sheet, r, 0, len(sheet.rows[r]))]):
            legend |= line
            rows = [q for q in rows if q != r]
    for left, right in _blocks(sheet, rows):
        inside = [r for r in rows if any(c is not None for c in sheet.rows[r][left:right])]
        for part in _stacked(sheet, inside, left, right):
            table = _table(sheet, part, left, right)
            if table is not None:
                texts = [*table.titles, *table.notes, sheet.name]
                table.legend = legend | text_legend("\n".join(texts))
                found.append(table)
    return found


def _blocks(sheet: Sheet, rows: list[int]) -> list[tuple[int, int]]:
    """Return the ranges of columns that empty columns part; narrow ones stay with the left."""
    width = len(sheet.rows[0]) if sheet.rows else 0
    used = [any(sheet.rows[r][c] is not None for r in rows) for c in range(width)]
    blocks: list[tuple[int, int]] = []
    start: int | None = None
    for c in [*range(width), width]:
        if c < width and used[c]:
            start = c if start is None else start
        elif start is not None:
            blocks.append((start, c))
            start = None
    if any(right - left < 2 for left, right in blocks) and blocks:
        return [(blocks[0][0], blocks[-1][1])]
    return blocks


def _stacked(sheet: Sheet, rows: list[int], left: int, right: int) -> list[list[int]]:
    """Part tables that stand below each other: after an empty row, with headings of their own."""
    parts: list[list[int]] = [[]]
    for k, r in enumerate(rows):
        gap = k > 0 and r > rows[k - 1] + 1
        if gap and len(parts[-1]) > 1 and _known(sheet, r, left, right) >= 2:
            rest = [q for q in rows[k:] if q >= r]
            if len(rest) > 1 and _score(sheet, r, left, right) >= 5:
                parts.append([])
        parts[-1].append(r)
    return [part for part in parts if part]


def _cells(sheet: Sheet, r: int, left: int, right: int) -> list[tuple[int, Cell]]:
    """Return the cells of a row that hold something of their own."""
    row = sheet.rows[r]
    return [
        (c, row[c])
        for c in range(left, right)
        if row[c] is not None and (r, c) not in sheet.repeats
    ]


def _known(sheet: Sheet, r: int, left: int, right: int) -> int:
    found = [meanings(c) for _, c in _cells(sheet, r, left, right) if isinstance(c, str)]
    return sum(1 for names, _ in found if names)


def axis_of(cell: Cell) -> Axis:
    """Return what a heading's cell says of a time."""
    if isinstance(cell, str):
        return axis_in(cell) if len(cell) < 150 else Axis(rest=cell)
    from datetime import date, datetime, time

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
    row = sheet.rows[r]
    own = [(c, row[c]) for c in range(left, right) if row[c] is not None]
    found = {c: axis for c, cell in own if (axis := axis_of(cell))}
    # "Kitchen, by Monday" is a text that holds a day, and no heading of one.
    found = {c: a for c, a in found.items() if len(a.rest) < 80}
    if len(found) < 2:
        found = _numbers(own) or _signs(own) or _serials(own) or found
    beside = {a.window for c, a in found.items() if c != own[0][0] and a.day is None}
    if len(found) > 2 and len(beside) == 1 and len(found) - 1 <= sum(a.day is None for a in found.values()):
        return {}  # cells of one word, such as AM, and no line of headings
    return found


def _numbers(own: list[tuple[int, Cell]]) -> dict[int, Axis]:
    """Return the days of a row of numbers that go on from each other: 21, 22, ... 30, 1, 2."""
    wide = [(c, number(cell)) for c, cell in own]
    numbers = [(c, int(n)) for c, n in wide if n.is_integer() and 1 <= n <= 31]
    steps = [b - a for (_, a), (_, b) in zip(numbers, numbers[1:], strict=False)]
    good = sum(1 for step in steps if step == 1 or step <= -26)
    if len(numbers) < 5 or good < len(steps) * 0.8:
        return {}
    return {c: Axis(Day(day=n)) for c, n in numbers}


def _signs(own: list[tuple[int, Cell]]) -> dict[int, Axis]:
    days = [(c, single(cell)) for c, cell in own if isinstance(cell, str)]
    days = [(c, day) for c, day in days if day]
    if len(days) < 5:
        return {}
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


def _score(sheet: Sheet, r: int, left: int, right: int) -> float:
    """Return how much a row looks like a heading."""
    cells = _cells(sheet, r, left, right)
    axes = axes_of(sheet, r, left, right)
    columns = {a.day or a.window for a in axes.values()}
    score = 0.0
    for c, cell in cells:
        if c in axes and len(columns) > 1:
            score += 2
        elif isinstance(cell, str):
            names, exact = meanings(cell)
            if _EMAIL.search(cell) or is_any(cell, "yes") or is_any(cell, "maybe"):
                score -= 1
            elif names:
                score += 3 if exact else 1.5
            elif 1 < len(cell) <= _SHORT:
                score += 0.4
        else:
            score -= 1
    return score


def _table(sheet: Sheet, rows: list[int], left: int, right: int) -> Table | None:
    scores = {r: _score(sheet, r, left, right) for r in rows[:_FIRST_ROWS]}
    best = max(scores.values(), default=0.0)
    if len(rows) < 2 or best < (0.8 if _marked(sheet, rows[1:], left, right) else 2):
        return None
    head = next(r for r in rows if scores.get(r, -9) >= 0.8 * best)
    headings = _headings(sheet, rows, head, left, right)
    table = Table(sheet, headings, [], [])
    table.titles = [text(c) for r in rows if r < headings[0] for _, c in _cells(sheet, r, left, right)]
    columns = [Column(c) for c in range(left, right)]
    for column in columns:
        _head(sheet, headings, column, (left, right))
    body = [r for r in rows if r > headings[-1]]
    first = axes_of(sheet, headings[-1], left, right)
    body = _without_notes(table, body, left, right)
    for r in body:
        cells = _cells(sheet, r, left, right)
        again = {c: a for c, a in axes_of(sheet, r, left, right).items() if c in first}
        label = next((text(c) for k, c in cells if k not in again), "")
        if len(again) >= 2 and len(again) >= len(first) / 2 and all(
            a == first.get(c) for c, a in again.items()
        ):
            table.sections[r] = Section(label, Axis(), repeats_days=True)
        elif label and is_any(label.rstrip(":： "), "totals") and len(cells) > 1:
            continue
        else:
            table.rows.append(r)
    _single_lines(table, left, right)
    for column in columns:
        column.cells = {r: sheet.rows[r][column.index] for r in table.rows}
    table.columns = [c for c in columns if c.heads or c.axis or c.filled]
    return table if table.rows and table.columns else None


def _marked(sheet: Sheet, rows: list[int], left: int, right: int) -> bool:
    """Tell whether a table holds marks: then what stands above them is a heading, in any words."""
    cells = [c for r in rows for k, c in _cells(sheet, r, left, right) if k > left]
    marks = [c for c in cells if isinstance(c, str) and (is_any(c, "yes") or is_any(c, "no"))]
    return len(marks) > len(cells) / 2


def _headings(sheet: Sheet, rows: list[int], head: int, left: int, right: int) -> list[int]:
    """Return the lines of the heading around its best one."""
    at = rows.index(head)
    found = [head]
    axes = axes_of(sheet, head, left, right)
    for r in rows[at + 1 : at + 3]:
        below = axes_of(sheet, r, left, right)
        kinds = {(a.day is None, a.window is None) for a in below.values()}
        above = {(a.day is None, a.window is None) for a in axes.values()}
        if len(below) < max(2, len(axes) * 0.5) or (axes and kinds == above and not _numeric(below)):
            break
        if not axes and len(_cells(sheet, r, left, right)) > len(below) + 2:
            break
        if r != found[-1] + 1 or len(set(map(repr, below.values()))) < 2:
            break
        found.append(r)
        axes = axes | below
    for r in reversed(rows[max(0, at - 2) : at]):
        if r != found[0] - 1 or not _groups(sheet, r, left, right):
            break
        found.insert(0, r)
    return found


def _numeric(axes: dict[int, Axis]) -> bool:
    return all(a.day and a.day.day and not a.day.month and not a.day.weekday for a in axes.values())


def _groups(sheet: Sheet, r: int, left: int, right: int) -> bool:
    """Tell whether a line above a heading groups its columns: days, months, or merged words."""
    cells = _cells(sheet, r, left, right)
    axes = axes_of(sheet, r, left, right)
    if axes:
        return len(axes) * 2 >= len(cells) and not (len(cells) == 1 and cells[0][0] == left)
    if any(re.search(r"[:：]", text(c)) or len(text(c)) > _SHORT for _, c in cells):
        return False
    merged = [c for c, _ in cells if _spreads(sheet, r, c)]
    return (len(cells) > 1 and len(merged) > 0) or (len(merged) == 1 and cells[0][0] > left)


def _spreads(sheet: Sheet, r: int, c: int) -> bool:
    """Tell whether a cell is merged with the next."""
    return (r, c + 1) in sheet.repeats and sheet.rows[r][c + 1] == sheet.rows[r][c]


def _head(sheet: Sheet, headings: list[int], column: Column, ends: tuple[int, int]) -> None:
    for r in headings:
        cell = sheet.rows[r][column.index]
        axes = axes_of(sheet, r, *ends)
        if cell is None and r != headings[-1]:
            # A group is written once, over its first column.
            before = [c for c in range(ends[0], column.index) if sheet.rows[r][c] is not None]
            grouped = before and (before[-1] in axes or len(before) > 0) and before[-1] > ends[0]
            source = before[-1] if grouped else None
        else:
            source = column.index if cell is not None else None
        if source is None:
            continue
        label = text(sheet.rows[r][source])
        axis = axes.get(source)
        if axis is not None and (axis or not axis.rest):
            day = column.axis.day
            if axis.day is not None:
                day = axis.day if day is None else axis.day | day
            column.axis = Axis(day, axis.window or column.axis.window, "")
            label = axis.rest
        if label and label not in column.heads:
            column.heads.append(label)
    column.axis.rest = column.head


def _without_notes(table: Table, body: list[int], left: int, right: int) -> list[int]:
    """Take off the lines at the end that are no rows of the table."""
    sheet = table.sheet
    kept = list(body)
    while kept:
        r = kept[-1]
        cells = _cells(sheet, r, left, right)
        words = [c for _, c in cells if isinstance(c, str)]
        gap = len(kept) > 1 and r > kept[-2] + 1
        long = any(len(c) > _SHORT or ("\n" in c and len(c) > 30) for c in words)
        signed = len(words) == len(cells) and all(re.search(r"[:：]", c) for c in words)
        lone = len(cells) == 1 and (
            cells[0][0] != left or long or signed or gap or _spreads(sheet, r, left)
        )
        typical = sum(len(_cells(sheet, q, left, right)) for q in body[:10]) / len(body[:10])
        if lone and typical > 1.5 or (signed and typical > len(cells)):
            table.notes += [text(c) for _, c in cells]
            kept.pop()
        else:
            break
    return kept


def _single_lines(table: Table, left: int, right: int) -> None:
    """Find lines that name the rows below: merged, ending in a colon, or among repeated days."""
    sheet = table.sheet
    repeated = any(section.repeats_days for section in table.sections.values())
    for r in list(table.rows):
        cells = _cells(sheet, r, left, right)
        if len(cells) != 1 or right - left < 2:
            continue
        c, cell = cells[0]
        label = text(cell)
        axis = axis_of(cell)
        merged = _spreads(sheet, r, c)
        a_day = axis.day is not None and not axis.window and c == left
        plainly = merged or label.endswith((":", "：")) or (repeated and c == left)
        last = r == table.rows[-1]
        keyed = any(meanings(text(sheet.rows[h][left]))[0] for h in table.headings)
        if not last and (plainly or (a_day and not _days_down(table, left))) and (merged or not keyed or a_day):
            table.rows.remove(r)
            table.sections[r] = Section(axis.rest if axis else label.rstrip(":："), axis)


def _days_down(table: Table, left: int) -> bool:
    """Tell whether most rows begin with a day, so that one which holds nothing else is a row."""
    days = sum(1 for r in table.rows if axis_of(table.sheet.rows[r][left]).day)
    return days > len(table.rows) / 2


def section_of(table: Table, row: int) -> Section | None:
    """Return the section that a row stands in."""
    above = [r for r in table.sections if r < row]
    return table.sections[max(above)] if above else None


def same(one: str, other: str) -> bool:
    """Tell whether two labels are the same but for case and blanks."""
    return plain(one) == plain(other)
