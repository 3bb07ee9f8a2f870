"""Legends: what the codes in the cells of a table stand for, as the sheet itself says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from matching.stores.spreadsheets.grid import Cell
from matching.stores.spreadsheets.hours import Window, clock, hours_in
from matching.stores.spreadsheets.words import is_any, mentions, plain


@dataclass(frozen=True)
class Meaning:
    """What a code stands for: a shift with or without hours, time off, or being free."""

    words: str
    window: Window | None = None

    @property
    def off(self) -> bool:
        """Whether nobody comes who has this code."""
        return self.window is None and (is_any(self.words, "off") or mentions(self.words, "off"))


# By the code, as `plain` writes it; the empty code is an empty cell.
Legend = dict[str, Meaning]
_PAIR = re.compile(
    r"[\"“”'‘’「『]?([^\s\"“”'‘’「」『』；;,，。:：=(（\[]{1,4}|空白|blank|empty|leer|vide)[\"“”'‘’」』]?"
    r"\s*(?:表示|代表|为|means|bedeutet|=|＝|→|は)\s*[\"“「]?((?:(?!(?:,\s*|\s+)\S{1,4}\s*[=＝])[^；;，。\n\"”」])+)"
)
_COLON = re.compile(
    r"(?:^|[\s;；,，/|])([A-Za-z0-9早中晚夜白休日遅午A-Z]{1,2})\s*[:：]\s*([^；;\n,，|]+)"
)
_EMPTY = ("空白", "blank", "empty", "leer", "vide")


def text_legend(content: str) -> Legend:
    """Read a legend in words: ``M = 8:30-13:00``, ``“早”表示早班``."""
    found: Legend = {}
    pairs = _PAIR.findall(content)
    if not pairs:
        pairs = [(c, m) for c, m in _COLON.findall(content) if hours_in(m)]
    for code, meaning in pairs:
        hours = hours_in(meaning)
        window = hours[0] if len(hours) == 1 and hours[0].closed else None
        words = re.sub(r"[\s(（]*\d[\d:.：h\s]*[-–~～至].*$", "", meaning).strip() or code
        found["" if code in _EMPTY else plain(code)] = Meaning(words.strip(), window)
    return found


def line_legend(cells: list[Cell]) -> Legend:
    """Read a legend in the cells of a line: start, end and code, once or more often."""
    if len(cells) < 3 or len(cells) % 3:
        return {}
    found: Legend = {}
    for one, two, code in zip(cells[::3], cells[1::3], cells[2::3], strict=True):
        start, end = hours_in(one), hours_in(two)
        if len(start) != 1 or len(end) != 1 or not (start[0].point and end[0].point):
            return {}
        if not isinstance(code, str) or len(code) > 12:
            return {}
        stop = end[0].start if end[0].start > start[0].start else end[0].start + 24 * 60
        found[plain(code)] = Meaning(code, Window(start[0].start, stop))
    return found


def shown(legend: Legend) -> str:
    """Return a legend as one line."""
    return "; ".join(
        f"{code or '( )'} = {one.words}{_hours(one.window)}" for code, one in legend.items()
    )


def _hours(window: Window | None) -> str:
    if window is None or window.end is None:
        return ""
    return f" {clock(window.start)}-{clock(window.end)}"
