"""Volunteers: where they live, what they belong to, how much they are ready to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic import draws as d
from matching.synthetic.geography import Towns
from matching.synthetic.organisations import Organisations, join
from matching.synthetic.stations import Stations

# How far volunteers live from their station in a subdistrict, a town, a township (km, one sigma).
_HOME_KM = np.array([0.4, 0.9, 1.2])
WITHOUT_HOME = 0.2


@dataclass(frozen=True)
class People:
    """Volunteers by number.

    ``ids`` strings; ``station`` and ``organisation`` int, -1 for none; ``lat``, ``lon`` degrees,
    NaN where only the station is known.
    """

    ids: pl.Series
    station: d.Ints
    organisation: d.Ints
    lat: d.Floats
    lon: d.Floats


def settle(rng: Generator, count: int, stations: Stations) -> d.Ints:
    """Return the station at which each volunteer is registered, by resident population."""
    return d.weighted(rng, stations.people, count)


def build_people(
    rng: Generator, station: d.Ints, stations: Stations, towns: Towns, tree: Organisations
) -> People:
    """Return the volunteers registered at these stations, living around them."""
    town = stations.town[station]
    home_km = _HOME_KM[towns.kind[town]]
    lat, lon = d.scatter(rng, stations.lat[station], stations.lon[station], home_km)
    homeless = d.chance(rng, WITHOUT_HOME, station.size)
    return People(
        ids=d.identifiers("v", station.size),
        station=station,
        organisation=join(rng, tree, town),
        lat=np.where(homeless, np.nan, lat),
        lon=np.where(homeless, np.nan, lon),
    )


def volunteer_table(
    rng: Generator, people: People, stations: Stations, tree: Organisations
) -> pl.DataFrame:
    """Return the table `volunteers` without the limits that no network can hold."""
    count = people.station.size
    travels = d.one_of(rng, [5, 6, 8, 12], [3, 2, 3, 1], count).astype(np.float64)
    shifts = d.one_of(rng, [1, 2, 3, 4, 5], [3, 4, 3, 1, 1], count)
    daily = d.one_of(rng, [1, 2], [3, 1], count)
    # Half have not served lately; the rest mostly a little.
    recent = np.where(d.chance(rng, 0.5, count), 0.0, np.round(rng.gamma(1.2, 5.0, count) * 2) / 2)
    show_up = np.round(rng.beta(18.0, 2.0, count), 2)
    offers = d.one_of(rng, [1, 2, 3, 5], [1, 2, 3, 2], count)
    consent = d.weighted(rng, [0.55, 0.35, 0.08, 0.02], count) - 1
    return pl.DataFrame(
        {
            "volunteer_id": people.ids,
            "organisation_id": d.name_by(people.organisation, tree.ids),
            "station_id": d.name_by(people.station, stations.ids),
            "lat": d.coordinates(people.lat),
            "lon": d.coordinates(people.lon),
            "travel_km": d.only(travels, d.chance(rng, 0.4, count)),
            "max_shifts": d.only(shifts, d.chance(rng, 0.6, count)),
            "max_shifts_per_day": d.only(daily, d.chance(rng, 0.4, count)),
            "recent_hours": recent,
            "show_up": d.only(show_up, d.chance(rng, 0.6, count)),
            "max_offers": d.only(offers, d.chance(rng, 0.3, count)),
            "consent": d.name_by(consent, ["ask", "accept", "refuse"]),
        }
    )


def limited(rng: Generator, table: pl.DataFrame, committed: d.Bools) -> pl.DataFrame:
    """Add the limits on hours and on rest, each for a share; most stay near their homes.

    Who is taken by a commitment goes as far as anybody, so that none is out of reach.
    """
    count = table.height
    travels = d.one_of(rng, [2, 3, 5, 8, 15], [3, 4, 3, 2, 1], count).astype(np.float64)
    hours = d.one_of(rng, [4, 6, 8, 10, 16, 20], [2, 3, 3, 2, 1, 1], count).astype(np.float64)
    rest = d.one_of(rng, [8, 10, 12, 14], [1, 2, 2, 1], count).astype(np.float64)
    return table.with_columns(
        d.only(travels, d.chance(rng, 0.7, count) & ~committed).alias("travel_km"),
        d.only(hours, d.chance(rng, 0.3, count)).alias("max_hours"),
        d.only(rest, d.chance(rng, 0.1, count)).alias("min_rest_hours"),
    )
