"""Series: events that repeat, with what is left out, added, moved or called off, as the RFCs say.

A series lives by the wall clock of its first event. All its times are told by that clock, without
a zone, before the library repeats them: then a time that is left out or moved is found by what it
is, however it was written.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from math import inf, prod
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar, vDDDLists
from recurring_ical_events import CalendarQuery
from recurring_ical_events.adapters.event import EventAdapter
from recurring_ical_events.selection.name import ComponentsWithName

from matching.stores.calendars.times import Component, Times, Wrong, listed

# How often a rule may repeat before the week is reached: daily for centuries, hourly for a decade.
_MOST_STEPS = 100_000
_SECONDS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600}
_LONGEST_MONTHS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_READ = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"}
_REPEATS = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
_DAY = timedelta(days=1)
_MIDNIGHT = time()
_LAST = time(23, 59, 59)
_ODD_DAYS = (
    "a series of whole days leaves out, adds or moves times that are no midnight; each is taken "
    "for the day that it is in; write days (VALUE=DATE)"
)
_TWINS = (
    "several events have the same UID and none is newer (SEQUENCE); one of them counts; give each "
    "a UID of its own"
)


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
            start = datetime.combine(start, _MIDNIGHT)
        rest = length.dt - timedelta(days=length.dt.days)
        end: date = _exact(start + timedelta(days=length.dt.days)) + rest
        return end


class _Available(_Event):
    """The blocks of RFC 7953 repeat as events do."""

    @staticmethod
    def component_name() -> str:
        return "AVAILABLE"


_ADAPTERS = {"VEVENT": _Event, "AVAILABLE": _Available}


def _exact(moment: date) -> date:
    zoned = isinstance(moment, datetime) and moment.tzinfo is not None
    return moment.astimezone(UTC) if zoned else moment  # type: ignore[attr-defined]


class Series:
    """The events, or blocks of availability, of one UID, in the order in which they stand there.

    They have zones (see `Times.place`); ``times`` are of the calendar of the first.
    """

    def __init__(self, components: list[Component], times: Times) -> None:
        self.components, self.times = components, times
        masters = [one for one in components if "RECURRENCE-ID" not in one]
        newest = max((_edition(one) for one in masters), default=0)
        masters = [one for one in masters if _edition(one) == newest]
        if len({one["DTSTART"].dt for one in masters}) > 1:
            times.remarks.add(_TWINS)
        self.first: date = (masters or components)[0]["DTSTART"].dt
        self.of_days = not isinstance(self.first, datetime)
        self.zone = getattr(self.first, "tzinfo", None) or times.zone
        self.repeats = any(name in one for one in components for name in _REPEATS)

    def occurrences(
        self, start: datetime, end: datetime
    ) -> Iterator[tuple[Component, datetime, datetime]]:
        """Yield what is not cancelled and touches a span, with its own start and end, in UTC."""
        if self.repeats:
            for component in self.components:
                self._tell_by_the_wall(component, start, end)
        parent = Calendar()
        for component in self.components:
            parent.add_component(component)
        name = self.components[0].name
        query = CalendarQuery(parent, components=[ComponentsWithName(name, _ADAPTERS[name])])
        # A day more at both ends: the wall clock of a series is no further from UTC.
        for found in query.between(start - _DAY, end + _DAY):
            if str(found.get("STATUS", "")).strip().upper() != "CANCELLED":
                yield found, self._moment(found["DTSTART"].dt), self._moment(found["DTEND"].dt)

    def _moment(self, value: date) -> datetime:
        if isinstance(value, datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=self.zone)
        return self.times.moment(value)

    def _tell_by_the_wall(self, component: Component, start: datetime, end: datetime) -> None:
        for name in ("DTSTART", "DTEND"):
            if name in component:
                component[name].dt = self._wall(component[name].dt)
        if "RECURRENCE-ID" in component:
            component["RECURRENCE-ID"].dt = self._time_of_one(component["RECURRENCE-ID"].dt)
        for rule in (*listed(component.get("RRULE")), *listed(component.get("EXRULE"))):
            if rule.get("UNTIL"):
                rule["UNTIL"] = [self._until(rule["UNTIL"][0])]
        added = [one.dt for value in listed(component.get("RDATE")) for one in value.dts]
        if added:
            component["RDATE"] = vDDDLists([self._added(one) for one in added])
        left_out = [one.dt for value in listed(component.get("EXDATE")) for one in value.dts]
        left_out = [self._day(one) if self.of_days else self._wall(one) for one in left_out]
        for rule in listed(component.pop("EXRULE", None)):
            left_out += self._ruled_out(rule, component, start, end)
        if left_out:
            component["EXDATE"] = vDDDLists(left_out)

    def _wall(self, value: date) -> date:
        """Return a moment by the wall clock of the series; a day stays one."""
        if not isinstance(value, datetime):
            return value
        return value.astimezone(self.zone).replace(tzinfo=None)

    def _day(self, value: date) -> date:
        """Return the day that is meant by a time: the one whose midnight it is, here or in UTC."""
        if not isinstance(value, datetime):
            return value
        both = [value.astimezone(zone) for zone in (self.times.zone, UTC)]
        midnights = [one for one in both if one.time() == _MIDNIGHT]
        if not midnights:
            self.times.remarks.add(_ODD_DAYS)
        return (midnights or both)[0].date()

    def _time_of_one(self, value: date) -> date:
        """Return which of the series is meant: a day of a series of times is the time then."""
        if self.of_days:
            return self._day(value)
        if isinstance(value, datetime):
            return self._wall(value)
        clock = self._wall(self.first)
        assert isinstance(clock, datetime)
        return datetime.combine(value, clock.time())

    def _added(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._wall(one) if isinstance(one, date) else one for one in value)
        return self._time_of_one(value)

    def _until(self, value: date) -> date:
        """Return the last moment of a rule: of a series of times, a day is all of that day."""
        if not isinstance(value, datetime):
            return value if self.of_days else datetime.combine(value, _LAST)
        if value.tzinfo is not None:
            midnight = self.of_days and value.astimezone(UTC).time() == _MIDNIGHT
            value = value.astimezone(UTC if midnight else self.zone).replace(tzinfo=None)
        return value.date() if self.of_days else value

    def _ruled_out(
        self, rule: Any, component: Component, start: datetime, end: datetime
    ) -> list[date]:
        """Return what an EXRULE (RFC 2445) leaves out, about a span."""
        first = component["DTSTART"].dt
        clock = first if isinstance(first, datetime) else datetime.combine(first, _MIDNIGHT)
        length = _length(component) + 2 * _DAY
        span = ((moment.replace(tzinfo=None)) for moment in (start - length, end + length))
        times = rrulestr(rule.to_ical().decode(), dtstart=clock).between(*span, inc=True)
        return [one.date() for one in times] if self.of_days else list(times)


def _edition(component: Component) -> int:
    return int(component.get("SEQUENCE", -1))


def _length(component: Component) -> timedelta:
    if "DURATION" in component:
        length: timedelta = component["DURATION"].dt
        return length
    if "DTEND" not in component:
        return _DAY
    ends = [component[name].dt for name in ("DTSTART", "DTEND")]
    start, end = (
        one if isinstance(one, datetime) else datetime.combine(one, _MIDNIGHT) for one in ends
    )
    return end - start


def checked(component: Component, times: Times, what: str, until: datetime) -> None:
    """Give an event's times a zone; refuse what the libraries take for something else or never end.

    What it says of an event is its number, never its text: that is the volunteer's own.
    """
    broken = sorted({str(name) for name, _ in component.errors} & _READ)
    if broken:
        raise Wrong(f"{what} has a {broken[0]} that cannot be read; enter its times anew")
    if "DTSTART" not in component:
        raise Wrong(f"{what} has no DTSTART; say when it begins")
    times.place(component, what)
    start = times.moment(component["DTSTART"].dt)
    length = component["DURATION"].dt if "DURATION" in component else timedelta(0)
    end = times.moment(component["DTEND"].dt) if "DTEND" in component else start
    if end < start or length < timedelta(0):
        raise Wrong(f"{what} ends before it begins; its end is not included")
    if end == start and not isinstance(component["DTSTART"].dt, datetime):
        # Whoever writes the same day twice means that day.
        component.pop("DTEND", None)
    for rule in (*listed(component.get("RRULE")), *listed(component.get("EXRULE"))):
        _check_rule(rule, start, until, what)


def _check_rule(rule: Any, start: datetime, until: datetime, what: str) -> None:
    scale = str(rule.get("RSCALE", ["GREGORIAN"])[0]).upper()
    if scale != "GREGORIAN":
        raise Wrong(
            f"{what} repeats by another calendar, {scale[:20]!r}; enter its days one by one"
        )
    seconds = _SECONDS.get(str(rule.get("FREQ", [""])[0]).upper(), 86400)
    fine = prod(len(rule.get(name, [0])) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    span = max(0.0, (until - start).total_seconds())
    if span / seconds / int(rule.get("INTERVAL", [1])[0] or inf) * fine > _MOST_STEPS:
        raise Wrong(f"{what} repeats too finely, or has for too long; begin it in this year")
    # The next time of a rule that never holds is looked for until the year 9999.
    months, days = rule.get("BYMONTH", range(1, 13)), rule.get("BYMONTHDAY", [1])
    possible = any(abs(int(day)) <= _LONGEST_MONTHS[int(m)] for m in months for day in days)
    if not possible or (seconds < 86400 and "BYSETPOS" in rule):
        raise Wrong(f"{what} has a rule that never holds; enter it anew")
