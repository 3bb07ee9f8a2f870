"""What the sheets as a whole tell: near which date they are, whose clock, month before day."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta

from matching.stores.spreadsheets.cells import day_of
from matching.stores.spreadsheets.days import Calendar, Day, find_days
from matching.stores.spreadsheets.grid import Cell, Sheet, text
from matching.stores.spreadsheets.layout import Layout
from matching.stores.spreadsheets.phrases import axis_in
from matching.stores.spreadsheets.settling import number_days
from matching.stores.spreadsheets.tables import Column
from matching.stores.spreadsheets.words import plain

_ZONES = {
    "ja": "Asia/Tokyo",
    "zh-Hant": "Asia/Taipei",
    "zh": "Asia/Shanghai",
    "de": "Europe/Berlin",
    "fr": "Europe/Paris",
    "ko": "Asia/Seoul",
}
_TRADITIONAL = set("單號們個來時間當麼這會對點國學區報務員資訊請與聯絡證運紀錄樣開關書")
_MARKS = {
    "de": re.compile(
        r"\b(?:und|nicht|uhr|montag|dienstag|donnerstag|vorname|datum|bemerkung|ab|bis|jeden|kann)\b|ß"
    ),
    "fr": re.compile(
        r"\b(?:prénom|nom|créneaux?|disponibilités?|bénévoles?|lundi|mardi|horodateur|jeudi|et|le|la)\b"
    ),
}


def calendar_of(layouts: list[Layout], sheets: list[Sheet], today: date) -> Calendar:
    """Return what dates are read by."""
    calendar = Calendar(today)
    days = [d for layout in layouts for d in _days(layout)]
    calendar.day_first = _order(layouts, days, sheets)
    years = [d.year for d in days if d.year]
    stamps = []
    for layout in layouts:
        for column in layout.fields.get("timestamp", ()):
            for cell in column.filled:
                day = day_of(cell)
                if day and day.year and (found := calendar.date(day)):
                    stamps.append(found)
    if stamps:
        calendar.near = max(stamps)
    elif years:
        dated = [found for d in days if d.year and (found := calendar.date(d))]
        calendar.near = max(dated) if dated else today
    else:
        named = [d for layout in layouts for d in _named(layout)]
        if named and named[0].year:
            calendar.year = named[0].year
    return calendar


def _days(layout: Layout) -> list[Day]:
    cells: list[Cell] = []
    for name in ("day", "start", "end", "timestamp"):
        cells += [c for column in layout.fields.get(name, ()) for c in column.filled]
    found = [d for c in cells if (d := day_of(c))]
    found += [c.axis.day for c in layout.axes if c.axis.day]
    for column in layout.others:
        found += [d for c in column.filled if (d := day_of(c))]
    return found


def _named(layout: Layout) -> list[Day]:
    words = [*layout.table.titles, layout.table.sheet.name, layout.table.sheet.file]
    return [d for w in words for _, _, d in find_days(plain(w)) if d.year]


def _order(layouts: list[Layout], days: list[Day], sheets: list[Sheet]) -> bool | None:
    """Return whether days stand before months where numbers alone do not say."""
    heads = " ".join(plain(c.head) for layout in layouts for c in layout.table.columns)
    if re.search(r"mm/dd|m/d/y", heads):
        return False
    if re.search(r"dd/mm|d/m/y", heads):
        return True
    if weekly := _by_weekdays(layouts):
        return weekly == "day"
    with_year = [d for d in days if d.order == "either"]
    raw = [text(c) for s in sheets for row in s.rows for c in row if isinstance(c, str)]
    first = [re.match(r"^(\d{1,2})[/-](\d{1,2})[/-]\d{2,4}", t) for t in raw]
    if any(m and int(m[1]) > 12 for m in first):
        return True
    if any(m and int(m[2]) > 12 for m in first):
        return False
    if with_year:
        steps = _spread(with_year, False), _spread(with_year, True)
        if steps[0] != steps[1]:
            return steps[1] < steps[0]
    languages = language_of(sheets)
    return None if not with_year else languages in ("de", "fr", "es", "it", "nl", "pt")


def _by_weekdays(layouts: list[Layout]) -> str:
    """Return which order makes dates fall on the weekdays that stand beside them."""
    votes = {"day": 0, "month": 0}
    for layout in layouts:
        beside = [c for c in layout.others + layout.axes if c.axis.day and not c.axis.day.dated]
        for column in layout.fields.get("day", ()):
            for row, cell in column.cells.items():
                day = day_of(cell)
                if day is None or day.order != "either" or not day.year:
                    continue
                said = day.weekday
                for other in beside:
                    mark = plain(text(other.cells.get(row)))
                    if other.axis.day and mark in ("1", "x", "yes"):
                        said = other.axis.day.weekday
                if said:
                    for name, one in (("month", day), ("day", day.swapped())):
                        found = Calendar(date.today(), day_first=False).date(
                            Day(one.year, one.month, one.day)
                        )
                        votes[name] += bool(found and found.isoweekday() == said)
    if votes["day"] == votes["month"]:
        return ""
    return max(votes, key=lambda name: votes[name])


def _spread(days: list[Day], swapped: bool) -> int:
    found = [
        d
        for day in days
        if (
            d := Calendar(date.today(), day_first=False).date(
                Day(
                    day.year or date.today().year,
                    *((day.day, day.month) if swapped else (day.month, day.day)),
                )
            )
        )
    ]
    return (max(found) - min(found)).days if found else 10**6


_WEEK = re.compile(
    r"week (?:of|commencing|beginning|starting)|w/c|woche (?:vom|ab)|semaine du|week van|本周|当周"
)
_NUMBER = re.compile(r"(?<![^\W\d_])(?:kw|calendar week|cw)\s?(\d{1,2})(?!\d)")


def week_named(layouts: list[Layout], calendar: Calendar) -> date | None:
    """Return the Monday of the one week that titles, sheets or files name."""
    found: set[date] = set()
    for layout in layouts:
        for words in [*layout.table.titles, layout.table.sheet.name, layout.table.sheet.file]:
            content = plain(words)
            dates = [d for _, _, day in find_days(content) if (d := calendar.date(day))]
            mondays = {d - timedelta(days=d.weekday()) for d in dates}
            if len(mondays) == 1 and (_WEEK.search(content) or len(set(dates)) == 2):
                found |= mondays
            elif number := _NUMBER.search(content):
                with suppress(ValueError):
                    monday = date.fromisocalendar(calendar.near.year, int(number[1]), 1)
                    found.add(monday)
    return found.pop() if len(found) == 1 else None


def month_days(layout: Layout) -> None:
    """Give the numbers across a grid their month, from the title, sheet or file."""
    words = [*layout.table.titles, layout.table.sheet.name, layout.table.sheet.file]
    for dates in layout.fields.get("day", ()):
        _numbers_of_days(dates, words, layout)
    bare = [c for c in layout.axes if c.axis.day and c.axis.day.day and not c.axis.day.month]
    if not bare:
        return
    days = number_days([c.axis.day for c in bare if c.axis.day], words)
    for column, day in zip(bare, days, strict=True):
        column.axis.day = day


def _numbers_of_days(dates: Column, words: list[str], layout: Layout) -> None:
    """Write out the days of a column that holds their numbers alone, 6th or Mon 6, by the month."""
    days: dict[int, Day] = {}
    for row, cell in dates.cells.items():
        written = plain(text(cell))
        if hit := re.fullmatch(r"\d{1,2}", written):
            written = f"{hit[0]}th"
        day = axis_in(written).day
        if written and (day is None or not day.day or day.month):
            return
        if day is not None:
            days[row] = day
    for row, day in zip(days, number_days(list(days.values()), words), strict=True):
        if day.month:
            date = f"{day.month}月{day.day}日"
            dates.cells[row] = f"{day.year}年{date}" if day.year else date


def language_of(sheets: list[Sheet]) -> str:
    """Return the language of most words, as far as signs of some tell it."""
    words = " ".join(
        plain(c) for s in sheets for row in s.rows[:40] for c in row if isinstance(c, str)
    )
    words += " " + " ".join(plain(f"{s.name} {s.file}") for s in sheets)
    if re.search(r"[\u3040-\u30ff]{2}", words):
        return "ja"
    if re.search(r"[\uac00-\ud7af]", words):
        return "ko"
    if re.search(r"[\u4e00-\u9fff]", words):
        return "zh-Hant" if sum(c in _TRADITIONAL for c in words) > 3 else "zh"
    counts = {name: len(set(mark.findall(words))) for name, mark in _MARKS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= 2 else "en"


def zone_of(sheets: list[Sheet]) -> str:
    """Return the time zone that the language suggests; empty where many speak it."""
    return _ZONES.get(language_of(sheets), "")
