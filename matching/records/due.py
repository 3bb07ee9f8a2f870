"""Which records are due: a service is recorded within so many working days after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from matching.tables.cells import to_local

STATES = ("overdue", "open", "unknown", "late")
SCHEMA = {
    "record_id": pl.String,
    "volunteer_id": pl.String,
    "organisation_id": pl.String,
    "person_in_charge": pl.String,
    "ended_on": pl.Date,
    "due_on": pl.Date,
    "days_left": pl.Int64,
    "state": pl.String,
}


@dataclass(frozen=True)
class WorkingDays:
    """The days that are worked, as far as they are known.

    Attributes
    ----------
    days : array of datetime64[D]
        In order.
    unknown : tuple of int
        Years, within those that were asked for, of which nobody knows the days off.
    """

    days: NDArray[np.datetime64]
    unknown: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        known: NDArray[np.datetime64],
        holidays: tuple[date, ...] = (),
        worked: tuple[date, ...] = (),
        unknown: tuple[int, ...] = (),
    ) -> WorkingDays:
        """Return known working days, but for holidays, and with other days that are worked."""
        off = np.array(holidays, "M8[D]")
        return cls(np.union1d(np.setdiff1d(known, off), np.array(worked, "M8[D]")), unknown)

    def after(self, days: pl.Series, count: int) -> pl.Series:
        """Return the day that is so many working days after each; null where nobody knows it."""
        at = np.searchsorted(self.days, days.to_numpy(), side="right") + count - 1
        known = at < len(self.days)
        found = self.days[np.where(known, at, 0)] if len(self.days) else np.zeros(len(at), "M8[D]")
        made = pl.Series("due_on", found.astype("M8[D]"), pl.Date)
        certain = pl.Series(known) & days.is_not_null()
        for year in self.unknown:
            # A stretch that touches such a year may be longer than it looks.
            certain &= (days.dt.year() > year) | (made.dt.year() < year)
        return made.set(~certain.fill_null(False), None)

    def between(self, start: date, ends: pl.Series) -> pl.Series:
        """Return how many working days lie after a day and up to others; negative if before."""
        first = int(np.searchsorted(self.days, np.datetime64(start), side="right"))
        last = np.searchsorted(self.days, ends.fill_null(start).to_numpy(), side="right")
        return pl.Series("days_left", last - first, pl.Int64).set(ends.is_null(), None)


def weekdays(first: date, last: date) -> NDArray[np.datetime64]:
    """Return every Monday to Friday from one day to another."""
    every = np.arange(np.datetime64(first), np.datetime64(last + timedelta(days=1)))
    return every[np.is_busday(every)]


def due(
    part: pl.DataFrame, working: WorkingDays, today: date, days: int, time_zone: str
) -> pl.DataFrame:
    """Return the records that are not entered, and those that were entered too late.

    Parameters
    ----------
    part : polars.DataFrame
        As `hours.credited` returns it.
    working : WorkingDays
    today : datetime.date
    days : int
        Working days after the day on which the service ended.
    time_zone : str

    Returns
    -------
    polars.DataFrame
        ``state`` is ``open`` or ``overdue`` of what is not entered, ``late`` of what was entered
        after ``due_on``, and ``unknown`` of either where the days off are not known. ``days_left``
        counts working days, negative where there are none left.
    """
    # What stands twice is due once, and what has two meanings is mended first.
    asked = (pl.col("status") == "done") & ~pl.col("code").is_in(["id_of_two", "repeated"])
    rows = part.filter(asked | ((pl.col("status") == "done") & pl.col("code").is_null()))
    ended = to_local(pl.col("end") - pl.duration(minutes=1), time_zone).dt.date()
    rows = rows.with_columns(
        ended_on=ended,
        entered_on=to_local(pl.col("entered_at"), time_zone).dt.date(),
    ).filter(pl.col("ended_on") <= today)
    rows = rows.with_columns(working.after(rows["ended_on"], days))
    rows = rows.with_columns(working.between(today, rows["due_on"]))
    waiting, on = pl.col("entered_on").is_null(), pl.col("due_on")
    state = (
        pl.when(on.is_null())
        .then(pl.lit("unknown"))
        .when(waiting & (on < today))
        .then(pl.lit("overdue"))
        .when(waiting)
        .then(pl.lit("open"))
        .when(pl.col("entered_on") > on)
        .then(pl.lit("late"))
    )
    listed = rows.with_columns(state=state).filter(pl.col("state").is_not_null())
    # What was entered within so many days of any kind is in time, whichever of them were worked.
    late = pl.col("entered_on") - pl.col("ended_on") > pl.duration(days=days)
    listed = listed.filter((pl.col("state") != "unknown") | waiting | late)
    return listed.select(list(SCHEMA))
