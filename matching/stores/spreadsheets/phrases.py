"""When people can come, in their own words: ``Mon AM; Wed PM``, ``weekday evenings``, not Tuesdays.

A text is a row of groups, each some days and some hours: ``Mon, Wed 9-12; Sat`` has two. Days
without hours are whole days, hours without days hold for every day.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from matching.stores.spreadsheets.days import Day, find_days
from matching.stores.spreadsheets.hours import WHOLE_DAY, Window, find_hours
from matching.stores.spreadsheets.shorthand import written_out
from matching.stores.spreadsheets.words import book, eastern, plain

_SETS = {"weekdays": range(1, 6), "weekend": (6, 7), "everyday": range(1, 8)}
_THROUGH = re.compile(r"\s*(?:-|–|—|~|to|thru|through|bis|至|到|à|から|a|tot)\s*")
_AND = re.compile(r"[\s,，]*(?:and|plus|&|\+|und|et|和|及|以及|加上)\s*")
_HARD = re.compile(r"[;；\n|┋/、]")


@dataclass
class Said:
    """What a text says; a window of a day, or of any day where the day is None."""

    free: list[tuple[Day | None, Window]] = field(default_factory=list)
    busy: list[tuple[Day | None, Window]] = field(default_factory=list)
    only: bool = False
    rest: str = ""

    @property
    def understood(self) -> bool:
        """Whether it says anything about times."""
        return bool(self.free or self.busy)

    @property
    def partly(self) -> bool:
        """Whether there are words beside the times that may change them: every other Tuesday."""
        words = _fillers().sub(" ", self.rest) if self.understood else ""
        return re.search(r"[^\W\d_]{2}|[^\x00-\x7f]|\d", words) is not None


@cache
def _fillers() -> re.Pattern[str]:
    """Return what stands between times and changes none of them."""
    signs = book()["signs"]
    words = [w for name in ("between", "since", "until", "and", "except") for w in signs[name]]
    words += [w for name in ("since_behind", "until_behind", "fillers") for w in signs[name]]
    every = sorted(filter(None, map(plain, words)), key=len, reverse=True)
    west = "|".join(re.escape(w) for w in every if not eastern(w))
    east = "|".join(re.escape(w) for w in every if eastern(w))
    return re.compile(rf"(?<![^\W\d_])(?:{west})(?![^\W\d_])|{east}")


@dataclass
class _Group:
    days: list[Day] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    minus: bool = False
    hours_first: bool = False


def _own_hours(content: str, tokens: list[tuple[int, int, str, Any]], k: int) -> bool:
    """Tell whether hours stand right behind days: "9-5 Mon, Sat 10-12"."""
    follows = tokens[k + 1] if k + 1 < len(tokens) else None
    if follows is None or follows[2] != "window":
        return False
    return re.search(r"[,，;；、]", content[tokens[k][1] : follows[0]]) is None


@cache
def _words() -> re.Pattern[str]:
    lists = {**{name: book()["daysets"][name] for name in _SETS}}
    lists |= {name: book()["signs"][name] for name in ("except", "only")}
    parts = []
    for name, words in lists.items():
        every = sorted(map(plain, words), key=len, reverse=True)
        west = "|".join(re.escape(w) for w in every if not eastern(w))
        east = "|".join(re.escape(w) for w in every if eastern(w))
        both = "|".join(
            filter(None, (rf"(?<![^\W\d_])(?:{west})(?![^\W\d_])" if west else "", east))
        )
        parts.append(f"(?P<{name}>{both})")
    return re.compile("|".join(parts))


def said_in(text: str) -> Said:
    """Return what a text says about times."""
    content = plain(written_out(text.replace("\n", ";")))
    tokens = _tokens(content)
    said = Said(rest=_rest(content, tokens))
    groups: list[_Group] = []
    group = _Group()
    minus = False
    end = 0
    for k, (a, b, kind, value) in enumerate(tokens):
        gap = content[end:a]
        end = b
        if _HARD.search(gap) and group.windows:
            groups.append(group)
            group = _Group(minus=False)
        if kind == "except":
            if group.days or group.windows:
                groups.append(group)
            group, minus = _Group(minus=True), True
        elif kind == "only":
            said.only = True
        elif kind == "days":
            own = _own_hours(content, tokens, k) and re.search(r"[,，]", gap)
            own = own or (
                tokens[k - 1][2] == "window" and _AND.fullmatch(gap)
            )  # "evenings and Sun"
            behind = group.windows and ((group.days and not group.hours_first) or own)
            if behind or (group.minus != minus):
                groups.append(group)
                group = _Group(minus=False)
                minus = False
            group.hours_first |= bool(group.windows)
            group.days += value
        elif kind == "window":
            alone = not group.windows and not group.minus and _AND.fullmatch(gap)
            if group.days and (group.hours_first or alone):  # "weekends and evenings"
                groups.append(group)
                group = _Group(minus=False)
            group.windows.append(value)
    groups.append(group)
    for one in groups:
        if one.days or one.windows:
            days: list[Day | None] = [*one.days] or [None]
            pairs = [(d, w) for d in days for w in one.windows or [WHOLE_DAY]]
            (said.busy if one.minus else said.free).extend(pairs)
    if said.busy and not said.free:
        said.free.append((None, WHOLE_DAY))
    return said


def _tokens(content: str) -> list[tuple[int, int, str, Any]]:
    """Return what is understood of the text, in its order: days, windows, and small words."""
    days = find_days(content, short=len(content) < 14 or content.count(",") > 0)
    blanked = content
    for a, b, _ in days:
        # Not by blanks: hours on both sides of a day belong to two days.
        blanked = blanked[:a] + "\0" * (b - a) + blanked[b:]
    hours = find_hours(blanked)
    taken = [(a, b) for a, b, _ in (*days, *hours)]
    tokens: list[tuple[int, int, str, Any]] = [(a, b, "window", w) for a, b, w in hours]
    for hit in _words().finditer(content):
        a, b = hit.span()
        kind = str(hit.lastgroup)
        if any(x < b and a < y for x, y in taken):
            continue
        if kind in _SETS:
            # "any weekday" is one word; "weekday" in "not on a weekday" too.
            tokens.append((a, b, "days", [Day(weekday=k) for k in _SETS[kind]]))
        else:
            tokens.append((a, b, kind, None))
    tokens += _ranges(days, content)
    return sorted(tokens, key=lambda token: token[:2])


def _ranges(days: list[tuple[int, int, Day]], content: str) -> list[tuple[int, int, str, Any]]:
    """Put a date and its weekday into one day, and ``Mon-Fri`` into five; Mon-Wed-Fri are three."""
    merged: list[tuple[int, int, Day]] = []
    for a, b, day in days:
        if merged:
            x, y, last = merged[-1]
            beside = re.fullmatch(r"[\s.,(（\[]*", content[y:a]) is not None
            if beside and (last.dated != day.dated) and None in (last.weekday, day.weekday):
                merged[-1] = (x, b, last | day)
                continue
        merged.append((a, b, day))
    through = [
        _THROUGH.fullmatch(content[one[1] : two[0]]) is not None
        for one, two in itertools.pairwise(merged)
    ]
    found: list[tuple[int, int, str, Any]] = []
    for k, (a, b, day) in enumerate(merged):
        before = k > 0 and through[k - 1]
        chained = (k > 1 and through[k - 2]) or (k < len(through) and through[k])
        between = between_days(merged[k - 1][2], day) if before and not chained else []
        found.append((a, b, "days", [*between, day]))
    return found


def between_days(first: Day, last: Day) -> list[Day]:
    """Return the days that lie between two weekdays, or two dates of a month or so."""
    if first.weekday and last.weekday and not (first.dated or last.dated):
        span = (last.weekday - first.weekday) % 7
        return [Day(weekday=(first.weekday + step - 1) % 7 + 1) for step in range(1, span)]
    if not (first.dated and last.dated):
        return []
    if first.order == last.order == "either" and first.day == last.day:
        return [one.swapped() for one in between_days(first.swapped(), last.swapped())]
    year = last.year or first.year
    try:
        dates = [date(year or 2024, d.month or 0, d.day or 0) for d in (first, last)]
    except ValueError:
        return []
    span = (dates[1] - dates[0]).days
    steps = (dates[0] + timedelta(days=step) for step in range(1, min(span, 62)))
    return [Day(year, one.month, one.day) for one in steps]


def _rest(content: str, tokens: list[tuple[int, int, str, Any]]) -> str:
    for a, b, _, _ in tokens:
        content = content[:a] + " " * (b - a) + content[b:]
    return " ".join(re.sub(r"[^\w]+|_", " ", content).split())


@dataclass
class Axis:
    """What a heading says of a time: of a day, of hours, and in words beside (``rest``)."""

    day: Day | None = None
    window: Window | None = None
    rest: str = ""

    def __bool__(self) -> bool:
        return self.day is not None or self.window is not None


_BRACKET = re.compile(r"[\[【]([^\]】]+)[\]】]\s*$")
_ORDINAL = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|日|号|號|\.)?(?!\d)")


def axis_in(text: str) -> Axis:
    """Read a heading; many forms put the day of a question into brackets behind it."""
    if inner := _BRACKET.search(text):
        found = axis_in(inner[1])
        if found:
            outer = text[: inner.start()].strip()
            return Axis(found.day, found.window, " ".join(filter(None, (outer, found.rest))))
    content = plain(text)
    days = find_days(content, short=len(content) < 24)
    blanked = content
    for a, b, _ in days:
        blanked = blanked[:a] + " " * (b - a) + blanked[b:]
    hours = find_hours(blanked)
    if len(hours) > 1 or len({d.weekday for _, _, d in days if d.weekday}) > 1:
        return Axis(rest=text)
    if len([d for _, _, d in days if d.dated]) > 1:
        return Axis(rest=text)
    day: Day | None = None
    for _, _, one in days:
        day = one if day is None else day | one
    rest = text
    for a, b, _ in (*days, *hours):
        if len(content) == len(text):
            rest = rest[:a] + " " * (b - a) + rest[b:]
        else:
            rest = content = content[:a] + " " * (b - a) + content[b:]
    rest = re.sub(r"^[\s()（）\[\],.;:：、\-–—|/]+|[\s()（）\[\],.;:：、\-–—|/]+$", "", rest)
    if day is not None and not day.dated and day.month is None:
        number = _ORDINAL.fullmatch(rest.strip())
        if number and 1 <= int(number[1]) <= 31:
            return Axis(Day(day=int(number[1]), weekday=day.weekday), _one(hours), "")
    if day is None and (number := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|日|号|號)", content)):
        return Axis(Day(day=int(number[1])), None, "")
    return Axis(day, _one(hours), rest.strip()) if day or hours else Axis(rest=text)


def _one(hours: list[tuple[int, int, Window]]) -> Window | None:
    return hours[0][2] if hours else None
