"""The week of those who are willing: their pairs are open and no others, beside what is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from matching.errors import UsageError, listed
from matching.orders.life import BOUND
from matching.orders.states import States, in_zone
from matching.orders.wanted import wanted
from matching.policy import Policy
from matching.problem import Problem

PAIR = ["request_id", "volunteer_id"]
_ABOUT = [*PAIR, "post", "option"]


def weeks_of(
    orders: pl.DataFrame, tables: Mapping[str, pl.DataFrame], policy: Policy
) -> pl.DataFrame:
    """Return orders, each with the Monday of its first option.

    Raises
    ------
    UsageError
        If one is not among the requests.
    """
    want = wanted(tables, policy)
    assert want is not None
    starts = want[1].group_by("request_id").agg(pl.col("start").min())
    unknown = orders.join(starts, on="request_id", how="anti")["request_id"]
    if len(unknown):
        raise UsageError(
            f"these orders are not in the table requests: {listed(unknown)}; "
            "give the tables of their week"
        )
    started = in_zone(starts, policy.time_zone)
    monday = pl.col("start").dt.truncate("1w").dt.date()
    return orders.select("request_id").join(
        started.select("request_id", week=monday), on="request_id", maintain_order="left"
    )


def accepted_of(states: States, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return what people have accepted of the requests, as rows of ``assignments``."""
    held = pl.col("state").cast(pl.String).is_in(list(map(str, BOUND)))
    known = tables["requests"]["request_id"].cast(pl.String)
    accepted = states.offers.filter(held, pl.col("request_id").is_in(known.implode()))
    return accepted.select(*_ABOUT, status=pl.lit("pinned"))


def earlier_of(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the rows of the table ``assignments`` as text."""
    return own(tables, "assignments", [*_ABOUT, "status"])


def problem_of(
    states: States,
    willing: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    week: date,
    policy: Policy,
) -> Problem:
    """Return the week in which some pairs are open, and no others, beside what was accepted.

    ``willing`` has ``request_id``, ``volunteer_id``, ``post`` and ``lot``, which is added to how
    well they fit.
    """
    accepted, earlier = accepted_of(states, tables), earlier_of(tables)
    for pairs in (accepted, willing):
        # What the log tells is newer.
        earlier = earlier.join(pairs, on=PAIR, how="anti")
    listed_pairs = _with_scores(willing, own(tables, "affinities", [*PAIR, "post", "score"]))
    kept = pl.concat([accepted, earlier]).select(*PAIR, "post", score=pl.lit(0, pl.Int64))
    people = tables.get("volunteers", pl.DataFrame())
    mine = {
        "volunteers": _with_consent(people, willing["volunteer_id"]),
        "assignments": pl.concat([accepted, earlier]),
        "affinities": pl.concat([kept, listed_pairs]),
    }
    problem = Problem.from_tables({**tables, **mine}, week, replace(policy, only_listed=True))
    return _without_minimums(problem, accepted["request_id"])


def _without_minimums(problem: Problem, begun: pl.Series) -> Problem:
    """Let orders stand that somebody has accepted: what they lack yet is not for now to decide."""
    of = problem.requests.id.is_in(begun.implode()).to_numpy()
    requests, posts, rules = problem.requests, problem.posts, problem.team_rules
    return replace(
        problem,
        requests=replace(requests, min_people=np.where(of, 0, requests.min_people)),
        posts=replace(posts, min_seats=np.where(of[posts.request], 0, posts.min_seats)),
        team_rules=rules.take(np.flatnonzero(~of[rules.request])),
    )


def own(tables: Mapping[str, pl.DataFrame], name: str, columns: list[str]) -> pl.DataFrame:
    """Return a table of the store as text, empty where it has none."""
    frame = tables.get(name, pl.DataFrame())
    there = pl.col(name for name in columns if name in frame.columns).cast(pl.String)
    blank = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.concat([blank, frame.select(there)], how="diagonal")


def _with_scores(willing: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs, scored by the platform's own affinities and by lot."""
    score = own.with_columns(pl.col("score").cast(pl.Int64, strict=False))
    any_post = score.filter(pl.col("post").is_null()).select(*PAIR, any_post="score")
    scored = willing.join(any_post, on=PAIR, how="left").join(score, on=[*PAIR, "post"], how="left")
    parts = [pl.col(name).fill_null(0) for name in ("lot", "any_post", "score")]
    return scored.select(*PAIR, "post", score=pl.sum_horizontal(parts).cast(pl.Int64))


def _with_consent(volunteers: pl.DataFrame, willing: pl.Series) -> pl.DataFrame:
    """Take their word for consent, whatever they said of being proposed."""
    if "consent" not in volunteers.columns:
        return volunteers
    consent = pl.col("consent").cast(pl.String)
    asks = pl.col("volunteer_id").cast(pl.String).is_in(willing.implode())
    word = pl.when(asks & (consent == "refuse")).then(pl.lit("ask")).otherwise(consent)
    return volunteers.with_columns(consent=word)
