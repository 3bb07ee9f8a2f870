"""Requests: where, when, for whom and how urgent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic.abilities import moments
from matching.synthetic.draws import (
    NONE,
    Bools,
    Floats,
    Ints,
    chance,
    coordinates,
    identifiers,
    name_by,
    one_of,
    scatter,
    weighted,
)
from matching.synthetic.menu import ITEM_WEIGHTS, ITEMS, OWNED
from matching.synthetic.organisations import Organisations
from matching.synthetic.stations import Stations
from matching.synthetic.times import free_times, period_times
from matching.synthetic.vocabulary import CATEGORIES, CATEGORY_WEIGHTS

FOR_ONE_ORGANISATION = 0.02
FOR_A_BENEFICIARY = 0.35
FROM_THE_MENU = 0.75
# Of the requests outside the menu: one in five hundred of all.
REMOTE = 0.008
_SITE_KM = 0.3


@dataclass(frozen=True)
class Orders:
    """Requests by number, one array each, int unless said otherwise, -1 for none.

    ``ids`` strings; ``station`` (-1: remote); ``lat``, ``lon`` degrees, NaN where the station's
    hold; ``start`` and ``end`` minutes from Monday 00:00; ``item`` of the menu and its
    ``quantity``; ``category``; ``organisation``; ``beneficiary``; ``priority`` 1..5.
    """

    ids: pl.Series
    station: Ints
    lat: Floats
    lon: Floats
    start: Ints
    end: Ints
    item: Ints
    quantity: Ints
    category: Ints
    organisation: Ints
    beneficiary: Ints
    priority: Ints


def build_orders(
    rng: Generator, count: int, stations: Stations, tree: Organisations, full: bool
) -> Orders:
    """Return the requests, by the number of residents and, as much again, of elderly ones."""
    wanted = stations.people / stations.people.sum() + stations.elderly / stations.elderly.sum()
    station = weighted(rng, wanted, count)
    town = stations.town[station]
    organisation = np.where(chance(rng, FOR_ONE_ORGANISATION, count), _host(rng, tree, town), NONE)
    item = np.full(count, NONE)
    if full:
        # The owned item is ordered only where its owner, the first federation, works.
        near = tree.federation[town] == 0
        offered = np.where(near, weighted(rng, ITEM_WEIGHTS, count), _unowned(rng, count))
        ordered = chance(rng, FROM_THE_MENU, count) & (organisation == NONE)
        item = np.where(ordered, offered, NONE)
        remote = chance(rng, REMOTE, count) & (item == NONE) & (organisation == NONE)
        station = np.where(remote, NONE, station)
    start, end = free_times(rng, item) if full else period_times(rng, count)
    lat, lon = scatter(rng, stations.lat[station], stations.lon[station], _SITE_KM)
    at_station = (station == NONE) | chance(rng, 0.5, count)
    return Orders(
        ids=identifiers("r", count),
        station=station,
        lat=np.where(at_station, np.nan, lat),
        lon=np.where(at_station, np.nan, lon),
        start=start,
        end=end,
        item=item,
        quantity=one_of(rng, [1, 2], [3, 1], count),
        category=weighted(rng, CATEGORY_WEIGHTS, count),
        organisation=organisation,
        beneficiary=_beneficiary(rng, station),
        priority=one_of(rng, [1, 2, 3, 4, 5], [1, 2, 4, 2, 1], count),
    )


def _host(rng: Generator, tree: Organisations, town: Ints) -> Ints:
    """Return a team of each town, a large one rather than a small one."""
    drawn = rng.random(town.size) ** 3 * tree.teams[town]
    return tree.first_team[town] + drawn.astype(np.int64)


def _unowned(rng: Generator, count: int) -> Ints:
    return weighted(rng, np.where(np.arange(len(ITEMS)) == OWNED, 0.0, ITEM_WEIGHTS), count)


def _beneficiary(rng: Generator, station: Ints) -> Ints:
    """Return for whom the service is, at most three people of a station, numbered in order."""
    person = station * 3 + rng.integers(3, size=station.size)
    known = (station != NONE) & chance(rng, FOR_A_BENEFICIARY, station.size)
    numbers = np.unique(person[known], return_inverse=True)[1]
    result = np.full(station.size, NONE)
    result[known] = numbers
    return result


def request_table(
    orders: Orders, stations: Stations, tree: Organisations, week: dt.date
) -> pl.DataFrame:
    """Return the table `requests` as a network can hold it: no menu, no minimum."""
    return pl.DataFrame(
        {
            "request_id": orders.ids,
            "name": name_by(orders.category, CATEGORIES["name"]),
            "category": name_by(orders.category, CATEGORIES["code"]),
            "organisation_id": name_by(orders.organisation, tree.ids),
            "station_id": name_by(orders.station, stations.ids),
            "beneficiary_id": beneficiary_ids(orders.beneficiary),
            "lat": coordinates(orders.lat),
            "lon": coordinates(orders.lon),
            "start": moments(orders.start, week),
            "end": moments(orders.end, week),
            "priority": orders.priority,
        }
    )


def ordered_from_menu(
    rng: Generator, table: pl.DataFrame, orders: Orders, several: Bools
) -> pl.DataFrame:
    """Name the menu items; leave out what the item says, and times that `options` has."""
    from_menu = pl.Series(orders.item != NONE)
    # Half of the orders state the end although the item has its minutes.
    open_end = from_menu & pl.Series(chance(rng, 0.5, from_menu.len()))
    several_times = pl.Series(several)
    return table.with_columns(
        name_by(orders.item, [item.id for item in ITEMS]).alias("menu_item"),
        pl.when(from_menu).then(pl.Series(orders.quantity)).alias("quantity"),
        pl.when(~from_menu).then("name").alias("name"),
        pl.when(~from_menu).then("category").alias("category"),
        pl.when(~several_times).then("start").alias("start"),
        pl.when(~several_times & ~open_end).then("end").alias("end"),
    )


def beneficiary_ids(number: Ints) -> pl.Series:
    """Return the opaque ids of beneficiaries by number, null for -1."""
    return name_by(number, identifiers("b", int(number.max(initial=NONE)) + 1))
