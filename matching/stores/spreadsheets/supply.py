"""The people of the week: when each can come, and at which services each stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from matching.stores.spreadsheets.demand import Service
from matching.stores.spreadsheets.facts import Facts, Held, When
from matching.stores.spreadsheets.questions import Answers
from matching.stores.spreadsheets.sentences import sentence
from matching.stores.spreadsheets.settling import Clock, Span, in_week_of_term
from matching.stores.spreadsheets.words import plain


@dataclass(frozen=True, order=True)
class Window:
    """When somebody can come, how gladly, and where alone (everywhere, if empty)."""

    start: datetime
    end: datetime
    preference: int = 0
    place: str = ""


@dataclass
class Supply:
    """Windows by person, and who stands where: person, index of the service, status, party."""

    windows: dict[str, list[Window]] = field(default_factory=dict)
    held: list[tuple[str, int, str, int]] = field(default_factory=list)
    bound: bool = False


def derive_skills(facts: Facts, answers: Answers) -> bool:
    """Let those who do a role on a roster have it as a qualification, where nothing else says."""
    if any(person.skills for person in facts.people.values()):
        return False
    roles = [h for h in facts.held if h.role and h.status == "published"]
    days = {h.when.day for h in roles}
    if not roles or len(days) < 2:
        return False
    given = plain(
        answers.ask(
            "who",
            sentence("ask_who"),
            "same",
        )
        or "same"
    )
    if given.startswith("same"):
        for held in roles:
            facts.people[held.person].skills.setdefault(held.role, None)
        return True
    return given.startswith("every")


def supply_of(
    facts: Facts, services: list[Service], clock: Clock, answers: Answers, everybody: bool
) -> Supply:
    """Return when people can come in the week and where they stand already."""
    supply = Supply({person: [] for person in facts.people})
    _held(facts, services, clock, supply)
    asked = facts.asked | {free.person for free in facts.free}
    for person in facts.able - asked:
        # Who was asked when they cannot come can come at all other times.
        supply.windows[person] = [Window(*span) for span in clock.spans(When(), whole_days=True)]
    asked |= facts.able
    for free in facts.free:
        if not in_week_of_term(free.weeks, clock.number):
            continue
        for start, end in clock.spans(free.when, whole_days=True):
            supply.windows[free.person].append(Window(start, end, free.preference, free.place))
            supply.bound |= bool(free.place)
    for person, when in facts.off:
        for span in clock.spans(when, whole_days=True):
            supply.windows[person] = _without(supply.windows[person], span)
    _unasked(facts, services, answers, supply, asked, everybody)
    for person, index, _, _ in supply.held:
        service = services[index]
        if not covers(supply.windows[person], service):
            supply.windows[person].append(Window(service.start, service.end, 0, ""))
            if person in asked:
                name = facts.people[person].name
                facts.say("without_free", name=name, service=service.shown)
    supply.windows = {person: joined(windows) for person, windows in supply.windows.items()}
    return supply


def _unasked(
    facts: Facts,
    services: list[Service],
    answers: Answers,
    supply: Supply,
    asked: set[str],
    everybody: bool,
) -> None:
    """Settle when those can come whom nobody asked."""
    silent = [person for person in facts.people if person not in asked]
    if not silent:
        return
    skilled = everybody or any(person.skills for person in facts.people.values())
    if not asked:
        if skilled or not facts.held:
            given = answers.ask(
                "when",
                sentence("ask_when"),
                "everybody",
            )
        else:
            given = answers.ask(
                "others",
                sentence("ask_others"),
                "no",
            )
        if plain(given or "").startswith(("every", "yes", "all")):
            days = {service.start.date() for service in services}
            spans = [(datetime(d.year, d.month, d.day), 1) for d in days]
            late = {s.end.date() for s in services} - days
            spans += [(datetime(d.year, d.month, d.day), 1) for d in late]
            for person in silent:
                supply.windows[person] += [Window(d, d + timedelta(days=1)) for d, _ in spans]
        return
    count = len(silent)
    names = ", ".join(facts.people[p].name for p in silent[:4]) + (" ..." if count > 4 else "")
    facts.say("never_said", count=count, names=names)


def _held(facts: Facts, services: list[Service], clock: Clock, supply: Supply) -> None:
    """Find the service that somebody stands at; nobody stands at two at once."""
    by_key = {service.key: k for k, service in enumerate(services)}
    by_span: dict[Span, list[int]] = defaultdict(list)
    for k, service in enumerate(services):
        by_span[service.start, service.end].append(k)
    taken: set[tuple[str, int]] = set()
    for held in facts.held:
        for span in clock.spans(held.when):
            index = by_key.get((span, plain(held.name), plain(held.place)))
            if index is None and not held.name and len(by_span[span]) == 1:
                index = by_span[span][0]
            if index is None and clock.in_week(span):
                name = facts.people[held.person].name
                facts.say("no_service", name=name, service=held.name or span[0])
            if index is None or (held.person, index) in taken:
                continue
            service = services[index]
            others = [services[k] for person, k in taken if person == held.person]
            if any(o.start < service.end and service.start < o.end for o in others):
                _double(facts, held, service)
                continue
            taken.add((held.person, index))
            supply.held.append((held.person, index, held.status, held.party))
            if held.party > 1:
                service.guests += held.party - 1
                facts.say(
                    "guests",
                    name=facts.people[held.person].name,
                    party=held.party,
                    service=service.shown,
                    rest=held.party - 1,
                )
    _settle_overfull(facts, services, supply)


def _double(facts: Facts, held: Held, service: Service) -> None:
    """One person does two things at once: the second seat is theirs and is not planned."""
    service.guests += 1
    facts.say("at_once", name=facts.people[held.person].name, service=service.shown)


def _settle_overfull(facts: Facts, services: list[Service], supply: Supply) -> None:
    for k, service in enumerate(services):
        there = sum(1 for _, index, _, _ in supply.held if index == k)
        if service.seats is not None and there + service.guests > service.seats:
            there += service.guests
            facts.say("overfull", service=service.shown, there=there, seats=service.seats)
            service.seats = there


def covers(windows: list[Window], service: Service, place: bool = False) -> bool:
    """Tell whether windows hold all of a service; with ``place``, those that are good there."""
    here = ("", plain(service.place), plain(service.name))
    usable = [w for w in windows if not place or plain(w.place) in here]
    at = service.start
    for window in sorted(usable):
        if window.start <= at < window.end:
            at = window.end
    return at >= service.end


def joined(windows: list[Window]) -> list[Window]:
    """Put windows that touch or overlap into one, where they are liked alike."""
    found: list[Window] = []
    for window in sorted(windows, key=lambda w: (w.place, w.preference, w.start)):
        last = found[-1] if found else None
        alike = last and (last.place, last.preference) == (window.place, window.preference)
        if last and alike and window.start <= last.end:
            found[-1] = replace(last, end=max(last.end, window.end))
            continue
        found.append(window)
    return sorted(found)


def _without(windows: list[Window], span: Span) -> list[Window]:
    found = []
    for window in windows:
        if window.start < span[0]:
            found.append(replace(window, end=min(window.end, span[0])))
        if span[1] < window.end:
            found.append(replace(window, start=max(window.start, span[1])))
        if window.end <= span[0] and window not in found:
            found.append(window)
    return [w for w in dict.fromkeys(found) if w.start < w.end]
