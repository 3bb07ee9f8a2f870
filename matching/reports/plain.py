"""Text of the data as plain lines and as names of files: nothing in it can do anything."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

import polars as pl

# Line ends of any kind, control characters, and marks that turn the direction of writing.
_NOT_PLAIN = r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+"
_NOT_IN_NAMES = frozenset('%/\\:*?"<>|\x7f') | {chr(code) for code in range(32)}
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST = 200


def one_line(column: str) -> pl.Expr:
    """Return a column of text as plain lines: whatever could begin another line is a space."""
    text = pl.col(column).cast(pl.String).str.replace_all(_NOT_PLAIN, " ")
    return text.str.strip_chars().alias(column)


def file_names(ids: Iterable[str]) -> dict[str, str]:
    """Return the name of each id's file, without an ending.

    What no file system takes is written as in a URL, and so are capitals where two names would be
    the same without them; `urllib.parse.unquote` gives the id back. Only a name that is too long
    is cut, and marked by a hash.
    """
    every = list(ids)
    alike = Counter(each.casefold() for each in every)
    names = {}
    for each in every:
        capitals = alike[each.casefold()] > 1
        name = "".join(
            _quoted(letter)
            if letter in _NOT_IN_NAMES or (capitals and letter != letter.casefold())
            else letter
            for letter in each
        )
        if name[0] in ".~" or _RESERVED.match(name):
            name = _quoted(name[0]) + name[1:]
        if name[-1] in ". ":
            name = name[:-1] + _quoted(name[-1])
        if len(name.encode()) > _LONGEST:
            cut = name.encode()[: _LONGEST - 20].decode(errors="ignore")
            name = f"{cut}~{sha256(each.encode()).hexdigest()[:16]}"
        names[each] = name
    return names


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())
