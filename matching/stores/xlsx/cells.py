"""What the cells of a sheet are, by the sheet's own XML: what no reader of values tells.

Values alone hide three things: an error is no value, a formula that was never calculated has none,
and of a text it cannot be told whether the cell holds it or holds a number, a day or a truth.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

import polars as pl
from xlsxwriter.utility import xl_col_to_name

# A piece of XML in which nothing can be wrong: every "<" of it opens one of these. No errors, no
# formulas without a value, few columns, and no rows far out.
_CALCULATED, _SHARED = "</f><v>[^<]", r"<f(?: [^<>]*)?/><v>[^<]"
_HARMLESS = (
    r"<(?:[/?]|[vtrbiu][ />\r\n\t]|[a-zA-Z]{2,}[ />\r\n\t]|"
    r'c r="[A-Z][0-9]{1,DIGITS}"(?: s="[0-9]+")?(?: t="(?:s|n|b|d|str|inlineStr)")? ?/?>|'
    r"f(?: [^<>]*)?(?:>[^<]*</f|/)><v>[^<])"
)
_PIECE = 1 << 22
_TEXTS = ("s", "str", "inlineStr")
_ODD = {"row": pl.Int64, "column": pl.Int64, "kind": pl.String, "shown": pl.String}


@dataclass
class Cells:
    """The cells of a sheet that are not what their text says, and how far the sheet reaches."""

    # ``row`` and ``column``, from 1 and from 0 as the spreadsheet counts; ``kind``: ``error``,
    # ``formula`` (never calculated), or the letter of a type that is no text; ``shown``.
    odd: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_ODD))
    # How many cells hold something, and the first row and column that do.
    count: int = 0
    top: int = 1 << 31
    left: int = 1 << 31
    # The last ones, of which a formula may not have been calculated, and a cell of each.
    bottom: int = 0
    right: int = -1
    lowest: str = ""
    rightmost: str = ""

    @property
    def area(self) -> int:
        """How many cells there are in the rectangle around all."""
        return (self.bottom - self.top + 1) * (self.right - self.left + 1) if self.count else 0


def is_harmless(sheet: IO[bytes], uncalculated: bool) -> bool:
    """Tell quickly that no cell is odd and none is far out; False is a doubt. See `read_cells`."""
    cells, rest = 0, b""
    while piece := sheet.read(_PIECE):
        text, end, _ = (rest + piece).partition(b"</sheetData>")
        cut = len(text) if end else text.rfind(b"<")
        text, rest = text[:cut], text[cut:]
        cells += text.count(b"<c ")
        formulas = b"<f" in text
        if formulas and uncalculated:
            return False
        try:
            series = pl.Series([text.decode()])
        except UnicodeDecodeError:
            return False
        # A row of so many digits is no further out than the cells before it are many.
        harmless = _HARMLESS.replace("DIGITS", str(max(4, len(str(cells)))))
        opened = series.str.count_matches(harmless).item()
        if formulas:
            # A formula and its value count as one, though they open three, or two.
            opened += 2 * series.str.count_matches(_CALCULATED).item()
            opened += series.str.count_matches(_SHARED).item()
        if opened != text.count(b"<"):
            return False
        if end:
            return True
    return False


def read_cells(sheet: IO[bytes], uncalculated: bool, typed: Container[int] = ()) -> Cells:
    """Go through every cell of a sheet.

    ``uncalculated`` says that a zero of a formula is none: some programs write it for what they
    leave to others. Of the columns that are ``typed`` each cell that is no text is wanted.
    """
    reader = _Reader(uncalculated, typed)
    reader.parser.ParseFile(sheet)
    return reader.finished()


class _Reader:
    def __init__(self, uncalculated: bool, typed: Container[int]) -> None:
        self.uncalculated, self.typed = uncalculated, typed
        self.cells = Cells()
        self.odd: list[tuple[int, int, str, str]] = []
        self.tags: dict[str, str] = {}
        self.columns: dict[str, int] = {}
        self.row, self.column, self.kind = 0, -1, ""
        self.inside = self.formula = self.valued = False
        self.heard: dict[str, list[str]] = {"f": [], "v": []}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = self.tags.get(name) or self.tags.setdefault(name, name.rpartition(":")[2])
        if tag == "c":
            if self.inside:
                self.close()
            self.inside, self.formula, self.valued = True, False, False
            self.kind = attributes.get("t", "n")
            self.place(attributes.get("r", ""))
        elif tag == "v" and self.inside:
            self.valued = True
            if self.formula or self.kind == "e" or self.column in self.typed:
                self.hear("v")
        elif tag == "f" and self.inside:
            self.formula = True
            self.hear("f")
        elif tag == "is" and self.inside:
            self.valued = True
        else:
            if self.inside:
                self.close()
            if tag == "row":
                self.row, self.column = int(attributes.get("r", self.row + 1)), -1

    def place(self, reference: str) -> None:
        if not reference:
            self.column += 1
            return
        letters = reference.rstrip("0123456789")
        column = self.columns.get(letters)
        if column is None:
            column = self.columns[letters] = column_number(letters)
        self.row, self.column = int(reference[len(letters) :]), column

    def hear(self, what: str) -> None:
        heard = self.heard[what]
        heard.clear()
        self.parser.CharacterDataHandler = heard.append

    def close(self) -> None:
        """Judge the cell that ends here."""
        self.inside = False
        self.parser.CharacterDataHandler = None
        kind, valued = self.kind, self.valued
        if self.formula:
            value = "".join(self.heard["v"]).strip() if valued else ""
            valued = valued and bool(value or kind in ("str", "e"))
            empty = not valued or (self.uncalculated and value == "0" and kind == "n")
            if empty and kind != "e":
                self.note("formula", "=" + "".join(self.heard["f"]).strip())
            elif kind == "e":
                self.note("error", value)
        elif kind == "e":
            self.note("error", "".join(self.heard["v"]).strip() if valued else "")
        if valued and self.column in self.typed and kind not in (*_TEXTS, "e"):
            self.note(kind, "".join(self.heard["v"]).strip())
        if valued or self.formula:
            self.reach(valued)

    def reach(self, valued: bool) -> None:
        cells = self.cells
        if valued:
            cells.count += 1
            cells.top, cells.left = min(cells.top, self.row), min(cells.left, self.column)
        if self.row > cells.bottom:
            cells.bottom, cells.lowest = self.row, cell_name(self.row, self.column)
        if self.column > cells.right:
            cells.right, cells.rightmost = self.column, cell_name(self.row, self.column)

    def note(self, kind: str, shown: str) -> None:
        self.odd.append((self.row, self.column, kind, shown))

    def finished(self) -> Cells:
        if self.inside:
            self.close()
        if self.odd:
            self.cells.odd = pl.DataFrame(self.odd, _ODD, orient="row")
        return self.cells


def column_number(letters: str) -> int:
    """Return 0 for A, 25 for Z, 26 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def cell_name(row: int, column: int) -> str:
    """Return what a spreadsheet calls a cell, such as ``C7``."""
    return f"{xl_col_to_name(column)}{row}"
