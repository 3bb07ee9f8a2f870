"""Grids with people one way: marks, hours and codes that say when each can come, or is on duty."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from matching.stores.spreadsheets.facts import Free, Held, Need, Option, When, time_name
from matching.stores.spreadsheets.grid import Cell, text
from matching.stores.spreadsheets.hours import DAY, WHOLE_DAY, Window, hours_in
from matching.stores.spreadsheets.layout import Layout
from matching.stores.spreadsheets.legend import Legend, Meaning, shown
from matching.stores.spreadsheets.notebook import Notebook, choices, is_held
from matching.stores.spreadsheets.phrases import said_in
from matching.stores.spreadsheets.words import begins, is_any, mentions, plain

if TYPE_CHECKING:
    from matching.stores.spreadsheets.crossing import Across


def read_people(
    layout: Layout, columns: list[Across], kind: str, rows: dict[int, str], book: Notebook
) -> str:
    """Read a grid with people down; return what it was taken for."""
    legend = codes_of(layout, kind, [c for one in columns for c in one.column.filled])
    roster = kind == "codes" and _is_roster(layout, legend)
    if told := {code: one for code, one in legend.items() if code in layout.table.legend}:
        book.say("codes", where=layout.table.where, codes=shown(told))
    shifts_given = kind == "windows" and _is_schedule(layout)
    for row, person in rows.items():
        if not shifts_given:
            book.facts.asked.add(person)
        for one in columns:
            cell = one.column.cells.get(row)
            if shifts_given:
                _given(person, one.when, one.column.cells.get(row), book, layout)
            elif roster:
                _duty(person, one.when, cell, legend, book, layout)
            else:
                bound = one.place or _SEATS.sub("", one.name).strip(" -–,;:()[]")
                read_cell(person, one.when, bound, cell, kind, legend, book)
    if roster:
        shifts = [m for m in legend.values() if not m.off and m.words and not _waiting(m)]
        for one in columns:
            for shift in shifts:
                when = replace(
                    one.when, window=shift.window, label="" if shift.window else shift.words
                )
                book.facts.needs.append(
                    Need(when, shift.words, one.place, None, 0, (), "", "", id(layout))
                )
        book.say("empty_cells", where=layout.table.where)
        if not layout.told and not mentions(layout.table.about, "held_titles"):
            off = any(meaning.off for meaning in legend.values())
            if not off:
                book.say("codes_doubt", where=layout.table.where)
    elif not shifts_given:
        offer(layout, columns, kind, legend, book)
    return "roster" if roster or shifts_given else "availability"


def read_cell(
    person: str, when: When, place: str, cell: Cell, kind: str, legend: Legend, book: Notebook
) -> None:
    """Read one cell of a poll."""
    word = text(cell)
    if cell is None or is_any(word, "no") or begins(word, "none"):
        return
    free = book.facts.free
    if kind == "codes":
        for meaning in _meanings(word, legend):
            if not meaning.off:
                label = "" if meaning.window else meaning.words
                free.append(
                    Free(person, replace(when, window=meaning.window, label=label), 0, place)
                )
        return
    if is_any(word, "maybe") and not is_any(word, "yes"):
        free.append(Free(person, when, -1, place))
        book.facts.doubts.setdefault("if-need-be", (word, "available, but liked less"))
        return
    if is_any(word, "yes") or is_any(word, "all"):
        free.append(Free(person, when, 0, place))
        return
    windows = [w for part in choices(word) for w in hours_in(part)] or hours_in(word)
    joined = hours_in(word)
    if len(joined) < len(windows):
        windows = joined  # "from 3 pm, until 6" is one window
    for window in windows:
        if window.end is None:
            book.facts.doubts.setdefault("open end", (word, "until the end of the day"))
            window = Window(window.start, DAY)
        free.append(Free(person, replace(when, window=window), 0, place))
    if not windows:
        said = said_in(word)
        for day, window in said.free:
            hours = (when.window, when.label) if window == WHOLE_DAY else (window, "")
            free.append(Free(person, When(day or when.day, *hours), 0, place))
        if not said.understood:
            name = book.facts.people[person].name
            book.say("no_answer", name=name)


def offer(layout: Layout, columns: list[Across], kind: str, legend: Legend, book: Notebook) -> None:
    """Note the times that a poll asked about, which are the services where nothing else says so."""
    options = book.facts.options
    title = poll_title(layout.table.titles)
    if kind == "marks":
        for one in columns:
            if one.when.window or one.when.label or one.name or one.when.day:
                seats = _SEATS.search(one.name)
                name = _SEATS.sub("", one.name).strip(" -–,;:()[]") or title or time_name(one.when)
                options.append(Option(one.when, name, one.place))
                if seats:  # "Sat 10am-12pm [3 needed]"
                    count = int(seats[1] or seats[2])
                    book.facts.needs.append(Need(one.when, name, one.place, count, source=1))
    elif kind == "codes":
        for one in columns:
            for meaning in legend.values():
                if not meaning.off and meaning.words:
                    label = "" if meaning.window else meaning.words
                    when = replace(one.when, window=meaning.window, label=label)
                    options.append(Option(when, meaning.words, one.place))
    elif kind == "windows":
        named: dict[Window, str] = {}
        for cell in (c for one in columns for c in one.column.filled):
            for part in choices(text(cell)):
                for window in hours_in(part):
                    named.setdefault(window, part)
        if _partition(named):
            for one in columns:
                for window, name in sorted(named.items()):
                    shown = f"{one.place} {name}".strip()
                    options.append(Option(replace(one.when, window=window), shown, one.place))


def _partition(windows: Iterable[Window]) -> bool:
    """Tell whether windows are the shifts of a form: closed, few, and none over another."""
    every = list(windows)
    if not (all(w.closed for w in every) and 0 < len(every) <= 8):
        return False
    return all((a.end or 0) <= b.start for a, b in itertools.pairwise(sorted(every)))


_SEATS = re.compile(
    r"(\d{1,2})\s*(?:x\s)?(?:needed|people|volunteers|spots|slots|places|seats|helpers|personen|plätze"
    r"|helfer|personnes|bénévoles|personas|人|名|位)(?![^\W\d_])|[x×]\s?(\d{1,2})(?!\d)",
    re.IGNORECASE,
)


def poll_title(titles: list[str]) -> str:
    """Return what a poll is about, of the lines above it."""
    for title in titles:
        if quoted := re.search(r"[\"“「](.+?)[\"”」]", title):
            return quoted[1]
    words = [t for t in titles if not re.search(r"https?://|\d{1,2}:\d\d|@", t)]
    return (
        re.sub(r"^(?:poll|doodle|umfrage|sondage)\s*[:：]?\s*", "", words[0], flags=re.I)
        if words
        else ""
    )


def codes_of(layout: Layout, kind: str, cells: Sequence[Cell]) -> Legend:
    """Return what each code of a grid means: by the legend, or by the code itself."""
    if kind != "codes":
        return {}
    legend = dict(layout.table.legend)
    for word in {plain(text(c)) for c in cells}:
        if is_any(word, "no") or is_any(word, "both") or is_any(word, "all"):
            continue
        if word not in legend and not _meanings(word, legend):
            legend[word] = Meaning(next(text(c) for c in cells if plain(text(c)) == word))
    return {code: meaning for code, meaning in legend.items() if code}


def _meanings(word: str, legend: Legend) -> list[Meaning]:
    """Return the meanings of a cell that may hold several codes: AM is morning and afternoon."""
    word = plain(word)
    if is_any(word, "both") or is_any(word, "all"):
        return [meaning for meaning in legend.values() if not meaning.off]
    if word in legend:
        return [legend[word]]
    parts = re.split(r"[\s/+,&、]+", word)
    if len(parts) > 1 and all(part in legend for part in parts):
        return [legend[part] for part in parts]
    if len(word) > 1 and all(sign in legend for sign in word):
        return [legend[sign] for sign in word]
    return []


def _waiting(meaning: Meaning) -> bool:
    return mentions(meaning.words, "open")


def _is_roster(layout: Layout, legend: Legend) -> bool:
    if layout.told:
        return layout.told == "roster"
    if any(meaning.off for meaning in legend.values()):
        return True
    if all(hours_in(m.words) and not m.window for m in legend.values()):
        return mentions(layout.table.about, "held_titles")  # AM and PM are when people can come
    return is_held(layout.table.about, False) and not mentions(layout.table.about, "free_titles")


def _is_schedule(layout: Layout) -> bool:
    """Tell whether the hours in a grid are those that people were given, and not could come."""
    if layout.told:
        return layout.told == "roster"
    form = layout.has("timestamp", "private", "free")
    held = mentions(layout.table.about, "held_titles")
    return held and not form and not mentions(layout.table.about, "free_titles")


def _given(person: str, when: When, cell: Cell, book: Notebook, layout: Layout) -> None:
    """Read the hours that somebody is given on a day."""
    for window in hours_in(cell):
        if window.closed:
            at = replace(when, window=window)
            name = time_name(at)
            book.facts.rostered.add(person)
            book.facts.held.append(Held(person, at, name, source=id(layout)))
            book.facts.needs.append(Need(at, name, "", 1, 0, (), "", "", -id(layout)))


def _duty(
    person: str, when: When, cell: Cell, legend: Legend, book: Notebook, layout: Layout
) -> None:
    """Read one cell of a roster of codes; who is not off can be planned on that day."""
    meanings_here = _meanings(text(cell), legend) if cell is not None else []
    if any(meaning.off for meaning in meanings_here):
        return
    book.facts.free.append(Free(person, replace(when, window=None)))
    for shift in legend.values():
        if shift.window and (shift.window.end or 0) > DAY and not shift.off:
            # Who can be planned on a day can take its night.
            book.facts.free.append(Free(person, replace(when, window=shift.window)))
    for meaning in meanings_here:
        label = "" if meaning.window else meaning.words
        held = replace(when, window=meaning.window, label=label)
        book.facts.held.append(Held(person, held, meaning.words, source=id(layout)))
