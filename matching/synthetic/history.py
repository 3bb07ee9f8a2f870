"""What was decided before this plan, and how the people concerned come to fit it."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic.abilities import Extra
from matching.synthetic.demand import POSTS, Demand
from matching.synthetic.draws import NONE, Bools, Ints, partners, pick
from matching.synthetic.menu import ITEM_POSTS, ITEMS, NEEDS, OWNED, TEAM_RULES, USUAL
from matching.synthetic.orders import Orders
from matching.synthetic.people import People
from matching.synthetic.vocabulary import NUMBER

BONDED = 0.25
PINNED = 0.02
# Of the requests that could have a history.
STATUSES = {"accepted": 0.02, "published": 0.04, "offered": 0.02, "declined": 0.03}

_RULED = TEAM_RULES["menu_item"].drop_nulls()
_MINIMUMS = pl.concat([ITEM_POSTS.filter(pl.col("min_seats") > 0)["menu_item"], _RULED])
_PLAIN_ITEM = ITEMS.select(
    (pl.col("min_people") == 0) & ~pl.col("menu_item").is_in(_MINIMUMS.implode())
)["min_people"].to_numpy()


def draw_bonds(
    rng: Generator, orders: Orders, people: People, committed: Bools
) -> tuple[Ints, Ints]:
    """Return requests and the volunteers who know their beneficiaries; marks these as taken."""
    usual = (orders.beneficiary != NONE) & (orders.organisation == NONE) & (orders.item != OWNED)
    request = pick(rng, np.flatnonzero(usual), BONDED)
    return _meet(rng, orders, people, request, committed)


def draw_history(
    rng: Generator, orders: Orders, demand: Demand, people: People, several: Bools, committed: Bools
) -> tuple[Ints, Ints, list[str]]:
    """Return requests, volunteers and statuses of `assignments`; marks the volunteers as taken.

    A pin can always be kept: the request has no minimum, no rule and one time; the volunteer
    has no quota above, no other commitment, and starts from the very station.
    """
    open_to_all = (orders.station != NONE) & (orders.organisation == NONE)
    fixed = open_to_all & (orders.item != OWNED) & ~several
    plain = fixed & _plain(orders, demand) & np.isnan(orders.lat)
    pinned = pick(rng, np.flatnonzero(plain), PINNED)
    bound = committed | (people.organisation != NONE) | ~np.isnan(people.lat)
    request, volunteer = _meet(rng, orders, people, pinned, bound)
    committed[volunteer] = True
    parts = [(request, volunteer, "pinned")]
    rest = np.setdiff1d(np.flatnonzero(fixed), pinned)
    for status, share in STATUSES.items():
        some = pick(rng, rest, share)
        rest = np.setdiff1d(rest, some)
        parts.append((*_meet(rng, orders, people, some, committed), status))
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        [part[2] for part in parts for _ in part[0]],
    )


def assignment_table(
    people: People, orders: Orders, request: Ints, volunteer: Ints, status: list[str]
) -> pl.DataFrame:
    """Return the table `assignments`, each on the request's usual post."""
    usual = pl.concat([USUAL["post"], pl.Series([POSTS[0]])])
    return pl.DataFrame(
        {
            "volunteer_id": people.ids.gather(volunteer),
            "request_id": orders.ids.gather(request),
            "post": usual.gather(orders.item[request] % usual.len()),
            "status": status,
        }
    )


def fit(orders: Orders, demand: Demand, request: Ints, volunteer: Ints) -> Extra:
    """Return what these volunteers need to be eligible for the usual post of these requests."""
    need, level = _needs(orders, demand)
    at, place = np.nonzero(need[request] != NONE)
    return Extra(
        volunteer=volunteer,
        start=orders.start[request],
        end=orders.end[request],
        holder=volunteer[at],
        qualification=need[request[at], place],
        level=level[request[at], place],
    )


def _needs(orders: Orders, demand: Demand) -> tuple[Ints, Ints]:
    """Return what the usual post of each request asks: qualification and level, shape (n, 2)."""
    of_item = np.full((ITEMS.height + 1, 2), NONE)
    level_of_item = np.ones_like(of_item)
    usual = NEEDS.join(USUAL, on=["menu_item", "post"], how="semi", maintain_order="left")
    at = usual.select(
        pl.col("menu_item").replace_strict(ITEMS["menu_item"], range(ITEMS.height)),
        place=pl.int_range(pl.len()).over("menu_item"),
    )
    item, place = at["menu_item"].to_numpy(), at["place"].to_numpy()
    of_item[item, place] = usual["qualification"].replace_strict(NUMBER).to_numpy()
    level_of_item[item, place] = usual["level"].to_numpy()
    # Requests outside the menu, with item -1, find the empty last row.
    need, levels = of_item[orders.item], level_of_item[orders.item]
    need[demand.request] = np.stack([demand.skill[:, 0], demand.formality[:, 0]], axis=1)
    levels[demand.request, 0] = demand.level[:, 0]
    return need, levels


def _meet(
    rng: Generator, orders: Orders, people: People, request: Ints, committed: Bools
) -> tuple[Ints, Ints]:
    """Return the requests for which a volunteer of their station is left, and that volunteer."""
    left = np.flatnonzero(~committed)
    at_request, at_volunteer = partners(rng, orders.station[request], people.station[left])
    committed[left[at_volunteer]] = True
    return request[at_request], left[at_volunteer]


def _plain(orders: Orders, demand: Demand) -> Bools:
    """Return which requests have no minimum, lead or team rule."""
    plain: Bools = (orders.item != NONE) & _PLAIN_ITEM[orders.item]
    free = (demand.people == 0) & (demand.floor == 0).all(axis=1) & (demand.rule == NONE)
    plain[demand.request] = free & ~demand.led & ~demand.advised
    return plain
