"""A plan as a workbook that a coordinator edits; `edits` reads it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from matching.errors import UsageError
from matching.reports import sheets
from matching.reports.contacts import people
from matching.reports.facts import Facts
from matching.reports.locales import Locale
from matching.reports.page.texts import texts
from matching.reports.rosters import (
    Sheet,
    coverage_sheet,
    figures_of,
    free_sheet,
    lists_of,
    original_sheet,
    roster_sheet,
    stations_sheet,
    unfilled_sheet,
    volunteers_sheet,
)

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
    pl.Date: {"num_format": "yyyy-mm-dd", "align": "center", "valign": "vcenter"},
    pl.Time: {"num_format": "hh:mm", "align": "center", "valign": "vcenter"},
    pl.Float64: {"num_format": "0.0", "align": "right"},
    "share": {"num_format": "0 %"},
    "wrapped": {"text_wrap": True, "valign": "vcenter"},
    "centred": {"valign": "vcenter"},
    "centred_share": {"num_format": "0 %", "valign": "vcenter"},
    "bold": {"bold": True},
    "line": {"top": 1},
    "open": {"bg_color": "#FDECEA", "font_color": "#9C1C13"},
    "gap": {"num_format": "0.000 %", "valign": "vcenter"},
}
_Looks = dict[Any, Any]
# A text that is wider goes on in the next line, so that paper shows it as large as the rest.
_NARROWEST, _WIDEST, _WRAPPED, _LINE = 9, 44, 32, 15
# Letter is the paper of the regions whose clock has twelve hours, and A4 that of the others.
_LETTER, _A4 = 1, 9


def write_workbook(facts: Facts, path: Path, locale: Locale | None = None) -> None:
    """Write rosters with open seats, who is free, coverage, figures and a guide, a sheet each.

    Parameters
    ----------
    facts : Facts
    path : pathlib.Path
    locale : Locale, optional
        The language of the workbook, and its clock; English, if absent.

    Raises
    ------
    UsageError
        If there are more rows than a sheet holds.
    """
    locale = locale or Locale()
    words = sheets.words(locale.language)
    roster, lists = roster_sheet(facts, words), lists_of(facts)
    every = [
        roster,
        unfilled_sheet(facts, words),
        free_sheet(facts, words, locale),
        coverage_sheet(facts, words),
        stations_sheet(facts, words),
        volunteers_sheet(facts, words),
    ]
    for sheet in every:
        if sheet.frame.height > MAX_ROWS:
            raise UsageError(
                f"{sheet.name} has {sheet.frame.height:,} rows, and a sheet holds {MAX_ROWS:,}; "
                "plan and report the regions one by one"
            )
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        looks = {name: book.add_format(look) for name, look in _LOOKS.items()}
        if locale.has_half_days:
            looks[pl.Time].set_num_format("h:mm AM/PM")
        paper = _LETTER if locale.has_half_days else _A4
        for sheet in every:
            if sheet.frame.height or sheet is roster:
                page = _write(book, looks, sheet, paper)
                if sheet is roster:
                    _let_choose(page, looks, sheet, words, lists)
        _write_figures(book, looks, facts, words, paper)
        _write_guide(book, looks, words)
        # Plain names: nobody reads these sheets but `edits`, and the lists that cells offer.
        _write(book, looks, original_sheet(facts), paper).very_hidden()
        page = book.add_worksheet(sheets.LISTS)
        for number, some in enumerate(lists.values()):
            for column, one in enumerate(some):
                page.write_string(number, column, one)
        page.very_hidden()
        if facts.contacts is not None:
            ids = facts.contacts["volunteer_id"]
            named = pl.DataFrame({"volunteer_id": ids, "name": people(ids, facts.contacts)})
            _write(book, looks, Sheet(sheets.PEOPLE, named), paper).very_hidden()


def _page(book: Any, name: str, paper: int) -> Any:
    """Add a sheet that prints as wide as the paper."""
    page = book.add_worksheet(name)
    page.set_landscape()
    page.set_paper(paper)
    page.fit_to_pages(1, 0)
    return page


def _write(book: Any, looks: _Looks, sheet: Sheet, paper: int) -> Any:
    frame = sheet.frame
    page = _page(book, sheet.name, paper)
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.set_footer("&L&A&R&P / &N")
    headers = [sheet.headers.get(name, name) for name in frame.columns]
    writers: list[tuple[Any, Any]] = []
    wrapped: list[str] = []
    for index, (name, header) in enumerate(zip(frame.columns, headers, strict=True)):
        kind = frame.schema[name]
        width = _width(frame[name], header)
        long = kind == pl.String and width == _WIDEST and name not in sheet.editable
        page.set_column(index, index, _WRAPPED if long else width)
        page.write_string(
            0, index, header, looks["head_editable" if name in sheet.editable else "head"]
        )
        shown = looks["share"] if name == "share" else looks.get(kind.base_type(), looks["centred"])
        if long:
            shown = looks["wrapped"]
            wrapped.append(name)
        timed = page.write_datetime if kind in (pl.Date, pl.Time) else page.write_string
        writers.append((page.write_number if kind.is_numeric() else timed, shown))
    lines = _lines(frame, wrapped)
    for number, row in enumerate(frame.iter_rows(), start=1):
        if lines and lines[number - 1] > 1:
            page.set_row(number, _LINE * lines[number - 1])
        for index, (cell, (write, shown)) in enumerate(zip(row, writers, strict=True)):
            if cell is not None:
                write(number, index, cell, shown)
    if frame.width:
        page.autofilter(0, 0, frame.height, frame.width - 1)
    return page


def _let_choose(
    page: Any,
    looks: _Looks,
    sheet: Sheet,
    words: sheets.Words,
    lists: dict[tuple[str, str], list[str]],
) -> None:
    """Mark open seats, part the days, and offer statuses and who could come."""
    frame = sheet.frame
    if not frame.height:
        return
    letters = {name: chr(ord("A") + at) for at, name in enumerate(frame.columns)}
    everywhere = (1, 0, frame.height, frame.width - 1)
    # A seat that somebody is written into is red no more.
    who, order = (f"${letters[name]}2" for name in ("volunteer_id", "request_id"))
    empty = f'=AND(TRIM({who})="",{order}<>"")'
    page.conditional_format(
        *everywhere, {"type": "formula", "criteria": empty, "format": looks["open"]}
    )
    grouped = [letters[name] for name in sheet.grouped if name in letters]
    changed = ",".join(f"${letter}2<>${letter}1" for letter in grouped)
    line = {"type": "formula", "criteria": f"=OR({changed})", "format": looks["line"]}
    page.conditional_format(*everywhere, line)
    column = frame.columns.index("status")
    offered = {"validate": "list", "source": [*words.statuses.values()]}
    page.data_validation(1, column, MAX_ROWS, column, offered)
    column, places = frame.columns.index("volunteer_id"), {key: at for at, key in enumerate(lists)}
    rows = frame.select("request_id", "post", "volunteer_id").iter_rows()
    for number, (request, post, somebody) in enumerate(rows, start=1):
        at = places.get((request, post))
        if somebody is None and at is not None:
            last = xlsxwriter.utility.xl_col_to_name(len(lists[request, post]) - 1)
            source = f"={sheets.LISTS}!$A${at + 1}:${last}${at + 1}"
            # Others than those on the list may be written, too: the plan checks them.
            named: dict[str, Any] = {"validate": "list", "source": source, "show_error": False}
            page.data_validation(number, column, number, column, named)


def _lines(frame: pl.DataFrame, wrapped: list[str]) -> list[int]:
    """Return how many lines each row takes, where texts go on in the next; empty if none does."""
    if not wrapped:
        return []
    room = [(_wide(name) / (_WRAPPED - 4)).ceil() for name in wrapped]
    lines = pl.max_horizontal(*room).fill_null(1).cast(pl.Int64)
    return frame.select(lines=lines)["lines"].to_list()


def _wide(name: str) -> pl.Expr:
    """Return the room of texts; what is not ASCII takes that of two."""
    cells = pl.col(name)
    return cells.str.len_chars() + cells.str.count_matches(r"[^\x00-\x7f]")


def _width(cells: pl.Series, header: str) -> int:
    """Return a width that most cells fit in; what is not ASCII takes the room of two."""
    longest = max(_room(header) + 3, _NARROWEST)
    if cells.dtype == pl.String and len(cells):
        wide = cells.to_frame().select(_wide(cells.name)).to_series()
        longest = max(longest, int(wide.quantile(0.98) or 0) + 2)
    elif cells.dtype == pl.Date:
        longest = max(longest, 12)
    return min(longest, _WIDEST)


def _room(text: str) -> int:
    return sum(1 if letter.isascii() else 2 for letter in text)


def _write_figures(book: Any, looks: _Looks, facts: Facts, words: sheets.Words, paper: int) -> None:
    page = _page(book, words.sheets["summary"], paper)
    page.freeze_panes(1, 0)
    columns = ("figure", "value", "of", "share", "means")
    for index, (name, width) in enumerate(zip(columns, (44, 14, 14, 14, 90), strict=True)):
        page.set_column(index, index, width)
        page.write_string(0, index, words.headers[name], looks["head"])
    gap = texts()["gap"][words.language]
    for number, (figure, value, of, means) in enumerate(figures_of(facts, words), start=1):
        page.set_row(number, 32)
        page.write_string(number, 0, figure, looks["wrapped"])
        if of is not None:
            page.write_number(number, 2, of, looks["centred"])
            if of:
                page.write_number(number, 3, value / of, looks["centred_share"])
        if isinstance(value, str):
            page.write_string(number, 1, value, looks["centred"])
        elif value is not None:
            page.write_number(number, 1, value, looks["gap" if figure == gap else "centred"])
        page.write_string(number, 4, means, looks["wrapped"])


def _write_guide(book: Any, looks: _Looks, words: sheets.Words) -> None:
    page = _page(book, words.sheets["guide"], _A4)
    page.set_column(0, 0, 120)
    for number, line in enumerate(words.guide):
        page.set_row(number, 24)
        page.write_string(number, 0, line, looks["wrapped" if number else "bold"])
