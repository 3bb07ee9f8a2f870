"""The week that is meant, in whatever form its Monday is given."""

from datetime import date, datetime, time

import numpy as np

from matching.errors import UsageError

# The forms a day may have. A datetime is a date too; so is the Timestamp of pandas.
Day = date | str | np.datetime64


def monday_of(week: object) -> date:
    """Return the Monday that a week starts with, as a date and nothing more.

    Text is ISO 8601; a moment is the day it begins, so only midnight is one. What is no day, has an
    hour or is no Monday is a UsageError.
    """
    text = week.isoformat() if isinstance(week, date) else str(week)
    try:
        moment = datetime.fromisoformat(text) if isinstance(week, Day) else None
    except ValueError:
        moment = None
    if moment is None:
        raise UsageError(f"week = {week!r}: write a day such as 2026-11-30")
    day = moment.date()
    if moment.time() != time():
        raise UsageError(f"week = {text}: a week starts with a day, without an hour, such as {day}")
    if day.weekday() != 0:
        monday = date.fromordinal(max(1, day.toordinal() - day.weekday()))
        raise UsageError(f"week = {day}: a week starts with a Monday, such as {monday}")
    return day
