"""An edited workbook: the rows of its rosters as they stand now, and as they stood when written."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from matching.errors import DataError, DataWarning, UsageError, listed
from matching.reports import sheets
from matching.stores.xlsx import Book
from matching.tables.faults import Message, fault, faults_of, no_faults

_CLOCK = r"^(\d{1,2}:\d{2})(?::00(?:\.0+)?)?$"
_DAY = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?: 00:00:00)?$"
_DAY_WANTED = "must be a day such as 2026-11-30"
_CLOCK_WANTED = "must be a time of day such as 09:00"
_STATUS_WANTED = f"must be one of {', '.join(sheets.STATUSES.values())}"
PAIR = ["request_id", "volunteer_id"]
WHEN = ("day", "start", "end")
_KEYS = ("request_id", "post", "option", "volunteer_id")
# As the spreadsheet counts: the first holds the headers.
_FIRST_ROW = 2
# Columns that only tell, and that the hidden sheet keeps too.
_INFORMATIVE = ("station", "station_id", "service")


@dataclass(frozen=True)
class Edits:
    """What a workbook's rosters say.

    Attributes
    ----------
    week : datetime.date, optional
        The Monday of the plan that was written; None where the hidden sheet is gone.
    rows : polars.DataFrame
        One row per row of the sheet that is not blank: ``row`` (as the spreadsheet numbers it),
        ``request_id``, ``post``, ``option``, ``volunteer_id``, ``day``, ``start``, ``end``
        (times of day), ``status``; ``unknown``: whether the cell of the order or of the
        volunteer cannot be read; and as ``cell_...`` the cells as they were read.
    original : polars.DataFrame
        The same columns, but ``row`` and the cells, as they were written; no rows where the
        hidden sheet is gone.
    faults : polars.DataFrame
        Cells that cannot be read, in the layout of `DataError`: the table is the sheet, the row
        the spreadsheet's, the column the header.
    """

    week: date | None
    rows: pl.DataFrame
    original: pl.DataFrame
    faults: pl.DataFrame

    def taken_off(self) -> pl.DataFrame:
        """Return the pairs that were taken off: no row of theirs stands any more.

        A row that is set aside for another fault takes nobody off. Nor does one that does not say
        who serves, or what: of all whom it may mean, nobody is known to be gone.
        """
        pairs = self.rows.filter(pl.col("volunteer_id").is_not_null())
        written = self.original.select(PAIR)
        unknown = self.rows.filter("unknown")
        if unknown.filter(pl.all_horizontal(pl.col(PAIR).is_null())).height:
            written = written.clear()
        for name in PAIR:
            written = written.join(unknown.drop_nulls(name), on=name, how="anti")
        before = pl.concat([written, pairs.filter(~stands()).select(PAIR)])
        kept = pairs.filter(stands())
        return before.unique(maintain_order=True).join(kept, on=PAIR, how="anti")


def stands() -> pl.Expr:
    """Tell of each row of a roster that it is to stay."""
    return pl.col("status").ne_missing("declined")


def read_edits(path: Path | str) -> Edits:
    """Read the workbook that `workbook.write_workbook` wrote, after somebody's edit.

    Raises
    ------
    UsageError
        If it cannot be read, or has no such sheet.
    DataError
        If the sheet lacks a column that says who serves where.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"{path} does not exist; name the workbook that was edited")
    book = Book(path)
    if sheets.ROSTER not in book.names:
        raise UsageError(
            f"{path.name} has no sheet {sheets.ROSTER}: it has {', '.join(book.names[:10])}; name "
            "the workbook that `matching report PLAN --format xlsx` wrote"
        )
    raw, odd = _sheet(book, sheets.ROSTER)
    before = None
    if sheets.ORIGINAL in book.names:
        before, lost = _sheet(book, sheets.ORIGINAL)
        if lost.height:
            raise DataError(lost)
    cells = _named(raw, odd)
    rows, faults = _parsed(cells)
    faults = pl.concat([odd, faults])
    needed = {"week", *_KEYS, *_INFORMATIVE}
    if before is None or before.is_empty() or not needed <= {*before.columns}:
        warnings.warn(
            f"{path.name} has lost its hidden sheet {sheets.ORIGINAL}: whoever was taken off the "
            "rosters cannot be told, and may come back",
            DataWarning,
            stacklevel=2,
        )
        return Edits(None, rows, rows.select(*_KEYS, *WHEN, "status").clear(), faults)
    served = before.filter(pl.col("request_id").is_not_null())
    original, _ = _parsed(
        served.with_row_index("row", offset=_FIRST_ROW).with_columns(unknown=pl.lit(False))
    )
    _warn_of_ignored(rows, served, path)
    week = before["week"].str.slice(0, 10).str.to_date(strict=False)[0]
    return Edits(week, rows, original.select(*_KEYS, *WHEN, "status"), faults)


