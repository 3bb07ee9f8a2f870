"""An edited workbook: the rows of its rosters as they stand now, and as they stood when written."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from matching.errors import DataError, DataWarning, UsageError, listed
from matching.guards.characters import normal
from matching.reports import sheets
from matching.reports.sheets import LANGUAGES, Words, words, words_of
from matching.schema import STATUSES
from matching.stores.xlsx import Book
from matching.tables.faults import Message, fault, faults_of, no_faults

_CLOCK = r"^(\d{1,2}:\d{2})(?::00(?:\.0+)?)?$"
_DAY = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?: 00:00:00)?$"
_DAY_WANTED = "must be a day such as 2026-11-30"
_CLOCK_WANTED = "must be a time of day such as 09:00"
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
    words : Words
        Those of the workbook.
    faults : polars.DataFrame
        Cells that cannot be read, in the layout of `DataError`: the table is the sheet, the row
        the spreadsheet's, the column the header.
    names : dict of str to str
        What the workbook calls people, by their ids; empty where it has ids alone.
    """

    week: date | None
    rows: pl.DataFrame
    original: pl.DataFrame
    words: Words
    faults: pl.DataFrame
    names: dict[str, str]

    def services(self) -> dict[str, str]:
        """Return what the workbook calls each order that has a row."""
        if "cell_service" not in self.rows.columns:
            return {}
        named = self.rows.select("request_id", "cell_service").drop_nulls()
        return dict(named.unique("request_id", keep="first").iter_rows())

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
    said = words_of(book.names)
    if said is None:
        raise UsageError(
            f"{path.name} has no sheet {_rosters()}: it has {', '.join(book.names[:10])}; name "
            "the workbook that `matching report PLAN --format xlsx` wrote"
        )
    raw, odd = _sheet(book, said.roster)
    before = None
    if sheets.ORIGINAL in book.names:
        before, lost = _sheet(book, sheets.ORIGINAL)
        if lost.height:
            raise DataError(lost)
    known = _people(book)
    names = dict(known.iter_rows())
    cells = _identified(_named(raw, odd, said), known)
    rows, faults = _parsed(cells, said)
    faults = pl.concat([odd, faults])
    needed = {"week", *_KEYS, *_INFORMATIVE}
    if before is None or before.is_empty() or not needed <= {*before.columns}:
        warnings.warn(
            f"{path.name} has lost its hidden sheet {sheets.ORIGINAL}: whoever was taken off the "
            "rosters cannot be told, and may come back",
            DataWarning,
            stacklevel=2,
        )
        return Edits(None, rows, rows.select(*_KEYS, *WHEN, "status").clear(), said, faults, names)
    served = before.filter(pl.col("request_id").is_not_null())
    original, _ = _parsed(
        served.with_row_index("row", offset=_FIRST_ROW).with_columns(unknown=pl.lit(False)),
        said,
    )
    _warn_of_ignored(rows, served, path, said)
    week = before["week"].str.slice(0, 10).str.to_date(strict=False)[0]
    return Edits(week, rows, original.select(*_KEYS, *WHEN, "status"), said, faults, names)


def _rosters() -> str:
    return " or ".join(words(language).roster for language in LANGUAGES)


def _people(book: Book) -> pl.DataFrame:
    """Return what the workbook calls people: ``volunteer_id`` and ``name``."""
    nobody = pl.DataFrame(schema={"volunteer_id": pl.String, "name": pl.String})
    if sheets.PEOPLE not in book.names:
        return nobody
    known, _ = book.sheet(sheets.PEOPLE, sheets.PEOPLE, text=lambda header: True)
    if known is None or not {*nobody.columns} <= {*known.columns}:
        return nobody
    return known.select(nobody.columns).drop_nulls()


