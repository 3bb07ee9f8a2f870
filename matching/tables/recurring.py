"""Weekly windows recur: they become dated ones, for the week and as far as its services reach."""

import warnings
from datetime import date, timedelta

import polars as pl

from matching.errors import DataWarning
from matching.tables.cells import NO_SUCH_TIME, to_local, to_utc, week_start

# At most this many weeks are written out, whatever a slip in a date asks for.
_MOST_WEEKS = 10


def dated(
    windows: pl.DataFrame, times: pl.DataFrame, week: date, time_zone: str
) -> tuple[pl.DataFrame, pl.Series]:
    """Give weekly windows their dates, again and again until the last service of the week ends.

    Those of earlier weeks end by Monday 00:00 at the latest, when the first service may start.
    ``times`` are those of all requests, in UTC. With the dated windows, which have the number of
    their weekly row, come the rows with a time that the clock skips or repeats: their windows are
    left out.
    """
    weekly = windows.filter(pl.col("weekday").is_not_null())
    if weekly.is_empty():
        return windows, weekly["row"]
    last = _last_end(times, week, time_zone)
    found = [_of_week(weekly, week, time_zone)]
    for number in range(1, _weeks(last, week)):
        later = _of_week(weekly, week + timedelta(days=7 * number), time_zone)
        # As a column: the last minute of the year 9999 is no Python datetime in every zone.
        found.append(later.filter(pl.col("start") < pl.lit(last["end"]).first()))
    every = pl.concat(found)
    skipped = (pl.col("start") == NO_SUCH_TIME) | (pl.col("end") == NO_SUCH_TIME)
    rows = every.filter(skipped)["row"].unique().sort()
    kept = every.filter(~pl.col("row").is_in(rows.implode()))
    return pl.concat([windows.filter(pl.col("weekday").is_null()), kept]), rows


def _of_week(weekly: pl.DataFrame, week: date, time_zone: str) -> pl.DataFrame:
    day = week_start(week) + pl.duration(days=pl.col("weekday") - 1)
    until_midnight = pl.when(pl.col("end_time") == pl.time(0, 0)).then(1).otherwise(0)

    def on(day: pl.Expr, clock: str) -> pl.Expr:
        return day + pl.duration(nanoseconds=pl.col(clock).cast(pl.Int64))

    return weekly.with_columns(
        start=to_utc(on(day, "start_time"), time_zone),
        end=to_utc(on(day + pl.duration(days=until_midnight), "end_time"), time_zone),
    )


def _last_end(times: pl.DataFrame, week: date, time_zone: str) -> pl.DataFrame:
    """Return the service of the week that ends last, with its local ``end_day``; or no row."""
    day = to_local(pl.col("start"), time_zone).dt.date()
    here = times.filter(day >= week, day < week + timedelta(days=7))
    last = to_local(pl.col("end") - pl.duration(minutes=1), time_zone).dt.date()
    return here.sort("end", "request_id").tail(1).with_columns(end_day=last)


def _weeks(last: pl.DataFrame, week: date) -> int:
    """Return in how many weeks there are services of this one; warn if it is too many."""
    if last.is_empty():
        return 1
    end, request = last["end_day"][0], last["request_id"][0]
    weeks: int = (end - week).days // 7 + 1
    if weeks > _MOST_WEEKS:
        text = (
            f"the request {request!r} lasts until {end}: weekly windows are written out for "
            f"{_MOST_WEEKS} weeks; correct its end, or say who is available later by start and end"
        )
        warnings.warn(text, DataWarning, stacklevel=6)
    return min(weeks, _MOST_WEEKS)
