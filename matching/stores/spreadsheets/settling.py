"""From what sheets say of times to times: which week, which day, which hours."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from matching.stores.spreadsheets.days import Calendar, Day, find_days
from matching.stores.spreadsheets.facts import Facts, When
from matching.stores.spreadsheets.hours import DAY, Window, find_hours, part_window
from matching.stores.spreadsheets.questions import (
    Answers,
    Hours,
    date_answer,
    hours_answer,
    monday_answer,
    shown_window,
)
from matching.stores.spreadsheets.sentences import sentence
from matching.stores.spreadsheets.words import plain

Span = tuple[datetime, datetime]


@dataclass
class Clock:
    """Resolves times: the week is known, and so are hours, as far as they were told.

    ``day`` is the day of times that name none, ``parts`` the hours taken for parts of a day.
    """

    calendar: Calendar
    monday: date
    number: int | None = None
    day: date | None = None
    hours: Hours = field(default_factory=Hours)
    parts: dict[str, Window] = field(default_factory=dict)

    def dates(self, day: Day | None) -> list[date]:
        """Return the dates of the week that a day is; of none, all of them or the one."""
        week = [self.monday + timedelta(days=k) for k in range(7)]
        if day is None:
            return [self.day] if self.day else week
        if day.dated:
            found = self.calendar.date(day)
            return [found] if found else []
        return [one for one in week if one.isoweekday() == day.weekday]

    def window(self, when: When) -> Window | None:
        """Return the hours of a time; None if nobody said them."""
        if when.window is not None and when.window.end is not None:
            told = self.hours.of_part(when.window.part) if when.window.part else None
            return told or when.window
        if when.window is not None:
            return self.hours.lasting(when.window)
        return self.hours.of(when.label) or self.parts.get(when.label)

    def spans(self, when: When, whole_days: bool = False) -> list[Span]:
        """Return the spans of a time; without hours and ``whole_days``, of the whole day."""
        window = self.window(when) if when.window or when.label or not whole_days else None
        if window is None:
            if not whole_days or when.label:
                return []
            window = Window(0, DAY)
        return [(at(d, window.start), at(d, window.end or DAY)) for d in self.dates(when.day)]

    def in_week(self, span: Span) -> bool:
        """Tell whether a span begins in the week."""
        return self.monday <= span[0].date() < self.monday + timedelta(days=7)


def at(day: date, minute: int) -> datetime:
    """Return the moment of a day."""
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)


def clock_of(
    facts: Facts, calendar: Calendar, answers: Answers, today: date, named: date | None = None
) -> Clock | None:
    """Settle the week or the day, asking where the sheets do not say; None if nobody knows.

    ``named`` is the Monday of the week that a title names.
    """
    services = [need.when for need in facts.needs] or [option.when for option in facts.options]
    times = services or [f.when for f in facts.free] + [h.when for h in facts.held]
    dated = [d for when in times if when.day and (d := calendar.date(when.day))]
    weekly = [when for when in times if when.day and when.day.weekday and not when.day.dated]
    numbered = any(free.weeks for free in facts.free)
    ahead = today + timedelta(days=(7 - today.weekday()) % 7)
    if dated and not numbered:
        return _dated(dated, calendar, answers, ahead)
    if weekly and not numbered and named is not None and "week" not in answers.given:
        return Clock(calendar, named)
    if weekly or numbered or not times:
        about = sentence("ask_week")
        guess = f"{ahead}"
        if numbered:
            about = sentence("ask_week_numbered")
            guess = f"{ahead} week 1"
        given = answers.ask("week", about, guess, must=bool(weekly or numbered))
        monday, number = monday_answer(given or guess, calendar)
        return Clock(calendar, monday, number)
    given = answers.ask("day", sentence("ask_day"), None, True, f"{ahead}")
    if given is None:
        return None
    day = date_answer("day", given, calendar)
    return Clock(calendar, day - timedelta(days=day.weekday()), day=day)


def _dated(dates: list[date], calendar: Calendar, answers: Answers, ahead: date) -> Clock:
    mondays = sorted(Counter(d - timedelta(days=d.weekday()) for d in dates))
    if len(mondays) == 1 and "week" not in answers.given:
        return Clock(calendar, mondays[0])
    this = ahead - timedelta(days=7)
    guess = next((m for m in mondays if m >= ahead), None)
    guess = guess or next((m for m in mondays if m >= this), mondays[-1])
    about = sentence("ask_week_of", first=mondays[0], last=mondays[-1])
    given = answers.ask("week", about, f"{guess}")
    return Clock(calendar, monday_answer(given or "", calendar)[0])


def settle_hours(clock: Clock, facts: Facts, answers: Answers) -> bool:
    """Ask for the hours of what has a name only; tell whether all are known then."""
    labels: dict[str, None] = {}
    endless = dateless = False
    services = [need.when for need in facts.needs] or [option.when for option in facts.options]
    asked = {when.label for when in services}
    _take_parts(clock, facts, asked)
    for when in services + [f.when for f in facts.free if f.when.label or f.when.window]:
        if not any(
            clock.monday <= d < clock.monday + timedelta(days=7) for d in clock.dates(when.day)
        ):
            continue
        if when.window is not None and when.window.end is None:
            endless = True
        elif when.window is None and when.label and when.label not in clock.parts:
            labels[when.label] = None
        elif when.window is None and when in services:
            dateless = True
    if not (labels or endless or dateless):
        return True
    parts = []
    if labels:
        parts.append(sentence("hours_of", labels=", ".join(labels)))
    if dateless:
        parts.append(sentence("hours_begin"))
    if endless or dateless:
        parts.append(sentence("hours_last"))
    example = "; ".join(
        [
            *(f"{label}={shown_window(_likely(label))}" for label in labels),
            *(["10:00"] if dateless else []),
            *(["90 min"] if endless or dateless else []),
        ]
    )
    given = answers.ask("hours", sentence("ask_hours", parts=parts), None, True, example)
    clock.hours = hours_answer(given) if given else Hours()
    missing = [label for label in labels if clock.hours.of(label) is None]
    if given and missing:
        from matching.stores.spreadsheets.questions import wrong

        raise wrong(
            "hours", given, sentence("want_more_hours", names=", ".join(missing), example=example)
        )
    return given is not None


def _take_parts(clock: Clock, facts: Facts, asked: set[str]) -> None:
    """Take usual hours for the parts of a day in which people can come, and say which."""
    windows: dict[str, Window] = {}
    for free in facts.free:
        label = free.when.label
        if label and label not in asked and (found := find_hours(plain(label))):
            clock.parts[label] = windows[label] = found[0][2]
        elif free.when.window is not None and free.when.window.part:
            windows[free.when.window.part] = free.when.window
    if windows:
        shown = ", ".join(f"{name} {shown_window(w)}" for name, w in sorted(windows.items()))
        facts.say("parts", shown=shown, example=min(windows))


def _likely(label: str) -> Window:
    found = find_hours(plain(label))
    return found[0][2] if found else part_window("morning")


def in_week_of_term(weeks: str, number: int | None) -> bool:
    """Tell whether a week of the term is one of those in brackets: 1-12, 2-18 even, odd, all."""
    if not weeks or number is None or not re.search(r"[\d单單双雙]|odd|even", weeks):
        return True
    ranges = re.findall(r"(\d+)\s*(?:[-–~至]\s*(\d+))?", weeks)
    inside = not ranges or any(int(a) <= number <= int(b or a) for a, b in ranges)
    if re.search(r"单|單|odd", weeks):
        return inside and number % 2 == 1
    if re.search(r"双|雙|even", weeks):
        return inside and number % 2 == 0
    return inside


def number_days(axes: list[Day], titles: list[str]) -> list[Day]:
    """Give bare numbers of days their month: 21, 22, ... 30, 1, 2 after a title that begins it."""
    found = [d for words in titles for _, _, d in find_days(plain(words)) if d.month]
    if not found:
        return axes
    first = next((d for d in found if d.year), found[0])
    year, month = first.year, first.month or 1
    if first.day is None and axes and len(found) > 1 and axes[0].day == found[0].day:
        first = found[0]
    days: list[Day] = []
    before = 0
    for day in axes:
        if (day.day or 0) < before:
            month += 1
            if month > 12:
                month, year = 1, (year + 1 if year else None)
        before = day.day or 0
        days.append(Day(year, month, day.day, day.weekday))
    return days
