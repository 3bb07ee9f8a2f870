"""A blank workbook to begin with: two sheets that `understand` reads without a question."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from matching.guards.extras import needing

LANGUAGES = ("en", "zh")
_ROWS = 300
_FORMATS = {"date": "yyyy-mm-dd", "time": "hh:mm"}


def write_template(path: Path, language: str, monday: date) -> None:
    """Write the workbook, with examples in the week that begins on ``monday``."""
    with needing("a workbook"):
        import xlsxwriter
    book_file = files(__package__).joinpath("template.toml")
    content = tomllib.loads(book_file.read_text(encoding="utf-8"))[language]
    with xlsxwriter.Workbook(path) as book:
        head = book.add_format({"bold": True, "bg_color": "#E7ECF3", "bottom": 1})
        for about in content["sheets"]:
            page = book.add_worksheet(about["name"])
            page.freeze_panes(1, 0)
            for c, column in enumerate(about["columns"]):
                shown = _FORMATS.get(column.get("kind", ""))
                plain = book.add_format({"num_format": shown} if shown else {})
                page.set_column(c, c, column["width"], plain)
                page.write(0, c, column["head"], head)
                note = column.get("note") or (content["hint"] if c == 0 else "")
                if note:
                    page.write_comment(0, c, note, {"x_scale": 2})
                if rule := _rule(column):
                    page.data_validation(1, c, _ROWS, c, rule)
                grey = {"font_color": "#808080"} | ({"num_format": shown} if shown else {})
                for r, row in enumerate(about["rows"], 1):
                    if row[c] != "":
                        cell = _cell(row[c], column.get("kind", ""), monday)
                        page.write(r, c, cell, book.add_format(grey))


def _cell(value: Any, kind: str, monday: date) -> Any:
    if kind == "date":
        return datetime.combine(monday + timedelta(days=value), time())
    return time.fromisoformat(value) if kind == "time" else value


def _rule(column: dict[str, Any]) -> dict[str, Any]:
    """Return what a cell may hold; own words are let in where choices are only suggested."""
    if "choices" in column:
        return {"validate": "list", "source": column["choices"], "show_error": False}
    if "whole" in column:
        return {"validate": "integer", "criteria": ">=", "value": column["whole"]}
    if column.get("kind") == "date":
        return {"validate": "date", "criteria": ">=", "value": date(2020, 1, 1)}
    if column.get("kind") == "time":
        return {"validate": "time", "criteria": ">=", "value": time(0, 0)}
    return {}
