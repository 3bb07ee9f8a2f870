"""What volunteers hold and when they are free: small integer tables first, frames at the end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic import draws as d
from matching.synthetic import vocabulary as v

SOCIAL_WORKERS = 0.025
# How many volunteers hold 0 to 4 qualifications and are free in 1 to 6 periods; then the same
# where all are eager.
_HELD = ([2, 5, 6, 4, 3], [0, 0, 1, 4, 6])
_FREE = ([4, 5, 5, 3, 2, 1], [0, 0, 1, 3, 5, 5])


@dataclass(frozen=True)
class Extra:
    """What is added so that some volunteers fit a service they already have to do with.

    ``volunteer``, ``start``, ``end`` (minutes from Monday) by commitment; ``holder``,
    ``qualification``, ``level`` by qualification it takes. All int.
    """

    volunteer: d.Ints
    start: d.Ints
    end: d.Ints
    holder: d.Ints
    qualification: d.Ints
    level: d.Ints


def held(rng: Generator, count: int, eager: bool) -> d.Small:
    """Draw up to four qualifications per volunteer: shape (volunteers, 4), -1 for none."""
    table = d.distinct(rng, v.HELD_WEIGHTS, d.one_of(rng, [0, 1, 2, 3, 4], _HELD[eager], count))
    table[d.chance(rng, SOCIAL_WORKERS, count), 0] = v.NUMBER[v.SOCIAL_WORKER]
    return table


def free(rng: Generator, count: int, eager: bool) -> d.Small:
    """Draw one to six of the 21 periods per volunteer: shape (volunteers, 6), -1 for none."""
    counts = d.one_of(rng, [1, 2, 3, 4, 5, 6], _FREE[eager], count)
    return d.distinct(rng, v.FREE_WEIGHTS, counts)


def qualification_table(
    rng: Generator, ids: pl.Series, table: d.Small, extra: Extra, full: bool, week: dt.date
) -> pl.DataFrame:
    """Return the table `qualifications`; with levels and dates of validity if ``full``."""
    holder, item = d.entries(table)
    level = d.one_of(rng, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1], holder.size)
    # What is added for a commitment replaces what the volunteer holds of the same kind.
    scale = len(v.QUALIFICATIONS)
    replaced = np.isin(holder * scale + item, extra.holder * scale + extra.qualification)
    holder = np.concatenate([holder[~replaced], extra.holder])
    item = np.concatenate([item[~replaced], extra.qualification])
    columns = {
        "volunteer_id": ids.gather(holder),
        "qualification": d.name_by(item, v.QUALIFICATIONS),
    }
    if full:
        level = np.concatenate([level[~replaced], extra.level])
        drawn = np.arange(holder.size) < holder.size - extra.holder.size
        columns |= {"level": d.only(level, drawn | (level > 1))} | _validity(rng, drawn, week)
    return pl.DataFrame(columns)


def _validity(rng: Generator, drawn: d.Bools, week: dt.date) -> dict[str, pl.Series]:
    """Return the dates: one in eight has them, and one in twenty of these ends in the week."""
    count = drawn.size
    dated = drawn & d.chance(rng, 0.12, count)
    days_left = rng.integers(-14, 720, count)
    monday = np.datetime64(week, "D")
    start = monday - rng.integers(30, 720, count).astype("timedelta64[D]")
    end = monday + days_left.astype("timedelta64[D]")
    return {
        "valid_from": d.only(start, dated & d.chance(rng, 0.6, count)),
        "valid_until": d.only(end, dated),
    }


def period_table(
    rng: Generator, ids: pl.Series, table: d.Small, extra: Extra, week: dt.date
) -> pl.DataFrame:
    """Return the table `availability` in whole periods, dated in the week."""
    volunteer, period = d.entries(table)
    wanted = (
        extra.start // v.DAY * 3 + np.searchsorted(v.WINDOW_START, extra.start % v.DAY, "right") - 1
    )
    known = np.isin(extra.volunteer * v.PERIODS + wanted, volunteer * v.PERIODS + period)
    volunteer = np.concatenate([volunteer, extra.volunteer[~known]])
    period = np.concatenate([period, wanted[~known]])
    start = period // 3 * v.DAY + v.WINDOW_START[period % 3]
    end = period // 3 * v.DAY + v.WINDOW_END[period % 3]
    return pl.DataFrame(
        {
            "volunteer_id": ids.gather(volunteer),
            "start": moments(start, week),
            "end": moments(end, week),
            "preference": _preference(rng, volunteer.size),
        }
    )


def window_table(
    rng: Generator, ids: pl.Series, table: d.Small, extra: Extra, week: dt.date
) -> pl.DataFrame:
    """Return the table `availability` in windows of any length, some in the weekly form."""
    volunteer, period = d.entries(table)
    day = period // 3
    start = v.WINDOW_START[period % 3] + d.one_of(rng, [0, 30, 60, 90], [4, 2, 2, 1], period.size)
    end = v.WINDOW_END[period % 3] - d.one_of(rng, [0, 30, 60], [4, 2, 1], period.size)
    # Some have the whole day from then on.
    end = np.where(d.chance(rng, 0.15, period.size), v.WINDOW_END[2], end)
    weekly = np.concatenate([d.chance(rng, 0.3, period.size), np.zeros(extra.start.size, bool)])
    volunteer = np.concatenate([volunteer, extra.volunteer])
    day = np.concatenate([day, extra.start // v.DAY])
    start = np.concatenate([start, extra.start % v.DAY])
    end = np.concatenate([end, extra.end - extra.start // v.DAY * v.DAY])
    return pl.DataFrame(
        {
            "volunteer_id": ids.gather(volunteer),
            "start": moments(np.where(weekly, d.NONE, day * v.DAY + start), week),
            "end": moments(np.where(weekly, d.NONE, day * v.DAY + end), week),
            "preference": _preference(rng, volunteer.size),
            "weekday": d.only(day + 1, weekly),
            "start_time": d.only(start * 60_000_000_000, weekly).cast(pl.Time),
            "end_time": d.only(end * 60_000_000_000, weekly).cast(pl.Time),
        }
    )


def moments(minutes: d.Ints, week: dt.date) -> pl.Series:
    """Return minutes from Monday 00:00 as local times, null where they are -1."""
    times = np.datetime64(week, "us") + minutes.astype("timedelta64[m]")
    return d.only(times, minutes != d.NONE)


def _preference(rng: Generator, count: int) -> d.Ints:
    return d.one_of(rng, [-2, -1, 0, 1, 2], [1, 3, 12, 3, 1], count)
