"""Times of a calendar as moments: each value gets a zone, whatever property it stands in."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Calendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

_HEADER = "X-WR-TIMEZONE"
# Files of the zones' database that are no zones: that of this machine, and none at all.
_NO_ZONES = {"localtime", "Factory"}
_TIMED = ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")
_LONGEST_NAME = 60
# The library has one type for all properties; a component's are what their names say.
Component = Any


class Wrong(Exception):
    """What is wrong with a calendar."""


class Times:
    """What the times of one calendar mean."""

    def __init__(self, calendar: Calendar, zone: tzinfo) -> None:
        found, header = _named_zone(calendar)
        self._unknown = None if found or header is None else header[:_LONGEST_NAME]
        # Of days and of times without a zone: the header's, if it names one, else the policy's.
        self.zone: tzinfo = found or zone
        # The first zone that the calendar names, UTC aside.
        self.named = None if str(found) == "UTC" else found
        # What was not understood.
        self.remarks: set[str] = set()

    def place(self, component: Component, what: str) -> None:
        """Give a zone to every time of a component, in place; a zone that nobody knows is wrong."""
        for name in _TIMED:
            for value in listed(component.get(name)):
                for one in getattr(value, "dts", [value]):
                    one.dt = self._placed(one.dt, value.params.get("TZID"), what)

    def periods(self, component: Component, what: str) -> Iterator[tuple[str, datetime, datetime]]:
        """Yield the periods of ``FREEBUSY``: whether it is free or how busy, start and end."""
        for period in listed(component.get("FREEBUSY")):
            start, end = self._placed(period.dt, period.params.get("TZID"), what)
            start = start.astimezone(UTC)
            kind = str(period.params.get("FBTYPE", "BUSY")).upper()
            yield kind, start, start + end if isinstance(end, timedelta) else end.astimezone(UTC)

    def moment(self, value: date) -> datetime:
        """Return when a time is, or a day begins."""
        if not isinstance(value, datetime):
            value = datetime.combine(value, time(), self.zone)
        return value.astimezone(UTC)

    def _placed(self, value: Any, tzid: Any, what: str) -> Any:
        if isinstance(value, tuple):
            return tuple(self._placed(part, tzid, what) for part in value)
        if not isinstance(value, date):
            return value  # a length
        if not isinstance(value, datetime):
            self._float()
            return value
        if value.tzinfo is None:
            value = value.replace(tzinfo=self._zone(tzid, what))
        if self.named is None and value.tzname() != "UTC":
            self.named = value.tzinfo
        return value

    def _zone(self, tzid: Any, what: str) -> tzinfo:
        """Return the zone of a time that has no moment yet."""
        if tzid is None:
            self._float()
            return self.zone
        zone = _zone_of(str(tzid))
        if zone is None:
            raise Wrong(
                f"{what} is in a zone {str(tzid)[:_LONGEST_NAME]!r} that nobody knows; "
                "use a name such as Asia/Shanghai, or add its VTIMEZONE"
            )
        return zone

    def _float(self) -> None:
        """Note that something hangs on the zone of the calendar, which may be a guess."""
        if self._unknown is not None:
            self.remarks.add(
                f"X-WR-TIMEZONE {self._unknown!r} is no time zone that is known, so days and times "
                f"without a zone are read in the policy's, {self.zone}; write a name such as "
                "Asia/Shanghai"
            )


def listed(value: Any) -> list[Any]:
    """Return a property as a list, whether it stands there never, once or more often."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _zone_of(name: str) -> tzinfo | None:
    """Return the zone of a name of IANA's or, by CLDR's table, of Windows's; None if unknown."""
    found = _known().get(name.strip().strip('"').strip().casefold())
    return None if found is None else ZoneInfo(found)


@cache
def _known() -> dict[str, str]:
    names = {name.casefold(): name for name in available_timezones() - _NO_ZONES}
    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()} | names


def _named_zone(calendar: Calendar) -> tuple[tzinfo | None, str | None]:
    """Return the zone that a calendar's header names, and the name itself; None where none is."""
    names = sorted({str(one).strip() for one in listed(calendar.get(_HEADER))})
    if len(names) != 1:
        return None, ", ".join(names) or None
    return _zone_of(names[0]) or _own_rules(calendar, names[0]), names[0]


def _own_rules(calendar: Calendar, name: str) -> tzinfo | None:
    """Return the zone whose rules the calendar has under this name."""
    for rules in calendar.timezones:
        if str(rules.get("TZID", "")).strip() == name:
            zone: tzinfo = rules.to_tz(lookup_tzid=False)
            return zone
    return None