def _sheet(book: Book, name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a sheet, and the cells that are errors or no text where an id is wanted.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    known = _known_headers()
    frame, faults = book.sheet(
        name,
        name,
        lambda header: known.get(header.casefold()) in (*sheets.EDITABLE, "week"),
        lambda header: known.get(header.casefold()) in _KEYS,
        first=_FIRST_ROW,
    )
    if frame is None or faults["row"].has_nulls():
        raise DataError(faults)
    return frame, faults


def _known_headers() -> dict[str, str]:
    return {name: name for name in (*_KEYS, *WHEN, "status", "week")} | _said(sheets.HEADERS)


def _said(words: dict[str, str]) -> dict[str, str]:
    """Return our name by what a cell may say, in small letters: either half of it will do."""
    return {
        said.casefold(): name
        for name, word in words.items()
        for said in (word, *word.split(" ", 1))
    }


def _named(raw: pl.DataFrame, odd: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that are not blank under our names, without the ids of odd cells."""
    ours = _known_headers()
    mapping: dict[str, str] = {}
    for header in raw.columns:
        known_as = ours.get(header.strip().casefold())
        if known_as is not None and known_as not in mapping.values():
            mapping[header] = known_as
    missing = [sheets.HEADERS[name] for name in sheets.NEEDED if name not in mapping.values()]
    if missing:
        text = f"this column is required and is not there; the sheet has {listed(raw.columns)}"
        faults = [fault(sheets.ROSTER, "required_column", text, column=one) for one in missing]
        raise DataError(pl.concat(faults))
    frame = raw.rename(mapping).select(mapping.values())
    frame = frame.with_row_index("row", offset=_FIRST_ROW)
    cells = [pl.col(name).str.strip_chars() for name in mapping.values()]
    frame = frame.with_columns(pl.when(cell != "").then(cell) for cell in cells)

    def at_odd(*names: str) -> pl.Expr:
        headers = [header.strip() for header, name in mapping.items() if name in names]
        rows = odd.filter(pl.col("column").is_in(headers))["row"]
        return pl.col("row").is_in(rows.implode())

    known = [name for name in _KEYS if name in frame.columns]
    frame = frame.with_columns(
        unknown=at_odd("request_id", "volunteer_id"),
        **{name: pl.when(~at_odd(name)).then(name) for name in known},
    )
    about = [name for name in (*_KEYS, "day", "start", "end") if name in frame.columns]
    blank = pl.all_horizontal(pl.col(about).is_null())
    return frame.filter(~blank | at_odd(*mapping.values()))


def _parsed(cells: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows with their types, and the cells that cannot be read."""
    absent = [name for name in (*_KEYS, *WHEN, "status") if name not in cells.columns]
    cells = cells.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    wanted = {
        "day": (_day(), _DAY_WANTED),
        "start": (_clock("start"), _CLOCK_WANTED),
        "end": (_clock("end"), _CLOCK_WANTED),
        "status": (_status(), _STATUS_WANTED),
    }
    rows = cells.select(
        "row",
        "unknown",
        *_KEYS,
        *(read.alias(name) for name, (read, _) in wanted.items()),
        *(_shown(n).alias(f"cell_{n}") for n in (*_KEYS, *wanted)),
        *(pl.col(n).alias(f"cell_{n}") for n in _INFORMATIVE if n in cells.columns),
    )
    faults = [no_faults()]
    for name, (_, text) in wanted.items():
        wrong = cells.filter(cells[name].is_not_null() & rows[name].is_null())
        wrong = wrong.with_columns(_shown(name))
        faults.append(sheet_faults(wrong, (name,), "type", text))
    return rows, pl.concat(faults)


def _shown(name: str) -> pl.Expr:
    """Return a cell as the spreadsheet shows it: no day where there is none, nor a time."""
    text = pl.col(name)
    if name in ("start", "end"):
        text = text.str.replace(_CLOCK, "$1")
    return text.str.replace(" 00:00:00", "", literal=True) if name == "day" else text


def sheet_faults(
    rows: pl.DataFrame, columns: tuple[str, ...], rule: str, message: Message
) -> pl.DataFrame:
    """Return a fault for each row, in the words of the sheet; see `faults.faults_of`."""
    shown = rows.rename({name: sheets.HEADERS[name] for name in columns})
    headers = tuple(sheets.HEADERS[name] for name in columns)
    return faults_of(sheets.ROSTER, shown, headers, rule, message)


def _day() -> pl.Expr:
    parts = pl.col("day").str.extract_groups(_DAY)
    year, month, day = (parts.struct.field(str(part)) for part in (1, 2, 3))
    text = pl.concat_str(year, pl.lit("-"), month.str.zfill(2), pl.lit("-"), day.str.zfill(2))
    return text.str.to_date("%Y-%m-%d", strict=False)


def _clock(name: str) -> pl.Expr:
    text = pl.col(name).str.extract(_CLOCK).str.zfill(5)
    return text.str.to_time("%H:%M", strict=False)


def _status() -> pl.Expr:
    return pl.col("status").str.to_lowercase().replace_strict(_said(sheets.STATUSES), default=None)


def _warn_of_ignored(rows: pl.DataFrame, before: pl.DataFrame, path: Path) -> None:
    """Warn of changes in columns that only tell."""
    there = [name for name in _INFORMATIVE if f"cell_{name}" in rows.columns]
    known = before.select("request_id", *there).unique("request_id", keep="first")
    joined = rows.join(known, on="request_id", how="inner", maintain_order="left")
    for name in there:
        changed = joined.filter(pl.col(f"cell_{name}").is_not_null()).filter(
            ~pl.col(f"cell_{name}").eq_missing(pl.col(name).str.strip_chars())
        )
        if changed.height:
            rows_changed = listed(changed["row"], most=5)
            warnings.warn(
                f"{path.name}, {sheets.HEADERS[name]}, rows {rows_changed}: a change in this "
                "column has no effect; change it in the tables",
                DataWarning,
                stacklevel=3,
            )
