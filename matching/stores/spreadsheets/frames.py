"""The engine's tables, of the people and services that were understood."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import polars as pl

from matching.schema import DEFAULT_POST
from matching.stores.spreadsheets.demand import Post, Service
from matching.stores.spreadsheets.facts import Facts
from matching.stores.spreadsheets.settling import Clock
from matching.stores.spreadsheets.supply import Supply, covers
from matching.stores.spreadsheets.words import plain

_WISH = 30
_MANY = 50
# The tables that every plan needs, where they have no rows.
_TIMES = {"start": pl.Datetime, "end": pl.Datetime}
_EMPTY: dict[str, dict[str, type[pl.DataType]]] = {
    "volunteers": {"volunteer_id": pl.String},
    "availability": {"volunteer_id": pl.String, **_TIMES},
    "requests": {"request_id": pl.String, **_TIMES},
}


def tables_of_week(
    facts: Facts, services: list[Service], supply: Supply, clock: Clock
) -> dict[str, pl.DataFrame]:
    """Return the tables by name, those alone that have rows."""
    rows: dict[str, list[dict[str, Any]]] = {
        "volunteers": _volunteers(facts, supply),
        "qualifications": _qualifications(facts, clock),
        "availability": [
            {
                "volunteer_id": facts.people[person].id,
                "start": w.start,
                "end": w.end,
                "preference": w.preference,
            }
            for person, windows in supply.windows.items()
            for w in windows
        ],
        "requests": [],
        "posts": [],
        "post_qualifications": [],
        "stations": [{"station_id": label(p), "name": p} for p in places_of(services)],
        "preferences": _preferences(facts, services),
        "pairs": _pairs(facts),
        "assignments": [],
        "affinities": [],
    }
    ids = request_ids(services)
    for request_id, service in zip(ids, services, strict=True):
        rows["requests"].append(
            {
                "request_id": request_id,
                "name": service.name or None,
                "category": label(service.role or service.name) or None,
                "station_id": label(service.place) or None,
                "start": service.start,
                "end": service.end,
            }
        )
        for post in posts_of(service):
            key = {"request_id": request_id, "post": post.name}
            seats = {"seats": post.seats, "min_seats": min(post.min_seats, post.seats)}
            rows["posts"].append(key | seats)
            rows["post_qualifications"] += [key | {"qualification": label(s)} for s in post.skills]
    for person, index, status, _ in supply.held:
        place = _post_for(facts, person, services[index])
        rows["assignments"].append(
            {
                "volunteer_id": facts.people[person].id,
                "request_id": ids[index],
                "post": place,
                "status": status,
            }
        )
    if supply.bound:
        rows["affinities"] = [
            {"volunteer_id": facts.people[person].id, "request_id": ids[k], "score": 0}
            for person in facts.people
            for k, service in enumerate(services)
            if covers(supply.windows[person], service, place=True)
        ]
    return {
        name: pl.DataFrame(found, _EMPTY.get(name) if not found else None, infer_schema_length=None)
        for name, found in rows.items()
        if found or name in _EMPTY
    }


def label(text: str) -> str:
    """Return a text as an id may be: on one line, and not too long."""
    return " ".join(text.split())[:200]


def places_of(services: list[Service]) -> list[str]:
    """Return the places of services, each once."""
    return list(dict.fromkeys(s.place for s in services if s.place))


def request_ids(services: list[Service]) -> list[str]:
    """Return an id for each service that people can read: day, hours and name."""
    names = [label(f"{s.start:%Y-%m-%d %H:%M} {s.name}")[:120] for s in services]
    twice = {name for name, count in Counter(names).items() if count > 1}
    names = [
        label(f"{n} {s.place}") if n in twice else n for n, s in zip(names, services, strict=True)
    ]
    seen: Counter[str] = Counter()
    for k, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[k] = f"{name} ({seen[name]})"
    return names


def posts_of(service: Service) -> list[Post]:
    """Return the posts of a service; seats that guests have taken are none of them."""
    if service.posts:
        return service.posts
    seats = (service.seats or 1) - service.guests
    if seats < 1:
        return []
    return [Post(DEFAULT_POST, seats, service.skills, service.min_seats)]


def _post_for(facts: Facts, person: str, service: Service) -> str:
    skills = {plain(s) for s in facts.people[person].skills}
    posts = posts_of(service) or [Post(DEFAULT_POST, 1)]
    fitting = [p for p in posts if all(plain(s) in skills for s in p.skills)]
    return (fitting or posts)[0].name


def _volunteers(facts: Facts, supply: Supply) -> list[dict[str, Any]]:
    held = Counter(person for person, _, _, _ in supply.held)
    rows = []
    for key, person in facts.people.items():
        row: dict[str, Any] = {"volunteer_id": person.id}
        most = person.limits.get("max_shifts")
        # A roster knows no limit; what somebody holds is never above theirs.
        row["max_shifts"] = max(int(most), held[key]) if most is not None else _MANY
        row["max_hours"] = person.limits.get("max_hours")
        day = person.limits.get("max_shifts_per_day")
        row["max_shifts_per_day"] = int(day) if day is not None else None
        rows.append(row)
    empty = {n for n in ("max_hours", "max_shifts_per_day") if all(r[n] is None for r in rows)}
    return [{n: v for n, v in row.items() if n not in empty} for row in rows]


def _qualifications(facts: Facts, clock: Clock) -> list[dict[str, Any]]:
    rows = []
    dated = any(days is not None for p in facts.people.values() for days in p.skills.values())
    for person in facts.people.values():
        for skill, days in person.skills.items():
            key: dict[str, Any] = {"volunteer_id": person.id, "qualification": label(skill)}
            if days is None:
                none = {"valid_from": None, "valid_until": None} if dated else {}
                rows.append(key | none)
                continue
            dates = sorted({d for day in days for d in clock.dates(day)})
            rows += [key | {"valid_from": a, "valid_until": b} for a, b in _runs(dates)]
    return rows


def _runs(dates: list[date]) -> list[tuple[date, date]]:
    runs: list[tuple[date, date]] = []
    for day in dates:
        if runs and runs[-1][1] + timedelta(days=1) == day:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _preferences(facts: Facts, services: list[Service]) -> list[dict[str, Any]]:
    rows = []
    categories = {plain(s.role or s.name): s.role or s.name for s in services}
    places = places_of(services)
    for person in facts.people.values():
        for wish in dict.fromkeys(person.wishes):
            if plain(wish) in categories:
                rows.append(
                    {
                        "volunteer_id": person.id,
                        "subject": "category",
                        "value": categories[plain(wish)],
                        "weight": _WISH,
                        "never": None,
                    }
                )
        own = {plain(p) for p in person.places}
        for place in places if own else ():
            if plain(place) not in own:
                rows.append(
                    {
                        "volunteer_id": person.id,
                        "subject": "station",
                        "value": place,
                        "weight": None,
                        "never": True,
                    }
                )
    return rows


def _pairs(facts: Facts) -> list[dict[str, Any]]:
    by_name = {plain(p.name): p.id for p in facts.people.values()}
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for person in facts.people.values():
        for rule in ("together", "apart"):
            for name in getattr(person, rule):
                other = by_name.get(plain(name))
                if other is None:
                    facts.say("named_beside", person=person.name, name=name)
                elif other != person.id:
                    a, b = sorted((person.id, other))
                    rows[a, b, rule] = {"volunteer_a": a, "volunteer_b": b, "rule": rule}
    return list(rows.values())