def _identified(cells: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with ids where a volunteer is called by a name."""
    if known.is_empty():
        return cells
    names = known.select("volunteer_id", alike=normal(known["name"]).str.to_lowercase())
    # An id is an id, whoever else may be called so.
    names = names.filter(~pl.col("alike").is_in(known["volunteer_id"].implode()))
    alike = pl.DataFrame({"alike": normal(cells["volunteer_id"]).str.to_lowercase()})
    found = alike.join(
        names.unique("alike", keep="none"), on="alike", how="left", maintain_order="left"
    )
    return cells.with_columns(
        volunteer_id=pl.coalesce(found["volunteer_id"], "volunteer_id"), written="volunteer_id"
    )


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
    """Return our name of each header, in small letters: somebody may have written it anew."""
    own = {name: name for name in (*_KEYS, *WHEN, "status", "week")}
    return own | {
        said.casefold(): name
        for language in LANGUAGES
        for name, said in words(language).headers.items()
    }


def _named(raw: pl.DataFrame, odd: pl.DataFrame, said: Words) -> pl.DataFrame:
    """Return the rows that are not blank under our names, without the ids of odd cells."""
    ours = _known_headers()
    mapping: dict[str, str] = {}
    for header in raw.columns:
        known_as = ours.get(header.strip().casefold())
        if known_as is not None and known_as not in mapping.values():
            mapping[header] = known_as
    missing = [said.headers[name] for name in sheets.NEEDED if name not in mapping.values()]
    if missing:
        text = f"this column is required and is not there; the sheet has {listed(raw.columns)}"
        faults = [fault(said.roster, "required_column", text, column=one) for one in missing]
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


def _parsed(cells: pl.DataFrame, said: Words) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows with their types, and the cells that cannot be read."""
    absent = [name for name in (*_KEYS, *WHEN, "status") if name not in cells.columns]
    cells = cells.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    wanted = {
        "day": (_day(), _DAY_WANTED),
        "start": (_clock("start"), _CLOCK_WANTED),
        "end": (_clock("end"), _CLOCK_WANTED),
        "status": (
            _status(),
            f"must be one of {', '.join(said.statuses.values())}",
        ),
    }
    rows = cells.select(
        "row",
        "unknown",
        *_KEYS,
        *(read.alias(name) for name, (read, _) in wanted.items()),
        *(_shown(n).alias(f"cell_{n}") for n in (*_KEYS, *wanted) if n != "volunteer_id"),
        # As the sheet has it: a name, where it has names.
        pl.col("written" if "written" in cells.columns else "volunteer_id").alias(
            "cell_volunteer_id"
        ),
        *(pl.col(n).alias(f"cell_{n}") for n in _INFORMATIVE if n in cells.columns),
    )
    faults = [no_faults()]
    for name, (_, text) in wanted.items():
        wrong = cells.filter(cells[name].is_not_null() & rows[name].is_null())
        wrong = wrong.with_columns(_shown(name))
        faults.append(sheet_faults(said, wrong, (name,), "type", text))
    return rows, pl.concat(faults)


def _shown(name: str) -> pl.Expr:
    """Return a cell as the spreadsheet shows it: no day where there is none, nor a time."""
    text = pl.col(name)
    if name in ("start", "end"):
        text = text.str.replace(_CLOCK, "$1")
    return text.str.replace(" 00:00:00", "", literal=True) if name == "day" else text


def sheet_faults(
    said: Words, rows: pl.DataFrame, columns: tuple[str, ...], rule: str, message: Message
) -> pl.DataFrame:
    """Return a fault for each row, in the words of the sheet; see `faults.faults_of`."""
    shown = rows.rename({name: said.headers[name] for name in columns})
    headers = tuple(said.headers[name] for name in columns)
    return faults_of(said.roster, shown, headers, rule, message)


def _day() -> pl.Expr:
    parts = pl.col("day").str.extract_groups(_DAY)
    year, month, day = (parts.struct.field(str(part)) for part in (1, 2, 3))
    text = pl.concat_str(year, pl.lit("-"), month.str.zfill(2), pl.lit("-"), day.str.zfill(2))
    return text.str.to_date("%Y-%m-%d", strict=False)


def _clock(name: str) -> pl.Expr:
    text = pl.col(name).str.extract(_CLOCK).str.zfill(5)
    return text.str.to_time("%H:%M", strict=False)


def _status() -> pl.Expr:
    known = {name: name for name in STATUSES}
    for language in LANGUAGES:
        known |= {text.casefold(): name for name, text in words(language).statuses.items()}
    return pl.col("status").str.to_lowercase().replace_strict(known, default=None)


def _warn_of_ignored(rows: pl.DataFrame, before: pl.DataFrame, path: Path, said: Words) -> None:
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
                f"{path.name}, {said.headers[name]}, rows {rows_changed}: a change in this "
                "column has no effect; change it in the tables",
                DataWarning,
                stacklevel=3,
            )
