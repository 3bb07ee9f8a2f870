"""What is known while sheets are read: the people, roles and places that any of them names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from matching.stores.spreadsheets.cells import value_type
from matching.stores.spreadsheets.days import find_days
from matching.stores.spreadsheets.facts import Facts
from matching.stores.spreadsheets.grid import Cell, text
from matching.stores.spreadsheets.hours import hours_in
from matching.stores.spreadsheets.layout import Layout
from matching.stores.spreadsheets.names import names_in, nobody, strangers
from matching.stores.spreadsheets.words import begins, is_any, mentions, plain

_CHOICES = re.compile(r"\s*[;；┋|\n、]\s*|\s+/\s+|\s*[,，]\s+|，")
_FREE_TEXT = re.compile(r"^(.*?)[〖（(【\[](.+)[〗）)】\]]$")


@dataclass
class Notebook:
    """Facts so far, and what words were seen as what."""

    layouts: list[Layout]
    facts: Facts = field(default_factory=Facts)
    people: set[str] = field(default_factory=set)
    roles: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    slots: dict[str, list[Any]] = field(default_factory=dict)

    def say(self, key: str, **values: object) -> None:
        """Note a sentence for the coordinator, once."""
        self.facts.say(key, **values)

    def know(self) -> None:
        """Collect the names that columns give away by their headings."""
        for layout in self.layouts:
            _key_people(layout, self)
            _see_status(layout, self)
        _name_sheets(self.layouts)
        for layout in self.layouts:
            for row in layout.table.rows:
                if layout.has("person", "first", "last"):
                    for name in people_in(layout, row):
                        self.people.add(plain(name))
            for name, known in (("service", self.roles), ("role", self.roles)):
                for cell in _cells(layout, name):
                    known.setdefault(plain(role_name(cell)), role_name(cell))
        for layout in self.layouts:
            splitter = Lists(c for c in _cells(layout, "skills"))
            for cell in _cells(layout, "skills"):
                for item in splitter.items(cell):
                    self.roles.setdefault(plain(item), item)
            splitter = Lists(c for c in _cells(layout, "place"))
            for cell in _cells(layout, "place"):
                for item in splitter.items(cell):
                    self.places.setdefault(plain(item), item)


_NO_NAME = re.compile(
    r"(?:week|wk|kw|woche|semaine|sheet|tabelle|feuil|工作表|第?[\d一二三四五六七八九十]+[周週]|シート)\W*\d*",
    re.IGNORECASE,
)


def _name_sheets(layouts: list[Layout]) -> None:
    """Let sheets of the same headings, one for each job or person, give their rows its name."""
    alike: dict[tuple[str, ...], list[Layout]] = {}
    for layout in layouts:
        heads = tuple(f"{column.head} {column.axis}" for column in layout.table.columns)
        first = [cell for cell in layout.table.columns[0].filled if hours_in(cell)]
        heads += ("hours",) if first else ()  # which a sheet of a person has, and one of people not
        if not layout.has("service", "role") and (layout.timed or layout.axes):
            alike.setdefault(heads, []).append(layout)
    for same in alike.values():
        if len({one.table.sheet.name for one in same}) > 1:
            for layout in same:
                name = layout.table.sheet.name
                dated = find_days(plain(name), short=len(name) < 14) or _NO_NAME.fullmatch(name)
                layout.name = "" if dated else name


def _see_status(layout: Layout, book: Notebook) -> None:
    """Leave out rows of people who cancelled or wait, and say what a status may mean beside."""
    for column in layout.fields.get("status", ()):
        letters = {text(c).upper() for c in column.filled} <= {"C", "U", "D", "B", "N"}
        for row, cell in column.cells.items():
            if letters and text(cell).upper() == "D":
                layout.gone.add(row)  # confirmed, unconfirmed, declined
            elif is_any(text(cell), "gone") or begins(text(cell), "gone"):
                layout.gone.add(row)
        if layout.gone:
            rows = ", ".join(str(row + 1) for row in sorted(layout.gone)[:8])
            words = ", ".join(dict.fromkeys(text(column.cells[r]) for r in sorted(layout.gone)))
            book.say("gone", where=layout.table.where, words=words, rows=rows)
        left = {text(c) for row, c in column.cells.items() if c is not None} - {""}
        other = [w for w in sorted(left) if not (is_any(w, "gone") or is_any(w, "here"))]
        other = [word for word in other if not (begins(word, "gone") or letters)]
        if other:
            book.say("status", where=layout.table.where, words=", ".join(other[:4]))


def _key_people(layout: Layout, book: Notebook) -> None:
    """See that a table of marks without any time says who can do what; people stand in rows."""
    kinds = [value_type(c.filled, {}) for c in layout.others]
    told = layout.people and layout.told == "people"
    if layout.timed or layout.axes or (layout.people and not told):
        return
    if not told and (len(kinds) < 2 or kinds[0] != "names"):
        return
    marked = [c for c, kind in zip(layout.others, kinds, strict=True) if kind == "marks"]
    if len(marked) >= max(1, len(kinds) - 2):
        if not told:
            layout.fields["person"] = [layout.others.pop(0)]
        for column in marked:
            book.roles.setdefault(plain(column.head), column.head)


def _cells(layout: Layout, name: str) -> list[str]:
    return [text(c) for column in layout.fields.get(name, ()) for c in column.filled]


def full_name(layout: Layout, row: int) -> str:
    """Return the one name of a row: of one column, or put together."""
    if layout.has("first") and layout.has("last"):
        first, last = text(layout.cell(row, "first")), text(layout.cell(row, "last"))
        from matching.stores.spreadsheets.words import eastern

        return f"{last}{first}" if eastern(last + first) else f"{first} {last}".strip()
    return text(layout.cell(row, "person"))


def people_in(layout: Layout, row: int) -> list[str]:
    """Return all names of a row's columns for people."""
    if layout.has("first", "last"):
        return [name] if (name := full_name(layout, row)) else []
    found = []
    for column in layout.fields.get("person", ()):
        cell = column.cells.get(row)
        if isinstance(cell, str) and nobody(cell) is None:
            found += [named.name for named in names_in(cell)]
    return found


