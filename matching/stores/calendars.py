"""Calendars (RFC 5545): when volunteers can serve, one ``.ics`` file for each.

A calendar is read for one week, since a rule that repeats has no end of its own. Its time is laid
out in minutes from the week's Monday; blocks and events paint it free or busy, the later ones over
the earlier.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from math import ceil, floor, inf, prod
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import recurring_ical_events
from icalendar import Calendar, Component
from recurring_ical_events.adapters.event import EventAdapter
from recurring_ical_events.selection.name import ComponentsWithName

from matching import columns as c
from matching.errors import DataError, UsageError
from matching.faults import fault, no_faults
from matching.tables import OnError

Events = Literal["all", "free"]
SUFFIX = ".ics"
# A service starts in the week and lasts a week at most.
_DAYS = 14
# How often a rule may repeat before the week is reached: daily for centuries, hourly for a decade.
_MOST_STEPS = 100_000
# A process takes a second to start, and reads some thousand calendars in one.
_WORTH_A_PROCESS = 2_000
_SECONDS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600}
_LONGEST_MONTHS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}


def read_availability(
    folder: Path | str,
    week: date,
    time_zone: str = "Asia/Shanghai",
    *,
    events: Events = "all",
    on_error: OnError = "raise",
    workers: int = 1,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the calendars of a folder as the table ``availability`` of a week.

    A volunteer's calendar is called by the id, such as ``V7.ics``; what a file's name cannot hold
    is written as in a URL (``%2F``). Blocks of availability (RFC 7953) say when the volunteer can
    serve, less what events shown as busy take. A calendar without such blocks says it by its
    events. All-day events and times without a zone are in `time_zone`. Events that are cancelled
    count for nothing. Overlapping windows become one, and those that do not touch the week are
    left out; a part of a minute is left out too.

    Parameters
    ----------
    folder : pathlib.Path or str
    week : datetime.date
        The Monday the week starts with.
    time_zone : str
    events : {"all", "free"}
        What the events of a calendar without blocks say: each that there is time, or those shown
        as free (``TRANSP:TRANSPARENT``) that there is, and the others that there is none.
    on_error : {"raise", "quarantine"}
        Refuse calendars that cannot be read, or leave them out.
    workers : int
        Processes.

    Returns
    -------
    availability : polars.DataFrame
        ``volunteer_id``, ``start``, ``end`` (with the time zone), sorted.
    faults : polars.DataFrame
        The calendars that were left out, in the layout of `DataError`.

    Raises
    ------
    DataError
        If a calendar cannot be read and ``on_error`` is ``"raise"``; it names every such file.
    UsageError
        If this is no folder, or holds no calendar; if an argument is not allowed.
    """
    if events not in get_args(Events):
        raise UsageError(f"events = {events!r}: write 'all' or 'free'")
    if week.weekday() != 0:
        raise UsageError(f"week = {week}: a week starts with a Monday")
    paths = _calendars_of(Path(folder))
    read = partial(_read, week=week, zone=ZoneInfo(time_zone), events=events)
    if workers == 1 or len(paths) < _WORTH_A_PROCESS:
        found = [read(path) for path in paths]
    else:
        # Not forked: this process may have threads.
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            found = list(pool.map(read, paths, chunksize=64))
    faults = [
        fault("availability", "icalendar", text, value=path.name)
        for path, text in zip(paths, found, strict=True)
        if isinstance(text, str)
    ]
    every = pl.concat([no_faults(), *faults])
    if every.height and on_error == "raise":
        raise DataError(every)
    whole = [(p, w) for p, w in zip(paths, found, strict=True) if not isinstance(w, str)]
    ids = [unquote(path.stem) for path, _ in whole]
    number = np.repeat(np.arange(len(ids)), [len(windows) for _, windows in whole])
    minutes = np.concatenate([np.empty((0, 2), np.int64), *(windows for _, windows in whole)])
    monday = pl.lit(_monday(week, ZoneInfo(time_zone)).replace(tzinfo=None)).cast(pl.Datetime("us"))
    frame = pl.DataFrame({"start": minutes[:, 0], "end": minutes[:, 1]}).select(
        pl.Series("volunteer_id", ids, pl.String).gather(number),
        *(
            (monday + pl.duration(minutes=pl.col(name)))
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone(time_zone)
            .alias(name)
            for name in ("start", "end")
        ),
    )
    return frame.sort("volunteer_id", "start"), every


