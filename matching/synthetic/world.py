"""The generator: every table of a world, from a size and a seed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
from numpy.random import Generator, SeedSequence

from matching.guards.mondays import Day
from matching.schema import NEEDED, TABLES
from matching.synthetic import (
    abilities,
    demand,
    history,
    menu,
    options,
    orders,
    organisations,
    people,
    posts,
    relations,
)
from matching.synthetic.arguments import SIZES, check
from matching.synthetic.geography import Towns, read_towns, side_by_side
from matching.synthetic.stations import build_stations, station_table

SEATS_PER_REQUEST = 4.0
SKILLED_IN_A_TOWN = 0.5
# Each part draws from a stream of its own, so that one leaves the others alone. The place in
# this list names the stream: append, never reorder.
_PARTS = (
    "stations",
    "homes",
    "people",
    "orders",
    "demand",
    "held",
    "free",
    "volunteers",
    "organisations",
    "bonds",
    "qualifications",
    "availability",
    "preferences",
    "limits",
    "rules",
    "pairs",
    "history",
    "options",
    "menu",
)


def generate(
    size: str,
    *,
    volunteers: int | None = None,
    requests: int | None = None,
    rules: str = "network",
    scarcity: float = 1.0,
    seed: int = 0,
    week: Day = dt.date(2026, 11, 30),
    copies: int = 1,
) -> dict[str, pl.DataFrame]:
    """Make the tables of a world: a week of volunteers and requests in real places.

    The places are those of Heilongjiang: one subdistrict and one district of Harbin, its nine
    districts, or the whole province. The people are invented. The same arguments give the same
    frames, bit for bit, under the same versions of numpy and polars.

    Parameters
    ----------
    size
        ``town`` (300 volunteers, 40 requests), ``district`` (20,000, 500), ``city`` (190,000,
        4,500) or ``province`` (2,660,000, 63,000).
    volunteers, requests
        How many instead, at least 1.
    rules
        ``network``: only what capacities on trees can hold, with services at the fixed hours of
        the week's 21 half days. ``full``: every table and column but `affinities`.
    scarcity
        Multiplies the seats of every post, rounded, at least 1 seat; the minimums stay, unless
        they would exceed the seats. Above 0.
    seed
        Of the random streams, at least 0.
    week
        The Monday of the week.
    copies
        How many times the map lies side by side, from 1 to 100; the numbers of volunteers and
        requests are those of all copies together.

    Returns
    -------
    dict of polars.DataFrame
        By table name, only the tables that have rows. Times are naive local times in
        microseconds, coordinates degrees, distances kilometres, limits hours or services.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names the value and what is allowed.
    """
    monday = check(size, volunteers, requests, rules, scarcity, seed, week, copies)
    usual_volunteers, usual_requests = (count * copies for count in SIZES[size])
    return populate(
        side_by_side(read_towns(size), copies),
        volunteers or usual_volunteers,
        requests or usual_requests,
        full=rules == "full",
        # A few hundred people would leave nearly every seat empty, were they like those of a city.
        eager=size == "town",
        scarcity=scarcity,
        seed=SeedSequence(seed),
        week=monday,
    )


def populate(
    towns: Towns,
    volunteers: int,
    requests: int,
    *,
    full: bool,
    eager: bool,
    scarcity: float,
    seed: SeedSequence,
    week: dt.date,
) -> dict[str, pl.DataFrame]:
    """Make the tables of a world in some towns; see `generate`.

    Parameters
    ----------
    eager
        Whether people can do more and come more often than in a city.
    """
    streams = dict(zip(_PARTS, map(_generator, seed.spawn(len(_PARTS))), strict=True))
    places = build_stations(streams["stations"], towns)
    station = people.settle(streams["homes"], volunteers, places)
    by_town = np.bincount(places.town[station], minlength=towns.kind.size)
    tree = organisations.organise(towns, by_town)
    crowd = people.build_people(streams["people"], station, places, towns, tree)
    wanted = orders.build_orders(streams["orders"], requests, places, tree, full)
    asked = demand.build_demand(
        streams["demand"], wanted, SKILLED_IN_A_TOWN if eager else demand.WITH_SKILL
    )
    held = abilities.held(streams["held"], station.size, eager)
    free = abilities.free(streams["free"], station.size, eager)
    # Who is bound to somebody or something: at most one tie each, so that all can be kept.
    taken = np.zeros(station.size, dtype=np.bool_)

    volunteer_table = people.volunteer_table(streams["volunteers"], crowd, places, tree)
    request_table = orders.request_table(wanted, places, tree, week)
    tables: dict[str, pl.DataFrame] = {}
    known = history.draw_bonds(streams["bonds"], wanted, crowd, taken)
    ties = [known]
    if full:
        asked = demand.with_rules(streams["rules"], asked, wanted)
        several = options.draw_several(streams["options"], wanted)
        request_table = orders.ordered_from_menu(
            streams["menu"], request_table, wanted, several
        ).with_columns(
            posts.minimum_people(asked, wanted.station.size, scarcity).alias("min_people")
        )
        one, other, together = relations.draw_pairs(streams["pairs"], station, ~taken)
        # Friends were trained together and come at the same times, or no service would suit both.
        held[other], free[other] = held[one], free[one]
        taken[one] = taken[other] = True
        past = history.draw_history(streams["history"], wanted, asked, crowd, several, taken)
        ties.append(past[:2])
        volunteer_table = people.limited(streams["limits"], volunteer_table, taken)
        tables |= menu.menu_tables(tree.ids[0], scarcity)
        tables |= {
            "options": options.option_table(streams["options"], wanted, several, week),
            "team_rules": posts.team_rule_table(asked, wanted),
            "pairs": relations.pair_table(crowd, one, other, together),
            "assignments": history.assignment_table(crowd, wanted, *past),
        }

    request, volunteer = (np.concatenate(side) for side in zip(*ties, strict=True))
    extra = history.fit(wanted, asked, request, volunteer)
    make_availability = abilities.window_table if full else abilities.period_table
    seats = SEATS_PER_REQUEST * wanted.station.size / station.size
    tables |= {
        "volunteers": volunteer_table,
        "qualifications": abilities.qualification_table(
            streams["qualifications"], crowd.ids, held, extra, full, week
        ),
        "availability": make_availability(streams["availability"], crowd.ids, free, extra, week),
        "requests": request_table,
        **posts.post_tables(asked, wanted, scarcity, full),
        "preferences": relations.preference_table(
            streams["preferences"], crowd, wanted, places, tree, np.flatnonzero(~taken), full
        ),
        "bonds": relations.bond_table(streams["bonds"], crowd, wanted, *known, week),
        "organisations": organisations.organisation_table(
            streams["organisations"], tree, crowd.organisation, seats
        ),
        "stations": station_table(places, towns),
    }
    return {
        name: tables[name]
        for name in TABLES
        if name in tables and (tables[name].height or name in NEEDED)
    }


def _generator(stream: SeedSequence) -> Generator:
    return Generator(np.random.PCG64(stream))
