"""Friends who must come along with a pin, since they serve together or not at all, and cannot."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.audit import violations_of
from matching.problem import Problem
from matching.problem.plan import Plan, slot_keys

_AT = ["request_id", "option"]
_FRIEND = ["friend_id", *_AT]


def left_alone(problem: Problem, pins: pl.DataFrame, rules: Collection[str]) -> pl.DataFrame:
    """Return where pins cannot be kept, since by the tables alone a friend cannot come.

    Parameters
    ----------
    problem : Problem
    pins : polars.DataFrame
        ``row``, ``volunteer``, ``volunteer_id``, ``request_id`` and ``option``: one row or more
        per pin and option that it may be kept at.
    rules : Collection of str
        Rules of the audit that keep a friend from a post, whatever others do.

    Returns
    -------
    polars.DataFrame
        ``row``, ``option`` and ``detail``.
    """
    pins = pins.unique(["row", "option"], maintain_order=True)
    wanted = pins.join(_friends(problem, pins), on="volunteer", maintain_order="left")
    if wanted.is_empty():
        return wanted.select("row", "option", detail="friend_id")
    away = wanted.join(
        _kept_away(problem, wanted, rules), on=_FRIEND, nulls_equal=True, maintain_order="left"
    )
    away = away.with_columns(
        detail=pl.format(
            "{} serves with {} or not at all, and cannot by the rule {}: {}",
            *("friend_id", "volunteer_id", "rule", "why"),
        )
    )
    found = pl.concat([away.select("row", "option", "detail"), _crowded(problem, wanted)])
    return found.unique(["row", "option"], keep="first", maintain_order=True)


def _friends(problem: Problem, pins: pl.DataFrame) -> pl.DataFrame:
    """Return ``volunteer``, ``friend`` and ``friend_id``, friends of friends included."""
    pairs = problem.pairs.take(problem.pairs.together)
    size = len(problem.volunteers)
    graph = sparse.coo_array((np.ones(len(pairs)), (pairs.a, pairs.b)), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    people = pl.DataFrame({"volunteer": np.arange(size, dtype=np.int32), "group": group})
    pinned = people[pins["volunteer"].unique(maintain_order=True)]
    friends = people.rename({"volunteer": "friend"})
    both = pinned.join(friends, on="group", maintain_order="left_right")
    both = both.filter(pl.col("volunteer") != pl.col("friend"))
    ids = problem.volunteers.id.gather(both["friend"])
    return both.select("volunteer", "friend", friend_id=ids)


def _kept_away(problem: Problem, wanted: pl.DataFrame, rules: Collection[str]) -> pl.DataFrame:
    """Return who fits no post of which request at which option, with a ``rule`` and ``why``."""
    slots = slot_keys(problem).with_row_index("slot")
    there = wanted.select("friend", *_FRIEND).unique(maintain_order=True)
    there = there.join(slots, on=_AT, nulls_equal=True, maintain_order="left")
    plan = Plan(there["friend"].to_numpy(), there["slot"].cast(pl.Int32).to_numpy())
    broken = violations_of(problem, plan, rules).rename({"volunteer_id": "friend_id"})
    reasons = broken.group_by(_FRIEND, maintain_order=True).agg(
        pl.first("rule"), pl.col("post").n_unique(), why=pl.first("detail")
    )
    posts = there.group_by(_FRIEND).agg(posts=pl.len())
    every = reasons.join(posts, on=_FRIEND, nulls_equal=True, maintain_order="left")
    return every.filter(pl.col("post") == pl.col("posts")).drop("post", "posts")


def _crowded(problem: Problem, wanted: pl.DataFrame) -> pl.DataFrame:
    """Return where more people serve together than there are seats."""
    posts = problem.posts
    seats = pl.DataFrame({"request_id": problem.requests.id.gather(posts.request)})
    seats = seats.with_columns(seats=pl.Series(posts.seats, dtype=pl.Int64))
    seats = seats.group_by("request_id").agg(pl.col("seats").sum())
    groups = wanted.group_by("row", *_AT, maintain_order=True).agg(people=pl.len() + 1)
    crowded = groups.join(seats, on="request_id").filter(pl.col("people") > pl.col("seats"))
    detail = pl.format("{} people serve together or not at all, on {} seats", "people", "seats")
    return crowded.select("row", "option", detail=detail)
