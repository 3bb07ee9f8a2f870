"""The tables ``feed`` and ``shortlist`` from arcs that were judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from matching.answers.beside import Standing, name_displaced
from matching.answers.ledger import Ledger
from matching.problem import columns as c


def feed_rows(
    ledger: Ledger,
    standing: Standing,
    seats: c.Longs,
    arc: c.Longs,
    rank: c.Longs,
    load: c.Floats,
    lost: c.Floats,
    held: c.Ints,
) -> pl.DataFrame:
    """Return the table ``feed``.

    Parameters
    ----------
    seats : int64 array, shape (slots,)
        How many are open.
    arc, rank, load, lost, held : arrays of equal length
        See `beside.judge`.
    """
    slot = ledger.arcs.slot[arc]
    there = ledger.slots[slot]
    worth = {
        "need": ledger.need[arc],
        "load": load,
        "score": ledger.book.reward[arc] - load,
        "open": seats[slot],
        "gives_up": lost,
    }
    ids = ledger.problem.volunteers.id.gather(ledger.arcs.volunteer[arc])
    keys = [ids.rename("volunteer_id"), pl.Series("rank", rank)]
    figures = [_column(name, values) for name, values in (fits(ledger, arc) | worth).items()]
    busy = displaced(ledger, standing, arc, held)
    return pl.DataFrame([*keys, *there.get_columns(), *figures, busy])


def shortlist_rows(
    ledger: Ledger,
    standing: Standing,
    arc: c.Longs,
    rank: c.Longs,
    elsewhere: c.Floats,
    held: c.Ints,
) -> pl.DataFrame:
    """Return the table ``shortlist``."""
    there = ledger.slots[ledger.arcs.slot[arc]].get_columns()[:3]
    ids = ledger.problem.volunteers.id.gather(ledger.arcs.volunteer[arc])
    worth = {"elsewhere": elsewhere, "score": ledger.fit[arc] - elsewhere}
    figures = [_column(name, values) for name, values in (fits(ledger, arc) | worth).items()]
    busy = displaced(ledger, standing, arc, held)
    keys = [pl.Series("rank", rank), ids.rename("volunteer_id")]
    return pl.DataFrame([*there, *keys, *figures, busy])


def _column(name: str, values: npt.NDArray[Any]) -> pl.Series:
    """Return a column of figures; what is unknown is null."""
    return pl.Series(name, values, nan_to_null=True)


def fits(ledger: Ledger, arc: c.Longs) -> dict[str, c.Longs | c.Floats]:
    """Return ``km`` (null where a place is unknown), ``fit`` and its terms."""
    parts = {name: term[arc] for name, term in ledger.terms._asdict().items()}
    return {"km": ledger.arcs.km[arc], "fit": ledger.fit[arc]} | parts


def displaced(ledger: Ledger, standing: Standing, arc: c.Longs, held: c.Ints) -> pl.Series:
    """Return ``busy``: the requests of the plan that each arc displaces; null for none."""
    total = int(held.sum())
    if not total:
        return pl.Series("busy", [None] * len(arc), dtype=pl.String)
    row, slot = np.empty(total, np.int64), np.empty(total, np.int32)
    name_displaced(ledger.book, standing, arc, row, slot)
    names = pl.DataFrame({"row": row, "busy": ledger.slots["request_id"].gather(slot)})
    names = names.group_by("row", maintain_order=True).agg(pl.col("busy").str.join(", "))
    every = pl.DataFrame({"row": np.arange(len(arc))})
    return every.join(names, on="row", how="left", maintain_order="left")["busy"]
