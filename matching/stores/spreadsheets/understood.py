"""What was understood, as a few lines to say yes to, and as a file in which it can be changed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from matching.errors import UsageError
from matching.stores.spreadsheets.demand import Service
from matching.stores.spreadsheets.facts import Person
from matching.stores.spreadsheets.grid import letter
from matching.stores.spreadsheets.layout import Layout
from matching.stores.spreadsheets.reading import KINDS, Reading
from matching.stores.spreadsheets.sentences import Sentence, sentence
from matching.stores.spreadsheets.words import book, plain

ACROSS, SKIP, OTHER = "across", "skip", "other"
# Fields that no heading is called by: shifts named by a code, the part of a day beside days.
MADE = ("shifts", "part")
# What is said of a reading and should be looked at before planning.
WARNINGS = ("nobody_has", "codes_doubt", "no_service", "bad_day", "no_day", "no_name", "partly")


@dataclass
class Corrections:
    """What a file of an earlier reading says: answers, kinds of tables, columns by their letter."""

    answers: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def figures_of(reading: Reading) -> list[tuple[Sentence, Sentence | str]]:
    """Return what was understood in figures: name and figure."""
    services, supply = list(reading.services.values()), reading.supply
    people = reading.facts.people
    free = sum(bool(windows) for windows in supply.windows.values())
    seats = f"{sum((service.seats or 0) - service.guests for service in services):,}"
    rows: list[tuple[str, Sentence | str]] = [
        ("people", sentence("people_figure", count=f"{len(people):,}", free=f"{free:,}"))
    ]
    if services:
        rows.append(("services", sentence("services_figure", count=len(services), seats=seats)))
        rows.append(("the_first", _service(services[0])))
        if len(services) > 1:
            rows.append(("the_last", _service(services[-1])))
    places = list(dict.fromkeys(s.place for s in services if s.place))
    if places:
        rows.append(("places", _few(places)))
    skills = list(dict.fromkeys(s for p in people.values() for s in p.skills))
    if skills:
        rows.append(("qualifications", _few(skills)))
    if supply.held:
        rows.append(("held", sentence("held_figure", count=f"{len(supply.held):,}")))
    if reading.week:
        rows.append(("week", sentence("week_figure", day=reading.week)))
    return [(sentence(name), figure) for name, figure in rows]


def _service(service: Service) -> Sentence:
    asks = sentence("asks_for", skills=", ".join(service.skills)) if service.skills else ""
    place = sentence("at_place", place=service.place) if service.place else ""
    key = "service_one" if service.seats == 1 else "service"
    return sentence(key, shown=service.shown, place=place, seats=service.seats, asks=asks)


def serves_at(person: Person, service: Service) -> bool:
    """Tell whether the places that somebody names hold a service's."""
    here = plain(service.place)
    return not here or not person.places or here in map(plain, person.places)


def _few(items: Iterable[str]) -> Sentence:
    every = tuple(items)
    if len(every) > 6:
        return sentence("few_more", items=every[:6], more=len(every) - 6)
    return sentence("few", items=every)


def warnings_of(reading: Reading, today: date) -> list[Sentence]:
    """Return what a coordinator should know before planning: nobody can, nobody may, it is past."""
    from matching.stores.spreadsheets.supply import covers

    said = [one for one in reading.said if one.key in WARNINGS]
    if reading.week is not None and reading.week + timedelta(days=7) <= today:
        said.append(sentence("past", day=reading.week))
    never = [p.name for k, p in reading.facts.people.items() if not reading.supply.windows.get(k)]
    if never and len(never) < len(reading.facts.people):
        said.append(sentence("never", count=len(never), names=_few(never)))
    empty = []
    for service in reading.services.values():
        able = [
            key
            for key, windows in reading.supply.windows.items()
            if covers(windows, service, place=True)
            and all(skill in reading.facts.people[key].skills for skill in service.skills)
            and serves_at(reading.facts.people[key], service)
        ]
        if not able:
            empty.append(service.shown)
    if empty:
        said.append(sentence("unservable", count=len(empty), names=_few(empty)))
    return said


def reading_text(reading: Reading, files: Iterable[Path]) -> str:
    """Return the file that says how the sheets were read, to be changed and given again."""
    names = " ".join(_quoted(str(file)) for file in files)
    lines = [
        "# How these spreadsheets were read. Change what is wrong, and start again with",
        f"#   matching start {names} --reading reading.toml",
        "",
        "[answers]",
    ]
    taken = {question.key: question for question in [*reading.taken, *reading.questions]}
    for key, answer in reading.answers.items():
        guessed = f"  # a guess: {taken[key].about}" if key in taken else ""
        lines.append(f"{_key(key)} = {_quoted(answer)}{_comment(guessed)}")
    tables = {layout.key: layout for layout in reading.layouts}
    lines += ["", "# What each table is: one of", *_wrapped(", ".join(filter(None, KINDS)))]
    lines += [
        "[kinds]",
        *(f"{_quoted(name)} = {_quoted(one.told)}" for name, one in tables.items()),
    ]
    meanings = ", ".join(book()["headers"])
    lines += ["", "# What each column means, by sheet and letter: one of", *_wrapped(meanings)]
    lines += [
        f"# {ACROSS} (its heading is a time), {OTHER} (seen by its cells), {SKIP} (left out).",
    ]
    for name, layout in tables.items():
        lines += ["", f"[columns.{_quoted(name)}]"]
        lines += _columns(layout)
    lines += [
        "",
        "# What was said of the reading:",
        *(_comment(f"# {one}") for one in reading.said),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _columns(layout: Layout) -> list[str]:
    meaning = {id(c): name for name, columns in layout.fields.items() for c in columns}
    meaning |= {id(c): ACROSS for c in layout.axes} | {id(c): OTHER for c in layout.others}
    lines = []
    for column in layout.table.columns:
        head = " ".join(column.head.split())
        name = meaning.get(id(column), OTHER)
        name = "person" if name == "seat" else name  # a seat's people, who were found to be some
        lines.append(
            f"{letter(column.index)} = {_quoted(name)}{_comment(f'  # {head}' if head else '')}"
        )
    return lines


def _wrapped(text: str) -> list[str]:
    import textwrap

    return [f"# {line}" for line in textwrap.wrap(text, 90)]


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if name.replace("-", "").isalnum() and name.isascii() else _quoted(name)


def corrections_of(path: Path) -> Corrections:
    """Read a file that `reading_text` wrote, and somebody may have changed."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; name the reading.toml of an earlier start"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    parts = ("answers", "kinds", "columns")
    answers, kinds, columns = (content.get(part, {}) for part in parts)
    wrong = [
        name for name, part in content.items() if name not in parts or not isinstance(part, dict)
    ]
    if wrong:
        raise UsageError(f"{path}: {wrong[0]} is not known; it has answers, kinds and columns")
    for sheet, kind in kinds.items():
        if kind not in KINDS:
            raise UsageError(
                f"{path}: {sheet} cannot be {kind!r}; write one of {', '.join(filter(None, KINDS))}"
            )
    known = {*book()["headers"], *MADE, ACROSS, OTHER, SKIP}
    for sheet, found in columns.items():
        for column, meaning in found.items() if isinstance(found, Mapping) else ():
            if meaning not in known:
                raise UsageError(
                    f"{path}: column {column} of {sheet} cannot be {meaning!r}; write one of "
                    f"{', '.join(sorted(known))}"
                )
    return Corrections({k: str(v) for k, v in answers.items()}, kinds, columns)
