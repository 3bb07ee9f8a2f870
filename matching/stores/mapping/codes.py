"""Code tables of a mapping: written in the file, the national ones, or a table of the store."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

import polars as pl

from matching.errors import UsageError, listed, quoted, shown
from matching.guards.toml import Place
from matching.stores.national import NAMES, book

NATIONAL = "national:"
# After the name of a national table: labels stand in the store's cells instead of codes.
_LABELS = "/labels"
_BASE = "based_on"
# What a draft writes where a person is to say what a code means.
UNKNOWN = "?"


@dataclass(frozen=True)
class Book:
    """What codes are here, by their ``name``: our word by the store's code.

    A code may stand once, a word several times; an empty word leaves the cell empty.
    """

    name: str
    ours: Dict[str, str]

    def frame(self) -> pl.DataFrame:
        """Return ``code`` and ``term``."""
        return pl.DataFrame(
            {"code": list(self.ours), "term": list(self.ours.values())},
            {"code": pl.String, "term": pl.String},
        )


@dataclass(frozen=True)
class Lookup:
    """Codes that a table of the store explains: from one of its columns to another."""

    table: str
    source: str
    target: str

    def pairs(self) -> pl.DataFrame:
        """Return ``code`` and ``term`` where the table is not at hand: none."""
        return Book("", {}).frame()


def books_of(given: object, where: Place) -> dict[str, Book]:
    """Read the section ``[codes]``: a table for each book, which may be based on another."""
    if not isinstance(given, dict):
        raise UsageError(f"{where.at('codes')}: [codes] must hold tables, as [codes.consent]")
    found: dict[str, Book] = {}
    for name in given:
        _resolve(name, given, (), found, where)
    return found


def _resolve(
    name: str, given: Dict[str, Any], above: tuple[str, ...], found: dict[str, Book], where: Place
) -> Book:
    here = f"{where.at(f'codes.{name}')}: [codes.{shown(name)}]"
    if name in found:
        return found[name]
    if name in above:
        circle = " -> ".join([*above[above.index(name) :], name])
        raise UsageError(f"{here} is circular: {circle}; one of them must stand on its own")
    cells = given[name]
    if not isinstance(cells, dict):
        raise UsageError(f"{here} must be a table: the store's code = our word")
    base = cells.get(_BASE)
    words: dict[str, str] = {}
    if base is not None:
        if isinstance(base, str) and base in given:
            words |= _resolve(base, given, (*above, name), found, where).ours
        else:
            words |= _named(f"{here} {_BASE}", base, found).ours
    words |= _words(here, {code: word for code, word in cells.items() if code != _BASE})
    if not words:
        raise UsageError(f"{here} is empty: write the store's code = our word, one a line")
    found[name] = Book(name, words)
    return found[name]


def codes_of(here: str, given: object, books: Dict[str, Book]) -> Book | Lookup:
    """Read the key ``codes`` of a column: a name, codes on the spot, or a table of the store."""
    if isinstance(given, dict) and set(given) == {"table", "from", "to"}:
        cells = [given[key] for key in ("table", "from", "to")]
        if not all(isinstance(cell, str) and cell for cell in cells):
            raise UsageError(f"{here} = {quoted(given)}: table, from and to are names of the store")
        if cells[1] == cells[2]:
            raise UsageError(f"{here}: from and to are both {cells[1]!r}, which changes nothing")
        return Lookup(*cells)
    if isinstance(given, dict):
        if not given:
            raise UsageError(f"{here} is empty: write {{ 是 = 'true', 否 = 'false' }}")
        return Book("written in the mapping", _words(here, given))
    return _named(here, given, books)


def _named(here: str, name: object, books: Dict[str, Book]) -> Book:
    if isinstance(name, str) and name in books:
        return books[name]
    bare = str(name).removeprefix(NATIONAL).removesuffix(_LABELS)
    if isinstance(name, str) and name.startswith(NATIONAL) and bare in NAMES:
        column = "label" if name.endswith(_LABELS) else "code"
        rows = book(bare)
        return Book(name, dict(zip(rows[column], rows["term"], strict=True)))
    own = listed(books) or "none of its own"
    raise UsageError(
        f"{here} = {quoted(name)}: there are no such codes. The mapping has {own}; national ones "
        f"are {', '.join(NATIONAL + name for name in NAMES)}, each also with {_LABELS} behind"
    )


def _words(here: str, given: Dict[str, Any]) -> dict[str, str]:
    words = {}
    for code, word in given.items():
        if isinstance(word, bool):
            word = str(word).lower()
        if not isinstance(word, str | int | float):
            raise UsageError(f"{here}: {shown(code)} = {quoted(word)}: write our word as text")
        if word == UNKNOWN:
            raise UsageError(f"{here}: say what {code!r} means, where the draft has a {UNKNOWN}")
        words[str(code)] = str(word)
    return words
