"""Grabbing ends in one fair assignment: who was interested is all that counts, not who was first.

The engine plans the orders that are closing with the people who said that they are interested, and
nobody else, beside what these have accepted already. Among equals a lot decides, drawn for each
closing from the orders and the time: it is the same whatever the order of the clicks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import polars as pl

from matching.engine import solve
from matching.errors import UsageError, listed
from matching.guards.defaults import TIME_LIMIT_SECONDS
from matching.guards.doors import door
from matching.guards.moments import Moment, moment_of
from matching.orders.applying import replayed
from matching.orders.rows import clean_events
from matching.orders.states import States, in_zone
from matching.orders.tables import Events
from matching.orders.wanted import wanted
from matching.policy import Policy
from matching.problem import Problem
from matching.result import Result

# What a lot adds to the quality of a volunteer, at most: it decides among equals alone.
_LOT = 9
_PAIR = ["request_id", "volunteer_id"]
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
    events = clean_events(log, policy).filter(pl.col("at") <= moment)
    states = replayed(events, events.clear(), None, policy).states
    state, ends = pl.col("state").cast(pl.String), pl.col("until").dt.convert_time_zone("UTC")
    over = states.orders.filter(state == "opened", ends.dt.replace_time_zone(None) <= moment)
    weeks = _weeks(over, tables, policy)
    results, chosen = {}, []
    for (week,), orders in weeks.partition_by("week", as_dict=True, maintain_order=True).items():
        lots = _lots(states, orders["request_id"], f"{moment} {seed}")
        problem = _problem(states, orders["request_id"], lots, tables, week, policy)
        results[week] = solve(problem, time_limit=time_limit)
        plan = results[week].output()[0]["plan"]
        chosen.append(plan.select(*_PAIR, "option").cast(pl.String))
    taken = pl.concat([pl.DataFrame(schema=dict.fromkeys([*_PAIR, "option"], pl.String)), *chosen])
    return Settled(_events(states, over, taken, moment, policy), results)


def _weeks(over: pl.DataFrame, tables: Mapping[str, pl.DataFrame], policy: Policy) -> pl.DataFrame:
    """Return the orders that close, each with the Monday of its first option."""
    want = wanted(tables, policy)
    assert want is not None
    starts = want[1].group_by("request_id").agg(pl.col("start").min())
    unknown = over.join(starts, on="request_id", how="anti")["request_id"]
    if len(unknown):
        raise UsageError(
            f"orders are open for grabbing that are not in the table requests: {listed(unknown)}; "
            "give the tables of their week"
        )
    started = in_zone(starts, policy.time_zone)
    monday = pl.col("start").dt.truncate("1w").dt.date()
    return over.select("request_id").join(
        started.select("request_id", week=monday), on="request_id", maintain_order="left"
    )


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


def _problem(
    states: States,
    orders: pl.Series,
    lots: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    week: date,
    policy: Policy,
) -> Problem:
    """Return the week in which these orders are open to those who are interested, and no others."""
    held = pl.col("state").cast(pl.String).is_in(("accepted", "checked_in"))
    known = tables["requests"]["request_id"].cast(pl.String)
    about = [*_PAIR, "post", "option"]
    accepted = states.offers.filter(held, pl.col("request_id").is_in(known.implode()))
    accepted = accepted.select(*about, status=pl.lit("accepted"))
    willing = _interested(states, orders).join(lots, on="volunteer_id")
    earlier = _own(tables, "assignments", [*about, "status"])
    for pairs in (accepted, willing):
        # What the log tells is newer.
        earlier = earlier.join(pairs, on=_PAIR, how="anti")
    listed_pairs = _with_scores(willing, _own(tables, "affinities", [*_PAIR, "post", "score"]))
    kept = pl.concat([accepted, earlier]).select(*_PAIR, "post", score=pl.lit(0, pl.Int64))
    mine = {
        "volunteers": _with_consent(tables["volunteers"], willing["volunteer_id"]),
        "assignments": pl.concat([accepted, earlier]),
        "affinities": pl.concat([kept, listed_pairs]),
    }
    return Problem.from_tables({**tables, **mine}, week, replace(policy, only_listed=True))


def _own(tables: Mapping[str, pl.DataFrame], name: str, columns: list[str]) -> pl.DataFrame:
    """Return a table of the store as text, empty where it has none."""
    frame = tables.get(name, pl.DataFrame())
    there = pl.col(name for name in columns if name in frame.columns).cast(pl.String)
    blank = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.concat([blank, frame.select(there)], how="diagonal")


def _with_scores(willing: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs, scored by the platform's own affinities and by lot."""
    score = own.with_columns(pl.col("score").cast(pl.Int64, strict=False))
    any_post = score.filter(pl.col("post").is_null()).select(*_PAIR, any_post="score")
    scored = willing.join(any_post, on=_PAIR, how="left").join(
        score, on=[*_PAIR, "post"], how="left"
    )
    parts = [pl.col(name).fill_null(0) for name in ("lot", "any_post", "score")]
    return scored.select(*_PAIR, "post", score=pl.sum_horizontal(parts).cast(pl.Int64))


def _with_consent(volunteers: pl.DataFrame, willing: pl.Series) -> pl.DataFrame:
    """Take their word for consent, whatever they said of being proposed."""
    if "consent" not in volunteers.columns:
        return volunteers
    consent = pl.col("consent").cast(pl.String)
    asks = pl.col("volunteer_id").cast(pl.String).is_in(willing.implode())
    word = pl.when(asks & (consent == "refuse")).then(pl.lit("ask")).otherwise(consent)
    return volunteers.with_columns(consent=word)


def _events(
    states: States, over: pl.DataFrame, taken: pl.DataFrame, moment: datetime, policy: Policy
) -> pl.DataFrame:
    """Return what is to be told to each, and the end of each grabbing."""
    willing = _interested(states, over["request_id"])
    found = willing.select(*_PAIR, "post").join(
        taken.with_columns(won=pl.lit(True)), on=_PAIR, how="left"
    )
    won = pl.col("won").fill_null(False)
    people = found.select(
        *_PAIR,
        "post",
        "option",
        event=pl.when(won).then(pl.lit("assigned")).otherwise(pl.lit("passed_over")),
        reason=pl.when(won).then(pl.lit(_WON)).otherwise(pl.lit(_LOST)),
    ).sort("request_id", "event", "volunteer_id")
    ends = over.select("request_id", event=pl.lit("settled"))
    every = pl.concat([people, ends], how="diagonal").sort("request_id", maintain_order=True)
    last = over.select("request_id", last="version")
    numbered = every.join(last, on="request_id", maintain_order="left").with_columns(
        version=pl.col("last") + pl.int_range(1, pl.len() + 1).over("request_id"),
        at=pl.lit(moment, pl.Datetime("us")),
        actor_role=pl.lit("system"),
    )
    lacking = [name for name in Events.columns() if name not in numbered.columns]
    whole = numbered.with_columns(pl.lit(None, pl.String).alias(name) for name in lacking)
    return in_zone(whole.select(list(Events.columns())), policy.time_zone)
