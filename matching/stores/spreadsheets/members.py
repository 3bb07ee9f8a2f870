"""Rows of people: what they can do, when and where they can come, how often; forms and lists."""

from __future__ import annotations

import itertools
import math
from datetime import datetime

from matching.stores.spreadsheets.cells import count_of, day_of, moment_of, value_type
from matching.stores.spreadsheets.days import Calendar, shown_day
from matching.stores.spreadsheets.facts import Free, Held, Option, When
from matching.stores.spreadsheets.grid import text
from matching.stores.spreadsheets.hours import DAY, WHOLE_DAY, Window
from matching.stores.spreadsheets.layout import Layout, place_name
from matching.stores.spreadsheets.notebook import Lists, Notebook, choices, full_name
from matching.stores.spreadsheets.phrases import Said, axis_in, said_in
from matching.stores.spreadsheets.questions import shown_window
from matching.stores.spreadsheets.tables import Column
from matching.stores.spreadsheets.words import bare, begins, is_any, mentions, plain

_LIMITS = {
    "max_shifts": "max_shifts",
    "max_hours": "max_hours",
    "max_per_day": "max_shifts_per_day",
}


def persons_of(layout: Layout, book: Notebook, calendar: Calendar) -> dict[int, str]:
    """Enter the people of a table's rows; return their ids by row, of each only the last answer."""
    rows: dict[int, str] = {}
    last: dict[str, int] = {}
    stamps: dict[int, tuple[object, int]] = {}
    contacts: dict[str, str] = {}
    for row in layout.table.rows:
        name = full_name(layout, row) or text(layout.cell(row, "person_id"))
        if not name and (layout.cell(row, "free") or layout.cell(row, "private")):
            book.say("no_name", where=place_name(layout.table, row))
        if not name or is_any(name, "totals") or row in layout.gone:
            continue
        contact = plain(text(layout.cell(row, "private")))
        given = text(layout.cell(row, "person_id"))
        if "@" in contact and contacts.setdefault(plain(name), contact) != contact and not given:
            given = f"{name} (row {row + 1})"
            book.say("same_name", where=place_name(layout.table, row), name=name)
        person = book.facts.person(base_name(name), place_name(layout.table, row), given)
        book.facts.people[person].name = name
        stamp = layout.cell(row, "timestamp")
        stamps[row] = (_moment(stamp, calendar), row)
        earlier = last.get(person)
        if earlier is not None and layout.has("timestamp"):
            kept, gone = (row, earlier) if stamps[row] >= stamps[earlier] else (earlier, row)
            rows.pop(gone, None)
            rows[kept] = person
            last[person] = kept
            book.say("answered_twice", where=layout.table.where, name=name, row=kept + 1)
            continue
        if earlier is not None:
            where = layout.table.where
            book.say("stands_twice", where=where, name=name, one=earlier + 1, two=row + 1)
        rows[row] = person
        last[person] = row
    return rows


def base_name(name: str) -> str:
    """Return a name without what stands in brackets behind it, or comes along."""
    from matching.stores.spreadsheets.names import names_in

    found = names_in(name)
    return found[0].name if len(found) == 1 and (found[0].company or found[0].bracket) else name


