"""A plan is asked what readers of its report will ask; see `answers.Answers`."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from matching.answers.desk import Desk
from matching.answers.explanation import explain
from matching.answers.sentences import sentences
from matching.arcs.layout import merged_windows
from matching.audit.pins import settled
from matching.bounds.prices import PRICE_COLUMNS
from matching.errors import DataError, DataWarning, UsageError
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import local_of, local_times, slot_keys
from matching.reports.answers import UNUSED, Answers
from matching.reports.reopening import reopened

if TYPE_CHECKING:
    from matching.reports.facts import Facts
    from matching.result import Result
    from matching.schema import Output

# Of so many posts the reasons are told, and for each so many people are named at most.
MOST_POSTS = 200
MOST_PEOPLE = 40
# Of so many people it is told when they are free.
MOST_FREE = 5_000
_KEYS = ["request_id", "post"]
_WEEK = 7 * 24 * 60


def answered(facts: Facts, problem: Problem, output: Output) -> Facts:
    """Return the facts of a saved plan with answers, if it keeps every rule.

    Without prices nobody can say why a seat is empty, and who could come is told by fit.

    Warns
    -----
    DataWarning
        If it breaks a rule.
    """
    tables, summary = output
    has_prices = "prices" in tables
    if not has_prices:
        nothing = pl.DataFrame(schema=dict.fromkeys(PRICE_COLUMNS, pl.String))
        tables = {**tables, "prices": nothing}
    try:
        result = reopened(settled(problem), (tables, summary))
    except (UsageError, DataError) as error:
        warnings.warn(f"the report does not say who could come: {error}", DataWarning, stacklevel=2)
        return facts
    answers = answers_of(result, facts)
    if not has_prices:
        answers = replace(answers, told=answers.told.clear())
    return replace(facts, answers=answers)


def answers_of(result: Result, facts: Facts, most: int = MOST_POSTS) -> Answers:
    """Ask a result what readers of its report will.

    Parameters
    ----------
    result : Result
    facts : Facts
        Of this result. The first rows of ``unfilled`` are those that are told of.
    most : int
        How many they are.

    Returns
    -------
    Answers
    """
    asked = facts.unfilled.head(most)
    few = asked.select(_KEYS).join(result.unfilled, on=_KEYS, maintain_order="left")
    found = explain(replace(result, unfilled=few), with_remedies=False)
    told = sentences(found, "en", head=False).rename({"sentence": "en"})
    chinese = sentences(found, "zh", head=False)["sentence"]
    could, unused = _could_come(result, asked, facts.roster), _unused(result)
    first = [could["volunteer_id"], unused["volunteer_id"], result.problem.volunteers.id]
    free = _free(result.problem, pl.concat(first).unique(maintain_order=True))
    shown = free["volunteer_id"].unique(maintain_order=True)
    return Answers(
        told=told.with_columns(zh=chinese),
        could_come=could,
        unused=unused,
        free=free.filter(pl.col("volunteer_id").is_in(shown.head(MOST_FREE).implode())),
        left_out=facts.unfilled.height - asked.height,
        free_left_out=max(len(shown) - MOST_FREE, 0),
    )


def _free(problem: Problem, order: pl.Series) -> pl.DataFrame:
    """Return the windows of the week, cut at midnight, of people in some order."""
    who, start, end = merged_windows(problem.windows)
    start, end = np.maximum(start, 0), np.minimum(end, _WEEK)
    some = start < end
    ranks = pl.DataFrame({"volunteer_id": order}).with_row_index("rank")
    frame = pl.DataFrame(
        {
            "volunteer_id": problem.volunteers.id.gather(who[some]),
            "start": local_of(problem, start[some]),
            "end": local_of(problem, end[some]),
        }
    )
    last = (pl.col("end") - pl.duration(minutes=1)).dt.date()
    frame = frame.with_columns(day=pl.date_ranges(pl.col("start").dt.date(), last)).explode("day")
    midnight = pl.col("day").cast(pl.Datetime("us"))
    frame = frame.with_columns(
        start=pl.max_horizontal("start", midnight),
        end=pl.min_horizontal("end", midnight + pl.duration(days=1)),
    )
    return (
        frame.join(ranks, on="volunteer_id", how="left")
        .sort("rank", "start")
        .select("volunteer_id", "day", "start", "end")
    )


def _could_come(result: Result, asked: pl.DataFrame, roster: pl.DataFrame) -> pl.DataFrame:
    """Return the best few for each post: at the time of its request, or at any if it has none."""
    desk, problem = Desk(result), result.problem
    orders = asked["request_id"].unique(maintain_order=True)
    lists = [desk.shortlist(one, MOST_PEOPLE, "accepted") for one in orders]
    shown = ("volunteer_id", "km", "busy")
    schema = dict.fromkeys((*_KEYS, "option", *shown), pl.String)
    nobody = pl.DataFrame(schema=schema | {"km": pl.Float64, "score": pl.Float64})
    every = pl.concat([nobody, *(one.select(nobody.columns) for one in lists)])
    served = asked.join(roster, on="request_id", how="semi")
    served = served.select(*_KEYS, chosen="option", is_served=True)
    times = slot_keys(problem).hstack(local_times(problem)[problem.slots.option])
    there = roster.select(*_KEYS, "volunteer_id")
    return (
        every.join(asked.select(_KEYS), on=_KEYS, how="semi")
        .join(there, on=[*_KEYS, "volunteer_id"], how="anti")
        .join(served, on=_KEYS, how="left")
        .filter(pl.col("is_served").is_null() | pl.col("option").eq_missing(pl.col("chosen")))
        .join(times, on=[*_KEYS, "option"], how="left", nulls_equal=True)
        .sort(*_KEYS, "score", "volunteer_id", descending=[False, False, True, False])
        .unique([*_KEYS, "volunteer_id"], keep="first", maintain_order=True)
        .group_by(_KEYS, maintain_order=True)
        .head(MOST_PEOPLE)
        .select(*_KEYS, *shown, "start", "end")
    )


def _unused(result: Result) -> pl.DataFrame:
    problem, arcs, plan = result.problem, result.arcs, result.plan
    people, windows = len(problem.volunteers), problem.windows
    slots, seats = problem.slots, problem.posts.seats
    filled = np.bincount(slots.post[plan.slot], minlength=len(seats))
    pairs = c.distinct(c.combine(arcs.volunteer, slots.post[arcs.slot]))
    who, post = pairs >> 32, (pairs & 0xFFFFFFFF) - 1
    posts = np.bincount(who, minlength=people)
    open_posts = np.bincount(who[(filled < seats)[post]], minlength=people)
    free = np.zeros(people, np.bool_)
    free[windows.volunteer[(windows.end > 0) & (windows.start < _WEEK)]] = True
    serves = np.zeros(people, np.bool_)
    serves[plan.volunteer] = True
    holds = (problem.volunteers.refuses, ~free, posts == 0, open_posts > 0)
    why = np.select(holds, UNUSED[:-1], UNUSED[-1])
    frame = pl.DataFrame(
        {"volunteer_id": problem.volunteers.id, "why": pl.Series(why.tolist()), "posts": posts}
    )
    return frame.filter(pl.Series(~serves))
