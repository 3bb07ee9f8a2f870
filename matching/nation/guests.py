"""A bound by searching: the orders of each region, with everybody who may come to them.

Take the plan of a nation apart by the regions of the orders. Each part keeps every rule: a week
with fewer services is a week still, since nobody gets anywhere sooner by way of a third place.
Seats and quality add up, and load grows with every service of a week, so the parts are worth no
less than the plan. So no plan is worth more than the bounds of all parts together, where a
volunteer near a border may serve in two of them at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from matching.engine import peak_memory_mb
from matching.nation import dataset
from matching.nation.cells import reached
from matching.nation.regional import Job
from matching.problem import Problem


@dataclass(frozen=True)
class Bounded:
    """What the orders of a region are worth at most, whoever serves them."""

    bound: int
    memory_mb: float


def bound_with_guests(job: Job) -> Bounded:
    """Search a region with the neighbours' volunteers who may come, for the sake of the bound."""
    here = dataset.folder_of(job.work / "borders", job.code)
    orders = dataset.read_own(here, "orders").filter("border").height
    parts = [dataset.read_all(job.folder)]
    nothing = pl.Series([], dtype=pl.String)
    for code in job.abroad:
        homes, tables = visitors(job, code)
        tables = dataset.only(tables, homes["volunteer_id"], nothing)
        roaming = homes.filter("roams")["volunteer_id"]
        parts += _for_each_service(tables, roaming, job.terms.policy.max_shifts, orders)
    problem = Problem.from_tables(dataset.joined(parts), job.terms.week, job.terms.policy)
    return Bounded(job.terms.solve(problem).bound, peak_memory_mb())


def _for_each_service(
    tables: dataset.Frames, roaming: pl.Series, max_shifts: int, orders: int
) -> list[dataset.Frames]:
    """Let some volunteers come as another for each of their services, friends and rivals aside.

    An order without a place takes no time to go to: for who serves one at home, it is a way
    between places here that are too far apart. Their services here need not be a week.
    """
    known = roaming.implode()
    people = tables["volunteers"].filter(pl.col("volunteer_id").is_in(known))
    limits = pl.Series([max_shifts] * people.height, dtype=pl.Int64)
    if "max_shifts" in people.columns:
        limits = people["max_shifts"].cast(pl.Int64).fill_null(max_shifts)
    # Nobody comes more often than there are orders to come for.
    most = min(int(limits.to_numpy().max(initial=1)), orders)
    shared = dict(tables)
    if "pairs" in tables:
        shared["pairs"] = tables["pairs"].filter(
            ~pl.any_horizontal(pl.col("volunteer_a", "volunteer_b").is_in(known))
        )
    of_one = {n: f for n, f in tables.items() if "volunteer_id" in f.columns}
    again = [
        {
            name: frame.filter(pl.col("volunteer_id").is_in(known)).with_columns(
                pl.col("volunteer_id") + f"~{copy}"
            )
            for name, frame in of_one.items()
        }
        for copy in range(1, most)
    ]
    return [shared, *again]


def visitors(job: Job, code: str) -> tuple[pl.DataFrame, dataset.Frames]:
    """Return those of a neighbour who may reach an order of the region's border, and the tables.

    Returns
    -------
    homes : polars.DataFrame
        As the neighbour wrote it, without those who live too far away.
    tables : dict of polars.DataFrame
        All that the neighbour wrote of its strip.
    """
    there = dataset.folder_of(job.work / "borders", code)
    tables, homes = dataset.read_all(there), dataset.read_own(there, "homes")
    km, people = job.terms.policy.travel_km, tables["volunteers"]
    if "travel_km" in people.columns:
        limits = people["travel_km"].cast(pl.Float64).fill_null(km).to_numpy()
        km = max(km, limits.max(initial=0.0))
    near = reached(job.border, np.full(len(job.border), km))
    may = np.isin(homes["cell"].to_numpy(), near)
    return homes.filter(pl.Series(may, dtype=pl.Boolean)), tables