def role_name(label: str) -> str:
    """Return a role without the number that its second column has: Helper 2, 担当者②."""
    short = re.sub(r"\s*[#(（]?\s*(?:[0-9]{1,2}|[①-⑳]|[一二三四五六])\s*[)）]?$", "", label)
    return (short or label).strip(" :：")


class Lists:
    """Cuts cells that hold several items, learnt from all cells of a column.

    Signs part items where there are any. Where only blanks do, an item is what stands alone in
    a cell somewhere, or is known from elsewhere: ``Glen Marra`` is one, beside ``Stonepoint`` two.
    """

    def __init__(self, cells: Iterable[str], known: Iterable[str] = ()) -> None:
        self.cells = [" ".join(c.split()) for c in cells]
        signed = any(_CHOICES.search(c) for c in self.cells)
        whole = {c for c in self.cells if c} | set(known)
        self.whole = whole
        self.atoms: set[str] = set()
        if not signed:
            self.atoms = {c for c in whole if len(tiles(c, whole - {c})) < 2}
            # An item that never stands alone is what is left of a cell beside the items that do.
            for cell in sorted(whole - self.atoms, key=len):
                self.atoms.discard(cell)

    def _apart(self, cell: str) -> list[str]:
        """Cut at signs, and at "and" where that leaves nothing but items that are known."""
        pieces: list[str] = []
        for piece in choices(cell):
            parts = [part for part in _AND.split(piece) if part]
            pieces += parts if len(parts) > 1 and all(p in self.whole for p in parts) else [piece]
        return pieces

    def items(self, cell: str) -> list[str]:
        """Return the items of a cell, in order."""
        cell = " ".join(cell.split())
        found: list[str] = []
        for piece in self._apart(cell):
            parts = tiles(piece, self.atoms) if self.atoms else []
            found += parts if len(parts) > 1 else [piece]
        kept = [typed_other(item) for item in found]
        return [item for item in dict.fromkeys(kept) if item and not is_any(item, "nothing")]


_AND = re.compile(r"\s*(?:&|\+|和|及|、)\s*|\s(?:and|und|et|y|e)\s")


def choices(cell: str) -> list[str]:
    """Cut a cell at the signs that part choices."""
    depth, at, parts = 0, 0, []
    flat = []
    for sign in cell:
        depth += sign in "(（〖[【"
        flat.append("\x00" if depth and sign not in "(（〖[【" else sign)
        depth -= sign in ")）〗]】" and depth > 0
    covered = "".join(flat)
    for hit in _CHOICES.finditer(covered):
        parts.append(cell[at : hit.start()])
        at = hit.end()
    parts.append(cell[at:])
    return [part.strip() for part in parts if part.strip()]


def typed_other(item: str) -> str:
    """Return what somebody typed behind "other": ``其他〖会理发〗`` is 会理发."""
    found = _FREE_TEXT.match(item)
    if found and is_any(found[1], "other"):
        return found[2].strip()
    if ":" in item and is_any(item.partition(":")[0], "other"):
        return item.partition(":")[2].strip()
    return item


def tiles(cell: str, items: set[str]) -> list[str]:
    """Return the items that a cell is made of, word by word; none if it is not."""
    words = cell.split(" ")
    best: dict[int, list[str]] = {0: []}
    for end in range(1, len(words) + 1):
        for start in range(end):
            piece = " ".join(words[start:end])
            if start in best and piece in items:
                way = [*best[start], piece]
                if end not in best or len(way) < len(best[end]):
                    best[end] = way
    return best.get(len(words), [])


def is_held(about: str, other_needs: bool) -> bool:
    """Tell by the words around a table whether its names stand at a service, or only could."""
    free, held = mentions(about, "free_titles"), mentions(about, "held_titles")
    return held if free != held else not (other_needs and free)


def real_names(cells: Iterable[Cell], book: Notebook) -> tuple[set[str], set[str]]:
    """Return the names in cells, and what stands there like a name and is none."""
    every = [
        named.name
        for cell in cells
        if isinstance(cell, str) and nobody(cell) is None
        for named in names_in(cell)
    ]
    odd = strangers(every, book.people)
    return set(every) - odd, odd
