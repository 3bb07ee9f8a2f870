"""The working days of China: weekdays but for public holidays, and weekends worked instead."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from matching.guards.extras import needing
from matching.records.due import weekdays


def working_days(first: date, last: date) -> tuple[NDArray[np.datetime64], tuple[int, ...]]:
    """Return the working days from one day to another, and the years that are not announced.

    Of those years the weekdays are given, which nobody should take for more.
    """
    with needing("the working days of China: say calendar = 'weekdays' in the policy, or it"):
        import chinese_calendar

    known = {day.year for day in chinese_calendar.holidays}
    unknown = tuple(year for year in range(first.year, last.year + 1) if year not in known)
    every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    worked = [day for day in every if day.year in known and chinese_calendar.is_workday(day)]
    plain = weekdays(first, last)
    years = plain.astype("M8[Y]").astype(int) + 1970
    plain = plain[np.isin(years, unknown)]
    return np.union1d(np.array(worked, "M8[D]"), plain), unknown
