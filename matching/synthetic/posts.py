"""The tables of what the requests outside the menu ask for."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.synthetic.demand import OWN_TEAM_RULES, POSTS, Demand
from matching.synthetic.draws import NONE, name_by, only
from matching.synthetic.menu import TEAM_RULES, multiplied
from matching.synthetic.orders import Orders
from matching.synthetic.vocabulary import NUMBER, QUALIFICATIONS, SOCIAL_WORKER

LEAD = "lead"


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
        "seats": np.concatenate([seats, multiplied(np.ones(led.size, dtype=np.int64), scarcity)]),
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
    rules = (*OWN_TEAM_RULES, (SOCIAL_WORKER, 1, None))
    number = np.concatenate([demand.rule, np.where(demand.advised, len(OWN_TEAM_RULES), NONE)])
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
