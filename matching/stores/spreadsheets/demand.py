"""The services of the week: what is needed, or was asked about, with seats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from matching.stores.spreadsheets.facts import Facts, Need
from matching.stores.spreadsheets.hours import DAY
from matching.stores.spreadsheets.questions import Answers, counts_answer, needs_answer
from matching.stores.spreadsheets.sentences import Sentence, sentence
from matching.stores.spreadsheets.settling import Clock, Span, at
from matching.stores.spreadsheets.spellings import (
    join_case,
    rename,
    variant,
    variants_among,
)
from matching.stores.spreadsheets.words import plain


@dataclass
class Post:
    """Some of the seats of a service, and what whoever takes one must have."""

    name: str
    seats: int
    skills: list[str] = field(default_factory=list)
    min_seats: int = 0


@dataclass
class Service:
    """Something that people are wanted for; ``guests`` are seats taken without a name."""

    start: datetime
    end: datetime
    name: str
    place: str = ""
    role: str = ""
    seats: int | None = None
    min_seats: int = 0
    skills: list[str] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    guests: int = 0

    @property
    def key(self) -> tuple[Span, str, str]:
        """What makes it the same service."""
        return (self.start, self.end), plain(self.name), plain(self.place)

    @property
    def shown(self) -> Sentence:
        """How people call it."""
        name = f" {self.name}" if self.name else ""
        return sentence("shown", start=self.start, end=self.end, name=name)


def services_of(facts: Facts, clock: Clock, answers: Answers) -> list[Service] | None:
    """Return the week's services in order; None where nobody said what they are."""
    if facts.needs:
        found = _needed(facts.needs, clock)
    elif facts.options:
        options = [Need(o.when, o.name, o.place) for o in dict.fromkeys(facts.options)]
        found = _needed(options, clock)
    else:
        return _answered(clock, answers)
    _ask_seats(found, facts, answers)
    return found


def _needed(needs: Iterable[Need], clock: Clock) -> list[Service]:
    services: dict[tuple[Span, str, str], Service] = {}
    seats: dict[tuple[Span, str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for need in needs:
        for span in clock.spans(need.when):
            if not clock.in_week(span):
                continue
            service = Service(*span, need.name, need.place, need.role, None, need.min_seats)
            kept = services.setdefault(service.key, service)
            kept.skills += [s for s in need.skills if s not in kept.skills]
            if need.seats is not None:
                seats[service.key][abs(need.source)] += need.seats
    for key, service in services.items():
        service.seats = max(seats[key].values(), default=None)
    return sorted(services.values(), key=lambda s: (s.start, s.end))


def _answered(clock: Clock, answers: Answers) -> list[Service] | None:
    given = answers.ask(
        "needs",
        sentence("ask_needs"),
        None,
        True,
        "Mon-Fri 15:30-18:30 Collection 5, 1 with Car; Sat 9:00-12:00 Stand 3",
    )
    if given is None:
        return None
    found = []
    for wanted in needs_answer(given):
        days = [d for day in wanted.days for d in clock.dates(day)] or clock.dates(None)
        for day in sorted(set(days)):
            start, end = at(day, wanted.window.start), at(day, wanted.window.end or DAY)
            if not clock.in_week((start, end)):
                continue
            posts = [Post(what, count, [what]) for count, what in wanted.posts]
            rest = wanted.seats - sum(post.seats for post in posts)
            if posts and rest > 0:
                posts.append(Post("volunteer", rest))
            found.append(Service(start, end, wanted.name, seats=wanted.seats, posts=posts))
    return sorted(found, key=lambda s: (s.start, s.end))


def seats_question(facts: Facts, answers: Answers) -> None:
    """Ask for seats before hours are known, so that one round of questions is enough."""
    unknown = [n.name for n in facts.needs if n.seats is None]
    if not facts.needs:
        unknown = [option.name for option in facts.options]
    if unknown:
        _ask(list(dict.fromkeys(unknown)), facts, answers)


def _ask_seats(services: list[Service], facts: Facts, answers: Answers) -> None:
    unknown = [s for s in services if s.seats is None]
    if not unknown:
        return
    given = _ask(list(dict.fromkeys(s.name for s in unknown)), facts, answers)
    counts = counts_answer("seats", given) if given else {"": 1}
    for service in unknown:
        name = plain(service.name)
        near = [n for n in counts if n and (name == n or name.startswith(n) or n in name)]
        service.seats = counts[max(near, key=len)] if near else counts.get("", 1)


def _ask(names: list[str], facts: Facts, answers: Answers) -> str | None:
    seen = max(facts.seats_seen, default=None)
    guess = f"{seen}" if seen is not None else None
    example = guess or (
        "2" if len(names) > 3 or len(names) == 1 else "; ".join(f"{n}=2" for n in names)
    )
    about = sentence("ask_seats") if seen is None else sentence("ask_seats_seen", seen=seen)
    return answers.ask("seats", about, guess, guess is None, example)


def settle_skills(services: list[Service], facts: Facts, answers: Answers) -> None:
    """See what services ask for, in the words that people's qualifications have."""
    join_case(facts)
    known = {plain(s): s for person in facts.people.values() for s in person.skills}
    variants = variants_among(facts)
    positions: set[str] = set()
    nobody: set[str] = set()
    for service in services:
        if not service.skills and known:
            role = service.role or service.name
            same = known.get(plain(role)) or variant(role, list(known.values()))
            if same is not None:
                service.skills = [role]
                positions.add(same)
        for k, skill in enumerate(service.skills):
            if plain(skill) in known:
                service.skills[k] = known[plain(skill)]
            elif like := variant(skill, list(known.values())):
                variants[skill] = variants.get(like, like)
            else:
                nobody.add(skill)
    if positions:
        given = answers.ask(
            "positions",
            sentence("ask_positions", names=", ".join(sorted(positions)[:4])),
            "yes",
        )
        if given and plain(given).startswith("n"):
            for service in services:
                service.skills = [s for s in service.skills if s not in positions]
    if variants:
        words = [sentence("same_word", one=a, two=b) for a, b in variants.items()]
        given = answers.ask("spelling", sentence("ask_spelling", shown=words), "yes")
        if plain(given or "").startswith("y"):
            for service in services:
                service.skills = [variants.get(s, s) for s in service.skills]
            rename(facts, variants)
        else:
            nobody |= {skill for skill in variants if plain(skill) not in known}
    for skill in sorted(nobody):
        facts.say("nobody_has", skill=skill)
