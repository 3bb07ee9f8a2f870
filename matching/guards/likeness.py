"""What may have been meant: the name among others that is written nearly so."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from matching.errors import shown

# Enough of a name, and of names, to find one like it.
_LOOKED_AT, _COMPARED = 80, 2_000
_CUTOFF = 0.7


def like(name: str, known: Iterable[str]) -> str | None:
    """Return the one of some names that is meant, if any is written nearly so.

    First what differs in case, width, blanks, underscores, hyphens or a plural's s alone, then what
    has most letters in common.
    """
    names = [*known][:_COMPARED]
    plain = {_plain(one): one for one in reversed(names)}
    if (found := plain.get(_plain(name))) is not None:
        return found
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_CUTOFF)
    return plain[near[0]] if near else None


def near_path(path: Path) -> str:
    """Return the question whether another file of the folder is meant; empty if none is alike."""
    try:
        names = [one.name for one in path.parent.iterdir() if not one.name.startswith(".")]
    except OSError:
        return ""
    found = like(path.name, names) or like(path.stem, names)
    return "" if found is None else f"; did you mean {shown(path.with_name(found))}?"


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name[:_LOOKED_AT]).casefold()
    text = "".join(letter for letter in text if letter.isalnum())
    return text.removesuffix("s") if len(text) > 1 else text
