"""The cells of a spreadsheet file, whatever its format: one grid a sheet, merged cells filled."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from matching.errors import UsageError
from matching.guards.extras import needing
from matching.stores.spreadsheets.sentences import Sentence, sentence
from matching.stores.spreadsheets.text_files import rows_of

Cell = str | float | bool | date | time | None
ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".txt")
_WORKBOOKS = ENDINGS[:5]
# A coordinator's workbook; what is larger comes from a system, and has a mapping.
MAX_CELLS = 500_000
_UNSEEN = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe0f\x00-\x08\x0e-\x1f]"
)


@dataclass
class Sheet:
    """One sheet; ``rows[0]`` is row 1 and its first cell is in column A.

    Attributes
    ----------
    file : str
        The file's name.
    name : str
        The sheet's name; empty for a text file.
    rows : list of list of cell
        All of one length; None where a cell is empty.
    repeats : set of (int, int)
        Cells that are the rest of a merged one, whose value they hold too.
    """

    file: str
    name: str
    rows: list[list[Cell]]
    repeats: set[tuple[int, int]] = field(default_factory=set)

    @property
    def title(self) -> str:
        """What a message calls the sheet."""
        if not self.name:
            return self.file
        return sentence("sheet_title", file=self.file, sheet=self.name)


def sheets_of(paths: list[Path]) -> tuple[list[Sheet], list[Sentence]]:
    """Read all sheets of files and folders; also say what was left out."""
    sheets: list[Sheet] = []
    said: list[Sentence] = []
    for path in paths:
        for file in _files(path, said):
            sheets += list(_sheets(file, said))
    count = sum(len(sheet.rows) * len(sheet.rows[0]) for sheet in sheets if sheet.rows)
    if count > MAX_CELLS:
        raise UsageError(sentence("too_large", count=f"{count:,}", most=f"{MAX_CELLS:,}"))
    return sheets, said


def _files(path: Path, said: list[Sentence]) -> list[Path]:
    if not path.exists():
        near = difflib.get_close_matches(path.name, _beside(path), n=1, cutoff=0.6)
        if near:
            raise UsageError(sentence("not_there_like", path=path, like=path.parent / near[0]))
        raise UsageError(sentence("not_there", path=path))
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.is_file() and p.name[0] not in ".~")
        files = [p for p in found if p.suffix.lower() in ENDINGS]
        if not files:
            raise UsageError(sentence("empty_folder", path=path, endings=", ".join(ENDINGS)))
        said += [sentence("no_spreadsheet", file=p.name) for p in found if p not in files]
        return files
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(sentence("no_ending", path=path, endings=", ".join(ENDINGS)))
    return [path]


def _beside(path: Path) -> list[str]:
    return [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []


def _sheets(path: Path, said: list[Sentence]) -> Iterator[Sheet]:
    if path.suffix.lower() not in _WORKBOOKS:
        rows: list[list[Cell]] = [[_clean(cell) for cell in row] for row in rows_of(path)]
        yield _sheet(path.name, "", rows, [])
        return
    with needing("a workbook"):
        from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum
    try:
        book = CalamineWorkbook.from_path(path)
        for about in book.sheets_metadata:
            sheet = book.get_sheet_by_name(about.name)
            if about.visible != SheetVisibleEnum.Visible:
                said.append(sentence("hidden_sheet", file=path.name, sheet=about.name))
                continue
            rows = [[_clean(c) for c in r] for r in sheet.to_python(skip_empty_area=False)]
            yield _sheet(path.name, about.name, rows, getattr(sheet, "merged_cell_ranges", None))
    except CalamineError as error:
        raise UsageError(sentence("unreadable", path=path, error=error)) from None


def _sheet(file: str, name: str, rows: list[list[Cell]], merges: Any) -> Sheet:
    width = max((len(row) for row in rows), default=0)
    for row in rows:
        row += [None] * (width - len(row))
    sheet = Sheet(file, name, rows)
    for (top, left), (bottom, right) in merges or ():
        for r in range(top, min(bottom + 1, len(rows))):
            for c in range(left, min(right + 1, width)):
                if (r, c) != (top, left):
                    sheet.repeats.add((r, c))
                    rows[r][c] = rows[top][left]
    return sheet


def _clean(cell: Any) -> Cell:
    """Return a cell without blanks at its ends; None where nothing is in it."""
    if isinstance(cell, str):
        return _UNSEEN.sub("", cell).strip() or None
    if isinstance(cell, timedelta):
        return (datetime.min + cell).time()
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, (bool, date, time)):
        return cell
    return None


def text(cell: Cell) -> str:
    """Return a cell as people see it."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:g}" if cell == int(cell) else str(cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if not (cell.hour or cell.minute) else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    return str(cell)


def letter(column: int) -> str:
    """Return what a spreadsheet calls a column, 0 is A."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
