"""Who comes to whom: the job of each region, and the tiles of their borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from matching.problem import columns as c
from matching.regions.borders import Tile, tile_of
from matching.regions.regional import Job, Survey, Terms


def jobs_of(surveys: list[Survey], folders: dict[str, Path], work: Path, terms: Terms) -> list[Job]:
    """Tell every region which orders somebody from elsewhere may reach, its own and others'."""
    reach = pl.concat(_cells("visitor", one.code, one.reach) for one in surveys)
    orders = pl.concat(_cells("host", one.code, one.orders) for one in surveys)
    # A row for every region that reaches a cell with orders of another.
    across = reach.join(orders, on="cell").filter(pl.col("visitor") != pl.col("host")).sort("cell")
    abroad: dict[str, dict[str, c.Longs]] = {one.code: {} for one in surveys}
    for (visitor, host), cells in across.group_by("visitor", "host"):
        abroad[visitor][host] = cells["cell"].to_numpy()
        # A neighbour is also who comes here.
        abroad[host].setdefault(visitor, np.empty(0, np.int64))
    jobs = []
    for code in abroad:
        border = across.filter(host=code)["cell"].unique(maintain_order=True).to_numpy()
        near = {other: abroad[code][other] for other in abroad if other in abroad[code]}
        jobs.append(Job(code, folders[code], work, border, near, folders, terms))
    return jobs


def _cells(whose: str, code: str, cells: c.Longs) -> pl.DataFrame:
    return pl.DataFrame({"cell": cells}).with_columns(pl.lit(code).alias(whose))


def tiles_of(jobs: list[Job], turn: int, work: Path, terms: Terms) -> list[Tile]:
    """Cut the border: every tile with the regions that have orders there or may reach them."""
    regions: dict[int, set[str]] = {}
    for job in jobs:
        for cells in (job.border, *job.abroad.values()):
            for number in np.unique(tile_of(cells, turn)).tolist():
                regions.setdefault(number, set()).add(job.code)
    return [
        Tile(number, turn, work, tuple(sorted(codes)), terms)
        for number, codes in sorted(regions.items())
    ]
