"""Near misses: who could fill an empty seat but for the time, and when most could come."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.layout import merged_windows
from matching.arcs.meetings import meetings_of
from matching.arcs.unfilled import slot_of_interest
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import local_times, slot_keys
from matching.result import Result

STEP, STEPS = 15, 48  # minutes; half a day either way
_DAY = 1440


class Near(NamedTuple):
    """People who could serve but for the time, and at which other starts they could.

    Attributes
    ----------
    arcs : Arcs
        At the slots asked for.
    missing : int64 array, shape (arcs,)
        How many minutes of the service they are not free.
    until, since : int32 arrays, shape (arcs,)
        Where they are free at its start or its end alone: until when, since when; else -1.
    could : int64 array, shape (slots asked for, 2 * STEPS + 1)
        How many could come if the service began so many steps earlier or later; 0 where that
        would be another day.
    """

    arcs: Arcs
    missing: c.Longs
    until: c.Ints
    since: c.Ints
    could: c.Longs


def near_misses(result: Result) -> pl.DataFrame:
    """Return, for each post with empty seats, who could come but for the time.

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``post``, ``option`` (the one that is planned, else the one for which most
        are eligible), ``start``, ``end``; ``people`` who keep every other rule, ``free`` of them
        for the whole service; ``until_people`` are free from its start until ``until`` and no
        longer, ``since_people`` only from ``since`` to its end (the times that most of them say;
        null if nobody); ``best_start``, ``best_end``, ``best_people``: where, on the same day,
        at most half a day from now, most could come; null if that is no more than now.
    """
    problem, slot = result.problem, empty_slots(result)
    near = near_of(problem, slot)
    option = problem.slots.option[slot]
    row = np.searchsorted(slot, near.arcs.slot)
    free = near.could[:, STEPS]
    times = local_times(problem)[option]
    frame = pl.DataFrame(
        {
            "request_id": problem.requests.id.gather(problem.slots.request[slot]),
            "post": problem.posts.id.gather(problem.slots.post[slot]),
            "option": problem.options.id.gather(option),
            **times.to_dict(),
            "people": np.bincount(row, minlength=len(slot)),
            "free": free,
        }
    )
    start = problem.options.start[option]
    for name, moment in (("until", near.until), ("since", near.since)):
        people, minutes = _most_said(row, moment, len(slot))
        at = pl.Series(minutes - start, dtype=pl.Int64)
        told = pl.col("start") + pl.duration(minutes=pl.lit(at))
        some = pl.Series(people > 0)
        frame = frame.with_columns(
            pl.Series(f"{name}_people", people), pl.when(some).then(told).alias(name)
        )
    best, people = best_shift(near.could)
    more, shift = pl.Series(people > free), pl.duration(minutes=pl.lit(pl.Series(best * STEP)))
    frame = frame.with_columns(
        pl.when(more).then(pl.col("start") + shift).alias("best_start"),
        pl.when(more).then(pl.col("end") + shift).alias("best_end"),
        pl.when(more).then(pl.Series(people)).alias("best_people"),
    )
    order = result.unfilled.select("request_id", "post")
    return order.join(frame, on=["request_id", "post"], how="left", maintain_order="left")


def best_shift(could: c.Longs) -> tuple[c.Longs, c.Longs]:
    """Return the shift for which most could come, the smallest of them, and how many those are."""
    steps = np.arange(-STEPS, STEPS + 1)
    score = could * (4 * STEPS) - 2 * np.abs(steps) + (steps > 0)
    best = score.argmax(axis=1)
    return steps[best], could[np.arange(len(could)), best]


def empty_slots(result: Result) -> c.Ints:
    """Return one slot of each post of the table ``unfilled``, sorted."""
    problem = result.problem
    first = slot_of_interest(problem, result.arcs, result.plan)
    keys = ["request_id", "post"]
    named = slot_keys(problem)[first].with_columns(slot=pl.Series(first))
    short = named.join(result.unfilled, on=keys, how="semi")["slot"]
    return np.sort(short.to_numpy()).astype(np.int32)


def near_of(problem: Problem, slots: c.Ints) -> Near:
    """Find who could serve but for the time, at some slots, sorted."""
    people = np.arange(len(problem.volunteers), dtype=np.int32)
    ever = np.full(len(people), c.NO_LIMIT, np.int32)
    always = c.Windows(people, -ever, ever, np.zeros_like(ever))
    arcs = eligible(replace(problem, windows=always), slots=slots)
    # Of several meetings no other time is looked for.
    single = ~meetings_of(problem).several
    arcs = arcs.take(single[problem.slots.option[arcs.slot]])
    row = np.searchsorted(slots, arcs.slot)
    option = problem.slots.option[arcs.slot]
    start, end = problem.options.start[option], problem.options.end[option]
    who, begins, ends = merged_windows(problem.windows)
    first = c.starts_of(who, len(people))
    many = first[arcs.volunteer + 1] - first[arcs.volunteer]
    pair, window = np.repeat(np.arange(len(arcs)), many), c.ranges(first[arcs.volunteer], many)
    opens, closes = begins[window], ends[window]
    inside = np.minimum(closes, end[pair]) - np.maximum(opens, start[pair])
    served = np.bincount(pair, np.maximum(inside, 0), minlength=len(arcs)).astype(np.int64)
    until, since = np.full((2, len(arcs)), -1, np.int32)
    at = (opens <= start[pair]) & (closes > start[pair]) & (closes < end[pair])
    until[pair[at]] = closes[at]
    at = (closes >= end[pair]) & (opens < end[pair]) & (opens > start[pair])
    since[pair[at]] = opens[at]
    # A window holds a stretch of shifts; windows of one person have a gap between them.
    low = np.maximum(-((start[pair] - opens) // STEP), -STEPS)
    high = np.minimum((closes - end[pair]) // STEP, STEPS)
    holds = low <= high
    change = np.zeros((len(slots), 2 * STEPS + 2), np.int64)
    np.add.at(change, (row[pair[holds]], low[holds] + STEPS), 1)
    np.add.at(change, (row[pair[holds]], high[holds] + STEPS + 1), -1)
    could = np.cumsum(change, axis=1)[:, :-1]
    could[~_same_day(problem, problem.slots.option[slots])] = 0
    return Near(arcs, end.astype(np.int64) - start - served, until, since, could)


def _same_day(problem: Problem, option: c.Ints) -> c.Bools:
    """Tell which shifts leave a service on the days that it is on, shape (options, shifts)."""
    times = local_times(problem)[option]
    shift = STEP * np.arange(-STEPS, STEPS + 1)
    fits = np.ones((len(option), len(shift)), np.bool_)
    last = pl.col("end") - pl.duration(minutes=1)
    for moment in (pl.col("start"), last):
        minute = times.select(moment.dt.hour().cast(pl.Int64) * 60 + moment.dt.minute())
        moved = minute.to_series().to_numpy()[:, None] + shift
        fits &= (moved >= 0) & (moved < _DAY)
    return fits


def _most_said(row: c.Longs, moment: c.Ints, size: int) -> tuple[c.Longs, c.Longs]:
    """Return how many of each row say the moment that most say, and that moment."""
    said = moment >= 0
    keys, count = np.unique(c.combine(row[said], moment[said]), return_counts=True)
    people, minutes = np.zeros((2, size), np.int64)
    order = np.argsort(count, kind="stable")
    people[(keys >> 32)[order]] = count[order]
    minutes[(keys >> 32)[order]] = (keys[order] & 0xFFFFFFFF) - 1
    return people, minutes
