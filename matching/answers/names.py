"""The number of an id; one that is not known is told with those like it."""

from __future__ import annotations

import difflib
from bisect import bisect_left

import polars as pl

from matching.errors import UsageError
from matching.guards.urls import shown_value

# Enough of an id, and of ids, to find one like it.
_SHOWN = 80
_LOOKED_AT = 20_000


def number_of(known: pl.Series, name: str, what: str) -> int:
    """Return the number of an id among those that are known, sorted but for those that came later.

    Raises
    ------
    UsageError
        If nothing has it.
    """
    at = bisect_left(known, name)
    if at < len(known) and known[at] == name:
        return at
    if (later := known.index_of(name)) is not None:
        return later
    near = difflib.get_close_matches(name[:_SHOWN], known.head(_LOOKED_AT), n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else "ids are as in the tables"
    raise UsageError(f"the week has no {what} {shown_value(name)}: {hint}")
