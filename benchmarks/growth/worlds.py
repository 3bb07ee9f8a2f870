"""Worlds of any size at one density: the province's map, cut to some of its counties.

A county keeps its towns, its people and so its density; what grows is the area. Counties are taken
in one order, so that a larger world holds every smaller one's counties. The order keeps the share
of people who live in subdistricts near the province's: towns and villages differ in how many
somebody lives close to, and a world of towns alone would tell nothing of villages.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from matching.stores import write_tables
from matching.synthetic import generate
from matching.synthetic.arguments import SIZES
from matching.synthetic.geography import read_towns

WEEK = dt.date(2026, 11, 30)
SEED = 1
VOLUNTEERS, REQUESTS = SIZES["province"]
SMALLEST = VOLUNTEERS // 100


@dataclass(frozen=True)
class World:
    """Some counties of the province, with their share of its volunteers and requests."""

    counties: tuple[str, ...]
    volunteers: int
    requests: int

    def write(self, folder: Path) -> None:
        """Make the tables and write them as Parquet."""
        tables = generate(
            "province",
            volunteers=self.volunteers,
            requests=self.requests,
            rules="network",
            seed=SEED,
            week=WEEK,
            counties=self.counties,
        )
        write_tables(folder, tables, "parquet")


@cache
def counties_in_order() -> pl.DataFrame:
    """Return ``county`` and ``share`` of the province's people, summed up so far, in order."""
    towns = read_towns("province")
    frame = pl.DataFrame({"code": towns.code, "people": towns.people, "kind": towns.kind})
    in_town = pl.col("people").filter(pl.col("kind") == 0).sum().alias("in_town")
    frame = frame.group_by(pl.col("code").str.slice(0, 6).alias("county")).agg(
        pl.col("people").sum(), in_town
    )
    frame = frame.sort("county")
    people, urban = frame["people"].to_numpy(), frame["in_town"].to_numpy()
    wanted = urban.sum() / people.sum()
    taken: list[int] = []
    left = np.ones(len(people), np.bool_)
    all_people = all_urban = 0.0
    while left.any():
        # Of all that are left, the one after which the mix is nearest to the province's.
        off = np.abs((all_urban + urban) / (all_people + people) - wanted)
        best = int(np.where(left, off, np.inf).argmin())
        left[best] = False
        taken.append(best)
        all_people, all_urban = all_people + people[best], all_urban + urban[best]
    share = (pl.col("people").cum_sum() / people.sum()).alias("share")
    return frame[taken].select("county", share)


def world_of(volunteers: int) -> World:
    """Return the world whose number of volunteers is nearest to the one asked for."""
    order = counties_in_order()
    share = order["share"].to_numpy()
    last = int(np.abs(share - volunteers / VOLUNTEERS).argmin())
    return World(
        counties=tuple(order["county"][: last + 1]),
        volunteers=round(VOLUNTEERS * share[last]),
        requests=round(REQUESTS * share[last]),
    )


def ladder(largest: int, per_decade: int) -> list[World]:
    """Return worlds from a hundredth of the province up, evenly on a log scale."""
    steps = int(np.log10(largest / SMALLEST) * per_decade + 1e-9)
    sizes = [round(SMALLEST * 10 ** (step / per_decade)) for step in range(steps + 1)]
    return list(dict.fromkeys(world_of(size) for size in sizes))
