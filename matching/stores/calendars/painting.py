"""The free minutes of one calendar: blocks and events paint them, the later over the earlier."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from math import ceil, floor
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from icalendar import Calendar

from matching.problem import columns as c
from matching.stores.calendars.series import Series, checked
from matching.stores.calendars.times import Component, Times, Wrong

Events = Literal["all", "free"]
# A service starts in the week and lasts a week at most.
_DAYS = 14
_PLAIN_METHODS = {"", "PUBLISH", "REQUEST", "ADD", "CANCEL"}
_ONLY_BUSY = (
    "says only when there is no time, so no window comes of it; what there is can be said by "
    "blocks (VAVAILABILITY), by FREEBUSY with FBTYPE=FREE, or by events shown as free"
)
_NOTHING_TO_CANCEL = "METHOD:CANCEL calls off what this file does not have; it says nothing else"
_NO_LENGTH = (
    "an event has no length (no DTEND, or DTEND = DTSTART), so it is no time and takes none"
)


def monday_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment a day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


class Painted:
    """The minutes from the Monday on, free or not."""

    def __init__(self, week: date, zone: ZoneInfo) -> None:
        self.zone = zone
        self.monday = monday_of(week, zone)
        self.until = monday_of(week + timedelta(days=_DAYS), zone)
        self.free = np.zeros(int((self.until - self.monday).total_seconds()) // 60, bool)
        next_week = monday_of(week + timedelta(days=7), zone)
        self.week = int((next_week - self.monday).total_seconds()) // 60
        self.remarks: set[str] = set()
        # The first zone that is named, in minutes from UTC.
        self.offset: int | None = None

    def windows(self, calendars: list[Calendar], events: Events) -> c.Longs:
        """Return the free spans that touch the week."""
        times = [Times(one, self.zone) for one in calendars]
        blocks = [
            (block, clock)
            for one, clock in zip(calendars, times, strict=True)
            for block in one.walk("VAVAILABILITY")
        ]
        # The highest priority is 1 and speaks last; 0, or none, is the lowest of all.
        for block, clock in sorted(blocks, key=lambda b: -(int(b[0].get("PRIORITY", 0)) or 10)):
            self._paint_block(block, clock)
        busy: list[tuple[datetime, datetime]] = []
        shows_free = bool(blocks)
        for series in self._events(calendars, times):
            for event, start, end in series.occurrences(self.monday, self.until):
                shown_as_free = str(event.get("TRANSP", "")).strip().upper() == "TRANSPARENT"
                if start == end and self.monday <= start < self.until:
                    self.remarks.add(_NO_LENGTH)
                if not blocks and (events == "all" or shown_as_free):
                    shows_free = True
                    self.free[self._inside(start, end)] = True
                elif not shown_as_free:
                    busy.append((start, end))
        periods = 0
        for one, clock in zip(calendars, times, strict=True):
            for number, component in enumerate(one.walk("VFREEBUSY"), start=1):
                periods += 1
                what = f"its VFREEBUSY number {number}"
                for kind, start, end in clock.periods(component, what):
                    if kind != "FREE":  # what nobody knows is busy, says RFC 5545
                        busy.append((start, end))
                    elif not blocks:
                        shows_free = True
                        self.free[self._inside(start, end)] = True
        for start, end in busy:
            self.free[self._around(start, end)] = False
        if (busy or periods) and not shows_free:
            self.remarks.add(_ONLY_BUSY)
        self._note(times)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self.free, [False]])))
        spans = edges.reshape(-1, 2).astype(np.int64)
        return spans[spans[:, 0] < self.week]

    def _note(self, times: Iterable[Times]) -> None:
        for clock in times:
            self.remarks |= clock.remarks
            if clock.named is not None and self.offset is None:
                offset = self.monday.astimezone(clock.named).utcoffset() or timedelta(0)
                self.offset = int(offset.total_seconds()) // 60

    def _paint_block(self, block: Component, times: Times) -> None:
        times.place(block, "its VAVAILABILITY")
        bounds: list[Any] = [block.get(name) for name in ("DTSTART", "DTEND", "DURATION")]
        start = self.monday if bounds[0] is None else times.moment(bounds[0].dt)
        end = self.until if bounds[1] is None else times.moment(bounds[1].dt)
        if bounds[2] is not None:
            end = start + bounds[2].dt
        self.free[self._around(start, end)] = False
        for series in self._series([(block, times)], "AVAILABLE"):
            for _, first, last in series.occurrences(self.monday, self.until):
                self.free[self._inside(max(first, start), min(last, end))] = True

    def _events(self, calendars: list[Calendar], times: list[Times]) -> list[Series]:
        """Return the events of all calendars, less what a message calls off (RFC 5546)."""
        kept: list[tuple[Component, Times]] = []
        off: list[tuple[Component, Times]] = []
        for one, clock in zip(calendars, times, strict=True):
            if str(one.get("CALSCALE", "GREGORIAN")).strip().upper() != "GREGORIAN":
                raise Wrong(f"counts days by {str(one['CALSCALE'])[:20]!r}, not by the Gregorian")
            method = str(one.get("METHOD", "")).strip().upper()
            if method not in _PLAIN_METHODS:
                self.remarks.add(
                    f"METHOD:{method[:20]!r} is a message about events; they are read as they stand"
                )
            (off if method == "CANCEL" else kept).append((one, clock))
        found = self._grouped(kept, "VEVENT")
        for one, clock in off:
            for event in one.walk("VEVENT"):
                self._call_off(event, clock, found)
        return [Series(events, clock) for events, clock in found.values() if events]

    def _call_off(
        self, event: Component, times: Times, found: dict[object, tuple[list[Component], Times]]
    ) -> None:
        """Take off the events of a UID, or one of them."""
        same, _ = found.get(str(event.get("UID", "")), ([], times))
        if not same:
            self.remarks.add(_NOTHING_TO_CANCEL)
        elif "RECURRENCE-ID" not in event:
            edition = int(event.get("SEQUENCE", 0))
            same[:] = [one for one in same if int(one.get("SEQUENCE", 0)) > edition]
        else:
            event["STATUS"] = "CANCELLED"
            event.setdefault("DTSTART", deepcopy(event["RECURRENCE-ID"]))
            checked(event, times, "an event that is called off", self.until)
            same.append(event)

    def _series(self, parents: list[tuple[Component, Times]], name: str) -> list[Series]:
        return [Series(parts, clock) for parts, clock in self._grouped(parents, name).values()]

    def _grouped(
        self, parents: list[tuple[Component, Times]], name: str
    ) -> dict[object, tuple[list[Component], Times]]:
        """Return the components by UID, checked; who has none is alone."""
        found: dict[object, tuple[list[Component], Times]] = {}
        for parent, clock in parents:
            for number, component in enumerate(parent.walk(name), start=1):
                checked(component, clock, f"its {name} number {number}", self.until)
                key = str(component.get("UID", "")) or id(component)
                found.setdefault(key, ([], clock))[0].append(component)
        return found

    def _minutes(self, moment: datetime) -> float:
        return min(max((moment - self.monday).total_seconds() / 60, 0), len(self.free))

    def _inside(self, start: datetime, end: datetime) -> slice:
        return slice(ceil(self._minutes(start)), floor(self._minutes(end)))

    def _around(self, start: datetime, end: datetime) -> slice:
        return slice(floor(self._minutes(start)), ceil(self._minutes(end)))
