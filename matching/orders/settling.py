"""Grabbing ends in one fair assignment: who was interested is all that counts, not who was first.

The engine plans the orders that are closing with the people who said that they are interested, and
nobody else, beside what these have accepted already. Among equals a lot decides, drawn for each
closing from the orders and the time: it is the same whatever the order of the clicks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl

from matching.engine import solve
from matching.guards.defaults import TIME_LIMIT_SECONDS
from matching.guards.doors import door
from matching.guards.moments import Moment, moment_of
from matching.orders.applying import state_at
from matching.orders.events import numbered
from matching.orders.states import States
from matching.orders.willing import PAIR, problem_of, weeks_of
from matching.policy import Policy
from matching.result import Result

# What a lot adds to the quality of a volunteer, at most: it decides among equals alone.
_LOT = 9
_WON = "one assignment of all who were interested"
_LOST = f"{_WON}; the seats went to others, or a rule stands against it"


@dataclass(frozen=True)
class Settled:
    """What grabbing comes to.

    Attributes
    ----------
    events : polars.DataFrame
        To be applied: ``assigned`` and ``passed_over`` for each who was interested, ``settled``
        for each order.
    results : dict of datetime.date to Result
        The assignment of each week, by its Monday, with its proof.
    """

    events: pl.DataFrame
    results: dict[date, Result]


@door
def settle(
    log: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    now: Moment,
    *,
    policy: Policy | None = None,
    seed: int = 0,
    time_limit: float = TIME_LIMIT_SECONDS,
) -> Settled:
    """Assign the seats of all orders whose grabbing is over.

    Parameters
    ----------
    log : polars.DataFrame
        In the layout of the table ``events``.
    tables : Mapping of str to polars.DataFrame
        Those of the weeks that the orders are of, as `Problem.from_tables` takes them.
    now : str or datetime.datetime
        Without an offset it is a time of the policy's zone.
    policy : Policy, optional
    seed : int
        Of the lots.
    time_limit : float
        Seconds of the search, for each week.

    Returns
    -------
    Settled

    Raises
    ------
    DataError
        If the log or the tables break a rule.
    UsageError
        If ``now`` is no moment, or an order that is open is not among the requests.
    """
    policy = policy or Policy()
    moment = moment_of(now, policy.time_zone, "now")
    states = state_at(log, now, policy=policy)
    state, ends = pl.col("state").cast(pl.String), pl.col("until").dt.convert_time_zone("UTC")
    over = states.orders.filter(state == "opened", ends.dt.replace_time_zone(None) <= moment)
    weeks = weeks_of(over, tables, policy)
    results, chosen = {}, []
    for (week,), orders in weeks.partition_by("week", as_dict=True, maintain_order=True).items():
        ids = orders["request_id"]
        lots = _lots(states, ids, f"{moment} {seed}")
        willing = _interested(states, ids).join(lots, on="volunteer_id")
        problem = problem_of(states, willing, tables, week, policy)
        results[week] = solve(problem, time_limit=time_limit)
        plan = results[week].output()[0]["plan"]
        chosen.append(plan.select(*PAIR, "option").cast(pl.String))
    taken = pl.concat([pl.DataFrame(schema=dict.fromkeys([*PAIR, "option"], pl.String)), *chosen])
    return Settled(_events(states, over, taken, moment, policy), results)


def _interested(states: States, orders: pl.Series) -> pl.DataFrame:
    return states.offers.filter(
        pl.col("state").cast(pl.String) == "interested",
        pl.col("request_id").is_in(orders.implode()),
    )


def _lots(states: States, orders: pl.Series, of: str) -> pl.DataFrame:
    """Return a lot for each who is interested, the same whoever was first."""
    people = _interested(states, orders)["volunteer_id"].unique().sort()
    drawn = hashlib.sha256("\n".join([of, *orders.sort()]).encode()).digest()
    rank = np.random.default_rng(np.frombuffer(drawn, np.uint32)).permutation(len(people))
    return pl.DataFrame({"volunteer_id": people, "lot": rank * _LOT // max(len(people) - 1, 1)})


def _events(
    states: States, over: pl.DataFrame, taken: pl.DataFrame, moment: datetime, policy: Policy
) -> pl.DataFrame:
    """Return what is to be told to each, and the end of each grabbing."""
    willing = _interested(states, over["request_id"])
    found = willing.select(*PAIR, "post").join(
        taken.with_columns(won=pl.lit(True)), on=PAIR, how="left"
    )
    won = pl.col("won").fill_null(False)
    people = found.select(
        *PAIR,
        "post",
        "option",
        event=pl.when(won).then(pl.lit("assigned")).otherwise(pl.lit("passed_over")),
        reason=pl.when(won).then(pl.lit(_WON)).otherwise(pl.lit(_LOST)),
    ).sort("request_id", "event", "volunteer_id")
    ends = over.select("request_id", event=pl.lit("settled"))
    every = pl.concat([people, ends], how="diagonal").sort("request_id", maintain_order=True)
    return numbered(every, over, moment, policy)
