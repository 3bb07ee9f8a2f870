"""The time zones that calendars name: by IANA's names, by Windows's, or by rules of their own."""

from __future__ import annotations

from datetime import tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Calendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

_HEADER = "X-WR-TIMEZONE"
# Files of the zones' database that are no zones: that of this machine, and none at all.
_NO_ZONES = {"localtime", "Factory"}


def zone_of(name: str) -> tzinfo | None:
    """Return the zone of a name of IANA's or, by CLDR's table, of Windows's; None if unknown."""
    found = _known().get(name.strip().strip('"').strip().casefold())
    return None if found is None else ZoneInfo(found)


@cache
def _known() -> dict[str, str]:
    names = {name.casefold(): name for name in available_timezones() - _NO_ZONES}
    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()} | names


def named_zone(calendar: Calendar) -> tuple[tzinfo | None, str | None]:
    """Return the zone that a calendar's header names, and the name itself; None where none is."""
    given = calendar.get(_HEADER)
    if given is None:
        return None, None
    names = sorted({str(one).strip() for one in (given if isinstance(given, list) else [given])})
    if len(names) == 1:
        zone = zone_of(names[0]) or _own_rules(calendar, names[0])
        return zone, names[0]
    return None, ", ".join(names)


def _own_rules(calendar: Calendar, name: str) -> tzinfo | None:
    """Return the zone whose rules the calendar has under this name."""
    for rules in calendar.timezones:
        if str(rules.get("TZID", "")).strip() == name:
            zone: tzinfo = rules.to_tz(lookup_tzid=False)
            return zone
    return None
