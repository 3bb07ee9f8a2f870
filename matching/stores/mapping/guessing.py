"""What a column of a store may be: by its header, by its values."""

import difflib
import functools
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import dataframely as dy
import polars as pl

from matching.stores.mapping.cells import lost_by, parsed, pieces_of, text_of, typed
from matching.stores.mapping.codes import UNKNOWN
from matching.stores.mapping.shapes import SLOT, is_moment, units_of
from matching.stores.national import book
from matching.stores.spreadsheets.words import header_words

SIGNS = [",", "，", "、", ";", "；", "|"]
_DAYS = ("%Y/%m/%d", "%Y年%m月%d日", "%Y.%m.%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y")
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H时%M分", "%H点%M分")
_FORMATS = (*(f"{day} {clock}" for day in _DAYS for clock in _CLOCKS), *_DAYS, *_CLOCKS)
# The words in a header that tell the unit.
_UNIT_WORDS = {
    "minutes": ("分钟", "minute", "mins"),
    "hours": ("小时", "hour"),
    "km": ("千米", "公里", "km"),
    "m": ("米", "metre", "meter"),
    "percent": ("%", "百分"),
}
_UNIT_SIGNS = {"m": "m", "km": "km", "min": "minutes", "h": "hours", "hrs": "hours", "s": "seconds"}
_NEAR = 0.82
_SHOWN = 30


@dataclass
class Guess:
    """What one of our columns may come from: what stands behind the equals sign of a mapping."""

    ours: str
    content: dict[str, Any]
    # Why a person should look.
    doubts: list[str] = field(default_factory=list)


# Our columns that a spreadsheet has too: they are called by the words of `spreadsheets`.
_SHARED = {
    ("requests", "name"): "service",
    ("requests", "start"): "start",
    ("requests", "end"): "end",
    ("posts", "seats"): "seats",
    ("posts", "min_seats"): "min_seats",
    ("posts", "post"): "role",
    ("availability", "slot"): "free",
    ("volunteers", "max_shifts"): "max_shifts",
    ("volunteers", "max_hours"): "max_hours",
    ("volunteers", "max_shifts_per_day"): "max_per_day",
}


@functools.cache
def headers() -> dict[str, Any]:
    """Return what platforms call things."""
    text = (resources.files("matching.stores.mapping") / "headers.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)
    for (table, column), meaning in _SHARED.items():
        names = known["columns"].setdefault(table, {}).setdefault(column, [])
        names += [word for word in header_words(meaning) if word not in names]
    known["special"]["personal"] += header_words("private") + header_words("first")
    return known


def plain(name: str) -> str:
    """Return a name without spaces, signs, case, width, and what stands in parentheses."""
    name = unicodedata.normalize("NFKC", name).lower()
    return re.sub(r"\(.*?\)|[\W_]", "", name)


def likeness(name: str, synonyms: list[str]) -> float:
    """Return how much a name looks like one of several: 1 if it is one."""
    name = plain(name)
    known = [plain(other) for other in synonyms]
    if name in known:
        return 1.0
    return max((difflib.SequenceMatcher(None, name, other).ratio() for other in known), default=0.0)


def column_for(ours: str, synonyms: list[str], there: list[str]) -> tuple[str, bool] | None:
    """Return the store's column that looks most like ours, and whether that is sure."""
    scores = {name: likeness(name, [ours, *synonyms]) for name in there}
    best = max(scores, key=scores.__getitem__, default="")
    return (best, scores[best] == 1.0) if scores.get(best, 0.0) >= _NEAR else None


def guess(ours: str, kind: dy.Column, theirs: str, cells: pl.Series, sure: bool) -> Guess:
    """Guess what is to be done to a column's cells."""
    found = Guess(ours, {"column": theirs})
    if not sure:
        found.doubts.append("a similar name")
    text = text_of(cells).drop_nulls()
    if units := units_of(kind):
        name = unicodedata.normalize("NFKC", theirs).lower()
        behind = re.search(r"\(\s*(\w+)\s*\)", name)
        named = [u for u, words in _UNIT_WORDS.items() if any(map(name.__contains__, words))]
        unit = (_UNIT_SIGNS.get(behind[1]) if behind else None) or next(iter(named), None)
        ours_unit = next(name for name, factor in units.items() if factor == 1)
        if unit not in units:
            found.doubts.append(f"taken for {ours_unit}")
        elif unit != ours_unit:
            found.content["unit"] = unit
    if not len(text):
        return found
    if is_moment(kind):
        _moment(found, kind, cells, text)
    elif isinstance(kind, dy.Enum) and not text.is_in(list(kind.categories)).all():
        if ours == "consent" and (codes := national("consent", text)):
            found.content["codes"] = codes
        else:
            _to_be_said(found, text, f"say what each means: {', '.join(kind.categories)}")
    elif kind.dtype.is_numeric() and text.cast(pl.Float64, strict=False).has_nulls():
        _to_be_said(found, text, "say which number each stands for")
    return found


def _to_be_said(found: Guess, text: pl.Series, doubt: str) -> None:
    found.content["codes"] = dict.fromkeys(text.unique().sort().head(_SHOWN), UNKNOWN)
    found.doubts.append(doubt)


def _moment(found: Guess, kind: dy.Column, cells: pl.Series, text: pl.Series) -> None:
    if cells.dtype in (pl.Date, pl.Datetime, pl.Time) or typed(text, kind).null_count() == 0:
        return
    fitting = [f for f in _FORMATS if not (lost_by(f, kind) or parsed(text, f, kind).null_count())]
    if not fitting:
        found.doubts.append(f"give the format of {text[0]!r}, as %Y/%m/%d %H:%M")
        return
    found.content["format"] = fitting[0]
    if len(fitting) > 1 and fitting[0].startswith("%d"):
        found.doubts.append("day and month may be the other way round")


def several(cells: pl.Series) -> bool:
    """Tell whether cells hold several pieces."""
    if cells.dtype in (pl.List, pl.Array):
        return True
    return bool(text_of(cells).str.contains_any(SIGNS).any())


def pieces(cells: pl.Series) -> pl.Series:
    """Return all pieces of all cells."""
    return pieces_of(cells, tuple(SIGNS)).explode().drop_nulls()


def national(name: str, values: pl.Series) -> str | None:
    """Return how a mapping calls a national table, if nearly all values are in it."""
    if not len(values):
        return None
    known = book(name)
    for column, ending in (("code", ""), ("label", "/labels")):
        if values.is_in(known[column].implode()).mean() >= 0.9:  # type: ignore[operator]
            return f"national:{name}{ending}"
    return None


def slot_codes(values: pl.Series) -> str | None:
    """Return the codes of slots, if that is what the values are."""
    if len(values) and values.is_in(book("slots")["term"].implode()).all():
        return SLOT
    return national("slots", values)
