"""Days in words: dates with and without a year, weekdays, and what a calendar makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

from matching.stores.spreadsheets.words import book, eastern, plain


@dataclass(frozen=True)
class Day:
    """What is said of a day; the rest is for a `Calendar` to find out.

    Attributes
    ----------
    order : str
        How month and day were told apart: ``sure``, or ``either`` where both orders make a date.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    order: str = "sure"

    def __or__(self, other: Day) -> Day:
        """Return the day with what another says where this one is silent."""
        return Day(
            self.year if self.year is not None else other.year,
            self.month if self.month is not None else other.month,
            self.day if self.day is not None else other.day,
            self.weekday if self.weekday is not None else other.weekday,
            self.order if self.month else other.order,
        )

    @property
    def dated(self) -> bool:
        """Whether it is a day of a month."""
        return self.month is not None and self.day is not None

    def swapped(self) -> Day:
        """Return the day with month and day the other way round."""
        return Day(self.year, self.day, self.month, self.weekday)


@dataclass
class Calendar:
    """What the sheets tell about dates as a whole.

    ``near`` is a date that the others lie near: of the latest answer, or of today.
    """

    near: date
    year: int | None = None
    day_first: bool | None = None
    guessed: set[str] = field(default_factory=set)

    def date(self, day: Day) -> date | None:
        """Return the date; None if it cannot be one."""
        if not day.dated:
            return None
        if day.order == "either" and day.weekday:
            # The weekday beside it tells month from day; of two that fit, the nearer.
            both = [Day(day.year, one.month, one.day, day.weekday) for one in (day, day.swapped())]
            fitting = [d for d in map(self.date, both) if d and d.isoweekday() == day.weekday]
            if fitting:
                return min(fitting, key=lambda d: abs((d - self.near).days))
        if day.order == "either":
            if self.day_first is None:
                self.guessed.add("order")
            if self.day_first:
                day = day.swapped()
        if day.year is not None:
            return _date(day.year, day)
        years = [self.year] if self.year else [self.near.year + k for k in (0, 1, -1)]
        found = [d for year in years if (d := _date(year, day))]
        if day.weekday:
            fitting = [d for d in found if d.isoweekday() == day.weekday]
            if fitting:
                return fitting[0]
        elif not self.year:
            self.guessed.add("year")
        after = [d for d in found if d >= self.near - timedelta(days=45)]
        return min(after) if after else next(iter(found), None)


def _date(year: int, day: Day) -> date | None:
    try:
        return date(year, day.month or 0, day.day or 0)
    except ValueError:
        return None


def shown_day(day: Day | None) -> str:
    """Return a day as far as it is known."""
    if day is None:
        return "any day"
    if day.dated:
        return "-".join(f"{n:02d}" for n in (day.year, day.month, day.day) if n)
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return names[day.weekday - 1] if day.weekday else f"{day.day or ''}"


def typed(value: date) -> Day:
    """Return the day of a typed cell."""
    return Day(value.year, value.month, value.day, value.isoweekday())


def serial(number: float) -> datetime | None:
    """Return the moment that a spreadsheet writes as a number; None if it is far from today."""
    if not 36_500 <= number <= 55_000:
        return None
    moment = datetime(1899, 12, 30) + timedelta(days=number)
    return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)


@cache
def weekday_names() -> dict[str, int]:
    """Return weekdays by name, Monday is 1."""
    return _numbered(book()["weekdays"])


@cache
def month_names() -> dict[str, int]:
    """Return months by name, January is 1."""
    return _numbered(book()["months"])


