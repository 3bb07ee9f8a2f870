"""Workbooks (XLSX): every sheet is a table, read as text and written as what it is."""

import json
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl
import xlsxwriter

from matching.errors import DataError, NoTables, UsageError
from matching.guards.likeness import near_path
from matching.schema import TABLES, Output
from matching.stores.files.whole import replacing
from matching.stores.names import AS_OURS, OWN_ROW, RESULT_TABLES, SUMMARY, Names
from matching.stores.registry import Read, collected, kinds_in, own_tables
from matching.stores.results import RESULT_IDS, plain, typed
from matching.stores.written_out import with_offsets
from matching.stores.xlsx import Book
from matching.tables.cleaning import Tables
from matching.tables.faults import fault

MAX_ROWS = 1_048_576 - 1
MAX_CHARACTERS = 32_767
_OPTIONS = {
    # Text stays text: nothing that begins with = + - @ is ever run.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}
_FORMATS = {"datetime": "yyyy-mm-dd hh:mm", "date": "yyyy-mm-dd", "time": "hh:mm"}


class Workbook:
    """One ``.xlsx`` file, whose sheets and headers have `Names`: a source and a sink."""

    def __init__(self, where: str | Path, *, names: Names = AS_OURS) -> None:
        self.path, self.names = Path(where), names

    def read_tables(self) -> Tables:
        """Read every sheet that is named for a table; others are warned of, if not a result's."""
        book = _open(self.path)
        ours = {sheet: self.names.ours(sheet) for sheet in book.names}
        if not any(name in TABLES for name in ours.values()):
            seen = ", ".join(book.names[:10])
            raise NoTables(
                f"{self.path.name} holds no table: it has the sheets {seen}; wanted are "
                f"{', '.join(self.names.theirs(name) for name in ('volunteers', 'requests'))} "
                "and so on; say with tables={...} which sheet is which",
                self.path,
            )

        def read(sheet: str) -> Read:
            return _sheet(ours[sheet], book, sheet, self.names.kinds(ours[sheet]), self.names)

        found = collected(read, (sheet for sheet, name in ours.items() if name in TABLES))
        known = (*TABLES, *RESULT_TABLES, SUMMARY)
        others = {name: pl.DataFrame() for name in ours.values() if name not in known}
        return Tables({ours[n]: frame for n, frame in found.items()} | others, found.faults)

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Read the sheets by their own names; every cell as text, a time of day as such."""
        book = _open(self.path)

        def read(sheet: str) -> Read:
            return _sheet(sheet, book, sheet, kinds_in(wanted, sheet))

        return own_tables(self.path.name, book.names, wanted, rows, read)

    def read_result(self) -> Output:
        """Return what was written; times and numbers as such."""
        if not self.path.exists():
            return {}, {}
        book = _open(self.path)  # once, so that all is of one plan
        ours = {sheet: self.names.ours(sheet) for sheet in book.names}
        found = {
            table: typed(table, *_sheet(table, book, sheet, None, self.names))
            for sheet, table in ours.items()
            if table in RESULT_TABLES
        }
        return found, self._summary(book)

    def read_summary(self, week: date | None = None) -> dict[str, Any]:
        """Read the summary alone; see `earlier.Remembering`."""
        return self._summary(_open(self.path)) if self.path.exists() else {}

    def _summary(self, book: Book) -> dict[str, Any]:
        if SUMMARY not in map(self.names.ours, book.names):
            return {}
        rows, faults = book.sheet(self.names.theirs(SUMMARY), SUMMARY)
        if rows is None or faults.height:
            raise DataError(faults)
        try:
            return {key: json.loads(value) for key, value in rows.iter_rows()}
        except (TypeError, ValueError):
            text = f"the sheet {SUMMARY} of {self.path} is no plan's; plan again to write it anew"
            raise DataError(fault(SUMMARY, "json", text)) from None

    def write_result(self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> None:
        """Write the workbook anew, whole or not at all."""
        facts = [(key, json.dumps(v, ensure_ascii=False)) for key, v in plain(summary).items()]
        frame = pl.DataFrame(facts, {"figure": pl.String, "value": pl.String}, orient="row")
        self.write_tables({**tables, SUMMARY: frame})

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write the workbook anew with these tables."""
        frames = {self.names.theirs(n): self.names.write_rows(n, f) for n, f in tables.items()}
        with replacing(self.path) as part:
            write_book(part, frames)


open_source = open_sink = Workbook


def _open(path: Path) -> Book:
    if not path.is_file():
        text = f"{path} does not exist; name a workbook that holds the tables{near_path(path)}"
        raise UsageError(text)
    return Book(path)


def read_sheet(table: str, path: Path, kinds: Mapping[str, bool] | None = None) -> Read:
    """Read the sheet that is named for the table, or the only one; `Book.sheet` tells of kinds."""
    try:
        book = _open(path)
    except UsageError as error:
        return None, fault(table, "xlsx", str(error), value=path.name)
    sheets = book.names
    if table not in sheets and len(sheets) > 1:
        text = f"the workbook has the sheets {', '.join(sheets[:10])}; call one {table}"
        return None, fault(table, "xlsx", text, value=path.name)
    return _sheet(table, book, table if table in sheets else sheets[0], kinds)


def _sheet(
    table: str, book: Book, sheet: str, kinds: Mapping[str, bool] | None, names: Names = AS_OURS
) -> Read:
    if kinds is None:
        ids = RESULT_IDS if table in RESULT_TABLES else ()
        texts = {names.column(table, name) for name in ids}
        frame, faults = book.sheet(sheet, table, text=texts.__contains__)
    else:
        texts = {header for header, text in kinds.items() if text}
        frame, faults = book.sheet(sheet, table, kinds.__contains__, texts.__contains__)
    ours = {theirs: name for name, theirs in names.columns.get(table, {}).items()}
    faults = faults.with_columns(pl.col("column").replace(ours))
    if frame is None:
        return None, faults
    if not frame.width:
        text = "empty sheet; a table without rows still has a header: the names of its columns"
        return None, fault(table, "empty_file", text, value=sheet)
    frame = frame.rename({name: name.strip() for name in frame.columns}, strict=False)
    frame = frame.rename({"row": OWN_ROW}, strict=False)
    frame = names.read(table, frame)
    cells = frame.columns
    kinds_of_ours = TABLES[table].columns() if table in TABLES else {}
    days = [name for name in cells if isinstance(kinds_of_ours.get(name), dy.Date)]
    # Without the midnight that a spreadsheet gives to a day.
    frame = frame.with_columns(pl.col(days).str.replace(r"^(\d{4}-\d\d-\d\d) 00:00:00$", "$1"))
    frame = frame.with_row_index("row", offset=1)
    faulty = pl.col("row").is_in(faults["row"].drop_nulls().implode())
    return frame.filter(faulty | ~pl.all_horizontal(pl.col(cells).is_null())), faults


def write_book(path: Path, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write frames as the sheets of a new workbook, with bold headers and dates as dates.

    More rows than a sheet holds, or a longer text than a cell, are refused before.
    """
    for name, frame in frames.items():
        _check_size(name, frame)
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        bold = book.add_format({"bold": True})
        looks = {kind: book.add_format({"num_format": look}) for kind, look in _FORMATS.items()}
        for name, frame in frames.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for index, column in enumerate(frame.columns):
                width = max(len(column), 17 if frame.schema[column] == pl.Datetime else 10)
                sheet.set_column(index, index, width + 2)
                sheet.write_string(0, index, column, bold)
            if frame.width:
                sheet.autofilter(0, 0, frame.height, frame.width - 1)
            _write_rows(sheet, frame, looks)


def _write_rows(sheet: Any, frame: pl.DataFrame, looks: Mapping[str, Any]) -> None:
    def write_number(row: int, column: int, cell: float) -> None:
        # A workbook keeps 16 digits, and spreadsheets show 15; a longer number stays whole as text.
        if abs(cell) < 10**15 and float(f"{cell:.16G}") == cell:
            sheet.write_number(row, column, cell)
        else:
            sheet.write_string(row, column, str(cell))

    writers: list[tuple[Any, tuple[Any, ...]]] = []
    frame = with_offsets(frame)
    for kind in frame.dtypes:
        if kind.is_numeric():
            writers.append((write_number, ()))
        elif kind == pl.Boolean:
            writers.append((sheet.write_boolean, ()))
        elif kind in (pl.Datetime, pl.Date, pl.Time):
            look = looks[kind.base_type().__name__.lower()]
            writers.append((sheet.write_datetime, (look,)))
        else:
            writers.append((sheet.write_string, ()))
    texts = [n for n, k in frame.schema.items() if k in (pl.Enum, pl.Categorical)]
    for number, row in enumerate(frame.cast(dict.fromkeys(texts, pl.String)).iter_rows(), start=1):
        for index, (cell, (write, look)) in enumerate(zip(row, writers, strict=True)):
            if cell is not None:
                write(number, index, cell, *look)


def _check_size(name: str, frame: pl.DataFrame) -> None:
    if frame.height > MAX_ROWS:
        text = f"{name} has {frame.height:,} rows, and a sheet holds {MAX_ROWS:,}"
        raise UsageError(f"{text}; write a folder of csv or parquet files instead")
    for column in frame.columns:
        if frame.schema[column] == pl.String:
            longest = frame[column].str.len_chars().max()
            if isinstance(longest, int) and longest > MAX_CHARACTERS:
                text = f"{name}.{column} has a text of {longest:,} characters"
                raise UsageError(f"{text}, and a cell holds {MAX_CHARACTERS:,}")
