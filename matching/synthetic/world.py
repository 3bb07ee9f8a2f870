"""The generator: every table of a world, from a size and a seed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import PCG64, Generator, SeedSequence

from matching.guards.mondays import Day
from matching.schema import NEEDED, TABLES
from matching.synthetic import (
    abilities,
    demand,
    history,
    menu,
    orders,
    organisations,
    people,
    posts,
    relations,
    weeks_in_a_row,
)
from matching.synthetic.arguments import SIZES, check, check_size, check_weeks
from matching.synthetic.draws import Bools, Ints, Small
from matching.synthetic.geography import Towns, read_towns, side_by_side
from matching.synthetic.stations import Stations, build_stations, station_table

Frames = dict[str, pl.DataFrame]
# Requests, and for each a volunteer.
Met = tuple[Ints, Ints]

SEATS_PER_REQUEST = 4.0
SKILLED_IN_A_TOWN = 0.5
# Each part draws from a stream of its own, so that one leaves the others alone. The place in
# this list names the stream: append, never reorder.
_PARTS = (
    *("stations", "homes", "people", "orders", "demand", "held", "free", "volunteers"),
    *("organisations", "bonds", "qualifications", "availability", "preferences", "limits"),
    *("rules", "pairs", "history", "options", "menu", "weeks"),
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
    weeks: int = 1,
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
    weeks
        Weeks in a row, from 1 to 520. With more than one, `requests` is how many a week has in the
        mean, windows are in the weekly form, and all the rest is of the same people.

    Returns
    -------
    dict of polars.DataFrame
        By table name, only the tables that have rows. Times are naive local times in
        microseconds, coordinates degrees, distances kilometres, limits hours or services.

    Raises
    ------
    UsageError
        If an argument is not allowed; the message names the value and what is allowed.
    """
    check_size(size, copies)
    check_weeks(weeks)
    monday = check(volunteers, requests, rules, scarcity, seed, week)
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
        weeks=weeks,
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
    weeks: int = 1,
) -> dict[str, pl.DataFrame]:
    """Make the tables of a world in some towns; see `generate`.

    Parameters
    ----------
    eager
        Whether people can do more and come more often than in a city.
    """
    streams = map(Generator, map(PCG64, seed.spawn(len(_PARTS))))
    rng = dict(zip(_PARTS, streams, strict=True))
    stations = build_stations(rng["stations"], towns)
    station = people.settle(rng["homes"], volunteers, stations)
    by_town = np.bincount(stations.town[station], minlength=towns.kind.size)
    tree = organisations.organise(towns, by_town)
    crowd = people.build_people(rng["people"], station, stations, towns, tree)
    wanted = orders.build_orders(rng["orders"], requests * weeks, stations, tree, full)
    skilled = SKILLED_IN_A_TOWN if eager else demand.WITH_SKILL
    world = _World(
        rng=rng,
        week=week,
        weeks=weeks,
        scarcity=scarcity,
        towns=towns,
        stations=stations,
        tree=tree,
        people=crowd,
        orders=wanted,
        demand=demand.build_demand(rng["demand"], wanted, skilled),
        held=abilities.held(rng["held"], volunteers, eager),
        free=abilities.free(rng["free"], volunteers, eager),
        committed=np.zeros(volunteers, dtype=np.bool_),
    )
    bonded = history.draw_bonds(rng["bonds"], wanted, crowd, world.committed)
    tables = world.full_tables(bonded) if full else world.tables(bonded, bonded)
    if weeks > 1:
        tables |= weeks_in_a_row.spread(rng["weeks"], tables, weeks)
    return {
        name: tables[name]
        for name in TABLES
        if name in tables and (tables[name].height or name in NEEDED)
    }


@dataclass
class _World:
    """What is drawn of a world before it becomes tables; see the modules of each part.

    ``committed`` marks who is bound to somebody or something: at most one tie each, so that all can
    be kept. Each stream of ``rng`` is drawn from in one order.
    """

    rng: dict[str, Generator]
    week: dt.date
    weeks: int
    scarcity: float
    towns: Towns
    stations: Stations
    tree: organisations.Organisations
    people: people.People
    orders: orders.Orders
    demand: demand.Demand
    held: Small
    free: Small
    committed: Bools

    def full_tables(self, bonded: Met) -> Frames:
        """Return the tables of a world with every rule; see `tables`."""
        rng, wanted = self.rng, self.orders
        self.demand = demand.with_rules(rng["rules"], self.demand, wanted)
        several = orders.draw_several(rng["options"], wanted)
        one, other, together = relations.draw_pairs(
            rng["pairs"], self.people.station, ~self.committed
        )
        # Friends were trained together and come at the same times, or no service would suit both.
        self.held[other], self.free[other] = self.held[one], self.free[one]
        self.committed[one] = self.committed[other] = True
        request, volunteer, status = history.draw_history(
            rng["history"], wanted, self.demand, self.people, several, self.committed
        )
        met = np.append(bonded[0], request), np.append(bonded[1], volunteer)
        tables = self.tables(bonded, met, full=True)
        requests = orders.ordered_from_menu(rng["menu"], tables["requests"], wanted, several)
        people_needed = posts.minimum_people(self.demand, wanted.station.size, self.scarcity)
        return tables | {
            "volunteers": people.limited(rng["limits"], tables["volunteers"], self.committed),
            "requests": requests.with_columns(people_needed.alias("min_people")),
            "options": orders.option_table(rng["options"], wanted, several, self.week),
            "team_rules": posts.team_rule_table(self.demand, wanted),
            "pairs": relations.pair_table(self.people, one, other, together),
            "assignments": history.assignment_table(
                self.people, wanted, request, volunteer, status
            ),
            **menu.menu_tables(self.tree.ids[0], self.scarcity),
        }

    def tables(self, bonded: Met, met: Met, full: bool = False) -> Frames:
        """Return the tables that every world has.

        Parameters
        ----------
        bonded, met : tuple of int64 arrays
            Requests, and for each a volunteer: who knows its beneficiary, and who must be fit for
            it for that or another reason.
        full : bool
            Whether windows and demand are such as only `full_tables` may have.
        """
        rng, crowd, wanted, week = self.rng, self.people, self.orders, self.week
        extra = history.fit(wanted, self.demand, *met)
        seats = SEATS_PER_REQUEST * wanted.station.size / self.weeks / crowd.station.size
        windows = abilities.window_table if full else abilities.period_table
        free_to_choose = np.flatnonzero(~self.committed)
        return {
            "volunteers": people.volunteer_table(
                rng["volunteers"], crowd, self.stations, self.tree
            ),
            "availability": windows(rng["availability"], crowd.ids, self.free, extra, week),
            "requests": orders.request_table(wanted, self.stations, self.tree, week),
            "qualifications": abilities.qualification_table(
                rng["qualifications"], crowd.ids, self.held, extra, full, week
            ),
            **posts.post_tables(self.demand, wanted, self.scarcity, full),
            "preferences": relations.preference_table(
                rng["preferences"], crowd, wanted, self.stations, self.tree, free_to_choose, full
            ),
            "bonds": relations.bond_table(rng["bonds"], crowd, wanted, *bonded, week),
            "organisations": organisations.organisation_table(
                rng["organisations"], self.tree, crowd.organisation, seats
            ),
            "stations": station_table(self.stations, self.towns),
        }
