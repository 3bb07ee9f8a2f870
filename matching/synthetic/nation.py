"""A nation: the 31 provinces by population, each with the towns of one real province.

Only one province's towns are at hand. So the regions are the boxes of a chessboard of the country's
size, each with the towns that lie in a box of Heilongjiang, and every other box is a mirror image:
towns near an edge have neighbours across it, as real borders have.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.random import SeedSequence

from matching.errors import UsageError
from matching.guards.mondays import Day
from matching.synthetic.arguments import MAX_NATION_COUNT, check
from matching.synthetic.geography import Towns, read_provinces, read_towns
from matching.synthetic.world import populate

# The box of Heilongjiang that holds 93 % of its residents, and where the first of the nation is.
_SOUTH, _WEST, _HEIGHT, _WIDTH = 44.5, 122.5, 4.0, 10.0
_NORTHMOST, _WESTMOST, _COLUMNS = 42.0, 75.0, 6
# Besides these, whose names end in _id.
_ID_COLUMNS = ("volunteer_a", "volunteer_b", "menu_item")
_ID_SUBJECTS = ("station", "organisation", "beneficiary", "menu_item")


def regions(volunteers: int, requests: int) -> dict[str, tuple[int, int]]:
    """Return how many volunteers and requests each region has, by its code: by population."""
    table = read_provinces()
    people = table["pop2020"].to_numpy()
    counts = [
        np.maximum(1, np.round(people * (count / people.sum()))).astype(np.int64).tolist()
        for count in (volunteers, requests)
    ]
    return dict(zip(table["code"].to_list(), zip(*counts, strict=True), strict=True))


def generate_region(
    code: str,
    *,
    volunteers: int,
    requests: int,
    rules: str = "network",
    scarcity: float = 1.0,
    seed: int = 0,
    week: Day = dt.date(2026, 11, 30),
) -> dict[str, pl.DataFrame]:
    """Make the tables of one region of a nation; see `world.generate`.

    Parameters
    ----------
    code
        Of the region, as in `regions`.
    volunteers, requests
        How many the nation has.
    rules, scarcity, seed, week
        As in `world.generate`.

    Returns
    -------
    dict of str to polars.DataFrame

    Raises
    ------
    UsageError
        If an argument is not allowed; the message names the value and what is allowed.
    """
    monday = check(volunteers, requests, rules, scarcity, seed, week, MAX_NATION_COUNT)
    counts = regions(volunteers, requests)
    if code not in counts:
        raise UsageError(f"region {code!r} is unknown; allowed: {', '.join(counts)}")
    tables = populate(
        _towns(code, list(counts).index(code)),
        *counts[code],
        full=rules == "full",
        eager=False,
        scarcity=scarcity,
        seed=SeedSequence([seed, int(code)]),
        week=monday,
    )
    return {name: _of_region(frame, code) for name, frame in tables.items()}


def _towns(code: str, number: int) -> Towns:
    """Return the towns of the box that are moved, and mirrored, to where a region is."""
    row, column = divmod(number, _COLUMNS)
    towns = read_towns("province")
    north, east = (towns.lat - _SOUTH) / _HEIGHT, (towns.lon - _WEST) / _WIDTH
    inside = np.flatnonzero((north > 0) & (north < 1) & (east > 0) & (east < 1))
    north, east = north[inside], east[inside]
    north = 1 - north if row % 2 else north
    east = 1 - east if column % 2 else east
    county = np.unique(towns.county[inside], return_inverse=True)[1]
    return replace(
        towns.take(inside),
        code=code + towns.code.gather(inside).str.slice(2),
        county=county.astype(np.int64),
        lat=np.round(_NORTHMOST + (north - row) * _HEIGHT, 5),
        lon=np.round(_WESTMOST + (east + column) * _WIDTH, 5),
    )


def _of_region(frame: pl.DataFrame, code: str) -> pl.DataFrame:
    """Write the region before every id, so that no two regions share one."""
    mine = pl.lit(f"{code}-")
    named = [
        (mine + pl.col(column)).alias(column)
        for column in frame.columns
        if column.endswith("_id") or column in _ID_COLUMNS
    ]
    if {"subject", "value"} <= set(frame.columns):
        is_id = pl.col("subject").cast(pl.String).is_in(_ID_SUBJECTS)
        named.append(pl.when(is_id).then(mine + pl.col("value")).otherwise("value").alias("value"))
    return frame.with_columns(named)
