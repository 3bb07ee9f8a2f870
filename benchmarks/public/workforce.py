"""A roster: workers who ask for shifts, each with a least and a largest number of them.

A volunteer has no least number of services. So a worker is two volunteers: the first works the
shifts that must be, and each is worth a bonus; the second what may come on top. Nobody works a
shift twice: the two are kept `apart`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.public.tables import Instance, named, tables_of
from benchmarks.public.transport import most


def read(folder: Path, known: float) -> Instance:
    """Read the folder's three files: preferences, requirements, limits."""
    wanted, workers = _of(folder, "shift_requirements"), _of(folder, "worker_limits")
    seats = wanted["Required"].to_numpy()
    least, largest = workers.select("MinShifts", "MaxShifts").to_numpy().T
    numbered = (
        _of(folder, "preferences")
        .join(workers.with_row_index("row"), on="Worker")
        .join(wanted.with_row_index("column"), on="Shift")
    )
    at = numbered["row"].to_numpy(), numbered["column"].to_numpy()
    liking, listed = np.zeros((2, len(least), len(seats)))
    liking[at], listed[at] = numbered["Preference"].to_numpy(), 1
    # Every shift is to be filled and every least number kept: each of the two is worth more than
    # all preferences together, and both can be had.
    bonus = int(liking.sum()) + 1
    must, may = liking.astype(np.int64) + 2 * bonus, liking.astype(np.int64) + bonus
    tables = tables_of(
        np.vstack([must, may]),
        np.vstack([listed, listed]) > 0,
        np.append(least, largest - least),
        seats,
        at_once=False,
    )
    one, other = np.split(named("v", 2 * len(least)), 2)
    tables["pairs"] = pl.DataFrame({"volunteer_a": one, "volunteer_b": other, "rule": "apart"})
    return Instance(
        tables=tables,
        worth=np.vstack([liking, liking]),
        filled=int(seats.sum()),
        known=known,
        accuracy=0,
        specialised=lambda: float(liking[most(may, listed > 0, largest, seats, least)].sum()),
    )


def _of(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / f"{name}.csv")