def _calendars_of(folder: Path) -> list[Path]:
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {what}; name the folder that holds one {SUFFIX} per volunteer")
    paths = [p for p in folder.iterdir() if p.suffix.lower() == SUFFIX and p.name[0] != "."]
    if not paths:
        seen = ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "nothing"
        raise UsageError(
            f"{folder} holds no calendar: it has {seen}; wanted is one file for each volunteer, "
            f"such as V7{SUFFIX}"
        )
    ids: dict[str, Path] = {}
    for path in sorted(paths):
        if (other := ids.setdefault(unquote(path.stem), path)) is not path:
            raise UsageError(f"{path.name} and {other.name} are of the same volunteer; keep one")
    return list(ids.values())


def _read(path: Path, week: date, zone: ZoneInfo, events: Events) -> c.Longs | str:
    """Return the windows of one calendar in minutes, shape (windows, 2), or what is wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calendars = Calendar.from_ical(path.read_bytes(), multiple=True)
            if not calendars or any(one.name != "VCALENDAR" for one in calendars):
                return "holds no whole calendar, from BEGIN:VCALENDAR to END:VCALENDAR"
            return _Painted(week, zone).windows(calendars, events)
    except _Wrong as wrong:
        return str(wrong)
    except OSError as error:
        return f"cannot be opened: {error.strerror or error}"
    # A calendar may be anybody's: whatever the libraries stumble over is a fault of that file.
    except Exception as error:
        return f"is no calendar that can be read ({type(error).__name__}); export it anew"


class _Wrong(Exception):
    """What is wrong with a calendar."""


class _Event(EventAdapter):  # type: ignore[misc]
    """What happens once does so at moments: a local clock may turn in between."""

    @property
    def raw_start(self) -> date:
        start: date = super().raw_start
        return start if self.has_recurrence_rules() else _exact(start)

    @property
    def raw_end(self) -> date:
        length = self._component.get("DURATION")
        if self.has_recurrence_rules() or (length is None and "DTEND" not in self._component):
            return super().raw_end  # type: ignore[no-any-return]
        if length is None:
            return _exact(super().raw_end)
        # Days are by the calendar, hours by the clock.
        start: date = super().raw_start
        if length.dt.seconds and not isinstance(start, datetime):
            start = datetime.combine(start, time())
        rest = length.dt - timedelta(days=length.dt.days)
        end: date = _exact(start + timedelta(days=length.dt.days)) + rest
        return end


class _Available(_Event):
    """The blocks of RFC 7953 repeat as events do."""

    @staticmethod
    def component_name() -> str:
        return "AVAILABLE"


def _exact(moment: date) -> date:
    zoned = isinstance(moment, datetime) and moment.tzinfo is not None
    return moment.astimezone(UTC) if zoned else moment  # type: ignore[attr-defined]


class _Painted:
    """The minutes from the Monday on, free or not."""

    def __init__(self, week: date, zone: ZoneInfo) -> None:
        self.zone = zone
        self.monday = _monday(week, zone)
        self.until = _monday(week + timedelta(days=_DAYS), zone)
        self.free = np.zeros(int((self.until - self.monday).total_seconds()) // 60, bool)
        next_week = _monday(week + timedelta(days=7), zone)
        self.week = int((next_week - self.monday).total_seconds()) // 60

    def windows(self, calendars: list[Calendar], events: Events) -> c.Longs:
        """Return the free spans that touch the week."""
        blocks = [block for one in calendars for block in one.walk("VAVAILABILITY")]
        # The highest priority is 1 and speaks last; 0, or none, is the lowest of all.
        for block in sorted(blocks, key=lambda block: -(int(block.get("PRIORITY", 0)) or 10)):
            self._paint_block(block)
        taken: list[tuple[datetime, datetime]] = []
        for one in calendars:
            for event, start, end in self._occurrences(one, "VEVENT"):
                shown_as_free = str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT"
                if not blocks and (events == "all" or shown_as_free):
                    self.free[self._inside(start, end)] = True
                elif not shown_as_free:
                    taken.append((start, end))
        for start, end in taken:
            self.free[self._around(start, end)] = False
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self.free, [False]])))
        spans = edges.reshape(-1, 2).astype(np.int64)
        return spans[spans[:, 0] < self.week]

    def _paint_block(self, block: Component) -> None:
        bounds: list[Any] = [block.get(name) for name in ("DTSTART", "DTEND", "DURATION")]
        start = self.monday if bounds[0] is None else self._moment(bounds[0].dt)
        end = self.until if bounds[1] is None else self._moment(bounds[1].dt)
        if bounds[2] is not None:
            end = start + bounds[2].dt
        self.free[self._around(start, end)] = False
        for _, first, last in self._occurrences(block, "AVAILABLE"):
            self.free[self._inside(max(first, start), min(last, end))] = True

    def _occurrences(
        self, parent: Component, name: str
    ) -> Iterator[tuple[Component, datetime, datetime]]:
        """Yield what is not cancelled, with its start and its end."""
        for number, component in enumerate(parent.walk(name), start=1):
            self._check(component, f"its {name} number {number}")
        chosen = ComponentsWithName(name, _Available if name == "AVAILABLE" else _Event)
        if name == "AVAILABLE":
            query = recurring_ical_events.CalendarQuery(parent, components=[chosen])
        else:
            query = recurring_ical_events.of(parent, components=[chosen])
        # A day more at both ends: times without a zone are of whichever zone.
        day = timedelta(days=1)
        for found in query.between(self.monday - day, self.until + day):
            if str(found.get("STATUS", "")).upper() != "CANCELLED":
                yield found, self._moment(found["DTSTART"].dt), self._moment(found["DTEND"].dt)

    def _check(self, component: Any, what: str) -> None:
        """Refuse what the libraries would take for something else, or take forever for.

        What it says of an event is its number, never its text: that is the volunteer's own.
        """
        broken = sorted({str(name) for name, _ in component.errors} & _TIMES)
        if broken:
            raise _Wrong(f"{what} has a {broken[0]} that cannot be read; enter its times anew")
        if "DTSTART" not in component:
            raise _Wrong(f"{what} has no DTSTART; say when it begins")
        for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
            value = component.get(name)
            zone = None if value is None else value.params.get("TZID")
            if zone and isinstance(value.dt, datetime) and value.dt.tzinfo is None:
                raise _Wrong(
                    f"{what} is in a zone {str(zone)[:60]!r} that nobody knows; "
                    "use a name such as Asia/Shanghai, or add its VTIMEZONE"
                )
        start = self._moment(component["DTSTART"].dt)
        length = component["DURATION"].dt if "DURATION" in component else timedelta(0)
        end = self._moment(component["DTEND"].dt) if "DTEND" in component else start
        if end < start or length < timedelta(0):
            raise _Wrong(f"{what} ends before it begins; its end is not included")
        rules = component.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            self._check_rule(rule, start, what)

    def _check_rule(self, rule: Any, start: datetime, what: str) -> None:
        seconds = _SECONDS.get(str(rule.get("FREQ", [""])[0]).upper(), 86400)
        fine = prod(len(rule.get(name, [0])) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
        span = max(0.0, (self.until - start).total_seconds())
        if span / seconds / int(rule.get("INTERVAL", [1])[0] or inf) * fine > _MOST_STEPS:
            raise _Wrong(f"{what} repeats too finely, or has for too long; begin it in this year")
        # The next time of a rule that never holds is looked for until the year 9999.
        months, days = rule.get("BYMONTH", range(1, 13)), rule.get("BYMONTHDAY", [1])
        possible = any(abs(int(day)) <= _LONGEST_MONTHS[int(m)] for m in months for day in days)
        if not possible or (seconds < 86400 and "BYSETPOS" in rule):
            raise _Wrong(f"{what} has a rule that never holds; enter it anew")

    def _moment(self, value: Any) -> datetime:
        if not isinstance(value, datetime):
            value = datetime.combine(value, time())
        zone: tzinfo = value.tzinfo or self.zone
        moment: datetime = value.replace(tzinfo=zone).astimezone(UTC)
        return moment

    def _minutes(self, moment: datetime) -> float:
        return min(max((moment - self.monday).total_seconds() / 60, 0), len(self.free))

    def _inside(self, start: datetime, end: datetime) -> slice:
        return slice(ceil(self._minutes(start)), floor(self._minutes(end)))

    def _around(self, start: datetime, end: datetime) -> slice:
        return slice(floor(self._minutes(start)), ceil(self._minutes(end)))


def _monday(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
