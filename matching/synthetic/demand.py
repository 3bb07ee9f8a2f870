"""What the requests outside the menu ask for: posts, seats, qualifications, minimums."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from matching.synthetic import vocabulary as v
from matching.synthetic.draws import NONE, Bools, Ints, chance, one_of, weighted
from matching.synthetic.menu import TEAM_RULES
from matching.synthetic.orders import Orders

POSTS = ("volunteer", "assistant", "support")

WITH_SKILL = 0.99
# Of the posts with a skill; those without have one in any case.
WITH_FORMALITY = 0.75
# Someone who translates from afar: few can.
_REMOTE_NEEDS = ("skill:16", "lang:ko")
# No minimum, everybody or nobody, at least half, the first post full.
_MINIMUM_WEIGHTS = (0.6, 0.15, 0.1, 0.15)
_LED = 0.18
_ADVISED = 0.03
_ADVISED_NEED = "trained:elderly_care"
_TEAM_RULE = 0.1

# All but the last, which is of those who are advised.
_OWN_RULES = TEAM_RULES["menu_item"].null_count() - 1


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
    skill = weighted(rng, v.ASKED_WEIGHTS, seats.size).reshape(shape)
    common = np.array([v.NUMBER[name] for name in v.FORMALITIES])
    formality = common[weighted(rng, v.FORMALITY_WEIGHTS, seats.size)].reshape(shape)
    skilled = chance(rng, with_skill, seats.size).reshape(shape)
    skill[~skilled] = NONE
    formality[skilled & ~chance(rng, WITH_FORMALITY, seats.size).reshape(shape)] = NONE
    # The forty volunteers of one organisation would hardly ever have a given skill.
    own_people = orders.organisation[request] != NONE
    skill[own_people] = formality[own_people] = NONE
    remote = orders.station[request] == NONE
    seats[remote] = [1, 0, 0]
    skill[remote], formality[remote] = (v.NUMBER[name] for name in _REMOTE_NEEDS)
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


def with_rules(rng: Generator, demand: Demand, orders: Orders) -> Demand:
    """Return the same posts with minimums, social workers, team rules and levels for a share."""
    count = demand.request.size
    # From afar or from one organisation alone, social workers would be many or none.
    usual = (orders.station != NONE) & (orders.organisation == NONE)
    led = chance(rng, _LED, count) & usual[demand.request]
    advised = chance(rng, _ADVISED, count) & usual[demand.request] & ~led
    kind = np.where(led | advised, 0, weighted(rng, _MINIMUM_WEIGHTS, count))
    seats = demand.seats
    total = seats.sum(axis=1)
    people = np.select([kind == 1, kind == 2], [total, (total + 1) // 2], 0)
    floor = np.zeros_like(seats)
    floor[:, 0] = np.where(kind == 3, seats[:, 0], 0)
    # A social worker who must also have the skill of the post is hardly ever found.
    skill = np.where(advised[:, None], NONE, demand.skill)
    formality = np.where(advised[:, None], v.NUMBER[_ADVISED_NEED], demand.formality)
    level = np.where(chance(rng, 0.25, seats.size).reshape(seats.shape), 2, 1)
    rule = np.where(chance(rng, _TEAM_RULE, count), rng.integers(_OWN_RULES, size=count), NONE)
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
