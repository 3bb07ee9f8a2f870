"""Names in cells: several in one, with brackets behind, and words that are nobody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from matching.stores.spreadsheets.words import begins, eastern, is_any, plain

_BRACKETS = re.compile(r"[(（\[【〔](.*?)[)）\]】〕]")
_PARTS = re.compile(r"[、，,;；/／|\n┋]|\s(?:and|und|et|y|e|en|with|mit)\s|和|\s[&+＋]\s")
_COUPLE = re.compile(r"^([A-Z])\.?\s?(?:&|\+|\band\b)\s?([A-Z])\.?\s+(\w.*)$")
_PAIR = re.compile(r"^(\w+)(?:\s?[&+]\s?|\s(?:and|und|et|y|e)\s)(\w+)\s+(\w[\w'-]*)$")
_COMPANY = re.compile(r"\s*[+＋]\s*(\d+|α|[a-z]\b|guest|friend)\s*$", re.IGNORECASE)


_PRIVATE = re.compile(r"[(（]?\+?\d[\d\s()/-]{5,}\d[)）]?|\S+@\S+\.\w+")


@dataclass(frozen=True)
class Named:
    """A name in a cell, what its brackets say, and how many come along (-1: unknown)."""

    name: str
    bracket: str = ""
    company: int = 0


def names_in(cell: str) -> list[Named]:
    """Return the names of a cell; telephone numbers and addresses beside them are left out."""
    cell = _PRIVATE.sub(" ", cell)
    found: list[Named] = []
    at = 0
    for hit in _BRACKETS.finditer(cell):
        before = _pieces(cell[at : hit.start()])
        if before:
            last = before.pop()
            found += before
            found.append(Named(last.name, hit[1].strip(), last.company))
        at = hit.end()
    return found + _pieces(cell[at:])


def _pieces(text: str) -> list[Named]:
    found: list[Named] = []
    pair = None if _COUPLE.match(text.strip()) else _PAIR.match(text.strip())
    parts = [f"{pair[k]} {pair[3]}" for k in (1, 2)] if pair else _PARTS.split(text)
    for part in parts:
        part = part.strip(" \t·•*-–") if part else ""
        if not part:
            continue
        company = 0
        if more := _COMPANY.search(part):
            company = int(more[1]) if more[1].isdigit() else -1
            part = part[: more.start()].strip()
        if couple := _COUPLE.match(part):
            found += [Named(f"{couple[k]}. {couple[3]}") for k in (1, 2)]
        else:
            words = part.split()
            apart = len(words) > 1 and all(eastern(w) and 2 <= len(w) <= 4 for w in words)
            found += [Named(word) for word in words[:-1]] if apart else []
            found.append(Named(words[-1] if apart else " ".join(words), company=company))
    return found


def nobody(cell: str) -> str | None:
    """Say of a cell in place of a name whether nobody is wanted (closed) or somebody is (open)."""
    if is_any(cell, "open") or not re.search(r"\w", cell):
        return "open"
    if is_any(cell, "closed") or begins(cell, "closed"):
        return "closed"
    return None


def shape(name: str) -> str:
    """Return the kind of a name, by which those of a sheet are alike."""
    if re.search(r"\d|[:：@?!=]", name):
        return "odd"
    if eastern(name):
        return "east" if len(name) <= 8 else "odd"
    if re.match(r"^[A-Z]\.?\s?(?:[A-Z]\.?\s?)?\w{2,}", name) and re.match(r"^[A-Z](?:\.|\s)", name):
        return "initial"
    words = name.split()
    return "odd" if len(words) > 4 or len(name) > 40 else "one" if len(words) == 1 else "words"


def strangers(names: Iterable[str], known: set[str]) -> set[str]:
    """Return what is no name among many: of another shape than nearly all, and not known."""
    counts = Counter(names)
    shapes = Counter[str]()
    for name, count in counts.items():
        shapes[shape(name)] += count
    total = sum(shapes.values())
    usual, most = shapes.most_common(1)[0] if shapes else ("", 0)
    odd = {name for name in counts if shape(name) == "odd"}
    if usual in ("initial", "east") and most >= 0.7 * total:
        odd |= {name for name in counts if shape(name) != usual}
    return {name for name in odd if plain(name) not in known}
