"""When people can come, in their own words: ``Mon AM; Wed PM``, ``weekday evenings``, not Tuesdays.

A text is a row of groups, each some days and some hours: ``Mon, Wed 9-12; Sat`` has two. Days
without hours are whole days, hours without days hold for every day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from matching.stores.spreadsheets.days import Day, find_days
from matching.stores.spreadsheets.hours import WHOLE_DAY, Window, find_hours
from matching.stores.spreadsheets.words import book, eastern, plain

_SETS = {"weekdays": range(1, 6), "weekend": (6, 7), "everyday": range(1, 8)}
_THROUGH = re.compile(r"\s*(?:-|–|—|~|to|thru|through|bis|至|到|à|から|a|tot)\s*")
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


@dataclass
class _Group:
    days: list[Day] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    minus: bool = False


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
    content = plain(text.replace("\n", ";"))
    tokens = _tokens(content)
    said = Said(rest=_rest(content, tokens))
    groups: list[_Group] = []
    group = _Group()
    minus = False
    end = 0
    for a, b, kind, value in tokens:
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
            if group.windows or (group.minus != minus):
                groups.append(group)
                group = _Group(minus=False)
                minus = False
            group.days += value
        elif kind == "window":
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
        blanked = blanked[:a] + " " * (b - a) + blanked[b:]
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
    """Put a date and its weekday into one day, and ``Mon-Fri`` into five."""
    merged: list[tuple[int, int, list[Day]]] = []
    skip = False
    for _k, (a, b, day) in enumerate(days):
        if skip:
            skip = False
            continue
        if merged:
            x, y, before = merged[-1]
            gap = content[y:a]
            last = before[-1]
            beside = re.fullmatch(r"[\s.,(（\[]*", gap) is not None
            if beside and (last.dated != day.dated) and None in (last.weekday, day.weekday):
                merged[-1] = (x, b, [*before[:-1], last | day])
                continue
            if _THROUGH.fullmatch(gap) and last.weekday and day.weekday and not last.dated:
                span = (day.weekday - last.weekday) % 7
                between = [Day(weekday=(last.weekday + s - 1) % 7 + 1) for s in range(1, span + 1)]
                merged[-1] = (x, b, [*before, *between])
                continue
        merged.append((a, b, [day]))
    return [(a, b, "days", list(found)) for a, b, found in merged]


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
