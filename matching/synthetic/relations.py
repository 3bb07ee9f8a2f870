"""What joins people: friends who serve together, bonds with beneficiaries, preferences."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic import draws as d
from matching.synthetic.demand import POSTS
from matching.synthetic.menu import ITEMS
from matching.synthetic.orders import Orders, beneficiary_ids
from matching.synthetic.organisations import Organisations
from matching.synthetic.people import People
from matching.synthetic.stations import Stations
from matching.synthetic.vocabulary import CATEGORIES, CATEGORY_WEIGHTS

IN_PAIRS_TOGETHER = 0.01
IN_PAIRS_APART = 0.002
WITH_PREFERENCES = 0.12
NEVER = 0.04
_SUBJECTS = ("category", "station", "organisation", "beneficiary", "post", "menu_item")
_SUBJECT_WEIGHTS = (9.0, 3.0, 2.0, 2.0, 1.0, 3.0)


def draw_pairs(
    rng: Generator, station: d.Ints, available: d.Bools
) -> tuple[d.Ints, d.Ints, d.Bools]:
    """Draw pairs of available volunteers of one station, each volunteer in at most one.

    Returns
    -------
    tuple of numpy.ndarray
        One and the other volunteer of each pair, and whether they serve together (else apart).
    """
    shuffled = rng.permutation(np.flatnonzero(available))
    order = shuffled[np.argsort(station[shuffled], kind="stable")]
    even = order.size // 2 * 2
    one, other = order[0:even:2], order[1:even:2]
    near = station[one] == station[other]
    together = max(1, round(station.size * IN_PAIRS_TOGETHER / 2))
    apart = max(1, round(station.size * IN_PAIRS_APART / 2))
    drawn = rng.permutation(np.flatnonzero(near))[: together + apart]
    return one[drawn], other[drawn], np.arange(drawn.size) < together


def pair_table(people: People, one: d.Ints, other: d.Ints, together: d.Bools) -> pl.DataFrame:
    """Return the table `pairs`."""
    return pl.DataFrame(
        {
            "volunteer_a": people.ids.gather(one),
            "volunteer_b": people.ids.gather(other),
            "rule": d.name_by(np.where(together, 0, 1), ["together", "apart"]),
        }
    )


def bond_table(
    rng: Generator,
    people: People,
    orders: Orders,
    request: d.Ints,
    volunteer: d.Ints,
    week: dt.date,
) -> pl.DataFrame:
    """Return the table `bonds`: these volunteers know the beneficiaries of these requests."""
    days_ago = rng.integers(1, 60, request.size).astype("timedelta64[D]")
    return pl.DataFrame(
        {
            "volunteer_id": people.ids.gather(volunteer),
            "beneficiary_id": beneficiary_ids(orders.beneficiary).gather(request),
            "visits": rng.geometric(0.2, request.size),
            "last_visit": np.datetime64(week, "D") - days_ago,
        }
    )


def preference_table(
    rng: Generator,
    people: People,
    orders: Orders,
    stations: Stations,
    tree: Organisations,
    candidates: d.Ints,
    full: bool,
) -> pl.DataFrame:
    """Return the table `preferences` of a share of the candidates, one or two each."""
    chosen = candidates[d.chance(rng, WITH_PREFERENCES, candidates.size)]
    subjects = len(_SUBJECTS) if full else len(_SUBJECTS) - 1
    counts = d.one_of(rng, [1, 2], [2, 1], chosen.size)
    row, subject = d.entries(d.distinct(rng, _SUBJECT_WEIGHTS[:subjects], counts))
    volunteer = chosen[row]
    town = stations.town[people.station[volunteer]]
    size = volunteer.size
    first = np.searchsorted(stations.town, town)
    station = first + rng.integers(np.searchsorted(stations.town, town, "right") - first)
    team = tree.first_team[town] + rng.integers(tree.teams[town])
    values = (
        d.name_by(d.weighted(rng, CATEGORY_WEIGHTS, size), CATEGORIES["code"]),
        d.name_by(station, stations.ids),
        d.name_by(team, tree.ids),
        beneficiary_ids(_neighbour(rng, orders, stations, town)),
        d.name_by(rng.integers(len(POSTS), size=size), POSTS),
        d.name_by(rng.integers(ITEMS.height, size=size), ITEMS["menu_item"]),
    )
    never = d.chance(rng, NEVER, size)
    weight = d.one_of(rng, [-60, -30, 20, 40, 60, 80, 100], [1, 2, 4, 4, 3, 2, 1], size)
    value = pl.coalesce(
        [pl.when(pl.Series(subject == k)).then(v) for k, v in enumerate(values[:subjects])]
    )
    return pl.select(
        people.ids.gather(volunteer).alias("volunteer_id"),
        d.name_by(subject, _SUBJECTS).alias("subject"),
        value.alias("value"),
        d.only(weight, ~never).alias("weight"),
        d.only(never, never).alias("never"),
    ).filter(pl.col("value").is_not_null())


def _neighbour(rng: Generator, orders: Orders, stations: Stations, town: d.Ints) -> d.Ints:
    """Return a beneficiary of each town, -1 where the town has none."""
    known = np.flatnonzero(orders.beneficiary != d.NONE)
    home = stations.town[orders.station[known]]
    known = known[np.argsort(home, kind="stable")]
    home = np.sort(home)
    first, last = np.searchsorted(home, town), np.searchsorted(home, town, "right")
    if known.size == 0:
        return np.full(town.size, d.NONE)
    drawn = first + (rng.random(town.size) * (last - first)).astype(np.int64)
    person = orders.beneficiary[known[np.minimum(drawn, known.size - 1)]]
    return np.where(last > first, person, d.NONE)
