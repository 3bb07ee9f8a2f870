"""Where the tables of a sheet are: their headings, bodies, sections, and what stands around them.

A heading is a row of words that headers have, or of days and hours; up to three lines of it make
one. What is above is the title, what is below and no row like the others is a note.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from matching.stores.spreadsheets.days import Day, find_days
from matching.stores.spreadsheets.grid import Cell, Sheet, text
from matching.stores.spreadsheets.headings import (
    FIRST_ROWS,
    SHORT,
    axes_of,
    axis_of,
    day_numbers,
    headings_around,
    holds_marks,
    is_merged,
    known_words,
    likeness,
    line_above_days,
    months_in,
    own_cells,
)
from matching.stores.spreadsheets.hours import Window
from matching.stores.spreadsheets.legend import Legend, line_legend, text_legend
from matching.stores.spreadsheets.phrases import Axis
from matching.stores.spreadsheets.words import is_any, meanings, plain


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
    for r in rows[:FIRST_ROWS]:
        if line := line_legend(
            [sheet.rows[r][c] for c, _ in own_cells(sheet, r, 0, len(sheet.rows[r]))]
        ):
            legend |= line
            rows = [q for q in rows if q != r]
    for left, right in _blocks(sheet, rows):
        if _is_turned(sheet, rows, left, right):
            found += tables_of(_turned(sheet, rows, left, right))
            continue
        inside = [r for r in rows if any(c is not None for c in sheet.rows[r][left:right])]
        for part in _stacked(sheet, inside, left, right):
            table = _table(sheet, part, left, right)
            if table is not None:
                texts = [*table.titles, *table.notes, sheet.name]
                table.legend = legend | text_legend("\n".join(texts))
                found.append(table)
    return found


def _is_turned(sheet: Sheet, rows: list[int], left: int, right: int) -> bool:
    """Tell whether the words that headers have stand in the first column, below each other."""
    down = [sheet.rows[r][left] for r in rows]
    known = sum(1 for cell in down if isinstance(cell, str) and meanings(cell)[1])
    across = max((known_words(sheet, r, left, right) for r in rows), default=0)
    return known >= 3 and known > across and known * 2 > len(rows) and right - left > 1


def _turned(sheet: Sheet, rows: list[int], left: int, right: int) -> Sheet:
    """Return a sheet whose columns are rows; its rows are called by the number of the column."""
    cells = [[sheet.rows[r][c] for r in rows] for c in range(left, right)]
    return Sheet(sheet.file, sheet.name, cells)


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
    days: dict[int, Axis] = {}
    body = 0
    for k, r in enumerate(rows):
        here = {c: a for c, a in axes_of(sheet, r, left, right).items() if a.day}
        cells = own_cells(sheet, r, left, right)
        mostly = len(here) >= 0.6 * len(cells) and len(here) > 1
        if mostly and len({a.day for a in here.values()}) > 1:
            # Headings of other days begin a table of their own, such as the next week's.
            if body and days and len(here) * 2 >= len(days) and here != days and _new(here, days):
                parts.append([])
                body = 0
            days = here if not body else days
        elif days:
            body += 1
        gap = k > 0 and r > rows[k - 1] + 1
        if gap and len(parts[-1]) > 1 and known_words(sheet, r, left, right) >= 2:
            rest = [q for q in rows[k:] if q >= r]
            titled = max(likeness(sheet, q, left, right) for q in parts[-1]) < 2
            if len(rest) > 1 and not titled and likeness(sheet, r, left, right) >= 5:
                parts.append([])
        parts[-1].append(r)
    return [part for part in parts if part]


def _table(sheet: Sheet, rows: list[int], left: int, right: int) -> Table | None:
    scores = {r: likeness(sheet, r, left, right) for r in rows[:FIRST_ROWS]}
    best = max(scores.values(), default=0.0)
    least = 0.8 if holds_marks(sheet, rows[1:], left, right) else 2
    above = line_above_days(sheet, rows, left)
    if len(rows) < 2 or (best < least and above is None):
        return None
    head = next((r for r in rows if scores.get(r, -9) >= 0.8 * best), rows[-1])
    head = head if above is None else min(head, above)
    headings = headings_around(sheet, rows, head, left, right)
    table = Table(sheet, headings, [], [])
    table.titles = [
        text(c) for r in rows if r < headings[0] for _, c in own_cells(sheet, r, left, right)
    ]
    columns = [Column(c) for c in range(left, right)]
    for column in columns:
        _head(sheet, headings, column, (left, right))
    body = [r for r in rows if r > headings[-1]]
    first = axes_of(sheet, headings[-1], left, right)
    body = _without_notes(table, body, left, right)
    for r in body:
        cells = own_cells(sheet, r, left, right)
        again = {c: a for c, a in axes_of(sheet, r, left, right).items() if c in first}
        label = next((text(c) for k, c in cells if k not in again), "")
        if (
            len(again) >= 2
            and len(again) >= len(first) / 2
            and all(a == first.get(c) for c, a in again.items())
        ):
            table.sections[r] = Section(label, Axis(), repeats_days=True)
        elif label and is_any(label.rstrip(":： "), "totals") and len(cells) > 1:
            continue
        else:
            table.rows.append(r)
    _drop_counts(table, left, right)
    _single_lines(table, left, right)
    for column in columns:
        column.cells = {r: sheet.rows[r][column.index] for r in table.rows}
    _hours_not_days(columns)
    table.columns = [c for c in columns if c.heads or c.axis or c.filled]
    return table if table.rows and table.columns else None


def _hours_not_days(columns: list[Column]) -> None:
    """See that Mon 10, Mon 11, Tue 10 are hours: no Monday is the day after another."""
    bare = [c for c in columns if (d := c.axis.day) and d.weekday and d.day and not d.month]
    pairs = [(one.axis.day, two.axis.day) for one, two in itertools.pairwise(bare)]
    if any(a and b and a.weekday == b.weekday and a.day != b.day for a, b in pairs):
        for column in bare:
            if (day := column.axis.day) and day.day:
                window = Window(day.day * 60, (day.day + 1) * 60)
                column.axis = Axis(Day(weekday=day.weekday), window, column.axis.rest)


def _head(sheet: Sheet, headings: list[int], column: Column, ends: tuple[int, int]) -> None:
    months = False
    for r in headings:
        cell = sheet.rows[r][column.index]
        axes = axes_of(sheet, r, *ends) or day_numbers(sheet, r, *ends, months)
        if not axes and (axes := months_in(sheet, r, *ends)):
            months = True
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
        cells = own_cells(sheet, r, left, right)
        words = [c for _, c in cells if isinstance(c, str)]
        gap = len(kept) > 1 and r > kept[-2] + 1
        long = any(len(c) > SHORT or ("\n" in c and len(c) > 30) for c in words)
        signed = len(words) == len(cells) and all(re.search(r"[:：]", c) for c in words)
        lone = len(words) == len(cells) == 1 and (
            cells[0][0] != left or long or signed or gap or is_merged(sheet, r, left)
        )
        typical = sum(len(own_cells(sheet, q, left, right)) for q in body[:10]) / len(body[:10])
        if (lone and typical > 1.5) or (signed and typical > len(cells)):
            table.notes += [text(c) for _, c in cells]
            kept.pop()
        else:
            break
    return kept


def _drop_counts(table: Table, left: int, right: int) -> None:
    """Take off last lines that count what stands above them: numbers where others have none."""
    sheet = table.sheet
    while len(table.rows) > 2:
        *above, last = table.rows
        counted = [c for c in range(left + 1, right) if sheet.rows[last][c] is not None]
        marked = [c for c in counted if re.fullmatch(r"[\d:/.,\s%]+", text(sheet.rows[last][c]))]
        others = [sheet.rows[r][c] for r in above for c in counted]
        words = [c for c in others if c is not None]
        numbers = sum(1 for c in words if re.fullmatch(r"[\d:/.,\s%]+", text(c)))
        if len(counted) < 2 or len(marked) < len(counted) or numbers > 0.2 * len(words):
            return
        table.rows.pop()


def _new(here: dict[int, Axis], before: dict[int, Axis]) -> bool:
    """Tell whether days are dates that stand in the columns of other dates."""
    shared = [c for c in here if c in before]
    dated = all(a.day and a.day.dated for a in here.values())
    return dated and len(shared) * 2 >= len(here)


def _single_lines(table: Table, left: int, right: int) -> None:
    """Find lines that name the rows below: merged, ending in a colon, or among repeated days."""
    sheet = table.sheet
    repeated = any(section.repeats_days for section in table.sections.values())
    for r in list(table.rows):
        cells = own_cells(sheet, r, left, right)
        if len(cells) != 1 or right - left < 2:
            continue
        c, cell = cells[0]
        label = text(cell)
        axis = axis_of(cell)
        merged = is_merged(sheet, r, c)
        a_day = axis.day is not None and not axis.window and c == left
        plainly = merged or label.endswith((":", "：")) or (repeated and c == left)
        last = r == table.rows[-1]
        keyed = any(meanings(text(sheet.rows[h][left]))[0] for h in table.headings)
        if (
            not last
            and (plainly or (a_day and not _days_down(table, left)))
            and (merged or not keyed or a_day)
        ):
            table.rows.remove(r)
            table.sections[r] = Section(axis.rest if axis else label.rstrip(":："), axis)


def _days_down(table: Table, left: int) -> bool:
    """Tell whether most rows begin with a day, so that one which holds nothing else is a row."""
    days = sum(1 for r in table.rows if axis_of(table.sheet.rows[r][left]).day)
    return days > len(table.rows) / 2


_MADE = re.compile(
    r"report|run|stand|printed|updated|generated|created|version|制表|印表|更新|打印|erstellt|édité|作成",
    re.IGNORECASE,
)


def only_day(table: Table) -> Day | None:
    """Return the one day that title, sheet or file names, for a sheet that is of one day."""
    for words in [table.sheet.name, *table.titles, table.sheet.file.rpartition(".")[0]]:
        found = find_days(plain(words.replace("_", " ")), short=len(words) < 14)
        if _MADE.search(words) or len([d for _, _, d in found if d.dated]) > 1:
            continue
        day: Day | None = None
        for _, _, one in found:
            day = one if day is None else day | one
        if day is not None and (day.dated or day.weekday):
            return day
    return None


def section_of(table: Table, row: int) -> Section | None:
    """Return the section that a row stands in."""
    above = [r for r in table.sections if r < row]
    return table.sections[max(above)] if above else None
