"""From files to the engine's tables: read, put together, and say what was understood."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl

from matching.errors import UsageError
from matching.stores.spreadsheets.crossing import read_cross
from matching.stores.spreadsheets.days import Calendar
from matching.stores.spreadsheets.demand import (
    Service,
    seats_question,
    services_of,
    settle_skills,
)
from matching.stores.spreadsheets.evidence import calendar_of, month_days, week_named, zone_of
from matching.stores.spreadsheets.facts import Facts
from matching.stores.spreadsheets.frames import request_ids, tables_of_week
from matching.stores.spreadsheets.free_times import read_free_times
from matching.stores.spreadsheets.grid import Sheet, sheets_of
from matching.stores.spreadsheets.layout import Layout, layout_of
from matching.stores.spreadsheets.legends import with_legends
from matching.stores.spreadsheets.lists import as_table
from matching.stores.spreadsheets.members import read_members
from matching.stores.spreadsheets.months import is_calendar, read_calendar
from matching.stores.spreadsheets.notebook import Notebook
from matching.stores.spreadsheets.people import join_names, join_roles
from matching.stores.spreadsheets.questions import Answers, Question
from matching.stores.spreadsheets.references import find_references, read_references
from matching.stores.spreadsheets.sentences import Sentence, sentence
from matching.stores.spreadsheets.services import read_services
from matching.stores.spreadsheets.settling import clock_of, settle_hours
from matching.stores.spreadsheets.supply import Supply, derive_skills, supply_of
from matching.stores.spreadsheets.tables import Table, only_day, tables_of
from matching.stores.spreadsheets.words import mentions, plain


@dataclass
class Reading:
    """What was understood of spreadsheets.

    Attributes
    ----------
    tables : dict of str to polars.DataFrame
        The engine's tables; empty as long as a question must be answered first.
    questions : list of Question
        What to ask, those that must be answered first.
    taken : list of Question
        What is open too, and whose guess is taken unless somebody says otherwise.
    answers : dict of str to str
        What was answered, and what is taken without an answer.
    said : list of str
        What was taken for what, left out, or may be wrong.
    sheets : list of str
        What each table of the sheets was taken for.
    week : datetime.date or None
        The Monday.
    time_zone : str
        The time zone that the sheets suggest; empty where they do not.
    only_listed : bool
        People are bound to places at some times: only the pairs listed in ``affinities`` count.
    """

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    taken: list[Question] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    said: list[Sentence] = field(default_factory=list)
    sheets: list[Sentence] = field(default_factory=list)
    week: date | None = None
    time_zone: str = ""
    only_listed: bool = False
    layouts: list[Layout] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    services: dict[str, Service] = field(default_factory=dict)
    supply: Supply = field(default_factory=Supply)


def understand(
    paths: list[Path],
    answers: Mapping[str, str] | None = None,
    today: date | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Reading:
    """Read spreadsheets as people keep them.

    Parameters
    ----------
    paths : list of Path
        Workbooks, text files and folders of them, which belong together.
    answers : mapping of str to str, optional
        Answers to questions, by their key.
    today : datetime.date, optional
        What dates without a year lie near; the day it is, if absent.
    columns : mapping, optional
        What columns mean, by sheet and letter, where somebody knows better.
    kinds : mapping, optional
        What tables are, one of `KINDS`, by the name that `table_names` gives them.

    Raises
    ------
    UsageError
        If a file cannot be read, or no plan can come of what the sheets hold: the message says what
        was found, what is missing and what to do.
    """
    today = today or date.today()
    sheets, said = sheets_of(paths)
    sheets = [as_table(sheet) for sheet in sheets]
    tables = [table for sheet in sheets for table in tables_of(sheet)]
    names = table_names(tables)
    columns, kinds = columns or {}, kinds or {}
    check_names([*columns, *kinds], names)
    layouts = [layout_of(t, columns.get(name)) for t, name in zip(tables, names, strict=True)]
    for layout, name in zip(layouts, names, strict=True):
        layout.key, layout.told = name, kinds.get(name, "")
    calendar = calendar_of(layouts, sheets, today)
    for layout in layouts:
        month_days(layout)
    layouts = with_legends(layouts)
    book = Notebook(layouts)
    book.facts.said += said
    book.know()
    find_references(layouts, book)
    said_kinds = _read(book, calendar)
    _name_left(sheets, tables, book)
    used = {table.sheet.title for table in tables}
    for sheet in sheets:
        if sheet.title not in used and sheet.rows:
            book.say("no_table", where=sheet.title)
    reading = Reading(sheets=said_kinds, said=book.facts.said, facts=book.facts, layouts=layouts)
    reading.time_zone = zone_of(sheets)
    _refuse(book, sheets)
    named = week_named(layouts, calendar)
    _combine(reading, calendar, Answers(dict(answers or {})), today, named)
    return reading


# What a table may be taken for, as reading.toml has it.
KINDS = ("calendar", "roster", "availability", "needs", "times", "services", "people", "skip", "")
_GRIDS = ("roster", "availability", "needs")
# Services first, whom others name by a code; grids last, since what is needed comes before.
_ORDER = ("calendar", "services", "skip", "", "times", "people", *_GRIDS)


def _name_left(sheets: list[Sheet], tables: list[Table], book: Notebook) -> None:
    """Name the rows below a heading that no table holds: totals, notes and lines between."""
    for sheet in sheets:
        inside = [table for table in tables if table.sheet is sheet]
        if not inside:
            continue
        read = {row for table in inside for row in (*table.rows, *table.sections, *table.headings)}
        first = min(table.headings[0] for table in inside)
        filled = [r for r, cells in enumerate(sheet.rows) if any(c is not None for c in cells)]
        if left := [str(r + 1) for r in filled if r > first and r not in read]:
            rows = ", ".join(left[:8]) + (" ..." if len(left) > 8 else "")
            book.say("left_rows", where=sheet.title, rows=rows)


def _read(book: Notebook, calendar: Calendar) -> list[Sentence]:
    """Read each table by the reader of its kind; return what each was taken for."""
    kinds = {k: layout.told or _kind(layout, book) for k, layout in enumerate(book.layouts)}
    for layout in book.layouts:
        for name, key in (("private", "private"), ("ignore", "ignored")):
            heads = [" ".join(c.head.split())[:30] for c in layout.fields.get(name, ())]
            if any(heads):
                book.say(key, where=layout.table.where, heads=", ".join(filter(None, heads)))
    for k in sorted(kinds, key=lambda k: min(_ORDER.index(kinds[k]), _ORDER.index(_GRIDS[0]))):
        layout = book.layouts[k]
        if kinds[k] == "calendar":
            read_calendar(layout, book)
        elif kinds[k] == "services":
            read_services(layout, book)
        elif kinds[k] == "times":
            read_free_times(layout, book, calendar)
        elif kinds[k] == "people":
            read_references(layout, read_members(layout, book, calendar), book)
        elif kinds[k] in _GRIDS:
            kinds[k] = read_cross(layout, book, calendar)
        elif not kinds[k]:
            book.say("not_understood", where=layout.table.where)
        layout.told = kinds[k]
    return [_kind_told(layout) for layout in book.layouts]


def table_names(tables: list[Table]) -> list[str]:
    """Return what reading.toml calls tables: their sheet, with a number where it holds several."""
    found: list[str] = []
    for table in tables:
        name, count = str(table.where), 2
        while name in found:
            name, count = f"{table.where}, table {count}", count + 1
        found.append(name)
    return found


def check_names(given: Iterable[str], names: list[str]) -> None:
    """Refuse corrections of a table that is not there."""
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5) or names[:1]
            raise UsageError(sentence("no_such_table", name=name, near=(near or [""])[0]))


def _kind_told(layout: Layout) -> Sentence:
    rows, kind = layout.table.rows, sentence(f"kind_{layout.told or 'none'}")
    where = layout.table.where
    return sentence("table", where=where, first=rows[0] + 1, last=rows[-1] + 1, kind=kind)


def _kind(layout: Layout, book: Notebook) -> str:
    if is_calendar(layout):
        return "calendar"
    if layout.axes:
        return "availability"
    if _is_free_times(layout, book):
        return "times"
    if _is_services(layout):
        return "services"
    return "people" if layout.people else ""


def _is_free_times(layout: Layout, book: Notebook) -> bool:
    """Tell whether rows of a name and a time say when people can come, and not who stands there."""
    service = layout.has(
        "service", "role", "seats", "open", "qty", "free", "busy", "done", "shifts"
    )
    if not (layout.people and layout.timed) or service or layout.axes or layout.others:
        return False
    if not layout.has("person", "first") or len(layout.fields.get("person", [])) > 1:
        return False
    needed = any(other.has("seats") for other in book.layouts if other is not layout)
    heads = " ".join(column.head for column in layout.fields.get("person", ()))
    free = mentions(f"{layout.table.about} {heads}", "free_titles")
    return (needed or free) and not mentions(layout.table.about, "held_titles")


def _is_services(layout: Layout) -> bool:
    if layout.has("free", "busy", "shifts"):
        return False
    listed = len(layout.fields.get("person", ())) > 1 and layout.has("role", "skills")
    if listed and only_day(layout.table):
        layout.move("skills", "role")  # the roles of one day, and who has them
        return True
    return layout.timed or layout.has("seats", "service")


def _refuse(book: Notebook, sheets: object) -> None:
    """Refuse, by name, what no plan can come of."""
    facts = book.facts
    if facts.refusals:
        raise UsageError(facts.refusals[0])
    found = []
    for layout in book.layouts:
        if layout.people and not layout.axes:
            count = sum(
                1
                for row in layout.table.rows
                if layout.cell(row, "person") or layout.cell(row, "first")
            )
            where, row = layout.table.where, layout.table.rows[0] + 1
            found.append(sentence("found_people", count=count, where=where, row=row))
    shown = found or [
        sentence("found_rows", where=one.table.where, count=len(one.table.rows))
        for one in book.layouts
    ]
    times = facts.free or facts.asked or facts.held
    for layout in book.layouts:
        alone = not facts.free and all(need.source == id(layout) for need in facts.needs)
        record = layout.has("done") and not layout.has("seats", "free", "end")
        if record and alone and layout.people:
            where, row = layout.table.where, layout.table.rows[0] + 1
            head = layout.fields["done"][0].head
            raise UsageError(sentence("refuse_record", where=where, row=row, column=head))
    if not facts.people:
        if facts.needs:
            what = sentence("services_alone", count=len(facts.needs))
        else:
            what = sentence("nobody_found", shown=shown) if shown else sentence("nothing_found")
        raise UsageError(sentence("refuse_people", found=what))
    if not times and not facts.needs and not facts.options:
        raise UsageError(sentence("refuse_times", shown=shown))


def _combine(
    reading: Reading, calendar: Calendar, answers: Answers, today: date, named: date | None
) -> None:
    facts = reading.facts
    if doubt := facts.doubts.get("if-need-be"):
        liked = answers.ask("if-need-be", sentence("ask_if_need_be", word=doubt[0]), doubt[1]) or ""
        if "less" not in liked:
            facts.free = [replace(free, preference=0) for free in facts.free]
    if doubt := facts.doubts.get("open end"):
        facts.say("open_end", words=doubt[0])
    join_names(facts)
    join_roles(facts)
    clock = clock_of(facts, calendar, answers, today, named)
    services = None
    if clock is not None:
        reading.week = clock.monday
        known = settle_hours(clock, facts, answers)
        if known:
            services = services_of(facts, clock, answers)
        else:
            seats_question(facts, answers)
    if clock is not None and services is not None:
        everybody = derive_skills(facts, answers)
        settle_skills(services, facts, answers)
        bound = any(person.places for person in facts.people.values())
        if bound and any(service.place for service in services):
            given = answers.ask("locations", sentence("ask_locations"), "yes")
            if plain(given or "").startswith("n"):
                for person in facts.people.values():
                    person.places = []
        supply = supply_of(facts, services, clock, answers, everybody)
        reading.supply = supply
        reading.only_listed = supply.bound
        reading.services = dict(zip(request_ids(services), services, strict=True))
        if not any(question.must for question in answers.open):
            reading.tables = tables_of_week(facts, services, supply, clock)
    reading.questions = [question for question in answers.open if question.asked]
    reading.taken = [question for question in answers.open if not question.asked]
    guesses = {q.key: q.guess for q in answers.open if q.guess is not None}
    reading.answers = answers.given | guesses
