"""Times of day in words: ``9am-12pm``, ``08:30–11:30``, ``ab 15:00``, ``下午2点-5点``, evenings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache

from matching.stores.spreadsheets.grid import Cell
from matching.stores.spreadsheets.words import book, eastern, plain

DAY = 24 * 60


@dataclass(frozen=True, order=True)
class Window:
    """From one minute of a day to another; the end may lie in the next day.

    ``end`` None: only the start is said (``point``), or it is open. ``part`` is the word for a part
    of a day that stands for hours nobody wrote.
    """

    start: int
    end: int | None
    point: bool = False
    part: str = ""

    @property
    def closed(self) -> bool:
        """Whether both ends are written."""
        return self.end is not None and not self.part


# 0900-1200, and noon and midnight as ends of a window, in as many characters.
_FOUR_DIGITS = re.compile(r"(?<!\d)([0-2]\d)([0-5]\d)\s?[-–—]\s?([0-2]\d)([0-5]\d)(?!\d)")
_NOONS = {"noon": "12pm", "midday": "12pm", "midi": "12h", "midnight": "24:00", "minuit": "24h"}
_NOON = re.compile(
    r"(?<![^\W\d_])(?<!apr[eè]s-)(?:noon|midday|midi|midnight|minuit)(?=\s?[-–—]|\s(?:to|until|till|à)\s)"
    r"|(?<=[-–—])(?<!apr[eè]s-)(?:noon|midday|midi|midnight|minuit)(?![^\W\d_])"
    r"|(?<=[-–—à]\s)(?:noon|midday|midi|midnight|minuit)(?![^\W\d_])"
    r"|(?<=\bto\s)(?:noon|midday|midi|midnight|minuit)(?![^\W\d_])"
)
WHOLE_DAY = Window(0, DAY)


@cache
def _part_words() -> dict[str, str]:
    return {
        plain(word): name for name, part in book()["dayparts"].items() for word in part["words"]
    }


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    signs = book()["signs"]

    def any_of(words: list[str]) -> str:
        plains = sorted(map(plain, words), key=len, reverse=True)
        return "|".join(
            re.escape(w) if eastern(w) or not w[:1].isalpha() else rf"(?<![^\W\d_]){re.escape(w)}"
            for w in plains
        )

    parts = sorted((w for w in _part_words() if eastern(w)), key=len, reverse=True)
    clock = (
        rf"(?:({'|'.join(parts)})\s?)?(?<![\d.,/:])(\d{{1,2}})"
        r"(?:\s?(?::|[.h](?=\d\d)|時|时|点|點|시)\s?(\d{2})(?!\d)(?::\d{2})?\s?(?:分|uhr|h(?![^\W\d_]))?"
        r"|\s?(uhr|h(?![a-z])|o'clock|時|时|点|點|시)(半)?)?"
        r"\s?(a\.?\s?m\b\.?|p\.?\s?m\b\.?|[ap](?![a-z]))?"
    )
    between = any_of(signs["between"])
    west = sorted((w for w in _part_words() if not eastern(w)), key=len, reverse=True)
    part = "|".join(map(re.escape, west))
    return {
        "range": re.compile(rf"{clock}\s?(?:{between})\s?{clock}"),
        "clock": re.compile(clock),
        "since": re.compile(rf"(?:{any_of(signs['since'])})\s*(?:um\s|at\s)?$"),
        "until": re.compile(rf"(?:{any_of(signs['until'])})\s*$"),
        "since_behind": re.compile(rf"\s?(?:{any_of(signs['since_behind'])})"),
        "until_behind": re.compile(rf"\s?(?:{any_of(signs['until_behind'])})"),
        "part": re.compile(rf"(?<![^\W\d_])({part})(?![^\W\d_])|({'|'.join(parts)})"),
    }


def find_hours(text: str) -> list[tuple[int, int, Window]]:
    """Return the windows in a `plain` text, with where they begin and end in it."""
    found: list[tuple[int, int, Window]] = []
    taken: list[tuple[int, int]] = []
    pattern = _patterns()
    text = _NOON.sub(lambda hit: _NOONS[hit[0]].ljust(len(hit[0])), text)
    for hit in _FOUR_DIGITS.finditer(text):
        numbers = [int(number) for number in hit.groups()]
        years = hit[1] == hit[3] == "20" and 20 <= numbers[1] <= 40 and 20 <= numbers[3] <= 40
        one, two = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        if not years:
            found.append((*hit.span(), Window(one, two if two > one else two + DAY)))
            taken.append(hit.span())
    for hit in pattern["range"].finditer(text):
        window = _range(hit.groups())
        if window is not None and not _within(hit.span(), taken):
            found.append((*hit.span(), window))
            taken.append(hit.span())
    for hit in pattern["clock"].finditer(text):
        if _within(hit.span(), taken) or (minute := _minute(hit.groups(), None)) is None:
            continue
        a, b = hit.span()
        before, behind = text[:a], text[b:]
        sure = any(hit.groups()[k] for k in (0, 2, 3, 5))
        if start := pattern["since"].search(before):
            found.append((start.start(), b, Window(minute, None)))
        elif start := pattern["until"].search(before):
            found.append((start.start(), b, Window(0, minute)))
        elif sure and (end := pattern["since_behind"].match(behind)):
            found.append((a, b + end.end(), Window(minute, None)))
        elif sure and (end := pattern["until_behind"].match(behind)):
            found.append((a, b + end.end(), Window(0, minute)))
        elif sure:
            found.append((a, b, Window(minute, None, point=True)))
        else:
            continue
        taken.append((a, b))
    for hit in pattern["part"].finditer(text):
        if not _within(hit.span(), taken):
            found.append((*hit.span(), part_window(hit[1] or hit[2])))
    return _joined(sorted(found, key=lambda one: one[0]), text)


def part_name(word: str) -> str:
    """Return the part of a day that a word is; empty if it is none."""
    word = plain(word)
    return word if word in book()["dayparts"] else _part_words().get(word, "")


def part_window(word: str) -> Window:
    """Return the hours that are taken for a part of a day, which keep its word."""
    name = part_name(word)
    if name == "day":
        return WHOLE_DAY
    start, end = (
        int(h[:2]) * 60 + int(h[3:]) for h in book()["dayparts"][name]["hours"].split("-")
    )
    return Window(start, end, part=word)


def _joined(found: list[tuple[int, int, Window]], text: str) -> list[tuple[int, int, Window]]:
    """Put ``ab 15:00, bis 18:00`` into one; a part of a day beside hours says nothing more."""
    kept: list[tuple[int, int, Window]] = []
    for a, b, window in found:
        if kept:
            x, y, before = kept[-1]
            close = re.fullmatch(r"[\s,(:]*(?:und|and|et)?[\s,(:]*", text[y:a]) is not None
            if close and before.end is None and not before.point and window.start == 0:
                kept[-1] = (x, b, Window(before.start, window.end))
                continue
            if close and (before.part or before == WHOLE_DAY) and not window.part:
                kept[-1] = (x, b, _narrowed(before, window))
                continue
        kept.append((a, b, window))
    return kept


def _narrowed(part: Window, window: Window) -> Window:
    """Return the hours beside a part of a day: of open ones what lies in it: evenings after 6."""
    stop = part.end or DAY
    late = part.start >= DAY // 2 and window.start < DAY // 2 and not window.closed
    if late and window.start:
        window = Window(window.start + DAY // 2, None, window.point)
    if window.end is None and not window.point and part.start <= window.start < stop:
        return Window(window.start, stop)
    if window.start == 0 and window.end is not None and part.start < window.end <= stop:
        return Window(part.start, window.end)
    return window


def _within(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(a < span[1] and span[0] < b for a, b in taken)


def _minute(parts: tuple[str | None, ...], half: str | None) -> int | None:
    """Return the minute of the day; ``half`` is the half of the day that the other time names."""
    before, hour_text, minutes, _, thirty, after = parts
    hour = int(hour_text or 0)
    minute = 30 if thirty else int(minutes or 0)
    if hour > 30 or minute > 59:
        return None
    word = (after or "").replace(".", "").replace(" ", "")[:1] or half or ""
    if before and not word:
        part = _part_words()[before]
        word = "" if hour >= 13 or part in ("morning", "day") else "p"
        if part == "noon" and hour > 10:
            word = ""
    if word == "p" and hour < 12:
        hour += 12
    if word == "a" and hour == 12:
        hour = 0
    return hour * 60 + minute


def _range(parts: tuple[str | None, ...]) -> Window | None:
    one, two = parts[:6], parts[6:]
    written = any(one[k] or two[k] for k in (0, 2, 3, 5))
    end = _minute(two, None)
    if end is None:
        return None
    half = (two[5] or "")[:1]
    if one[0] and not two[0] and not half and int(two[1] or 0) < 12:
        # 下午2点-5点: what stands before the first time holds for the second.
        shifted = _minute((one[0], *two[1:]), None)
        end = shifted if shifted is not None else end
    start = _minute(one, None)
    if start is None:
        return None
    if half and not one[5] and not one[0]:
        other = _minute(one, half)
        start = other if other is not None and other < end else start
    if not written and (int(one[1] or 0) > 24 or int(two[1] or 0) > 24):
        return None
    clocked = any(p and len(p) == 2 and p[0] == "0" for p in (one[1], two[1]))
    named = one[5] or two[5] or one[0] or two[0] or one[3] or two[3]
    latest = (6 if one[2] or two[2] else 7) * 60
    if not named and not clocked and 60 <= start < latest and start < end <= 12 * 60:
        start, end = start + DAY // 2, end + DAY // 2  # 1-4 is in the afternoon
    if end <= start:
        early = not named or (one[5] and not two[5])
        if early and start < 22 * 60 and end < 12 * 60 and end + DAY // 2 > start:
            end += DAY // 2  # 9-1, noon-5
        else:
            end += DAY
    return Window(start, end) if end - start <= DAY else None


def hours_in(cell: Cell) -> list[Window]:
    """Return the windows of a cell; a typed time is a point."""
    if isinstance(cell, datetime):
        at = cell.hour * 60 + cell.minute
        return [Window(at, None, point=True)] if at else []
    if isinstance(cell, time):
        return [Window(cell.hour * 60 + cell.minute, None, point=True)]
    if isinstance(cell, str):
        from matching.stores.spreadsheets.days import find_days

        content = plain(cell)
        for a, b, _ in find_days(content):
            content = content[:a] + " " * (b - a) + content[b:]
        return [window for _, _, window in find_hours(content)]
    return []


def clock(minute: int) -> str:
    """Return a minute of the day as HH:MM."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}" if minute != DAY else "24:00"
