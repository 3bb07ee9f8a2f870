"""One person, one entry: names that roster and list write differently, and roles of two names."""

from __future__ import annotations

import difflib
from dataclasses import replace

from matching.stores.spreadsheets.facts import Facts
from matching.stores.spreadsheets.words import plain


def join_names(facts: Facts) -> None:
    """Put names on rosters to the people of a list: by a first name or initials, if one fits."""
    listed = {key for key in facts.people if key not in facts.rostered or key in facts.asked}
    if not listed or not facts.rostered - listed:
        return
    said: dict[str, str] = {}
    for key in sorted(facts.rostered - listed):
        fits = [other for other in listed if _is_short(key, other)]
        if len(fits) == 1:
            said[key] = fits[0]
            full = facts.people[fits[0]].name
            facts.say("short_name", name=facts.people[key].name, full=full)
        elif near := difflib.get_close_matches(key, listed, n=1, cutoff=0.88):
            other = facts.people[near[0]].name
            facts.say("like_name", name=facts.people[key].name, other=other)
    facts.held = [replace(h, person=said.get(h.person, h.person)) for h in facts.held]
    for key in said:
        del facts.people[key]


def _is_short(short: str, full: str) -> bool:
    words, names = short.replace(".", " ").split(), full.split()
    if len(names) < 2 or not words:
        return False
    if len(words) == 1:
        return words[0] == names[0]
    return words[-1] == names[-1] and len(words[0]) == 1 and names[0].startswith(words[0])


def join_roles(facts: Facts) -> None:
    """Let the posts of a roster be those that another sheet needs, where both have the same days.

    Equal names first, then like ones, then by their order.
    """
    wanted = list(dict.fromkeys(n.role for n in facts.needs if n.role and n.source > 0))
    if not wanted:
        return
    days = {n.when.day and (n.when.day.month, n.when.day.day) for n in facts.needs if n.source > 0}
    aliases: dict[str, str] = {}
    for source in dict.fromkeys(n.source for n in facts.needs if n.source < 0):
        theirs = [n for n in facts.needs if n.source == source]
        roles = list(dict.fromkeys(n.role for n in theirs if n.role))
        shared = {n.when.day and (n.when.day.month, n.when.day.day) for n in theirs} & days
        if not shared or len(roles) != len(wanted):
            aliases |= {role: role for role in roles if role in wanted}
            continue
        aliases |= _matched(roles, wanted)
    for ours, theirs_name in aliases.items():
        if ours != theirs_name:
            facts.say("like_post", ours=ours, theirs=theirs_name)
    facts.held = [
        replace(h, role=aliases[h.role], name=aliases[h.role]) if h.role in aliases else h
        for h in facts.held
    ]
    # What a sheet says is needed decides; a roster's empty cell beside it does not.
    facts.needs = [n for n in facts.needs if n.source > 0 or n.role not in aliases]


def _matched(roles: list[str], wanted: list[str]) -> dict[str, str]:
    found: dict[str, str] = {role: role for role in roles if role in wanted}
    left = [role for role in wanted if role not in found.values()]
    for role in (r for r in roles if r not in found):
        words = set(plain(role).split())
        near = [w for w in left if set(plain(w).split()) & words]
        if len(near) == 1:
            found[role] = near[0]
            left.remove(near[0])
    rest = [role for role in roles if role not in found]
    return found | dict(zip(rest, left, strict=False))
