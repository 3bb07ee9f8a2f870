"""Cells that name the shifts of another table, by their code or name: ``S1, S3``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from matching.stores.spreadsheets.facts import Free
from matching.stores.spreadsheets.grid import text
from matching.stores.spreadsheets.layout import Layout
from matching.stores.spreadsheets.notebook import Notebook, choices
from matching.stores.spreadsheets.slots import slots_of
from matching.stores.spreadsheets.tables import Column
from matching.stores.spreadsheets.words import bare, plain

_CODES = re.compile(
    r"(?:shift|slot|session|event|task)?\s?(?:code|id|no|nr|number|key|ref)|编号|代码|班次号|场次|序号|code"
)
# What may name shifts in a list of people; skills and roles may not, since shifts share them.
_NAMING = ("time", "free")


def find_references(layouts: list[Layout], book: Notebook) -> None:
    """See which columns of people name shifts of another table; they get the field ``shifts``."""
    for layout in layouts:
        if layout.people or not (layout.timed and layout.has("seats", "service", "day", "start")):
            continue
        for column in _keys(layout):
            coded = column not in layout.fields.get("service", ())
            known = {plain(text(cell)): row for row, cell in column.cells.items() if cell}
            for other in layouts:
                if other is not layout and other.people and not other.has("seats", "start", "day"):
                    names = (*_NAMING, "service", "wish", "shifts") if coded else _NAMING
                    _refer(other, names, known, layout, book)


def _keys(layout: Layout) -> Iterator[Column]:
    columns = [*layout.others, *layout.fields.get("ignore", ()), *layout.fields.get("service", ())]
    for column in columns:
        words = [text(cell) for cell in column.filled]
        named = _CODES.fullmatch(bare(column.head)) or column in layout.fields.get("service", ())
        if named and len(words) > 1 and len(set(words)) == len(words):
            yield column


def _refer(
    layout: Layout, names: Sequence[str], known: dict[str, int], shifts: Layout, book: Notebook
) -> None:
    for name in names:
        for column in list(layout.fields.get(name, ())):
            items = [item for cell in column.filled for item in items_of(text(cell))]
            if not items or sum(plain(item) in known for item in items) < 0.6 * len(items):
                continue
            layout.fields[name].remove(column)
            layout.fields = {key: columns for key, columns in layout.fields.items() if columns}
            layout.fields.setdefault("shifts", []).append(column)
            for code, row in known.items():
                book.slots[code] = slots_of(shifts, row, book, [])[0]


def items_of(cell: str) -> list[str]:
    """Return the shifts that a cell names."""
    return [part for piece in choices(cell) for part in re.split(r"\s*[,，]\s*", piece) if part]


def read_references(layout: Layout, rows: dict[int, str], book: Notebook) -> None:
    """Let people be free at the shifts that they name, and there alone."""
    for column in layout.fields.get("shifts", ()):
        strange = set()
        for row, person in rows.items():
            book.facts.asked.add(person)
            for item in items_of(text(column.cells.get(row))):
                slots = book.slots.get(plain(item), [])
                strange |= {item} if not slots else set()
                book.facts.free += [
                    Free(person, slot.when, 0, slot.place or slot.name) for slot in slots
                ]
        if strange:
            names = ", ".join(sorted(strange)[:6])
            book.say("no_shift", where=layout.table.where, names=names)
