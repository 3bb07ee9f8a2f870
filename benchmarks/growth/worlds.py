"""Worlds of any size at one density: a district of 26,600 volunteers, so many times side by side.

The province itself will not do: in its three smallest counties somebody is eligible for a third of
an order's post, in all of it for five, since no part of a city of millions is as dense as the
city. The copies lie twelve kilometres apart, so that some can serve next door: it is one network,
and not a hundred apart.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matching.stores import write_tables
from matching.synthetic import generate
from matching.synthetic.arguments import MAX_COPIES, SIZES

WEEK = dt.date(2026, 11, 30)
SEED = 1
# A hundredth of the province's.
VOLUNTEERS, REQUESTS = (count // MAX_COPIES for count in SIZES["province"])
LARGEST = VOLUNTEERS * MAX_COPIES


@dataclass(frozen=True)
class World:
    """So many copies of a district, each with so many people and orders."""

    copies: int
    volunteers: int = VOLUNTEERS
    requests: int = REQUESTS

    def write(self, folder: Path) -> None:
        """Make the tables and write them as Parquet."""
        tables = generate(
            "district",
            copies=self.copies,
            volunteers=self.copies * self.volunteers,
            requests=self.copies * self.requests,
            rules="network",
            seed=SEED,
            week=WEEK,
        )
        write_tables(folder, tables, "parquet")


def ladder(largest: int, per_decade: int) -> list[World]:
    """Return worlds from one copy to ``largest`` volunteers, evenly on a log scale."""
    most = min(MAX_COPIES, max(1, largest // VOLUNTEERS))
    steps = int(np.log10(most) * per_decade + 1e-9)
    copies = [round(10 ** (step / per_decade)) for step in range(steps + 1)]
    return [World(count) for count in dict.fromkeys([*copies, most])]
