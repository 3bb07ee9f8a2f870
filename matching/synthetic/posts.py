"""Posts of the requests that do not come from the menu: seats, what they ask, minimums."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.random import Generator

from .draws import NONE, Bools, Ints, chance, name_by, one_of, only, weighted
from .menu import TEAM_RULES, scaled
from .orders import Orders
from .vocabulary import (
    ASKED_WEIGHTS,
    FORMALITIES,
    FORMALITY_WEIGHTS,
    NUMBER,
    QUALIFICATIONS,
    SOCIAL_WORKER,
)

POSTS = ("volunteer", "assistant", "support")
LEAD = "lead"

WITH_SKILL = 0.99
# Of the posts with a skill; those without have one in any case.
WITH_FORMALITY = 0.75
# Someone who translates from afar: few can.
_REMOTE_NEEDS = ("skill:16", "lang:ko")
# No minimum, everybody or nobody, at least half, the first post full.
_MINIMUM_WEIGHTS = (0.6, 0.15, 0.1, 0.15)
_LED = 0.12
_ADVISED = 0.03
_ADVISED_NEED = "trained:elderly_care"
_TEAM_RULE = 0.1


@dataclass(frozen=True)
class Demand:
    """What the requests outside the menu ask for.

    ``request`` (int, shape m); by request and post, shape (m, 3), int: ``seats`` (0 where there is
    no such post), ``floor`` (the minimum seats), ``skill``, ``formality`` (-1 for none), ``level``
    of the skill. By request, shape m: ``led`` (bool: a social worker leads, on a post more),
    ``advised`` (bool: the team must hold one), ``people`` (int: the minimum in all), ``rule`` (int:
    which team rule, -1 for none).
    """

    request: Ints
    seats: Ints
    floor: Ints
    skill: Ints
    formality: Ints
    level: Ints
    led: Bools
    advised: Bools
    people: Ints
    rule: Ints


def build_demand(rng: Generator, orders: Orders, with_skill: float) -> Demand:
    """Return the posts, one to three a request with four seats on average, without minimums.

    ``with_skill`` is the share of posts that ask for a skill.
    """
    request = np.flatnonzero(orders.item == NONE)
    count = request.size
    shape = (count, len(POSTS))
    seats = one_of(rng, [1, 2, 3, 4, 6], [37, 30, 17, 10, 6], count * 3).reshape(shape)
    seats[np.arange(3) >= one_of(rng, [1, 2, 3], [4, 4, 2], count)[:, None]] = 0
    skill = weighted(rng, ASKED_WEIGHTS, seats.size).reshape(shape)
    common = np.array([NUMBER[name] for name in FORMALITIES])
    formality = common[weighted(rng, FORMALITY_WEIGHTS, seats.size)].reshape(shape)
    skilled = chance(rng, with_skill, seats.size).reshape(shape)
    skill[~skilled] = NONE
    formality[skilled & ~chance(rng, WITH_FORMALITY, seats.size).reshape(shape)] = NONE
    # The forty volunteers of one organisation would hardly ever have a given skill.
    own_people = orders.organisation[request] != NONE
    skill[own_people] = formality[own_people] = NONE
    remote = orders.station[request] == NONE
    seats[remote] = [1, 0, 0]
    skill[remote], formality[remote] = (NUMBER[name] for name in _REMOTE_NEEDS)
    nothing = np.zeros(count, dtype=np.int64)
    return Demand(
        request=request,
        seats=seats,
        floor=np.zeros(shape, dtype=np.int64),
        skill=skill,
        formality=formality,
        level=np.ones(shape, dtype=np.int64),
        led=nothing.astype(np.bool_),
        advised=nothing.astype(np.bool_),
        people=nothing,
        rule=nothing + NONE,
    )


def with_rules(rng: Generator, demand: Demand) -> Demand:
    """Return the same posts with minimums, social workers, team rules and levels for a share."""
    count = demand.request.size
    led, advised = chance(rng, _LED, count), chance(rng, _ADVISED, count)
    kind = np.where(led | advised, 0, weighted(rng, _MINIMUM_WEIGHTS, count))
    seats = demand.seats
    total = seats.sum(axis=1)
    people = np.select([kind == 1, kind == 2], [total, (total + 1) // 2], 0)
    floor = np.zeros_like(seats)
    floor[:, 0] = np.where(kind == 3, seats[:, 0], 0)
    # A social worker who must also have the skill of the post is hardly ever found.
    advised &= ~led
    skill = np.where(advised[:, None], NONE, demand.skill)
    formality = np.where(advised[:, None], NUMBER[_ADVISED_NEED], demand.formality)
    level = np.where(chance(rng, 0.25, seats.size).reshape(seats.shape), 2, 1)
    rule = np.where(chance(rng, _TEAM_RULE, count), rng.integers(len(_RULES), size=count), NONE)
    return replace(
        demand,
        floor=floor,
        skill=skill,
        formality=formality,
        level=level,
        led=led,
        advised=advised,
        people=people,
        rule=np.where(total > 1, rule, NONE),
    )


# Qualification, at least so many, one for every so many.
_RULES: tuple[tuple[str, int | None, int | None], ...] = (
    ("adult", None, 4),
    ("insured", 1, None),
    ("trained:home_visit", None, 5),
)


def post_tables(
    demand: Demand, orders: Orders, scarcity: float, full: bool
) -> dict[str, pl.DataFrame]:
    """Return `posts` and `post_qualifications`, seats multiplied by the scarcity."""
    row, column = np.nonzero(demand.seats)
    led = np.flatnonzero(demand.led)
    request = orders.ids.gather(demand.request[np.concatenate([row, led])])
    names = pl.concat([name_by(column, POSTS), pl.Series([LEAD]).new_from_index(0, led.size)])
    seats = multiplied(demand.seats[row, column], scarcity)
    posts = {
        "request_id": request,
        "post": names,
        "seats": np.concatenate([seats, np.full(led.size, scaled(1, scarcity))]),
    }
    at_post = np.tile(np.arange(row.size), 2)
    wanted = np.concatenate([demand.skill[row, column], demand.formality[row, column]])
    level = np.concatenate([demand.level[row, column], np.ones(row.size, dtype=np.int64)])
    lead_rows = row.size + np.arange(led.size)
    at_post = np.concatenate([at_post[wanted != NONE], lead_rows])
    level = np.concatenate([level[wanted != NONE], np.ones(led.size, dtype=np.int64)])
    wanted = np.concatenate([wanted[wanted != NONE], np.full(led.size, NUMBER[SOCIAL_WORKER])])
    asked = {
        "request_id": request.gather(at_post),
        "post": names.gather(at_post),
        "qualification": name_by(wanted, QUALIFICATIONS),
    }
    if full:
        floor = np.minimum(demand.floor[row, column], seats)
        posts["min_seats"] = np.concatenate([floor, np.ones(led.size, dtype=np.int64)])
        asked["level"] = only(level, level > 1)
    return {"posts": pl.DataFrame(posts), "post_qualifications": pl.DataFrame(asked)}


def multiplied(seats: Ints, scarcity: float) -> Ints:
    """Return the seats of posts (all at least 1) under a scarcity: rounded half up, at least 1."""
    return np.maximum(1, np.floor(seats * scarcity + 0.5)).astype(np.int64)


def minimum_people(demand: Demand, count: int, scarcity: float) -> pl.Series:
    """Return the column `min_people` of all ``count`` requests, null where there is none."""
    seats = np.where(demand.seats > 0, multiplied(demand.seats, scarcity), 0).sum(axis=1)
    people = np.zeros(count, dtype=np.int64)
    people[demand.request] = np.minimum(demand.people, seats)
    return only(people, people > 0)


def team_rule_table(demand: Demand, orders: Orders) -> pl.DataFrame:
    """Return the table `team_rules`, those of the menu first."""
    schema = {
        "request_id": pl.String,
        "menu_item": pl.String,
        "qualification": pl.String,
        "min_people": pl.Int64,
        "per_people": pl.Int64,
    }
    menu_rules = pl.DataFrame([(None, *rule) for rule in TEAM_RULES], schema=schema, orient="row")
    rules = (*_RULES, (SOCIAL_WORKER, 1, None))
    number = np.concatenate([demand.rule, np.where(demand.advised, len(_RULES), NONE)])
    request = np.tile(demand.request, 2)[number != NONE]
    number = number[number != NONE]
    own_rules = pl.DataFrame(
        {
            "request_id": orders.ids.gather(request),
            "menu_item": pl.Series([None], dtype=pl.String).new_from_index(0, request.size),
            "qualification": pl.Series([rule[0] for rule in rules]).gather(number),
            "min_people": pl.Series([rule[1] for rule in rules], dtype=pl.Int64).gather(number),
            "per_people": pl.Series([rule[2] for rule in rules], dtype=pl.Int64).gather(number),
        },
        schema=schema,
    )
    return pl.concat([menu_rules, own_rules])
