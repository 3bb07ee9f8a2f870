"""Stations: one per community, around the centre of its town."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic.draws import Floats, Ints, identifiers, name_by, scatter
from matching.synthetic.geography import Towns

# How far communities lie from the centre of a subdistrict, a town, a township (km, one sigma).
_SPREAD_KM = np.array([0.8, 2.5, 3.0])


@dataclass(frozen=True)
class Stations:
    """Stations by number, those of a town side by side.

    ``ids`` strings; ``town`` int; ``lat``, ``lon`` degrees; ``people``, ``elderly`` residents.
    """

    ids: pl.Series
    town: Ints
    lat: Floats
    lon: Floats
    people: Floats
    elderly: Floats


def build_stations(rng: Generator, towns: Towns) -> Stations:
    """Return the stations of all towns; a town's residents are spread unevenly over its own."""
    town = np.repeat(np.arange(towns.communities.size), towns.communities)
    lat, lon = scatter(rng, towns.lat[town], towns.lon[town], _SPREAD_KM[towns.kind[town]])
    weight = rng.lognormal(sigma=0.5, size=town.size)
    share = weight / np.bincount(town, weight)[town]
    return Stations(
        ids=identifiers("s", town.size),
        town=town,
        lat=lat,
        lon=lon,
        people=towns.people[town] * share,
        elderly=towns.elderly[town] * share,
    )


def station_table(stations: Stations, towns: Towns) -> pl.DataFrame:
    """Return the table `stations`; the region is the town's code, the grid a cell of it."""
    first = np.searchsorted(stations.town, stations.town)
    number = pl.Series(np.arange(stations.town.size) - first + 1).cast(pl.String)
    region = name_by(stations.town, towns.code)
    return pl.DataFrame(
        {
            "station_id": stations.ids,
            "name": name_by(stations.town, towns.name) + "第" + number + "志愿服务站",
            "lat": stations.lat,
            "lon": stations.lon,
            "grid": region + number.str.zfill(3),
            "region": region,
        }
    )
