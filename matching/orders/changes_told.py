"""Who is told what after a plan was planned anew: a row for each change to a person."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from matching.arcs.eligibility import Arcs
from matching.orders.change_costs import ChangeCosts
from matching.orders.in_force import InForce
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import local_times, slot_keys

SCHEMA = {
    "volunteer_id": pl.String,
    "request_id": pl.String,
    "from": pl.String,
    "to": pl.String,
    "why": pl.String,
    "cost": pl.Int64,
    "from_request_id": pl.String,
}


class _Side(NamedTuple):
    """The services that people lose, or those that they get.

    Attributes
    ----------
    volunteer : int32 array
        -1: gone.
    request : int32 array
        -1: gone.
    start : int32 array
    name : polars.DataFrame
        ``volunteer_id``, ``request_id``, ``post``, ``start`` and ``end``.
    why : list of str or None
    extra : int64 array
        What it costs beyond the step.
    """

    volunteer: c.Ints
    request: c.Ints
    start: c.Ints
    names: pl.DataFrame
    why: pl.Series
    extra: c.Longs


def changes_told(
    problem: Problem,
    arcs: Arcs,
    old: InForce,
    costs: ChangeCosts,
    chosen: c.Longs,
    soon: c.Bools,
) -> pl.DataFrame:
    """Return who is told to serve, no longer, or something else instead.

    Parameters
    ----------
    problem : Problem
    arcs : Arcs
    old : InForce
        The plan in force.
    costs : ChangeCosts
    chosen : int64 array
        The arcs of the new plan.
    soon : bool array, shape (services of the old plan,)
        Which of them were to start at short notice.

    Returns
    -------
    polars.DataFrame
        ``volunteer_id``; ``request_id``, the new one if there is one; ``from`` and ``to``, as
        post, start and end, null where there is nothing; ``why``; ``cost``; and
        ``from_request_id``, if it was another. The costs add up to that of the plan.
    """
    is_chosen = np.zeros(len(arcs), np.bool_)
    is_chosen[chosen] = True
    goes_on = old.arc >= 0
    goes_on[goes_on] = is_chosen[old.arc[goes_on]]
    gone = np.flatnonzero(~goes_on)
    came = chosen[~costs.in_force[chosen]]
    if not len(gone) and not len(came):
        return pl.DataFrame(schema=SCHEMA)
    lost = _lost(problem, old, gone, costs, soon)
    given = _given(problem, arcs, came, costs, lost)
    own = old.is_own[gone]
    a, b = _paired(lost, given, own)
    return _rows(lost, given, a, b, costs.step, own).sort("volunteer_id", "start").drop("start")


def _lost(
    problem: Problem, old: InForce, gone: c.Longs, costs: ChangeCosts, soon: c.Bools
) -> _Side:
    slot = old.slot[gone]
    request = np.full(len(slot), -1, np.int32)
    request[slot >= 0] = problem.slots.request[slot[slot >= 0]]
    extra = costs.soon * (soon[gone] & ~old.is_own[gone]).astype(np.int64)
    return _Side(
        old.volunteer[gone],
        request,
        old.start[gone],
        old.rows[gone].select("volunteer_id", "request_id", "post", "start", "end"),
        old.why.gather(gone).fill_null("better_use"),
        extra,
    )


def _given(problem: Problem, arcs: Arcs, came: c.Longs, costs: ChangeCosts, lost: _Side) -> _Side:
    slot = arcs.slot[came]
    names = slot_keys(problem)[slot].select("request_id", "post")
    times = local_times(problem)[problem.slots.option[slot]]
    times = times.with_columns(pl.all().dt.cast_time_unit("us"))
    who = problem.volunteers.id.gather(arcs.volunteer[came]).alias("volunteer_id")
    names = names.hstack(times).with_columns(who)
    # Whose place somebody takes: of one who cannot come, or of one who goes elsewhere.
    left = lost.names.with_columns(why=lost.why).select("request_id", "post", "why")
    cannot = left.filter(pl.col("why") != "better_use").select("request_id", "post").unique()
    moved = left.select("request_id", "post").unique()
    keys = names.select("request_id", "post")
    on = ["request_id", "post"]
    stands_in = keys.join(cannot.with_columns(a=True), on=on, how="left", maintain_order="left")[
        "a"
    ].fill_null(False)
    takes_over = keys.join(moved.with_columns(b=True), on=on, how="left", maintain_order="left")[
        "b"
    ].fill_null(False)
    why = pl.select(
        pl.when(stands_in)
        .then(pl.lit("stands_in"))
        .when(takes_over)
        .then(pl.lit("takes_over"))
        .otherwise(pl.lit("seat_open"))
        .alias("why")
    )["why"]
    return _Side(
        arcs.volunteer[came],
        problem.slots.request[slot],
        problem.options.start[problem.slots.option[slot]],
        names,
        why,
        costs.soon * costs.charged[came].astype(np.int64),
    )


def _paired(lost: _Side, given: _Side, own: c.Bools) -> tuple[c.Longs, c.Longs]:
    """Pair what is lost with what is given for it: at the same request first, then by time."""
    left = _listed(lost)
    left = left.filter(~pl.Series(own).gather(left["at"]), pl.col("who") >= 0)
    right, pairs = _listed(given), []
    for keys in (["who", "request"], ["who"]):
        # The first that is lost with the first that is given, and so on.
        rank = pl.int_range(pl.len()).over(keys)
        both = left.with_columns(rank=rank).join(right.with_columns(rank=rank), on=[*keys, "rank"])
        pairs.append(both.select("at", "at_right"))
        left = left.join(both, on="at", how="anti", maintain_order="left")
        right = right.join(both, left_on="at", right_on="at_right", how="anti",
                           maintain_order="left")  # fmt: skip
    found = pl.concat(pairs)
    return found["at"].to_numpy(), found["at_right"].to_numpy()


def _listed(side: _Side) -> pl.DataFrame:
    """Return ``at``, ``who``, ``request`` and ``start``, by time."""
    frame = pl.DataFrame({"who": side.volunteer, "request": side.request, "start": side.start})
    # What is gone is no request's.
    frame = frame.with_columns(pl.when(pl.col("request") >= 0).then("request").alias("request"))
    return frame.with_row_index("at").with_columns(pl.col("at").cast(pl.Int64)).sort("start", "at")


def _rows(
    lost: _Side, given: _Side, a: c.Longs, b: c.Longs, step: int, own: c.Bools
) -> pl.DataFrame:
    only_a = np.setdiff1d(np.arange(len(lost.volunteer)), a)
    only_b = np.setdiff1d(np.arange(len(given.volunteer)), b)
    before, after = _said(lost.names), _said(given.names)
    forced = (lost.why.gather(a) != "better_use").to_numpy()
    why = np.where(forced, lost.why.gather(a).to_numpy(), given.why.gather(b).to_numpy())
    same = (before["request_id"].gather(a) == after["request_id"].gather(b)).to_numpy()
    moved = (
        after[b]
        .select("volunteer_id", "request_id", "start", to="said")
        .with_columns(
            before["said"].gather(a).alias("from"),
            why=pl.Series(why.tolist(), dtype=pl.String),
            cost=pl.Series(step + lost.extra[a] + given.extra[b], dtype=pl.Int64),
            from_request_id=pl.select(
                pl.when(pl.Series(~same)).then(before["request_id"].gather(a))
            ).to_series(),
        )
    )
    freed = before[only_a].select(
        "volunteer_id", "request_id", "start", pl.col("said").alias("from"),
        why=lost.why.gather(only_a),
        cost=pl.Series(np.where(own[only_a], 0, step) + lost.extra[only_a], dtype=pl.Int64),
    )  # fmt: skip
    told = after[only_b].select(
        "volunteer_id", "request_id", "start", to="said", why=given.why.gather(only_b),
        cost=pl.Series(step + given.extra[only_b], dtype=pl.Int64),
    )  # fmt: skip
    empty = pl.DataFrame(schema=SCHEMA | {"start": pl.Datetime("us")})
    return pl.concat([empty, moved, freed, told], how="diagonal_relaxed")


def _said(names: pl.DataFrame) -> pl.DataFrame:
    """Say what each service is: its post, start and end."""
    time = pl.format(
        "{}, {} to {}",
        "post",
        pl.col("start").dt.strftime("%Y-%m-%d %H:%M"),
        pl.col("end").dt.strftime("%H:%M"),
    )
    return names.with_columns(said=time)
