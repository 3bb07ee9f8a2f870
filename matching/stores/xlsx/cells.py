"""What the cells of a sheet are, by the sheet's own XML: what no reader of values tells.

Values alone hide three things: an error is no value, a formula that was never calculated has none,
and of a text it cannot be told whether the cell holds it or holds a number, a day or a truth.
"""

from collections.abc import Container
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


def is_harmless(sheet: IO[bytes], uncalculated: bool) -> bool:
    """Tell quickly that no cell is odd and none is far out; False is a doubt. See `Cells`."""
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


class Cells:
    """The cells of a sheet that are not what their text says, and how far the sheet reaches.

    ``uncalculated`` says that a zero of a formula is none: some programs write it for what they
    leave to others. Of the columns that are ``typed`` each cell that is no text is wanted.
    """

    def __init__(self, uncalculated: bool = False, typed: Container[int] = ()) -> None:
        self.uncalculated, self.typed = uncalculated, typed
        # ``row`` and ``column``, from 1 and from 0 as the spreadsheet counts; ``kind``: ``error``,
        # ``formula`` (never calculated), or the letter of a type that is no text; ``shown``.
        self.odd = pl.DataFrame(schema=_ODD)
        # How many cells hold something, and the first row and column that do.
        self.count, self.top, self.left = 0, 1 << 31, 1 << 31
        # The last ones, of which a formula may not have been calculated, and a cell of each.
        self.bottom, self.right, self.lowest, self.rightmost = 0, -1, "", ""
        # Where the parser is.
        self._odd: list[tuple[int, int, str, str]] = []
        self._tags: dict[str, str] = {}
        self._columns: dict[str, int] = {}
        self._row, self._column, self._kind = 0, -1, ""
        self._inside = self._formula = self._valued = False
        self._heard: dict[str, list[str]] = {"f": [], "v": []}
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start

    @property
    def area(self) -> int:
        """How many cells there are in the rectangle around all."""
        return (self.bottom - self.top + 1) * (self.right - self.left + 1) if self.count else 0

    def read(self, sheet: IO[bytes]) -> None:
        """Go through every cell of the XML of a sheet."""
        self._parser.ParseFile(sheet)
        if self._inside:
            self._close()
        self.odd = pl.DataFrame(self._odd, _ODD, orient="row")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = self._tags.get(name) or self._tags.setdefault(name, name.rpartition(":")[2])
        if tag == "c":
            if self._inside:
                self._close()
            self._inside, self._formula, self._valued = True, False, False
            self._kind = attributes.get("t", "n")
            self._place(attributes.get("r", ""))
        elif tag == "v" and self._inside:
            self._valued = True
            if self._formula or self._kind == "e" or self._column in self.typed:
                self._hear("v")
        elif tag == "f" and self._inside:
            self._formula = True
            self._hear("f")
        elif tag == "is" and self._inside:
            self._valued = True
        else:
            if self._inside:
                self._close()
            if tag == "row":
                self._row, self._column = int(attributes.get("r", self._row + 1)), -1

    def _place(self, reference: str) -> None:
        if not reference:
            self._column += 1
            return
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = column_number(letters)
        self._row, self._column = int(reference[len(letters) :]), column

    def _hear(self, what: str) -> None:
        heard = self._heard[what]
        heard.clear()
        self._parser.CharacterDataHandler = heard.append

    def _close(self) -> None:
        """Judge the cell that ends here."""
        self._inside = False
        self._parser.CharacterDataHandler = None
        kind, valued = self._kind, self._valued
        value = "".join(self._heard["v"]).strip() if valued else ""
        if self._formula:
            valued = valued and bool(value or kind in ("str", "e"))
            empty = not valued or (self.uncalculated and value == "0" and kind == "n")
            if empty and kind != "e":
                self._note("formula", "=" + "".join(self._heard["f"]).strip())
        if kind == "e":
            self._note("error", value)
        if valued and self._column in self.typed and kind not in (*_TEXTS, "e"):
            self._note(kind, value)
        if valued:
            self.count += 1
            self.top, self.left = min(self.top, self._row), min(self.left, self._column)
        if self._row > self.bottom and (valued or self._formula):
            self.bottom, self.lowest = self._row, cell_name(self._row, self._column)
        if self._column > self.right and (valued or self._formula):
            self.right, self.rightmost = self._column, cell_name(self._row, self._column)

    def _note(self, kind: str, shown: str) -> None:
        self._odd.append((self._row, self._column, kind, shown))


def column_number(letters: str) -> int:
    """Return 0 for A, 25 for Z, 26 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def cell_name(row: int, column: int) -> str:
    """Return what a spreadsheet calls a cell, such as ``C7``."""
    return f"{xl_col_to_name(column)}{row}"
