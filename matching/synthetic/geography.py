"""Where the worlds lie: real counties and towns of the province of Heilongjiang."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from matching.problem.columns import Columns
from matching.synthetic.draws import KM_PER_DEGREE, Floats, Ints
from matching.synthetic.sources import read

# What each size covers: the codes of its places begin so. A city is its districts alone; its
# counties, from 2301 2x on, lie too far away to share volunteers.
AREAS = {
    "town": r"^230102002",
    "district": r"^230102",
    "city": r"^23011|^23010",
    "province": r"^23",
}

# People to one community of a subdistrict, a town, a township: an urban estate or a village.
_PEOPLE_PER_COMMUNITY = np.array([6000.0, 1800.0, 1300.0])

# A Weibull law of this shape and these scales gives the distances (km) from the county seat that
# the towns with a known point show: quartiles 10, 20 and 35 km, and 3 km for subdistricts.
_SHAPE = 1.3
_MEDIAN_OVER_SCALE = 0.754
_TOWN_KM, _URBAN_TOWN_KM, _SUBDISTRICT_KM = 27.0, 8.0, 3.3
_URBAN_SHARE = 0.75
_TRIES = 24
# How far one copy of a map is from the next: for some near enough to serve next door.
_APART_KM = 12.0
# At the border, one's own seat is this many times as far as the nearest one.
_BORDER = 1.5


@dataclass(frozen=True, eq=False, repr=False)
class Towns(Columns):
    """The towns of an area, one row each in the order of their codes.

    ``code``, ``name`` and ``county_name`` are strings; ``county`` (int) numbers the counties of
    the area; ``kind`` (int) is 0 subdistrict, 1 town, 2 township; ``lat`` and ``lon`` are degrees;
    ``people`` and ``elderly`` count residents of all ages and from 60 on; ``communities`` (int).
    """

    code: pl.Series
    name: pl.Series
    county_name: pl.Series
    county: Ints
    kind: Ints
    lat: Floats
    lon: Floats
    people: Floats
    elderly: Floats
    communities: Ints


def read_towns(size: str) -> Towns:
    """Return the towns of the area that a size stands for (see `AREAS`).

    Towns without a known point are placed, by a draw that depends on their code alone, at a
    distance from their county's seat such as the known ones have, where no other county's seat is
    much nearer. The residents of a county are shared among its towns by communities.
    """
    table = _province().filter(pl.col("code").str.contains(AREAS[size]))
    county = table["county_code"].rank("dense").cast(pl.Int64) - 1
    table = table.with_columns(county=county)
    columns: dict[str, Any] = {field.name: table[field.name] for field in fields(Towns)}
    return Towns(**{n: c if c.dtype == pl.String else c.to_numpy() for n, c in columns.items()})


def side_by_side(towns: Towns, copies: int) -> Towns:
    """Return copies of a map of towns in a grid, each a few kilometres from the next.

    Who grows a world so keeps its density: everybody has as many people around as in one copy,
    but for those at the border, who can serve next door. The first two digits of a town's code
    number its copy.
    """
    if copies == 1:
        return towns
    size, columns = towns.kind.size, math.ceil(math.sqrt(copies))
    copy = np.repeat(np.arange(copies), size)
    row, column = np.divmod(copy, columns)
    middle_lat, middle_lon = (towns.lat.max() + towns.lat.min()) / 2, towns.lon.mean()
    north = (towns.lat - middle_lat) * KM_PER_DEGREE
    east = (towns.lon - middle_lon) * KM_PER_DEGREE * np.cos(np.radians(middle_lat))
    above = (np.ptp(north) + _APART_KM) * (row - row.mean())
    beside = (np.ptp(east) + _APART_KM) * (column - column.mean())
    lat = middle_lat + (np.tile(north, copies) + above) / KM_PER_DEGREE
    squeeze = np.cos(np.radians(middle_lat + above / KM_PER_DEGREE))
    lon = middle_lon + (np.tile(east, copies) + beside) / (KM_PER_DEGREE * squeeze)
    again = np.tile(np.arange(size), copies)
    number = pl.Series(copy).cast(pl.String).str.zfill(2)
    counties = int(towns.county.max()) + 1
    return replace(
        towns.take(again),
        code=number + towns.code.gather(again).str.slice(2),
        county=towns.county[again] + counties * copy,
        lat=lat.round(5),
        lon=lon.round(5),
    )


@cache
def read_provinces() -> pl.DataFrame:
    """Return ``code``, ``name`` and ``pop2020`` of the provinces, in the order of their codes."""
    return read("provinces")


@cache
def _province() -> pl.DataFrame:
    seats = read("counties").rename(
        {"code": "county_code", "name": "county_name", "lon": "seat_lon", "lat": "seat_lat"}
    )
    townships = read("townships").rename({"n_communities": "communities"})
    table = townships.join(seats, on="county_code", maintain_order="left")
    kind = pl.col("code").str.slice(6, 1).cast(pl.Int64)
    table = table.with_columns(kind.alias("kind")).sort("code")
    weight = table["communities"].to_numpy() * _PEOPLE_PER_COMMUNITY[table["kind"].to_numpy()]
    table = table.with_columns(pl.Series("weight", weight))
    share = pl.col("weight") / pl.col("weight").sum().over("county_code")
    lat, lon = _place(table, seats)
    return table.with_columns(
        (pl.col("pop2020") * share).alias("people"),
        (pl.col("pop60plus") * share).alias("elderly"),
        pl.col("lat").fill_null(pl.Series(lat)).round(5),
        pl.col("lon").fill_null(pl.Series(lon)).round(5),
    )


def _place(table: pl.DataFrame, seats: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return a place for every town: the first of some tries that falls into its own county."""
    code = table["code"].cast(pl.UInt64).to_numpy()[:, None]
    tries = np.arange(_TRIES, dtype=np.uint64)
    distance = _scale(table)[:, None] * (-np.log1p(-_uniform(code, 2 * tries))) ** (1 / _SHAPE)
    angle = 2 * np.pi * _uniform(code, 2 * tries + np.uint64(1))
    seat_lat = table["seat_lat"].to_numpy()[:, None]
    squeeze = np.cos(np.radians(seat_lat))
    lat = seat_lat + distance * np.sin(angle) / KM_PER_DEGREE
    lon = table["seat_lon"].to_numpy()[:, None] + distance * np.cos(angle) / (
        KM_PER_DEGREE * squeeze
    )
    # Borders are not known: a place is the county's own unless another seat is much nearer.
    away = (lat[:, :, None] - seats["seat_lat"].to_numpy()) ** 2 + (
        (lon[:, :, None] - seats["seat_lon"].to_numpy()) * squeeze[:, :, None]
    ) ** 2
    own = (distance / KM_PER_DEGREE) ** 2 <= _BORDER**2 * away.min(axis=2)
    first = own.argmax(axis=1)
    rows = np.arange(table.height)
    return lat[rows, first], lon[rows, first]


def _scale(table: pl.DataFrame) -> Floats:
    """Return the scale (km) of each town's distance from the seat of its county."""
    km = (
        KM_PER_DEGREE
        * (
            (pl.col("lat") - pl.col("seat_lat")) ** 2
            + ((pl.col("lon") - pl.col("seat_lon")) * pl.col("seat_lat").radians().cos()) ** 2
        ).sqrt()
    )
    known = pl.when(pl.col("kind") > 0).then(km)
    usual = pl.when(pl.col("urban_share") > _URBAN_SHARE).then(_URBAN_TOWN_KM).otherwise(_TOWN_KM)
    county = (
        pl.when(known.count().over("county_code") >= 3)
        .then(known.median().over("county_code") / _MEDIAN_OVER_SCALE)
        .otherwise(usual)
    )
    scale = pl.when(pl.col("kind") == 0).then(_SUBDISTRICT_KM).otherwise(county)
    return table.select(scale.alias("scale"))["scale"].to_numpy()


def _uniform(code: NDArray[np.uint64], draw: NDArray[np.uint64]) -> Floats:
    """Return numbers of [0, 1) that depend on the code and the draw alone (splitmix64)."""
    mixed = (code * np.uint64(64) + draw) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)
