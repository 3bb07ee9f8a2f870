"""A plan as a workbook that a coordinator edits; `edits` reads it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from matching.errors import UsageError
from matching.reports import sheets
from matching.reports.facts import Facts
from matching.reports.page.texts import WEEKDAYS, texts
from matching.reports.plain import one_line

MAX_ROWS = 1_048_576 - 1
_OPTIONS = {
    # Text stays text: nothing that begins with = + - @ is ever run.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}
# Formats by what they are for: a kind of cell, the column of that name, or a use.
_LOOKS: dict[Any, dict[str, Any]] = {
    "head": {"bold": True, "border": 1, "valign": "vcenter", "bg_color": "#DDE7F0"},
    "head_editable": {"bold": True, "border": 1, "valign": "vcenter", "bg_color": "#FFE699"},
    pl.Date: {"num_format": "yyyy-mm-dd", "align": "center"},
    pl.Time: {"num_format": "hh:mm", "align": "center"},
    pl.Float64: {"num_format": "0.0", "align": "right"},
    "share": {"num_format": "0 %"},
    "wrapped": {"text_wrap": True, "valign": "vcenter"},
    "centred": {"valign": "vcenter"},
    "centred_share": {"num_format": "0 %", "valign": "vcenter"},
    "bold": {"bold": True},
    "line": {"top": 1},
    "gap": {"num_format": "0.000 %", "valign": "vcenter"},
}
_Looks = dict[Any, Any]
_WIDEST = 44
_A4 = 9
_SHOWN = ("station", "service", "organisation", "district")


@dataclass(frozen=True)
class _Sheet:
    name: str
    frame: pl.DataFrame
    editable: tuple[str, ...] = ()
    # A line is drawn where one of these changes.
    grouped: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=lambda: sheets.HEADERS)


def write_workbook(facts: Facts, path: Path) -> None:
    """Write rosters, empty seats, coverage, stations, hours, figures and a guide, a sheet each.

    Raises
    ------
    UsageError
        If there are more rows than a sheet holds.
    """
    roster = _clocked(facts.roster)
    every = [
        _Sheet(sheets.ROSTER, _roster(roster), sheets.EDITABLE, ("station", "station_id", "day")),
        _Sheet(sheets.UNFILLED, _unfilled(facts.unfilled)),
        _Sheet(sheets.COVERAGE, _coverage(facts.coverage)),
        _Sheet(sheets.STATIONS, _stations(facts.stations)),
        _Sheet(sheets.VOLUNTEERS, facts.hours),
    ]
    for sheet in every:
        if sheet.frame.height > MAX_ROWS:
            raise UsageError(
                f"{sheet.name} has {sheet.frame.height:,} rows, and a sheet holds {MAX_ROWS:,}; "
                "plan and report the regions one by one"
            )
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        looks = {name: book.add_format(look) for name, look in _LOOKS.items()}
        for sheet in every:
            _write(book, looks, sheet)
        _write_figures(book, looks, facts)
        _write_guide(book, looks)
        # Plain names: nobody reads this sheet but `edits`.
        original = roster.select(pl.lit(facts.week).alias("week"), *_ORIGINAL)
        if original.is_empty():
            # The week is known of a plan in which nobody serves, too.
            original = pl.DataFrame({"week": [facts.week]}).join(original, on="week", how="left")
        _write(book, looks, _Sheet(sheets.ORIGINAL, original, headers={})).very_hidden()


_ORIGINAL = (
    *("request_id", "post", "option", "volunteer_id", "day", "start", "end", "status"),
    *("station", "station_id", "service"),
)


def _clocked(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the times of day alone, since the day has a column of its own."""
    return frame.with_columns(
        pl.col("start", "end").dt.time(), *(one_line(n) for n in _SHOWN if n in frame.columns)
    )


def _weekday() -> pl.Expr:
    days = [f"{zh} {en}" for zh, en in zip(WEEKDAYS["zh"], WEEKDAYS["en"], strict=True)]
    return pl.col("day").dt.weekday().replace_strict(range(1, 8), days, return_dtype=pl.String)


def _roster(roster: pl.DataFrame) -> pl.DataFrame:
    return roster.select(
        *("station", "day", _weekday().alias("weekday"), "start", "end", "service", "post"),
        "volunteer_id",
        pl.when("lead").then(pl.lit("★")).alias("lead"),
        pl.col("status").replace(sheets.STATUSES),
        *("organisation", "request_id", "option", "station_id"),
    )


def _unfilled(unfilled: pl.DataFrame) -> pl.DataFrame:
    named = {n.removeprefix("reason_"): f"{t['zh']} {t['en']}" for n, t in texts().items()}
    return _clocked(unfilled).select(
        *("station", "day", _weekday().alias("weekday"), "start", "end", "service", "post"),
        *("seats", "filled", "empty"),
        pl.col("reason").replace(named),
        *("options", "request_id", "station_id"),
    )


def _coverage(coverage: pl.DataFrame) -> pl.DataFrame:
    return coverage.select(
        *(one_line("district"), "day", _weekday().alias("weekday")),
        *("requests", "seats", "filled"),
        empty=pl.col("seats") - pl.col("filled"),
        share=pl.col("share"),
    )


def _stations(stations: pl.DataFrame) -> pl.DataFrame:
    return stations.select(
        *(one_line("station"), "station_id", one_line("district"), "requests", "seats", "filled"),
        empty=pl.col("seats") - pl.col("filled"),
        share=pl.col("filled") / pl.col("seats"),
    )


