"""Weekly half-days, and those of public holidays, as windows of one week; and back again.

A slot is named for its day and part: ``monday-morning``, ``holiday-evening``. On a public holiday
only the slots of holidays count, whatever weekday it is. On a weekend day that is worked to make up
for a holiday (调休) no slot counts, unless the rules keep it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import polars as pl

from matching.errors import UsageError
from matching.guards.extras import needing
from matching.guards.mondays import Day, monday_of

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOLIDAY = "holiday"
PARTS = {
    "morning": (time(7), time(12)),
    "afternoon": (time(12), time(19)),
    "evening": (time(19), time(21)),
}


@dataclass(frozen=True)
class SlotRules:
    """What the parts of a day and its holidays are.

    Attributes
    ----------
    parts : Mapping of str to (datetime.time, datetime.time)
        Start and end of ``morning``, ``afternoon`` and ``evening``.
    holidays : tuple of datetime.date, optional
        The days off that are public holidays; those that China's State Council has announced, if
        absent.
    worked : tuple of datetime.date
        Saturdays and Sundays that are worked, where ``holidays`` is given.
    keep_worked : bool
        Whether the slots of a Saturday or Sunday count although it is worked.
    """

    parts: Mapping[str, tuple[time, time]] = field(default_factory=lambda: dict(PARTS))
    holidays: tuple[date, ...] | None = None
    worked: tuple[date, ...] = ()
    keep_worked: bool = False

    def __post_init__(self) -> None:
        for name, (start, end) in self.parts.items():
            if name not in PARTS:
                raise UsageError(f"{name!r} is no part of the day; these are {', '.join(PARTS)}")
            if not start < end:
                raise UsageError(f"{name} is from {start:%H:%M} to {end:%H:%M}: give an end after")

    def kind(self, day: date) -> str:
        """Tell whether a day is ``usual``, a ``holiday``, or a weekend day that is ``worked``.

        Raises
        ------
        UsageError
            If the holidays of that year are not known yet.
        """
        if self.holidays is not None:
            if day in self.holidays:
                return HOLIDAY
            return "worked" if day in self.worked else "usual"
        return _announced(day)


def windows_of(week: Day, rules: SlotRules | None = None) -> pl.DataFrame:
    """Return what every slot means in a week.

    Parameters
    ----------
    week : datetime.date, str or numpy.datetime64
        The Monday.
    rules : SlotRules, optional

    Returns
    -------
    polars.DataFrame
        ``slot``, ``start``, ``end`` (local): one row for each half-day. A slot of holidays has as
        many as the week has holidays, a slot that does not count has none.

    Raises
    ------
    UsageError
        If the holidays of that year are not known yet, or ``week`` is not a Monday.
    """
    rules = rules or SlotRules()
    week = monday_of(week)
    rows = []
    for number, name in enumerate(DAYS):
        day = week + timedelta(days=number)
        kind = rules.kind(day)
        if kind == "worked" and not rules.keep_worked:
            continue
        for part, (start, end) in (PARTS | dict(rules.parts)).items():
            slot = f"{HOLIDAY if kind == HOLIDAY else name}-{part}"
            rows.append((slot, datetime.combine(day, start), datetime.combine(day, end)))
    moment = pl.Datetime("us")
    schema = {"slot": pl.String(), "start": moment, "end": moment}
    return pl.DataFrame(rows, schema, orient="row")


def slots_of(
    windows: pl.DataFrame, week: Day, rules: SlotRules | None = None, by: str = "volunteer_id"
) -> pl.DataFrame:
    """Return the slots that somebody's windows cover from beginning to end.

    Parameters
    ----------
    windows : polars.DataFrame
        ``by``, ``start``, ``end`` (local); they may touch and overlap.
    week : datetime.date, str or numpy.datetime64
        The Monday.
    rules : SlotRules, optional
    by : str
        The column that tells people apart.

    Returns
    -------
    polars.DataFrame
        ``by`` and ``slot``, in the order of the people and of the week. A slot of holidays is there
        if the windows cover it on every holiday of the week.

    Raises
    ------
    UsageError
        If ``week`` is not a day, or not a Monday.
    """
    merged = _merged(windows.select(by, "start", "end"), by)
    meant = windows_of(week, rules)
    people = windows.select(pl.col(by).unique(maintain_order=True)).with_row_index("_person")
    found = [pl.DataFrame(schema={by: windows.schema[by], "slot": pl.String, "_order": pl.Int32})]
    # A few dozen half-days, each against all windows at once.
    for order, (slot, start, end) in enumerate(meant.iter_rows()):
        free = merged.filter(pl.col("start") <= start, pl.col("end") >= end)
        free = free.select(pl.col(by).unique(), slot=pl.lit(slot), _order=pl.lit(order, pl.Int32))
        found.append(free)
    asked = meant.group_by("slot").len("_asked")
    counted = pl.concat(found).group_by(by, "slot").agg(pl.len().alias("_len"), pl.min("_order"))
    whole = counted.join(asked, on="slot").filter(pl.col("_len") == pl.col("_asked"))
    return whole.join(people, on=by).sort("_person", "_order").select(by, "slot")


def _merged(windows: pl.DataFrame, by: str) -> pl.DataFrame:
    """Join windows of one person that touch or overlap."""
    ordered = windows.sort(by, "start")
    reached = pl.col("end").cum_max().shift(1).over(by)
    apart = (pl.col("start") > reached).fill_null(True)
    numbered = ordered.with_columns(_stretch=apart.cum_sum().over(by))
    stretches = numbered.group_by(by, "_stretch").agg(pl.min("start"), pl.max("end"))
    return stretches.drop("_stretch")


def _announced(day: date) -> str:
    """Tell the kind of a day from the yearly notices of China's State Council."""
    with needing("who does not give the holidays of China, but has them looked up,"):
        import chinese_calendar
    try:
        off, occasion = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        years = sorted({known.year for known in chinese_calendar.holidays})
        raise UsageError(
            f"which days of {day.year} are holidays is not known: the package chinesecalendar that "
            f"is installed knows {years[0]} to {years[-1]}, and a year is announced in the autumn "
            "before. Update it (pip install -U chinesecalendar), or give the holidays yourself"
        ) from None
    if off and occasion is not None:
        return HOLIDAY
    return "worked" if not off and day.weekday() >= 5 else "usual"
