"""Legends that have a table of their own: code, meaning, hours."""

from __future__ import annotations

import re

from matching.stores.spreadsheets.cells import is_code, value_type
from matching.stores.spreadsheets.grid import text
from matching.stores.spreadsheets.hours import Window, hours_in
from matching.stores.spreadsheets.layout import Layout
from matching.stores.spreadsheets.legend import Legend, Meaning
from matching.stores.spreadsheets.words import plain


def with_legends(layouts: list[Layout]) -> list[Layout]:
    """Give tables of codes the legend that another table is; return the tables that are left."""
    legends = {id(layout): found for layout in layouts if (found := _legend(layout))}
    used: set[int] = set()
    for layout in layouts:
        columns = layout.axes or layout.others
        coded = [column.filled for column in columns if value_type(column.filled, {}) != "names"]
        cells = [cell for filled in coded for cell in filled]
        if id(layout) in legends or value_type(cells, {}) != "codes":
            continue
        codes = {code for c in cells for code in re.split(r"[\s/+,&、]+", plain(text(c))) if code}
        for key, legend in legends.items():
            if len(codes & legend.keys()) * 2 >= len(codes):
                layout.table.legend = {**layout.table.legend, **legend}
                used.add(key)
    return [layout for layout in layouts if id(layout) not in used]


def _legend(layout: Layout) -> Legend:
    """Read a small table that begins with codes."""
    columns = layout.table.columns
    if not 2 <= len(columns) <= 5 or len(layout.table.rows) > 20:
        return {}
    codes = [text(c) for c in columns[0].filled]
    if len(codes) < 2 or len(set(codes)) < len(codes) or not all(map(is_code, codes)):
        return {}
    found: Legend = {}
    for row in layout.table.rows:
        code = text(columns[0].cells.get(row))
        words = ""
        spans: list[Window] = []
        for column in columns[1:]:
            cell = column.cells.get(row)
            hours = [window for window in hours_in(cell) if not window.part]
            spans += hours
            if cell is not None and not hours and not words:
                words = text(cell)
        window = None
        if len(spans) == 1 and spans[0].closed:
            window = spans[0]
        elif len(spans) == 2 and all(span.point for span in spans):
            start, end = spans[0].start, spans[1].start
            window = Window(start, end if end > start else end + 24 * 60)
        if code:
            found[plain(code)] = Meaning(words or code, window)
    return found
