"""What volunteers hold and when they are free: small integer tables first, frames at the end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic.draws import (
    NONE,
    Bools,
    Ints,
    Small,
    chance,
    distinct,
    entries,
    name_by,
    one_of,
    only,
)
from matching.synthetic.vocabulary import (
    DAY,
    FREE_WEIGHTS,
    HELD_WEIGHTS,
    NUMBER,
    PERIODS,
    QUALIFICATIONS,
    SOCIAL_WORKER,
    WINDOW_END,
    WINDOW_START,
)

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

    volunteer: Ints
    start: Ints
    end: Ints
    holder: Ints
    qualification: Ints
    level: Ints


def held(rng: Generator, count: int, eager: bool) -> Small:
    """Draw up to four qualifications per volunteer: shape (volunteers, 4), -1 for none."""
    table = distinct(rng, HELD_WEIGHTS, one_of(rng, [0, 1, 2, 3, 4], _HELD[eager], count))
    table[chance(rng, SOCIAL_WORKERS, count), 0] = NUMBER[SOCIAL_WORKER]
    return table


def free(rng: Generator, count: int, eager: bool) -> Small:
    """Draw one to six of the 21 periods per volunteer: shape (volunteers, 6), -1 for none."""
    counts = one_of(rng, [1, 2, 3, 4, 5, 6], _FREE[eager], count)
    return distinct(rng, FREE_WEIGHTS, counts)


def qualification_table(
    rng: Generator, ids: pl.Series, table: Small, extra: Extra, full: bool, week: dt.date
) -> pl.DataFrame:
    """Return the table `qualifications`; with levels and dates of validity if ``full``."""
    holder, item = entries(table)
    level = one_of(rng, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1], holder.size)
    # What is added for a commitment replaces what the volunteer holds of the same kind.
    scale = len(QUALIFICATIONS)
    replaced = np.isin(holder * scale + item, extra.holder * scale + extra.qualification)
    holder = np.concatenate([holder[~replaced], extra.holder])
    item = np.concatenate([item[~replaced], extra.qualification])
    columns = {"volunteer_id": ids.gather(holder), "qualification": name_by(item, QUALIFICATIONS)}
    if full:
        level = np.concatenate([level[~replaced], extra.level])
        drawn = np.arange(holder.size) < holder.size - extra.holder.size
        columns |= {"level": only(level, drawn | (level > 1))} | _validity(rng, drawn, week)
    return pl.DataFrame(columns)


def _validity(rng: Generator, drawn: Bools, week: dt.date) -> dict[str, pl.Series]:
    """Return the dates: one in eight has them, and one in twenty of these ends in the week."""
    count = drawn.size
    dated = drawn & chance(rng, 0.12, count)
    days_left = rng.integers(-14, 720, count)
    monday = np.datetime64(week, "D")
    start = monday - rng.integers(30, 720, count).astype("timedelta64[D]")
    end = monday + days_left.astype("timedelta64[D]")
    return {
        "valid_from": only(start, dated & chance(rng, 0.6, count)),
        "valid_until": only(end, dated),
    }


def period_table(
    rng: Generator, ids: pl.Series, table: Small, extra: Extra, week: dt.date
) -> pl.DataFrame:
    """Return the table `availability` in whole periods, dated in the week."""
    volunteer, period = entries(table)
    wanted = extra.start // DAY * 3 + np.searchsorted(WINDOW_START, extra.start % DAY, "right") - 1
    known = np.isin(extra.volunteer * PERIODS + wanted, volunteer * PERIODS + period)
    volunteer = np.concatenate([volunteer, extra.volunteer[~known]])
    period = np.concatenate([period, wanted[~known]])
    start = period // 3 * DAY + WINDOW_START[period % 3]
    end = period // 3 * DAY + WINDOW_END[period % 3]
    return pl.DataFrame(
        {
            "volunteer_id": ids.gather(volunteer),
            "start": moments(start, week),
            "end": moments(end, week),
            "preference": _preference(rng, volunteer.size),
        }
    )


def window_table(
    rng: Generator, ids: pl.Series, table: Small, extra: Extra, week: dt.date
) -> pl.DataFrame:
    """Return the table `availability` in windows of any length, some in the weekly form."""
    volunteer, period = entries(table)
    day = period // 3
    start = WINDOW_START[period % 3] + one_of(rng, [0, 30, 60, 90], [4, 2, 2, 1], period.size)
    end = WINDOW_END[period % 3] - one_of(rng, [0, 30, 60], [4, 2, 1], period.size)
    # Some have the whole day from then on.
    end = np.where(chance(rng, 0.15, period.size), WINDOW_END[2], end)
    weekly = np.concatenate([chance(rng, 0.3, period.size), np.zeros(extra.start.size, bool)])
    volunteer = np.concatenate([volunteer, extra.volunteer])
    day = np.concatenate([day, extra.start // DAY])
    start = np.concatenate([start, extra.start % DAY])
    end = np.concatenate([end, extra.end - extra.start // DAY * DAY])
    return pl.DataFrame(
        {
            "volunteer_id": ids.gather(volunteer),
            "start": moments(np.where(weekly, NONE, day * DAY + start), week),
            "end": moments(np.where(weekly, NONE, day * DAY + end), week),
            "preference": _preference(rng, volunteer.size),
            "weekday": only(day + 1, weekly),
            "start_time": only(start * 60_000_000_000, weekly).cast(pl.Time),
            "end_time": only(end * 60_000_000_000, weekly).cast(pl.Time),
        }
    )


def moments(minutes: Ints, week: dt.date) -> pl.Series:
    """Return minutes from Monday 00:00 as local times, null where they are -1."""
    times = np.datetime64(week, "us") + minutes.astype("timedelta64[m]")
    return only(times, minutes != NONE)


def _preference(rng: Generator, count: int) -> Ints:
    return one_of(rng, [-2, -1, 0, 1, 2], [1, 3, 12, 3, 1], count)
