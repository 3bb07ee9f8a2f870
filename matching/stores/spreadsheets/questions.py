"""What has to be asked, what is guessed meanwhile, and how answers are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from matching.errors import UsageError
from matching.stores.spreadsheets.days import Calendar, Day, find_days
from matching.stores.spreadsheets.hours import DAY, Window, clock, find_hours, part_name
from matching.stores.spreadsheets.phrases import said_in
from matching.stores.spreadsheets.sentences import Sentence, sentence
from matching.stores.spreadsheets.words import plain

_LENGTH = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(h\b|hours?\b|stunden?\b|小时|時間|min|minutes?\b|minuten\b|分)"
)


@dataclass(frozen=True)
class Question:
    """Something that the sheets leave open.

    Attributes
    ----------
    key : str
        What an answer is given under: ``--answer seats=3``.
    guess : str or None
        What is taken without an answer, written as an answer; None: there is nothing to go by.
    must : bool
        Nothing can be planned on the guess: an answer is needed.
    """

    key: str
    about: Sentence
    guess: str | None
    must: bool
    example: str = ""

    @property
    def asked(self) -> bool:
        """Whether a person is asked; else the guess is taken, and said."""
        return self.must or self.key in ("week", "spelling")


@dataclass
class Answers:
    """Answers by key, and the questions that were come across so far."""

    given: dict[str, str]
    questions: dict[str, Question] = field(default_factory=dict)

    def ask(
        self, key: str, about: Sentence, guess: str | None, must: bool = False, example: str = ""
    ) -> str | None:
        """Return the answer to a question, or else the guess."""
        self.questions.setdefault(key, Question(key, about, guess, must, example or guess or ""))
        return self.given.get(key, guess)

    @property
    def open(self) -> list[Question]:
        """The questions without an answer; those that must be answered come first."""
        left = [q for q in self.questions.values() if q.key not in self.given]
        return sorted(left, key=lambda q: not q.must)


def wrong(key: str, given: str, wanted: Sentence) -> UsageError:
    """Return the error that says how an answer is written."""
    return UsageError(sentence("wrong_answer", about=key, given=given, wanted=wanted))


def date_answer(key: str, given: str, calendar: Calendar) -> date:
    """Return the date of an answer."""
    days = [day for _, _, day in find_days(plain(given), short=True)]
    found = next((d for day in days if (d := calendar.date(day))), None)
    if found is None:
        raise wrong(key, given, sentence("want_date"))
    return found


def monday_answer(given: str, calendar: Calendar) -> tuple[date, int | None]:
    """Return the Monday of an answer, and the number of the week if it says one."""
    found = date_answer("week", given, calendar)
    rest = re.sub(r"\d{4}-\d{1,2}-\d{1,2}", " ", given)
    number = re.search(r"\d{1,2}", rest)
    return found - timedelta(days=found.weekday()), int(number[0]) if number else None


def counts_answer(key: str, given: str) -> dict[str, int]:
    """Return whole numbers by name; the one without a name holds for all others."""
    found: dict[str, int] = {}
    for item in re.split(r"[;；,，\n]", given):
        name, sign, count = item.rpartition("=") if "=" in item else ("", "", item)
        number = re.search(r"\d+", count)
        if not item.strip():
            continue
        if number is None or int(number[0]) < 1:
            raise wrong(key, given, sentence("want_counts"))
        found[plain(name) if sign else ""] = int(number[0])
    return found


@dataclass
class Hours:
    """The hours of what has a name only."""

    named: dict[str, Window] = field(default_factory=dict)
    start: int | None = None
    length: int | None = None
    usual: Window | None = None

    def of(self, label: str) -> Window | None:
        """Return the hours of a label, of the longest name that is meant by it."""
        label = plain(label)
        if label in self.named:
            return self._whole(self.named[label])
        if told := self.of_part(label):
            return self._whole(told)
        near = [name for name in self.named if name and (label.startswith(name) or name in label)]
        if near:
            return self._whole(self.named[max(near, key=len)])
        if self.usual is not None:
            return self._whole(self.usual)
        return self._whole(Window(self.start, None)) if self.start is not None else None

    def of_part(self, word: str) -> Window | None:
        """Return the hours that were told for a part of a day, in any word for it."""
        part = part_name(word)
        same = (window for name, window in self.named.items() if part and part_name(name) == part)
        return next(same, None)

    def _whole(self, window: Window) -> Window | None:
        if window.end is not None:
            return window
        return Window(window.start, window.start + self.length) if self.length else None

    def lasting(self, window: Window) -> Window | None:
        """Return a window with its end, if a length is known."""
        return self._whole(Window(window.start, window.end))


def hours_answer(given: str) -> Hours:
    """Return hours by name: ``早=08:00-12:00; 晚=17:00-21:00``, or ``10:00; 90 min`` for all."""
    found = Hours()
    for item in re.split(r"[;；\n]|,(?=\s*[^\d\s])", given):
        if not item.strip():
            continue
        name, sign, said = item.partition("=")
        content = plain(said if sign else item)
        if (length := _LENGTH.search(content)) and not find_hours(content.replace(length[0], "")):
            number = float(length[1].replace(",", "."))
            hours = length[2][0] in "h小時" or length[2].startswith("stund")
            found.length = round(number * 60 if hours else number)
            continue
        windows = [window for _, _, window in find_hours(content)]
        if len(windows) != 1:
            raise wrong("hours", given, sentence("want_hours"))
        window = Window(windows[0].start, windows[0].end)
        if sign:
            found.named[plain(name)] = window
        elif window.end is None:
            found.start = window.start
        else:
            found.usual = window
        if length:
            found.length = round(float(length[1]))
    return found


@dataclass(frozen=True)
class Wanted:
    """A service of an answer: days, hours, a name, seats, and how many of them need what."""

    days: tuple[Day, ...]
    window: Window
    name: str
    seats: int
    posts: tuple[tuple[int, str], ...] = ()


def needs_answer(given: str) -> list[Wanted]:
    """Return services: ``Mon-Fri 15:30-18:30 Collection 5, 1 with Car; Sat 9:00-12:00 Stand 3``."""
    found = []
    for item in re.split(r"[;；\n]", given):
        if not item.strip():
            continue
        posts = tuple(
            (int(n), what.strip())
            for n, what in re.findall(r",\s*(\d+)\s+(?:with|mit|avec|持|有|con)\s*([^,]+)", item)
        )
        item = re.sub(r",\s*\d+\s+(?:with|mit|avec|持|有|con)\s*[^,]+", "", item)
        said = said_in(item)
        windows = {window for _, window in said.free if window.closed}
        words = said_rest(item)
        count = re.findall(r"(?<![\d:.])(\d{1,3})(?![\d:.])", words)
        if len(windows) != 1 or not count:
            raise wrong("needs", given, sentence("want_needs"))
        name = re.sub(r"\b(?:people|personen|person|人|名)\b", " ", words)
        name = re.sub(rf"(?<!\d){count[-1]}(?!\d)", " ", name)
        days = tuple(dict.fromkeys(day for day, _ in said.free if day is not None))
        name = " ".join(name.replace("'", " ").replace('"', " ").strip(" ,:").split())
        found.append(Wanted(days, windows.pop(), name, int(count[-1]), posts))
    return found


def said_rest(item: str) -> str:
    """Return what is left of a text without its days and hours, in its own letters."""
    item = " ".join(item.split())
    content = plain(item)
    if len(content) != len(item):
        item = content
    days = find_days(content, short=True)
    for a, b, _ in days:
        item = item[:a] + " " * (b - a) + item[b:]
        content = content[:a] + " " * (b - a) + content[b:]
    for a, b, _ in find_hours(content):
        item = item[:a] + " " * (b - a) + item[b:]
    return re.sub(r"^[\s\-–]+", "", item)


def shown_window(window: Window) -> str:
    """Return hours as an answer has them."""
    return f"{clock(window.start)}-{clock(window.end if window.end is not None else DAY)}"
