"""A bound by searching: the orders of each region, with everybody who may come to them.

Take the plan of a nation apart by the regions of the orders. Each part keeps every rule: a week
with fewer services is a week still, since nobody gets anywhere sooner by way of a third place.
Seats and quality add up, and load grows with every service of a week (the call of a volunteer is
left out), so the parts are worth no less than the plan. So no plan is worth more than the bounds of
all parts together, where a volunteer near a border may serve in two of them at the same time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from matching.regions import dataset
from matching.regions.cells import reached
from matching.regions.regional import Job


def bound_with_guests(job: Job) -> int:
    """Return what a region's orders are worth at most, with the neighbours who may come.

    The region is searched for the sake of that bound alone.
    """
    orders = dataset.read_own(job.strip_of(job.code), "orders").filter("border").height
    parts, roaming = [dataset.read_meeting(job.folder)], [pl.Series([], dtype=pl.String)]
    for code in job.abroad:
        homes, tables = visitors(job, code)
        beyond = dataset.read_own(job.strip_of(code), "beyond")
        parts.append(dataset.only(tables, homes["volunteer_id"], beyond["request_id"]))
        roaming.append(homes.filter("roams")["volunteer_id"])
    tables = _for_each_service(
        dataset.joined(parts), pl.concat(roaming), job.terms.policy.max_shifts, orders
    )
    problem = job.terms.problem(tables)
    # Who serves in two parts is called once.
    policy = replace(problem.policy, load_first=0)
    return job.terms.solve(problem.under(policy)).bound


def _for_each_service(
    tables: dataset.Frames, roaming: pl.Series, max_shifts: int, orders: int
) -> dataset.Frames:
    """Let some volunteers come as another for each of their services, friends and rivals aside.

    An order without a place takes no time to go to: for who serves one at home, it is a way
    between places here that are too far apart. Their services here need not be a week.
    """
    people = tables["volunteers"].filter(pl.col("volunteer_id").is_in(roaming.implode()))
    limit = pl.col("max_shifts") if "max_shifts" in people.columns else pl.lit(None)
    most = limit.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False).fill_null(max_shifts)
    # Nobody comes more often than there are orders to come for.
    limits = people.select("volunteer_id", most=pl.min_horizontal(most, pl.lit(orders)))
    limits = limits.filter(pl.col("most") > 1).with_row_index("number")
    if not limits.height:
        return tables
    mark = "~"
    while tables["volunteers"]["volunteer_id"].cast(pl.String).str.starts_with(mark).any():
        mark += "~"
    known = limits["volunteer_id"].implode()
    made = {name: [frame] for name, frame in tables.items()}
    if "pairs" in tables:
        tied = pl.any_horizontal(pl.col("volunteer_a", "volunteer_b").is_in(known))
        made["pairs"] = [tables["pairs"].filter(~tied)]
    if "groups" in tables:
        tied = pl.col("volunteer_id").is_in(known).any().over("group_id")
        made["groups"] = [tables["groups"].filter(~tied)]
    for copy in range(1, int(limits["most"].to_numpy().max())):
        names = limits.filter(pl.col("most") > copy).select(
            "volunteer_id", name=pl.format("{}{}.{}", pl.lit(mark), pl.lit(copy), "number")
        )
        for name, frame in tables.items():
            if "volunteer_id" in frame.columns and name != "groups":
                rows = frame.join(names, on="volunteer_id", maintain_order="left")
                copied = rows.with_columns(volunteer_id="name").select(frame.columns)
                made[name].append(copied)
    return {name: pl.concat(frames) for name, frames in made.items()}


def visitors(job: Job, code: str) -> tuple[pl.DataFrame, dataset.Frames]:
    """Return those of a neighbour who may reach an order of the region's border, and the tables.

    Returns
    -------
    homes : polars.DataFrame
        As the neighbour wrote it, without those who live too far away.
    tables : dict of polars.DataFrame
        All that the neighbour wrote of its strip.
    """
    there = job.strip_of(code)
    tables, homes = dataset.read_all(there), dataset.read_own(there, "homes")
    km, people = job.terms.policy.travel_km, tables["volunteers"]
    if "travel_km" in people.columns:
        # Who has no place goes to no border of others, however far they go.
        placed = homes.filter(pl.col("cell") >= 0)["volunteer_id"].implode()
        limits = people.filter(pl.col("volunteer_id").is_in(placed))["travel_km"]
        limits = limits.cast(pl.Float64, strict=False).fill_null(km)
        km = float(limits.to_numpy().max(initial=0.0))
    near = reached(job.border, np.full(len(job.border), km))
    may = np.isin(homes["cell"].to_numpy(), near)
    return homes.filter(pl.Series(may, dtype=pl.Boolean)), tables