def _numbered(languages: dict[str, list[str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for names in languages.values():
        for number, words in enumerate(names, 1):
            for word in words.split():
                found.setdefault(plain(word), number)
    return found


def _any(names: dict[str, int]) -> str:
    west = sorted((n for n in names if not eastern(n)), key=len, reverse=True)
    return "|".join(map(re.escape, west))


@cache
def _dates() -> list[tuple[re.Pattern[str], str]]:
    month = _any(month_names())
    return [
        (re.compile(pattern), kinds)
        for pattern, kinds in (
            (
                r"(?<!\d)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)[日号일]?",
                "ymd",
            ),
            (r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)", "ymd"),
            (r"(?<!\d)(1[01]\d)\s?[年/.]\s?(\d{1,2})\s?[月/.]\s?(\d{1,2})(?!\d)日?", "Rmd"),
            (r"(?:令和|r)\s?(\d{1,2})\s?[年/.]\s?(\d{1,2})\s?[月/.]\s?(\d{1,2})(?!\d)日?", "Wmd"),
            (r"(?<!\d)(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월](?!\s?\d)", "ym"),
            (r"(?<!\d)(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]?(?!\d)", "md"),
            (r"(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2}(?![\d:.]))", "dmy"),
            (r"(?<!\d)(\d{1,2})/(\d{1,2})/(\d{4}|\d{2}(?!\d))", "aby"),
            (r"(?<!\d)(\d{1,2})-(\d{1,2})-(\d{4})(?!\d)", "aby"),
            (r"(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.(?!\d)", "dm"),
            (r"(?<![\d.:])(\d{1,2})\.(\d{1,2})(?=\s?[(（]?(?:周|星期|週|礼拜|禮拜))", "md"),
            (r"(?<![\d/])(\d{1,2})/(\d{1,2})(?![\d/])", "ab"),
            (
                rf"(?<![^\W\d_])(\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s-]?(?:of |de |d')?({month})"
                r"(?![^\W\d_])\.?(?:,?[\s-](\d{4}(?!\d)|[23]\d(?![\d:h.]|\s?[ap]\.?m|\s?[-–])))?",
                "dMy",
            ),
            (
                rf"(?<![^\W\d_])({month})(?![^\W\d_])\.?\s(\d{{1,2}})(?!\d|:|\s?[ap]\.?m)"
                r"(?:st|nd|rd|th)?(?:,?\s(\d{4})(?!\d))?",
                "Mdy",
            ),
            (rf"(?<![^\W\d_])({month})(?![^\W\d_])\.?,?\s(\d{{4}})(?!\d)", "My"),
        )
    ]


@cache
def _beside_days() -> frozenset[str]:
    """Return small words that stand beside a weekday: on, außer, et, vormittags."""
    signs = book()["signs"]
    parts = {plain(w) for part in book()["dayparts"].values() for w in part["words"]}
    words = {
        plain(w) for name in ("except", "only", "between", "since", "until") for w in signs[name]
    }
    # "cannot do" is no Thursday.
    return (frozenset(words) | parts | month_names().keys() | set(signs["and"])) - {"cannot"}


@cache
def _weekdays() -> re.Pattern[str]:
    east = "|".join(n for n in weekday_names() if eastern(n))
    west = _any(weekday_names())
    return re.compile(rf"(?<![^\W\d_])({west})(?![^\W\d_'])\.?|({east})")


def find_days(text: str, short: bool = False) -> list[tuple[int, int, Day]]:
    """Return dates and weekdays in a `plain` text, with where they begin and end.

    Weekdays of two letters are words of their own in many languages: they count in ``short`` texts
    alone, and beside signs or digits.
    """
    found: list[tuple[int, int, Day]] = []
    for pattern, kinds in _dates():
        for hit in pattern.finditer(text):
            if not any(a < hit.end() and hit.start() < b for a, b, _ in found):
                day = _of(kinds, hit.groups())
                if day is not None:
                    found.append((hit.start(), hit.end(), day))
    for hit in _weekdays().finditer(text):
        a, b = hit.span()
        if any(x < b and a < y for x, y, _ in found):
            continue
        if len(hit[0]) <= 2 and not short and not eastern(hit[0]):
            beside = re.match(r"[.,;:/&+\-–\d)\]]|\s\d|$", text[b:]) or re.search(
                r"[/&+,]$", text[:a]
            )
            if not beside:
                continue
        around = [re.search(r"([^\W\d_]+)\s$", text[:a]), re.match(r"\s([^\W\d_]+)", text[b:])]
        known = weekday_names().keys() | _beside_days()
        western = len(hit[0]) <= 2 and not eastern(hit[0])
        if western and any(word and word[1] not in known for word in around):
            continue  # "can do" is no Thursday
        found.append((a, b, Day(weekday=weekday_names()[hit[1] or hit[2]])))
    for hit in re.finditer(r"[(\[]([月火水木金土日一二三四五六월화수목금토일])[)\]]", text):
        found.append((*hit.span(), Day(weekday=single(hit[1]))))
    return sorted(found, key=lambda one: one[0])


def single(sign: str) -> int | None:
    """Return the weekday of one Chinese or Japanese character."""
    for signs in ("一二三四五六日", "月火水木金土日", "월화수목금토일"):
        if sign in signs and len(sign) == 1:
            return signs.index(sign) + 1
    return 7 if sign == "天" else None


_LETTERS = {
    "MTWTFSS": 1,
    "MTWTF": 1,
    "MTWTFS": 1,
    "SMTWTFS": 0,
    "MDMDFSS": 1,
    "MDMDF": 1,
    "LMMJVSD": 1,
    "LMMJV": 1,
    "LMXJVSD": 1,
    "LMXJV": 1,
}


def letters(signs: list[str]) -> list[int]:
    """Return the weekdays of a row of single letters, as M T W T F; none if they are not."""
    first = _LETTERS.get("".join(signs).upper())
    return [] if first is None else [(first + k - 1) % 7 + 1 for k in range(len(signs))]


def _of(kinds: str, parts: tuple[str | None, ...]) -> Day | None:
    given: dict[str, int] = {}
    for kind, part in zip(kinds, parts, strict=True):
        if part is not None:
            given[kind] = month_names()[part] if kind == "M" else int(part)
    year, month, day = given.get("y"), given.get("m", given.get("M")), given.get("d")
    if "R" in given:
        year = given["R"] + 1911  # the calendar of the Republic
    if "W" in given:
        year = given["W"] + 2018  # Reiwa
    order = "sure"
    if "a" in given:
        month, day = given["a"], given["b"]
        if month > 12:
            month, day = day, month
        elif day <= 12 and day != month:
            order = "either"
        if month == day:
            order = "sure"
    if year is not None and year < 100:
        year += 2000
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    if year is not None and not 1990 <= year <= 2100:
        return None
    return Day(year, month, day, None, order)