def _moment(cell: object, calendar: Calendar) -> datetime:
    if isinstance(cell, datetime):
        return cell
    day, window = moment_of(cell)  # type: ignore[arg-type]
    date = calendar.date(day) if day else None
    if date is None:
        return datetime.min
    minute = window.start if window else 0
    return datetime(date.year, date.month, date.day, minute // 60 % 24, minute % 60)


def read_members(layout: Layout, book: Notebook, calendar: Calendar) -> dict[int, str]:
    """Read a table of people; return their ids by row."""
    rows = persons_of(layout, book, calendar)
    read_qualities(layout, rows, book)
    for column in layout.fields.get("free", ()):
        read_free(layout, column, rows, book, calendar)
    for column in layout.fields.get("busy", ()):
        for row, person in rows.items():
            said = said_in(cell := text(column.cells.get(row)))
            book.facts.able.add(person)
            if cell and not is_any(cell, "nothing") and (said.partly or not said.understood):
                where = place_name(layout.table, row, column)
                book.say("cannot_partly", where=where)
            book.facts.off += [(person, When(day, window)) for day, window in said.free + said.busy]
    for column in layout.fields.get("held", ()):
        for row, person in rows.items():
            for day, window in said_in(text(column.cells.get(row))).free:
                book.facts.held.append(Held(person, When(day, window), "", source=id(layout)))
    for name, limit in _LIMITS.items():
        for row, person in rows.items():
            most = count_of(layout.cell(row, name))[1]
            if math.isfinite(most):
                if most != int(most) and limit != "max_hours":
                    where = place_name(layout.table, row)
                    book.say("rounded", where=where, given=f"{most:g}", taken=int(most))
                    most = max(1.0, float(int(most)))
                book.facts.people[person].limits[limit] = most
    for name in ("together", "apart"):
        for row, person in rows.items():
            others = getattr(book.facts.people[person], name)
            others += [c for c in choices(text(layout.cell(row, name))) if not is_any(c, "nothing")]
    _flags(layout, rows, book)
    _remarks(layout, rows, book)
    _minors(layout, rows, book, calendar)
    return rows


def read_qualities(layout: Layout, rows: dict[int, str], book: Notebook) -> None:
    """Read what people can do, where they serve, and what they would like."""
    for name in ("skills", "place", "wish"):
        for column in layout.fields.get(name, ()):
            _lists(name, column, rows, book)


def _lists(name: str, column: Column, rows: dict[int, str], book: Notebook) -> None:
    known = {"skills": book.roles, "place": book.places, "wish": book.roles}[name].values()
    cells = [text(column.cells.get(row)) for row in rows]
    lists = Lists(cells, known)
    every = {item for cell in cells for item in lists.items(cell) if not mentions(item, "both")}
    for row, person in rows.items():
        items = lists.items(text(column.cells.get(row)))
        about = book.facts.people[person]
        for item in items:
            if name == "skills":
                about.skills.setdefault(item, None)
            elif name == "wish":
                about.wishes.append(item)
            elif mentions(item, "both") or is_any(item, "all"):
                named = [one for one in every if plain(one) in plain(item)]
                about.places += named or sorted(every)
            else:
                about.places.append(item)


def read_free(
    layout: Layout, column: Column, rows: dict[int, str], book: Notebook, calendar: Calendar
) -> None:
    """Read when people can come from a column of texts: options that were ticked, or own words."""
    cells = {row: _with_part(text(column.cells.get(row)), layout, row) for row in rows}
    options = _options(list(cells.values()))
    offered = list(dict.fromkeys(option for option in options.values() if option))
    plain_words = [o for o in options if not (_is_all(o) or begins(o, "none") or is_any(o, "all"))]
    listed = bool(offered) and sum(bool(options[o]) for o in plain_words) > 0.8 * len(plain_words)
    step = _step([w for when in offered for w in (when.window,) if w and w.point])
    for row, person in rows.items():
        book.facts.asked.add(person)
        cell = cells[row]
        if not cell or begins(cell, "none") or is_any(cell, "no"):
            continue
        everything = _is_all(cell) and not said_in(cell).understood
        if any(is_any(c, "all") for c in choices(cell)) or everything:
            whens = [_hour(when, step) for when in offered] if listed else [When()]
            book.facts.free += [Free(person, when) for when in whens]
            continue
        parts = choices(cell)
        if all(options.get(part) for part in parts):
            book.facts.free += [Free(person, _hour(options[part], step)) for part in parts]  # type: ignore[arg-type]
            continue
        said = said_in(cell)
        for day, window in said.free:
            book.facts.free.append(Free(person, _hour(When(day, window), step)))
        book.facts.off += [(person, When(day, window)) for day, window in said.busy]
        where = place_name(layout.table, row, column)
        if not said.understood:
            book.say("no_time", where=where)
        elif said.partly:
            book.say("partly", where=where, read=shown_said(said))
    if _many(offered):
        for name, when in options.items():
            if when:
                book.facts.options.append(Option(_hour(when, step), name))


def shown_said(said: Said) -> str:
    """Return times that were understood, as people write them."""
    parts = [
        f"{'not ' if out else ''}{shown_day(day)} {shown_window(window)}".replace("  ", " ")
        for out, times in ((False, said.free), (True, said.busy))
        for day, window in times
    ]
    return ", ".join(parts[:6]) + (" ..." if len(parts) > 6 else "")


def _with_part(cell: str, layout: Layout, row: int) -> str:
    """Return a cell with the part of the day that another column says."""
    part = text(layout.cell(row, "part"))
    if not part or is_any(part, "all"):
        return cell
    return f"{'every day' if is_any(cell, 'all') else cell} {part}"


def _is_all(cell: str) -> bool:
    return any(
        len(word) > 3 and word in plain(cell)
        for word in ("都可以", "均可", "all of the above", "すべて", "全て")
    )


def _options(cells: list[str]) -> dict[str, When | None]:
    """Return what choices say, each one day or one time, if the cells are lists of such choices."""
    found: dict[str, When | None] = {}
    for part in (p for cell in cells for p in choices(cell)):
        if part not in found:
            axis, said = axis_in(part), said_in(part)
            one = len(said.free) == 1 and not (said.busy or said.partly)
            named = bool(axis.day and axis.window) and not (said.busy or len(said.free) > 1)
            plainly = one or named
            found[part] = When(axis.day, axis.window) if axis and plainly else None
    return found


def _many(offered: list[When]) -> bool:
    """Tell whether choices are the services themselves: dated, with hours that never cross."""
    return bool(offered) and all(
        when.day is not None and when.day.dated and when.window is not None and when.window.closed
        for when in offered
    )


def _step(points: list[Window]) -> int:
    starts = sorted({point.start for point in points})
    return min((b - a for a, b in itertools.pairwise(starts)), default=60)


def _hour(when: When, step: int) -> When:
    """Let an hour that stands for a slot last until the next; an open end is the day's."""
    window = when.window
    if window is not None and window.point:
        return When(when.day, Window(window.start, window.start + step), when.label)
    if window is not None and window.end is None:
        return When(when.day, Window(window.start, DAY), when.label)
    return when


def _flags(layout: Layout, rows: dict[int, str], book: Notebook) -> None:
    """Read columns of yes and no, and of days on which somebody has something."""
    labels = []
    for column in layout.others:
        cells = [column.cells[row] for row in rows if column.cells.get(row) is not None]
        kind = value_type(cells, {})
        days = [c for c in cells if _only_days(text(c))]
        none = [c for c in cells if is_any(text(c), "no")]
        label = flag_name(column.head)
        if kind == "marks" and label:
            for row, person in rows.items():
                if is_any(text(column.cells.get(row)), "yes"):
                    book.facts.people[person].skills[label] = None
            labels.append(label)
        elif days and len(days) + len(none) > 0.7 * len(cells):
            for row, person in rows.items():
                said = [d for d, _ in said_in(text(column.cells.get(row))).free if d]
                if said:
                    book.facts.people[person].skills[label] = said
            book.say("qualification_days", where=layout.table.where, label=label)
        elif cells and column.head:
            book.say("unused_column", where=layout.table.where, column=_head(column))
    if labels:
        book.say("qualification", where=layout.table.where, labels=tuple(labels))


def _only_days(cell: str) -> bool:
    said = said_in(cell)
    return bool(said.free) and all(day and w == WHOLE_DAY for day, w in said.free)


def _head(column: Column) -> str:
    head = " ".join(column.head.split())
    return head if len(head) < 40 else f"{head[:37]}..."


def flag_name(head: str) -> str:
    """Return what a question of yes and no is about: 是否已满18周岁 is 满18周岁."""
    import re

    words = " ".join(re.sub(r"[?？:：*]", " ", head).split())
    words = re.sub(r"^\d{1,2}\s*[、.)]\s*", "", words)
    words = re.sub(
        r"^(您|你)?(是否|有没有|有无|能否|会不会)(已经|已|持有|拥有|有|会|能)?", "", words
    )
    words = re.sub(
        r"^(?:do you have|have you got|do you|are you|can you|have you)\s+(?:an?\s+)?",
        "",
        words,
        flags=re.I,
    )
    words = re.sub(
        r"^(?:hast du|haben sie|hast|bist du|kannst du)\s+(?:einen?\s+)?", "", words, flags=re.I
    )
    words = re.sub(r"^an diesen tagen (?:mit\s+)?", "", words, flags=re.I)
    return words.strip()


def _remarks(layout: Layout, rows: dict[int, str], book: Notebook) -> None:
    """Act on remarks that take back a time; of the others say how many there are."""
    kept = []
    for column in layout.fields.get("note", ()):
        for row, person in rows.items():
            cell = text(column.cells.get(row))
            if not cell or is_any(cell, "nothing"):
                continue
            said = said_in(cell)
            exact = [(d, w) for d, w in said.free if d is not None]
            if said.only and exact:
                for day, window in exact:
                    book.facts.off += [(person, When(day, gap)) for gap in _outside(window)]
                told = ", ".join(shown_window(window) for _, window in exact)
                book.say("remark", where=place_name(layout.table, row), times=told)
            elif cell in ("组长", "队长", "leader", "team leader") or is_title(cell):
                book.facts.people[person].skills[cell] = None
            else:
                kept.append(row + 1)
    if kept:
        rows_said = ", ".join(map(str, kept[:8])) + (" ..." if len(kept) > 8 else "")
        book.say("remarks", where=layout.table.where, rows=rows_said)


def is_title(cell: str) -> bool:
    """Tell whether a remark is what somebody is, in one word."""
    return bare(cell) in {
        "leader",
        "team leader",
        "teamleitung",
        "leitung",
        "组长",
        "队长",
        "副组长",
        "responsable",
        "リーダー",
        "supervisor",
        "coordinator",
    }


def _outside(window: Window) -> list[Window]:
    end = DAY if window.end is None else window.end
    return [w for w in (Window(0, window.start), Window(end, DAY)) if w.start < (w.end or 0)]


def _minors(layout: Layout, rows: dict[int, str], book: Notebook, calendar: Calendar) -> None:
    """Say who is under age on the dates of birth, which are read for this and not kept."""
    young = []
    for column in layout.fields.get("private", ()):
        if not any(w in plain(column.head) for w in ("birth", "dob", "生", "geburt", "naissance")):
            continue
        for row in rows:
            day = day_of(column.cells.get(row))
            born = calendar.date(day) if day and day.year else None
            if born and (calendar.near - born).days < 18 * 365.25:
                young.append(row + 1)
    if young:
        key, listed = "minors" if len(young) > 1 else "minor", ", ".join(map(str, young))
        book.say(key, where=layout.table.where, count=len(young), rows=listed)
