"""The sections of results, complete.

A column that a section of a result does not name is what it is elsewhere: ``volunteer_id`` as in
``[volunteers]``, a start as in ``[requests]``. What cannot be gone backwards stays ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matching.stores.mapping.backwards import hindrance
from matching.stores.mapping.kinds import RESULTS
from matching.stores.mapping.shapes import Block, Column

# Whose words a column of a result is in, where its section does not say.
_HOMES = {
    "request_id": ("requests",),
    "volunteer_id": ("volunteers",),
    "organisation_id": ("organisations", "volunteers"),
    "option": ("options",),
    "post": ("posts", "menu_posts"),
    "start": ("requests", "options"),
    "end": ("requests", "options"),
}


def sections(blocks: Sequence[Block]) -> dict[str, Block]:
    """Return the sections of results, completed from those of our tables."""
    found = {}
    for name in RESULTS:
        for block in (b for b in blocks if b.ours == name):
            columns = dict(block.columns)
            taken = {theirs for column in columns.values() for theirs in column.columns}
            for ours in RESULTS[name]:
                column = None if ours in columns else _inherited(blocks, ours)
                if column is not None and not taken & set(column.columns):
                    columns[ours] = column
                    taken |= set(column.columns)
            found[name] = Block(name, block.table, {}, columns)
    return found


def _inherited(blocks: Sequence[Block], ours: str) -> Column | None:
    for home in _HOMES.get(ours, ()):
        for block in (b for b in blocks if b.ours == home):
            column = block.columns.get(ours)
            if column is not None and column.columns and hindrance(column) is None:
                if column.split or column.part:
                    return None
                return replace(column, default=None, skip_empty=False)
    return None
