"""The loops as plain Python, for books where there is little to do: nothing need be compiled.

Compiled or not, the same is done step by step. To compile takes seconds; plain Python takes ten
times as long, of which most is to make objects of what is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from matching.parallel.compiled import plain
from matching.solvers.construction.book import Book, Records

R = TypeVar("R")

# Arcs of a book up to which plans are completed in plain Python, even where compiled loops are on
# disk: to load them takes a tenth of a second. And where they are not: a second or two.
FEW_ARCS, MOST_PLAIN_ARCS = 10_000, 150_000


def run_plain(function: Callable[..., R], book: Book, *arguments: Any) -> R:
    """Run a compiled function as plain Python; what it does is written into the book."""
    tables = {"holds": book.holds, "codes": book.codes}
    loose = {name: _Objects(getattr(book, name)) for name in book._fields if name not in tables}
    lists = [a.tolist() if isinstance(a, np.ndarray) else a for a in arguments]
    outcome = plain(function)(SimpleNamespace(**tables, **loose), *lists)
    for objects in loose.values():
        objects.write_back()
    return outcome


class _Objects(dict[int, SimpleNamespace]):
    """Records as objects, each made when it is first asked for."""

    def __init__(self, records: Records) -> None:
        self._records = records.view(records.dtype.descr, np.ndarray)
        self._fields = records.dtype.names

    def __missing__(self, at: int) -> SimpleNamespace:
        fields = zip(self._fields, self._records[at].item(), strict=True)
        made = self[at] = SimpleNamespace(**dict(fields))
        return made

    def __len__(self) -> int:
        return len(self._records)

    def write_back(self) -> None:
        """Write the objects into their records."""
        if self.keys():
            self._records[list(self)] = [tuple(vars(made).values()) for made in self.values()]
