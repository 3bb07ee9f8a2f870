"""What cells say, one by one, before anything is put together: facts, as the readers find them."""

from __future__ import annotations

from dataclasses import dataclass, field

from matching.stores.spreadsheets.days import Day
from matching.stores.spreadsheets.hours import DAY, Window, clock
from matching.stores.spreadsheets.sentences import Sentence, sentence


@dataclass(frozen=True)
class When:
    """A time as far as a cell says it.

    Attributes
    ----------
    day : Day or None
        None where the cell says no day.
    window : Window or None
        None: the whole day, or the hours of the ``label``.
    label : str
        What a time is called whose hours stand nowhere: a shift, a period, a service.
    """

    day: Day | None = None
    window: Window | None = None
    label: str = ""


def time_name(when: When) -> str:
    """Return what a time is called where nothing else names it."""
    window = when.window
    if when.label or window is None:
        return when.label
    return f"{clock(window.start)}-{clock(window.end if window.end is not None else DAY)}"


@dataclass(frozen=True)
class Need:
    """A service wants people: so many, or it is not said (None)."""

    when: When
    name: str
    place: str = ""
    seats: int | None = None
    min_seats: int = 0
    skills: tuple[str, ...] = ()
    role: str = ""
    section: str = ""
    source: int = 0


@dataclass(frozen=True)
class Held:
    """Somebody stands at a service already."""

    person: str
    when: When
    name: str
    place: str = ""
    role: str = ""
    party: int = 1
    status: str = "published"
    section: str = ""
    source: int = 0


@dataclass(frozen=True)
class Free:
    """Somebody can come; ``weeks`` tells in which weeks of a term alone."""

    person: str
    when: When
    preference: int = 0
    place: str = ""
    weeks: str = ""


@dataclass(frozen=True)
class Option:
    """A time that people were asked about."""

    when: When
    name: str
    place: str = ""


@dataclass
class Person:
    """What is known of somebody beside times."""

    id: str
    name: str
    where: str = ""
    skills: dict[str, list[Day] | None] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    wishes: list[str] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)
    together: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)


@dataclass
class Facts:
    """All facts of all sheets.

    Attributes
    ----------
    off : list of (str, When)
        When somebody cannot come, said outright.
    asked : set of str
        People who were asked when they can come, and may have said never.
    able : set of str
        People who were asked when they cannot come.
    said : list of str
        What was understood or left out, in words, for the coordinator.
    """

    people: dict[str, Person] = field(default_factory=dict)
    needs: list[Need] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    free: list[Free] = field(default_factory=list)
    off: list[tuple[str, When]] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    able: set[str] = field(default_factory=set)
    rostered: set[str] = field(default_factory=set)
    seats_seen: list[int] = field(default_factory=list)
    said: list[Sentence] = field(default_factory=list)
    doubts: dict[str, tuple[str, str]] = field(default_factory=dict)
    refusals: list[Sentence] = field(default_factory=list)

    def say(self, key: str, **values: object) -> None:
        """Note a sentence for the coordinator, once."""
        if (said := sentence(key, **values)) not in self.said:
            self.said.append(said)

    def person(self, name: str, where: str = "", key: str = "") -> str:
        """Return the id of somebody who is named; the first time they are entered."""
        from matching.stores.spreadsheets.words import plain

        name = " ".join(name.split())
        found = plain(key or name)
        if found not in self.people:
            self.people[found] = Person((key or name)[:200], name, where)
        return found
