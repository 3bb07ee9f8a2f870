"""One qualification, one spelling: what people have, and what services ask for."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict

from matching.stores.spreadsheets.days import Day
from matching.stores.spreadsheets.facts import Facts
from matching.stores.spreadsheets.words import plain, singular

_ALIKE = 0.85


def join_case(facts: Facts) -> None:
    """Let qualifications that differ in case or blanks alone be the most usual one; say so."""
    count = Counter(skill for person in facts.people.values() for skill in person.skills)
    written: dict[str, list[str]] = defaultdict(list)
    for skill in sorted(count, key=lambda s: (-count[s], s)):
        written[plain(skill)].append(skill)
    spelt = {other: first for first, *others in written.values() for other in others}
    for other, first in spelt.items():
        facts.say("spelt", other=other, first=first)
    rename(facts, spelt)


def variants_among(facts: Facts) -> dict[str, str]:
    """Return qualifications of people that are others in the plural or singular.

    Those that are merely alike are kept apart, and named.
    """
    count = Counter(skill for person in facts.people.values() for skill in person.skills)
    usual: dict[str, str] = {}
    found: dict[str, str] = {}
    for skill in sorted(count, key=lambda s: (-count[s], s)):
        first = usual.setdefault(singular(plain(skill)), skill)
        if first != skill:
            found[skill] = first
            continue
        others = [k for k in usual if k != singular(plain(skill))]
        near = difflib.get_close_matches(singular(plain(skill)), others, n=1, cutoff=_ALIKE)
        if near:
            facts.say("much_like", skill=skill, usual=usual[near[0]])
    return found


def rename(facts: Facts, spelt: dict[str, str]) -> None:
    """Give qualifications of people other names; what was two is had when either was."""
    for person in facts.people.values():
        if not spelt.keys() & person.skills.keys():
            continue
        skills: dict[str, list[Day] | None] = {}
        for skill, days in person.skills.items():
            name = spelt.get(skill, skill)
            before = skills.get(name, [])
            skills[name] = None if days is None or before is None else [*before, *days]
        person.skills = skills


def variant(word: str, known: list[str]) -> str | None:
    """Return a known word that another is only spelt differently from: drivers, Driver."""
    if word in known:
        return None
    same = [k for k in known if singular(plain(k)) == singular(plain(word))]
    if same:
        return same[0]
    near = difflib.get_close_matches(plain(word), [plain(k) for k in known], n=1, cutoff=_ALIKE)
    return next((k for k in known if near and plain(k) == near[0]), None)
