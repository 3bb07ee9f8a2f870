"""The generator: every table of a world, from a size and a seed."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import polars as pl
from numpy.random import Generator, SeedSequence

from . import abilities, history, menu, options, orders, organisations, people, posts, relations
from .geography import read_towns
from .stations import build_stations, station_table

SIZES = {
    "town": (300, 40),
    "district": (20_000, 500),
    "city": (190_000, 4_500),
    "province": (2_660_000, 63_000),
}
RULES = ("network", "full")
SEATS_PER_REQUEST = 4.0
SKILLED_IN_A_TOWN = 0.5
MAX_COUNT = 10_000_000
MAX_SCARCITY = 1000.0

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
    week: dt.date = dt.date(2026, 11, 30),
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
    _check(size, volunteers, requests, rules, scarcity, seed, week)
    usual_volunteers, usual_requests = SIZES[size]
    full = rules == "full"
    # A few hundred people would leave nearly every seat empty, were they like those of a city.
    eager = size == "town"
    streams = dict(zip(_PARTS, map(_generator, SeedSequence(seed).spawn(len(_PARTS))), strict=True))

    towns = read_towns(size)
    places = build_stations(streams["stations"], towns)
    station = people.settle(streams["homes"], volunteers or usual_volunteers, places)
    by_town = np.bincount(places.town[station], minlength=towns.kind.size)
    tree = organisations.organise(towns, by_town)
    crowd = people.build_people(streams["people"], station, places, towns, tree)
    wanted = orders.build_orders(streams["orders"], requests or usual_requests, places, tree, full)
    demand = posts.build_demand(
        streams["demand"], wanted, SKILLED_IN_A_TOWN if eager else posts.WITH_SKILL
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
        demand = posts.with_rules(streams["rules"], demand)
        several = options.draw_several(streams["options"], wanted)
        request_table = orders.ordered_from_menu(
            streams["menu"], request_table, wanted, several
        ).with_columns(
            posts.minimum_people(demand, wanted.station.size, scarcity).alias("min_people")
        )
        one, other, together = relations.draw_pairs(streams["pairs"], station, ~taken)
        # Friends were trained together and come at the same times, or no service would suit both.
        held[other], free[other] = held[one], free[one]
        taken[one] = taken[other] = True
        past = history.draw_history(streams["history"], wanted, demand, crowd, several, taken)
        ties.append(past[:2])
        volunteer_table = people.limited(streams["limits"], volunteer_table, taken)
        tables |= menu.menu_tables(tree.ids[0], scarcity)
        tables |= {
            "options": options.option_table(streams["options"], wanted, several, week),
            "team_rules": posts.team_rule_table(demand, wanted),
            "pairs": relations.pair_table(crowd, one, other, together),
            "assignments": history.assignment_table(crowd, wanted, *past),
        }

    request, volunteer = (np.concatenate(side) for side in zip(*ties, strict=True))
    extra = history.fit(wanted, demand, request, volunteer)
    make_availability = abilities.window_table if full else abilities.period_table
    seats = SEATS_PER_REQUEST * wanted.station.size / station.size
    tables |= {
        "volunteers": volunteer_table,
        "qualifications": abilities.qualification_table(
            streams["qualifications"], crowd.ids, held, extra, full, week
        ),
        "availability": make_availability(streams["availability"], crowd.ids, free, extra, week),
        "requests": request_table,
        **posts.post_tables(demand, wanted, scarcity, full),
        "preferences": relations.preference_table(
            streams["preferences"], crowd, wanted, places, tree, np.flatnonzero(~taken), full
        ),
        "bonds": relations.bond_table(streams["bonds"], crowd, wanted, *known, week),
        "organisations": organisations.organisation_table(
            streams["organisations"], tree, crowd.organisation, seats
        ),
        "stations": station_table(places, towns),
    }
    needed = ("volunteers", "availability", "requests")
    return {name: table for name, table in tables.items() if table.height or name in needed}


def _generator(stream: SeedSequence) -> Generator:
    return Generator(np.random.PCG64(stream))


def _check(
    size: str,
    volunteers: int | None,
    requests: int | None,
    rules: str,
    scarcity: float,
    seed: int,
    week: dt.date,
) -> None:
    if size not in SIZES:
        raise ValueError(f"size {size!r} is unknown; allowed: {', '.join(SIZES)}")
    if rules not in RULES:
        raise ValueError(f"rules {rules!r} are unknown; allowed: {', '.join(RULES)}")
    for name, count in (("volunteers", volunteers), ("requests", requests)):
        if count is not None and not 1 <= count <= MAX_COUNT:
            raise ValueError(f"{name} {count} is out of range; allowed: 1 to {MAX_COUNT}")
    if not (math.isfinite(scarcity) and 0 < scarcity <= MAX_SCARCITY):
        raise ValueError(
            f"scarcity {scarcity} is out of range; allowed: above 0, up to {MAX_SCARCITY:g}"
        )
    if seed < 0:
        raise ValueError(f"seed {seed} is negative; allowed: 0 and above")
    if week.isoweekday() != 1:
        raise ValueError(f"week {week} is a {week:%A}; allowed: a Monday")
