"""The number of an id; one that is not known is told with those like it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from matching.errors import UsageError
from matching.guards.urls import shown_value

# Enough of an id, and of ids, to find one like it.
_SHOWN = 80
_LOOKED_AT = 20_000


def number_of(known: Mapping[str, int], name: str, what: str) -> int:
    """Return the number of an id.

    Raises
    ------
    UsageError
        If nothing has it.
    """
    number = known.get(name)
    if number is not None:
        return number
    some = [other for other, _ in zip(known, range(_LOOKED_AT), strict=False)]
    near = difflib.get_close_matches(name[:_SHOWN], some, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else "ids are as in the tables"
    raise UsageError(f"the week has no {what} {shown_value(name)}: {hint}")