def _page(book: Any, name: str) -> Any:
    """Add a sheet that prints on pages of A4, as wide as the paper."""
    page = book.add_worksheet(name)
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    return page


def _write(book: Any, looks: _Looks, sheet: _Sheet) -> Any:
    frame = sheet.frame
    page = _page(book, sheet.name)
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.set_footer("&L&A&R&P / &N")
    headers = [sheet.headers.get(name, name) for name in frame.columns]
    writers: list[tuple[Any, Any]] = []
    for index, (name, header) in enumerate(zip(frame.columns, headers, strict=True)):
        kind = frame.schema[name]
        page.set_column(index, index, _width(frame[name], header))
        page.write_string(
            0, index, header, looks["head_editable" if name in sheet.editable else "head"]
        )
        shown = looks["share"] if name == "share" else looks.get(kind.base_type())
        timed = page.write_datetime if kind in (pl.Date, pl.Time) else page.write_string
        writers.append((page.write_number if kind.is_numeric() else timed, shown))
    for number, row in enumerate(frame.iter_rows(), start=1):
        for index, (cell, (write, shown)) in enumerate(zip(row, writers, strict=True)):
            if cell is not None:
                write(number, index, cell, shown)
    if frame.width:
        page.autofilter(0, 0, frame.height, frame.width - 1)
    if sheet.grouped and frame.height:
        _draw_lines(page, looks, sheet)
    if "status" in sheet.editable and frame.height:
        column = frame.columns.index("status")
        page.data_validation(
            1, column, MAX_ROWS, column, {"validate": "list", "source": [*sheets.STATUSES.values()]}
        )
    return page


def _draw_lines(page: Any, looks: _Looks, sheet: _Sheet) -> None:
    letters = [chr(ord("A") + sheet.frame.columns.index(name)) for name in sheet.grouped]
    changed = ",".join(f"${letter}2<>${letter}1" for letter in letters)
    look = {"type": "formula", "criteria": f"=OR({changed})", "format": looks["line"]}
    page.conditional_format(1, 0, sheet.frame.height, sheet.frame.width - 1, look)


def _width(cells: pl.Series, header: str) -> int:
    """Return a width that most cells fit in; what is not ASCII takes the room of two."""
    longest = _room(header) + 3
    if cells.dtype == pl.String and len(cells):
        wide = cells.str.len_chars() + cells.str.count_matches(r"[^\x00-\x7f]")
        longest = max(longest, int(wide.quantile(0.98) or 0) + 2)
    elif cells.dtype == pl.Date:
        longest = max(longest, 12)
    return min(longest, _WIDEST)


def _room(text: str) -> int:
    return sum(1 if letter.isascii() else 2 for letter in text)


def _write_figures(book: Any, looks: _Looks, facts: Facts) -> None:
    page = _page(book, sheets.SUMMARY)
    page.freeze_panes(1, 0)
    columns = ("figure", "value", "of", "share", "means")
    for index, (name, width) in enumerate(zip(columns, (44, 14, 14, 14, 90), strict=True)):
        page.set_column(index, index, width)
        page.write_string(0, index, sheets.HEADERS[name], looks["head"])
    for number, (figure, value, of, means) in enumerate(_figures(facts), start=1):
        page.set_row(number, 32)
        page.write_string(number, 0, figure, looks["wrapped"])
        if of is not None:
            page.write_number(number, 2, of, looks["centred"])
            if of:
                page.write_number(number, 3, value / of, looks["centred_share"])
        if isinstance(value, str):
            page.write_string(number, 1, value, looks["centred"])
        elif value is not None:
            look = "gap" if figure.startswith(_GAP) else "centred"
            page.write_number(number, 1, value, looks[look])
        page.write_string(number, 4, means, looks["wrapped"])


_GAP = "与已证明上界的差距"


def _figures(facts: Facts) -> Iterable[tuple[str, Any, int | None, str]]:
    """Yield the figures: what it is, its number, of how many, what it means."""
    words = {name: f"{text['zh']} {text['en']}" for name, text in texts().items()}
    both = {name: f"{text['zh']}\n{text['en']}" for name, text in texts().items()}
    known = facts.figures
    yield words["title"], facts.week.isoformat(), None, both["made_from"]
    for name, part, whole in (
        ("seats", "filled", "seats"),
        ("requests", "requests_served", "requests"),
        ("volunteers", "volunteers_used", "volunteers"),
    ):
        yield words[name], known[part], known[whole], both[f"{name}_means"]
    proved = "gap_optimal" if known["status"] == "optimal" else "gap_feasible"
    gap = known["gap"]
    yield words["gap"], gap, None, both["gap_none" if gap is None else proved]
    yield words["hours_figure"], known["hours"], None, both["hours_figure_means"]
    for name in ("median", "most"):
        figure = f"每人时长 Hours per volunteer, {words[name]}"
        yield figure, known[f"hours_{name}"], None, both["hours_figure_means"]
    gini = known["gini"]
    yield words["fairness"], gini and round(gini, 3), None, both["fairness_means"]
    for name, figure in (("outside", "requests_outside_week"), ("set_aside", "set_aside")):
        if known[figure]:
            yield words[name].replace("：", " ").rstrip(": "), known[figure], None, ""


def _write_guide(book: Any, looks: _Looks) -> None:
    page = _page(book, sheets.GUIDE)
    page.set_column(0, 1, 70)
    for number, line in enumerate(sheets.GUIDE_LINES):
        page.set_row(number, 32)
        look = looks["wrapped" if number else "bold"]
        page.write_string(number, 0, line["zh"], look)
        page.write_string(number, 1, line["en"], look)
