"""Lists that people write below each other: a chat's 接龙, a sheet of numbered lines to sign.

Lines that say a day, hours or a place hold for the numbered lines below them. Such a list is made
a table of the same rows, which is then read like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from matching.stores.spreadsheets.days import find_days
from matching.stores.spreadsheets.grid import Cell, Sheet, text
from matching.stores.spreadsheets.headings import known_words, own_cells
from matching.stores.spreadsheets.hours import find_hours
from matching.stores.spreadsheets.names import names_in
from matching.stores.spreadsheets.phrases import said_in
from matching.stores.spreadsheets.words import eastern, is_any, meanings, plain

_ITEM = re.compile(r"^\s*(?:(\d{1,3})\s*[.、．)）:：](?!\d)|([①-⑳])|[-•*·□☐]\s)\s*(.*)$", re.S)
_LABEL = re.compile(r"^\s*[^\w\s]*\s*([^:：\d]{2,12})[:：]\s*(.+)$", re.S)
_SEATS = re.compile(
    r"[(（\[【]?\s*(?:需要?|招募?|限|共|名额|need(?:s|ed)?:?)?\s*(\d{1,3})\s*"
    r"(?:人|名|位|people|persons?|volunteers?|helpers?|spots|needed|slots)\s*(?:needed)?[)）\]】]?",
    re.IGNORECASE,
)
_TAG = re.compile(r"^[#＃\s]*(?:接龙|solitaire)[：:\s]*$", re.IGNORECASE)
_BEHIND = re.compile(r"\s*(?:[-–—:：,，(（;；]|\s[-–—]\s)\s*")
_LEAST = 2
_HEAD = ("Date", "Time", "Place", "Event", "Needed", "Volunteer name", "Qty", "Notes")


@dataclass(frozen=True)
class _Slot:
    """What the lines above an item say."""

    day: str = ""
    hours: str = ""
    place: str = ""
    event: str = ""
    seats: str = ""

    @property
    def timed(self) -> bool:
        """Whether a day or hours are said."""
        return bool(self.day or self.hours)


def as_table(sheet: Sheet) -> Sheet:
    """Return a sheet whose numbered lines are rows of a table, if it is such a list."""
    lines = {r: _line(row) for r, row in enumerate(sheet.rows) if any(c is not None for c in row)}
    if blocks := _blocks(sheet, lines):
        return blocks
    items = {r: hit for r, line in lines.items() if (hit := _ITEM.match(line))}
    alone = sum(1 for r in lines if sum(c is not None for c in sheet.rows[r]) == 1)
    first = next((hit for hit in items.values()), None)
    begins = first is not None and (first[1] in (None, "1") or (first[2] or "①") == "①")
    if len(items) < _LEAST or not begins or alone < 0.6 * len(lines):
        return sheet
    replies = {r: _reply(hit[3]) for r, hit in items.items()}
    told = sum(1 for _, rest, _ in replies.values() if said_in(rest).understood)
    named = sum(1 for name, _, _ in replies.values() if name)
    if named and told * 2 > named:
        rows: dict[int, list[Cell]] = {r: [name, rest] for r, (name, rest, _) in replies.items()}
        return _made(sheet, lines, rows, ["Name", "Availability"])
    return _made(sheet, lines, _signed(lines, replies), list(_HEAD))


def _blocks(sheet: Sheet, lines: dict[int, str]) -> Sheet | None:
    """Return lines of a role and a name, below lines that say the day or hours, as a table."""
    width = len(sheet.rows[0]) if sheet.rows else 0
    own = {r: own_cells(sheet, r, 0, width) for r in lines}
    if any(len(cells) > 2 for cells in own.values()) or any(
        known_words(sheet, r, 0, width) > 1 for r in lines
    ):
        return None
    timed = {r for r in lines if len(own[r]) == 1 and _more(_Slot(), lines[r]).timed}
    pairs = [r for r in lines if len(own[r]) == 2 and own[r][0][0] == own[min(lines)][0][0]]
    names = [text(own[r][1][1]) for r in pairs]
    if not timed or len(pairs) < _LEAST or not all(re.search(r"[^\W\d_]", n) for n in names):
        return None
    if any(find_hours(plain(lines[r])) or find_days(plain(lines[r])) for r in pairs):
        return None
    slot, rows = _Slot(), dict[int, list[Cell]]()
    for r, line in lines.items():
        if r in timed:
            slot = _more(_Slot(slot.day), line)
        elif r > min(timed):
            role, name = text(own[r][0][1]), text(own[r][1][1]) if len(own[r]) > 1 else None
            cells = [slot.day, slot.hours, slot.place, slot.event, role]
            rows[r] = [*(cell or None for cell in cells), name]
    return _made(sheet, lines, rows, ["Date", "Time", "Place", "Event", "Role", "Volunteer name"])


def _line(row: list[Cell]) -> str:
    return ", ".join(text(cell) for cell in row if cell is not None)


def _reply(line: str) -> tuple[str, str, int]:
    """Return the name of a line, what is written behind it, and how many places it takes."""
    line = " ".join(line.split())
    if not line or not re.search(r"[^\W\d_]", line):
        return "", "", 1
    behind = _BEHIND.search(line) or re.search(r"\s", line if eastern(line) else "")
    name, rest = (line[: behind.start()], line[behind.end() :]) if behind else (line, "")
    found = names_in(name)
    company = found[0].company if len(found) == 1 else 0
    name = found[0].name if len(found) == 1 else name
    return name, rest.strip(" )）"), 1 + (company if company >= 0 else 1)


def _signed(
    lines: dict[int, str], replies: dict[int, tuple[str, str, int]]
) -> dict[int, list[Cell]]:
    """Return the rows of people who signed up below a day, hours and a task."""
    slot, open_ = _Slot(), False
    rows: dict[int, list[Cell]] = {}
    for r, line in lines.items():
        if r not in replies:
            slot = _more(slot if not open_ else _Slot(slot.day, "", slot.place), line)
            open_ = False
            continue
        open_ = True
        name, rest, party = replies[r]
        state = "" if not name or is_any(name, "open") else name
        cells = [slot.day, slot.hours, slot.place, slot.event, slot.seats]
        rows[r] = [*(cell or None for cell in cells), state or None, float(party), rest or None]
    return rows


def _more(slot: _Slot, line: str) -> _Slot:
    """Return a slot with what a line adds to it."""
    if _TAG.match(line):
        return slot
    if labelled := _LABEL.match(line):
        names = meanings(labelled[1])[0]
        if "place" in names:
            return replace(slot, place=labelled[2].strip())
        if "seats" in names and (
            count := re.search(r"\d{1,3}(?:\s?[-–~]\s?\d{1,3})?", labelled[2])
        ):
            return replace(slot, seats=count[0])
        if "service" in names or "role" in names:
            return replace(slot, event=labelled[2].strip())
        if "time" in names or "day" in names:
            line = labelled[2]
    seats = _SEATS.search(line)
    left = line.replace(seats[0], " ") if seats else line
    content = plain(left)
    days = find_days(content, short=len(content) < 24)
    for a, b, _ in days:
        content = content[:a] + "\0" * (b - a) + content[b:]
    hours = [(a, b) for a, b, window in find_hours(content) if not window.part]
    for a, b in hours:
        content = content[:a] + "\1" * (b - a) + content[b:]
    words = re.sub(r"[(（]\s*[)）]", " ", re.sub(r"[\0\1#＃]", " ", content))
    words = " ".join(words.split()).strip(" ,，:：-–—|;；。.")
    whole = plain(left)
    day = " ".join(whole[a:b] for a, b, _ in days)
    if day:
        slot = replace(slot, day=day, hours="", event="" if words or not slot.event else slot.event)
    if hours:
        slot = replace(slot, hours=" ".join(whole[a:b] for a, b in hours))
    if words and (day or hours or not slot.event):
        start = plain(left).find(words)
        shown = left[start : start + len(words)] if len(plain(left)) == len(left) else words
        slot = replace(slot, event=re.sub(r"\s*(?:接龙|报名)\s*$", "", shown).strip())
    return replace(slot, seats=seats[1]) if seats else slot


def _made(
    sheet: Sheet, lines: dict[int, str], rows: dict[int, list[Cell]], head: list[str]
) -> Sheet:
    """Return a sheet with rows where their lines are, and the heading above the first."""
    first = min(rows)
    shift = int(first == 0)
    blank: list[Cell] = [None] * len(head)
    made = [list(blank) for _ in range(len(sheet.rows) + shift)]
    for r, line in lines.items():
        if r < first - 1 + shift:
            made[r + shift][0] = line
    made[first - 1 + shift] = [*head]
    for r, cells in rows.items():
        made[r + shift] = cells
    return Sheet(sheet.file, sheet.name, made)
