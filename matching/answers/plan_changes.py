"""What is other in one plan than in another, person by person, and why."""

from __future__ import annotations

import polars as pl

from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import local_times, slot_keys
from matching.result import Result

_PAIR = ["volunteer_id", "request_id"]
_TIMES = ["post", "start", "end"]


def plan_changes(before: Result, after: Result) -> pl.DataFrame:
    """Return who is told to serve, serves no longer, or serves otherwise.

    Parameters
    ----------
    before, after : Result
        Of two problems with the same ids.

    Returns
    -------
    polars.DataFrame
        ``volunteer_id``, ``request_id``, ``from`` and ``to``, such as ``cook, 2026-12-01 09:00 to
        10:00``, and ``why``: ``volunteer_gone``, ``request_gone`` (the tables no longer have
        them), ``not_allowed`` (a rule keeps them away now), ``volunteer_new``, ``request_new``,
        ``now_allowed`` (no rule keeps them away any more), ``stands_in`` (for somebody who is gone
        or not allowed any more), ``request_changed`` (the same post at another time),
        ``better_use`` (the plan is worth more so).
    """
    old, new = _rows(before), _rows(after)
    both = old.join(new, on=_PAIR, how="full", coalesce=True, suffix="_new")
    same = pl.all_horizontal(pl.col(n).eq_missing(pl.col(f"{n}_new")) for n in _TIMES)
    rows = both.filter(~same)
    was, is_ = pl.col("post").is_not_null(), pl.col("post_new").is_not_null()

    def known(result: Result, names: pl.Series, column: str) -> pl.Series:
        ids = result.problem.volunteers.id if column == _PAIR[0] else result.problem.requests.id
        return names.is_in(ids.implode())

    there = {
        f"{column}_{when}": known(result, rows[column], column)
        for column in _PAIR
        for when, result in (("before", before), ("after", after))
    }
    able = {
        f"able_{when}": _able(result, rows)
        for when, result in (("before", before), ("after", after))
    }
    rows = rows.with_columns(**there, **able)
    same_post = (pl.col("post") == pl.col("post_new")) & pl.col("option").eq_missing(
        pl.col("option_new")
    )
    why = (
        pl.when(was & ~is_ & ~pl.col("volunteer_id_after"))
        .then(pl.lit("volunteer_gone"))
        .when(was & ~is_ & ~pl.col("request_id_after"))
        .then(pl.lit("request_gone"))
        .when(was & ~is_ & ~pl.col("able_after"))
        .then(pl.lit("not_allowed"))
        .when(~was & ~pl.col("volunteer_id_before"))
        .then(pl.lit("volunteer_new"))
        .when(~was & ~pl.col("request_id_before"))
        .then(pl.lit("request_new"))
        .when(~was & ~pl.col("able_before"))
        .then(pl.lit("now_allowed"))
        .when(was & is_ & same_post)
        .then(pl.lit("request_changed"))
        .otherwise(pl.lit("better_use"))
    )
    rows = rows.with_columns(why=why)
    left = rows.filter(is_.not_(), pl.col("why").is_in(["volunteer_gone", "not_allowed"]))
    seat = ["request_id", "post_new", "option_new"]
    freed = left.select("request_id", post_new="post", option_new="option").unique()
    freed = freed.with_columns(freed=True)
    rows = rows.join(freed, on=seat, how="left", nulls_equal=True, maintain_order="left")
    stands_in = ~was & (pl.col("why") == "better_use") & pl.col("freed").is_not_null()
    why = pl.when(stands_in).then(pl.lit("stands_in")).otherwise("why")
    told = {
        name: pl.when(pl.col(f"post{suffix}").is_not_null()).then(
            pl.format(
                "{}, {} to {}",
                f"post{suffix}",
                pl.col(f"start{suffix}").dt.strftime("%Y-%m-%d %H:%M"),
                pl.col(f"end{suffix}").dt.strftime("%H:%M"),
            )
        )
        for name, suffix in (("from", ""), ("to", "_new"))
    }
    return rows.select(*_PAIR, **told, why=why).sort(_PAIR)


def _rows(result: Result) -> pl.DataFrame:
    """Return who serves where, and when."""
    problem, plan = result.problem, result.plan
    return _of_pairs(problem, plan.volunteer, plan.slot)


def _of_pairs(problem: Problem, volunteer: c.Ints, slot: c.Ints) -> pl.DataFrame:
    ids = problem.volunteers.id.gather(volunteer).alias("volunteer_id")
    times = local_times(problem)[problem.slots.option[slot]]
    return slot_keys(problem)[slot].with_columns(ids, *times.get_columns())


def _able(result: Result, rows: pl.DataFrame) -> pl.Series:
    """Tell which pairs of a volunteer and a request keep every rule of pairs, at some post."""
    problem, arcs = result.problem, result.arcs
    named = problem.volunteers.id.is_in(rows["volunteer_id"].implode()).to_numpy()
    some = named[arcs.volunteer]
    able = pl.select(
        volunteer_id=problem.volunteers.id.gather(arcs.volunteer[some]),
        request_id=problem.requests.id.gather(problem.slots.request[arcs.slot[some]]),
    ).unique()
    marked = able.with_columns(able=pl.lit(True))
    found = rows.select(_PAIR).join(marked, on=_PAIR, how="left", maintain_order="left")
    return found["able"].fill_null(False)
