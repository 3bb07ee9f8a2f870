"""The tables of what the requests outside the menu ask for."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.synthetic.demand import POSTS, Demand
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
    own = TEAM_RULES.filter(pl.col("menu_item").is_null())
    number = np.concatenate([demand.rule, np.where(demand.advised, own.height - 1, NONE)])
    request = np.tile(demand.request, 2)[number != NONE]
    asked: pl.DataFrame = own[number[number != NONE]].with_columns(
        request_id=orders.ids.gather(request)
    )
    of_menu = TEAM_RULES.drop_nulls("menu_item").with_columns(request_id=pl.lit(None, pl.String))
    return pl.concat([of_menu, asked]).select("request_id", *TEAM_RULES.columns)
