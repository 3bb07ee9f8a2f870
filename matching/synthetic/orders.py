"""Requests: where, when or at which of several times, for whom and how urgent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic import draws as d
from matching.synthetic.abilities import moments
from matching.synthetic.menu import ITEM_WEIGHTS, ITEMS, OWNED
from matching.synthetic.organisations import Organisations
from matching.synthetic.stations import Stations
from matching.synthetic.times import free_times, period_times
from matching.synthetic.vocabulary import CATEGORIES, CATEGORY_WEIGHTS, DAY, WEEK

FOR_ONE_ORGANISATION = 0.02
FOR_A_BENEFICIARY = 0.35
FROM_THE_MENU = 0.75
# Of the requests outside the menu: one in five hundred of all.
REMOTE = 0.008
_SITE_KM = 0.3
WITH_OPTIONS = 0.15


@dataclass(frozen=True)
class Orders:
    """Requests by number, one array each, int unless said otherwise, -1 for none.

    ``ids`` strings; ``station`` (-1: remote); ``lat``, ``lon`` degrees, NaN where the station's
    hold; ``start`` and ``end`` minutes from Monday 00:00; ``item`` of the menu and its
    ``quantity``; ``category``; ``organisation``; ``beneficiary``; ``priority`` 1..5.
    """

    ids: pl.Series
    station: d.Ints
    lat: d.Floats
    lon: d.Floats
    start: d.Ints
    end: d.Ints
    item: d.Ints
    quantity: d.Ints
    category: d.Ints
    organisation: d.Ints
    beneficiary: d.Ints
    priority: d.Ints


def build_orders(
    rng: Generator, count: int, stations: Stations, tree: Organisations, full: bool
) -> Orders:
    """Return the requests, by the number of residents and, as much again, of elderly ones."""
    wanted = stations.people / stations.people.sum() + stations.elderly / stations.elderly.sum()
    station = d.weighted(rng, wanted, count)
    town = stations.town[station]
    organisation = np.where(
        d.chance(rng, FOR_ONE_ORGANISATION, count), _host(rng, tree, town), d.NONE
    )
    item = np.full(count, d.NONE)
    if full:
        # The owned item is ordered only where its owner, the first federation, works.
        near = tree.federation[town] == 0
        offered = np.where(near, d.weighted(rng, ITEM_WEIGHTS, count), _unowned(rng, count))
        ordered = d.chance(rng, FROM_THE_MENU, count) & (organisation == d.NONE)
        item = np.where(ordered, offered, d.NONE)
        remote = d.chance(rng, REMOTE, count) & (item == d.NONE) & (organisation == d.NONE)
        station = np.where(remote, d.NONE, station)
    start, end = free_times(rng, item) if full else period_times(rng, count)
    lat, lon = d.scatter(rng, stations.lat[station], stations.lon[station], _SITE_KM)
    at_station = (station == d.NONE) | d.chance(rng, 0.5, count)
    return Orders(
        ids=d.identifiers("r", count),
        station=station,
        lat=np.where(at_station, np.nan, lat),
        lon=np.where(at_station, np.nan, lon),
        start=start,
        end=end,
        item=item,
        quantity=d.one_of(rng, [1, 2], [3, 1], count),
        category=d.weighted(rng, CATEGORY_WEIGHTS, count),
        organisation=organisation,
        beneficiary=_beneficiary(rng, station),
        priority=d.one_of(rng, [1, 2, 3, 4, 5], [1, 2, 4, 2, 1], count),
    )


def _host(rng: Generator, tree: Organisations, town: d.Ints) -> d.Ints:
    """Return a team of each town, a large one rather than a small one."""
    drawn = rng.random(town.size) ** 3 * tree.teams[town]
    return tree.first_team[town] + drawn.astype(np.int64)


def _unowned(rng: Generator, count: int) -> d.Ints:
    return d.weighted(rng, np.where(np.arange(ITEMS.height) == OWNED, 0.0, ITEM_WEIGHTS), count)


def _beneficiary(rng: Generator, station: d.Ints) -> d.Ints:
    """Return for whom the service is, at most three people of a station, numbered in order."""
    person = station * 3 + rng.integers(3, size=station.size)
    known = (station != d.NONE) & d.chance(rng, FOR_A_BENEFICIARY, station.size)
    numbers = np.unique(person[known], return_inverse=True)[1]
    result = np.full(station.size, d.NONE)
    result[known] = numbers
    return result


def request_table(
    orders: Orders, stations: Stations, tree: Organisations, week: dt.date
) -> pl.DataFrame:
    """Return the table `requests` as a network can hold it: no menu, no minimum."""
    return pl.DataFrame(
        {
            "request_id": orders.ids,
            "name": d.name_by(orders.category, CATEGORIES["name"]),
            "category": d.name_by(orders.category, CATEGORIES["code"]),
            "organisation_id": d.name_by(orders.organisation, tree.ids),
            "station_id": d.name_by(orders.station, stations.ids),
            "beneficiary_id": beneficiary_ids(orders.beneficiary),
            "lat": d.coordinates(orders.lat),
            "lon": d.coordinates(orders.lon),
            "start": moments(orders.start, week),
            "end": moments(orders.end, week),
            "priority": orders.priority,
        }
    )


def ordered_from_menu(
    rng: Generator, table: pl.DataFrame, orders: Orders, several: d.Bools
) -> pl.DataFrame:
    """Name the menu items; leave out what the item says, and times that `options` has."""
    from_menu = pl.Series(orders.item != d.NONE)
    # Half of the orders state the end although the item has its minutes.
    open_end = from_menu & pl.Series(d.chance(rng, 0.5, from_menu.len()))
    several_times = pl.Series(several)
    return table.with_columns(
        d.name_by(orders.item, ITEMS["menu_item"]).alias("menu_item"),
        pl.when(from_menu).then(pl.Series(orders.quantity)).alias("quantity"),
        pl.when(~from_menu).then("name").alias("name"),
        pl.when(~from_menu).then("category").alias("category"),
        pl.when(~several_times).then("start").alias("start"),
        pl.when(~several_times & ~open_end).then("end").alias("end"),
    )


def beneficiary_ids(number: d.Ints) -> pl.Series:
    """Return the opaque ids of beneficiaries by number, null for -1."""
    return d.name_by(number, d.identifiers("b", int(number.max(initial=d.NONE)) + 1))


def draw_several(rng: Generator, orders: Orders) -> d.Bools:
    """Return which requests have several times."""
    several: d.Bools = d.chance(rng, WITH_OPTIONS, orders.station.size) & (orders.station != d.NONE)
    return several


def option_table(rng: Generator, orders: Orders, several: d.Bools, week: dt.date) -> pl.DataFrame:
    """Return the table `options`: the drawn time and one or two more on other days."""
    request = np.flatnonzero(several)
    count = request.size
    # The second time is one to three days later, the third four to six: no two are the same.
    days = np.stack([np.zeros(count, int), rng.integers(1, 4, count), rng.integers(4, 7, count)])
    offered = np.ones(days.shape, dtype=np.bool_)
    offered[2] = d.chance(rng, 0.5, count)
    option, at = np.nonzero(offered)
    shift = days[option, at] * DAY
    start = (orders.start[request[at]] + shift) % WEEK
    minutes = orders.end[request[at]] - orders.start[request[at]]
    return pl.DataFrame(
        {
            "request_id": orders.ids.gather(request[at]),
            "option": d.name_by(option, ["a", "b", "c"]),
            "start": moments(start, week),
            "end": moments(start + minutes, week),
        }
    )
