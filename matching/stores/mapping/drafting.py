"""A first version of a mapping file, from what a store holds; a person goes on from there."""

from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any, cast

import polars as pl

from matching.schema import DEFAULT_POST, NEEDED, TABLES, meta
from matching.stores.mapping.cells import text_of
from matching.stores.mapping.codes import UNKNOWN
from matching.stores.mapping.draft_file import Section, draft_text
from matching.stores.mapping.guessing import (
    SIGNS,
    Guess,
    column_for,
    guess,
    headers,
    likeness,
    national,
    pieces,
    several,
    slot_codes,
)
from matching.stores.mapping.shapes import SLOT, columns_of
from matching.stores.registry import OwnSource, Source

ROWS = 1_000
_LIKED, _ON_THE_POST = {"subject": "category"}, {"post": DEFAULT_POST}
_NEEDED = "columns.post_qualifications.qualification"
_KEYS = {"volunteers": "volunteer_id", "requests": "request_id"}
# Tables whose rows platforms often keep in a cell of another: our column of such a cell, where the
# headers have its names, the national codes of its pieces, and what else the row says.
_Side = tuple[str, str, str, str, dict[str, str]]
_SIDES: dict[str, list[_Side]] = {
    "volunteers": [
        ("availability", SLOT, "columns.availability.slot", "slots", {}),
        ("qualifications", "qualification", "columns.qualifications.qualification", "skills", {}),
        ("qualifications", "qualification", "special.languages", "languages", {}),
        ("qualifications", "level", "special.star", "stars", {"qualification": "star"}),
        ("preferences", "value", "columns.preferences.value", "categories", _LIKED),
    ],
    "requests": [
        ("posts", "seats", "columns.posts.seats", "", _ON_THE_POST),
        ("post_qualifications", "qualification", _NEEDED, "skills", _ON_THE_POST),
    ],
}


@dataclass(frozen=True)
class Draft:
    """A drafted mapping.

    Attributes
    ----------
    text : str
        The file.
    missing : list of str
        What the store does not seem to have and the contract needs.
    unsure : list of str
        What a person should look at.
    """

    text: str
    missing: list[str]
    unsure: list[str]


def draft(source: Source, where: str = "the store") -> Draft:
    """Draft a mapping from a store's tables, headers and first rows.

    Parameters
    ----------
    source : Source
        One with ``read_own``, best; of another, ``read_tables`` is taken for that.
    where : str
        What the file calls the store.

    Raises
    ------
    UsageError
        If the store cannot be read.
    """
    raw = source.read_own(rows=ROWS) if isinstance(source, OwnSource) else source.read_tables()
    frames = {name: frame.head(ROWS).drop("row", strict=False) for name, frame in raw.items()}
    sections, used = _sections(frames)
    there = {section.ours for section in sections}
    missing = [f"nothing looks like our table {name}" for name in NEEDED if name not in there]
    missing += [f"{s.ours}.{c}, from {s.table}" for s in sections for c in s.lacking]
    missing += [f"{row['table']}: {row['message']}" for row in raw.faults.iter_rows(named=True)][:5]
    unsure = [
        f"{s.ours}.{g.ours} from {s.table}.{_shown(g.content)}: {doubt}"
        for s in sections
        for g in s.guesses
        for doubt in g.doubts
    ]
    return Draft(draft_text(where, frames, sections, used, missing), missing, unsure)


def _sections(frames: dict[str, pl.DataFrame]) -> tuple[list[Section], dict[str, set[str]]]:
    sections: list[Section] = []
    used: dict[str, set[str]] = {name: set() for name in frames}
    main: dict[str, str] = {}
    for table, frame in frames.items():
        score, best = max(((_score(n, table, frame), n) for n in TABLES), key=lambda one: one[0])
        if score >= 1.0 and frame.width:
            main[table] = best
    for table, ours in main.items():
        section = _section(ours, table, frames[table], used[table])
        sections.append(section)
        sides = [side for side in _SIDES.get(ours, ()) if side[0] not in main.values()]
        found = [_side(side, section, frames[table], used[table]) for side in sides]
        sections += [one for one in found if one is not None]
    _references(sections, frames)
    return sorted(sections, key=lambda section: [*TABLES].index(section.ours)), used


def _references(sections: list[Section], frames: dict[str, pl.DataFrame]) -> None:
    """Where a cell names what it should give the id of, look that up in the store's table."""
    keys = {
        section.ours: (section.table, item.content["column"])
        for section in sections
        for item in section.guesses[:1]
        if "column" in item.content
    }
    for section in sections:
        kinds = columns_of(section.ours)
        for item in section.guesses:
            table, key = keys.get(str(meta(kinds[item.ours]).get("refers")), (None, None))
            if table is None or key is None or set(item.content) != {"column"}:
                continue
            cells = text_of(frames[section.table][item.content["column"]]).drop_nulls()
            target = {name: text_of(frames[table][name]) for name in frames[table].columns}
            if cells.is_in(target[key].implode()).any() or not len(cells):
                continue
            for name, known in target.items():
                if cells.is_in(known.implode()).all() and known.is_unique().all():
                    item.content["codes"] = {"table": table, "from": name, "to": key}
                    break
            else:
                item.doubts.append(f"{table}.{key} has none of its values")


def _score(ours: str, table: str, frame: pl.DataFrame) -> float:
    """Return how much a table of the store looks like one of ours: by name and by headers."""
    known = headers()
    named = likeness(table, [ours, *known["tables"].get(ours, [])])
    synonyms = _synonyms(ours)
    found = [column_for(name, synonyms[name], frame.columns) for name in synonyms]
    hits = sum(1.0 for hit in found if hit is not None and hit[1])
    return (2.0 if named == 1.0 else named if named > 0.8 else 0.0) + hits / len(synonyms)


def _synonyms(ours: str) -> dict[str, list[str]]:
    """Return what platforms call the columns of one of our tables."""
    known = headers()["columns"].get(ours, {})
    return {name: known.get(name, []) for name in columns_of(ours)}


def _section(ours: str, table: str, frame: pl.DataFrame, used: set[str]) -> Section:
    section = Section(ours, table)
    synonyms = _synonyms(ours)
    kinds = columns_of(ours)
    private = [] if "name" in kinds else headers()["special"]["personal"]
    personal = {name for name in frame.columns if likeness(name, private) == 1}
    there = [name for name in frame.columns if name not in personal]
    # Sure names first, so that a similar one does not take their place.
    found: dict[str, tuple[str, bool]] = {}
    for wanted_sure in (True, False):
        for name in synonyms:
            hit = None if name in found else column_for(name, synonyms[name], there)
            if hit is not None and hit[1] == wanted_sure:
                found[name] = hit
                there.remove(hit[0])
    for name in kinds:
        if name in found and name != SLOT:
            theirs, sure = found[name]
            item = guess(name, kinds[name], theirs, frame[theirs], sure)
            if name == "category":
                codes = national("categories", pieces(frame[theirs])) or ""
                if codes.endswith("labels"):
                    item.content["codes"] = codes
            section.guesses.append(item)
            used.add(theirs)
    if ours == "availability" and SLOT in found:
        section.guesses.append(_pieces(SLOT, found[SLOT][0], frame, "slots"))
        used.add(found[SLOT][0])
        section.guesses = [g for g in section.guesses if g.ours in ("volunteer_id", SLOT)]
    _place(section, frame, used)
    _day(section, frame, used)
    if ours in ("posts", "assignments") and not any(g.ours == "post" for g in section.guesses):
        section.guesses.append(Guess("post", {"value": DEFAULT_POST}))
    filled = {item.ours for item in section.guesses}
    section.lacking = [
        name
        for name, column in TABLES[ours].columns().items()
        if meta(column).get("required") and name not in filled
    ]
    if ours == "availability" and not filled & {"start", "weekday", SLOT}:
        section.lacking.append("start and end, or weekday, start_time and end_time, or slot")
    return section


def _side(side: _Side, section: Section, frame: pl.DataFrame, used: set[str]) -> Section | None:
    """Return the section of another table whose rows stand in cells of this one."""
    table, ours, names, codes, constants = side
    key = next((g for g in section.guesses if g.ours == _KEYS[section.ours]), None)
    synonyms = reduce(getitem, names.split("."), headers())
    rest = [name for name in frame.columns if name not in used]
    theirs, sure = column_for("", cast("list[str]", synonyms), rest) or ("", False)
    if key is None or not sure:
        return None
    used.add(theirs)
    item = Guess(ours, {"column": theirs})
    if ours == "level":
        item.content["skip_empty"] = True
        if known := national(codes, pieces(frame[theirs])):
            item.content["codes"] = known
    elif ours != "seats":
        item = _pieces(ours, theirs, frame, codes)
    said = [Guess(name, {"value": value}) for name, value in constants.items()]
    guesses = [Guess(key.ours, dict(key.content)), *said, item]
    if table == "preferences":
        guesses.append(Guess("weight", {"value": 30}, ["a weight of our own choice"]))
    return Section(table, section.table, guesses)


def _pieces(ours: str, theirs: str, frame: pl.DataFrame, table: str) -> Guess:
    """Guess the codes of cells that may hold several."""
    cells = frame[theirs]
    # Split even if no cell holds several: an empty one is no row.
    text = cells if cells.dtype == pl.String else pl.Series([], dtype=pl.String)
    signs = [sign for sign in SIGNS if text.str.contains(sign, literal=True).any()]
    item = Guess(ours, {"column": theirs, "split": signs or [","]})
    values = pieces(cells) if several(cells) or cells.dtype == pl.String else cells.cast(pl.String)
    codes = slot_codes(values) if ours == SLOT else national(table, values)
    if codes and codes != SLOT:
        item.content["codes"] = codes
    elif codes is None:
        shown = values.unique(maintain_order=True).head(20).to_list()
        item.content["codes"] = dict.fromkeys(shown, UNKNOWN)
        words = "slots such as monday-morning" if ours == SLOT else "words of ours"
        item.doubts.append(f"say which {words} these are")
    return item


def _place(section: Section, frame: pl.DataFrame, used: set[str]) -> None:
    """Take both coordinates from one cell."""
    have = {item.ours for item in section.guesses}
    if "lat" not in columns_of(section.ours) or have & {"lat", "lon"}:
        return
    hit = column_for("", headers()["special"]["place"], frame.columns)
    if hit is None or frame.schema[hit[0]] != pl.String:
        return
    theirs, cells = hit[0], frame[hit[0]].drop_nulls()
    pairs = cells.str.extract_groups(r"^\s*(-?\d+\.?\d*)\s*([,，; ])\s*(-?\d+\.?\d*)\s*$")
    first = pairs.struct.field("1").cast(pl.Float64)
    second = pairs.struct.field("3").cast(pl.Float64)
    if not len(cells) or first.null_count():
        return
    separator = pairs.struct.field("2")[0]
    # No latitude is beyond 90; in China every longitude is not.
    swapped = bool((first.abs() > 90).any())
    doubts = [] if swapped or (second.abs() > 90).any() else ["which of the two is the latitude?"]
    for name, part in (("lat", 2 if swapped else 1), ("lon", 1 if swapped else 2)):
        content = {"column": theirs, "part": part, "separator": separator}
        section.guesses.append(Guess(name, content, doubts))
    used.add(theirs)


def _day(section: Section, frame: pl.DataFrame, used: set[str]) -> None:
    """Put a day and a time of day together, where they stand in two columns."""
    hit = column_for("", headers()["special"]["day"], [c for c in frame.columns if c not in used])
    if hit is None or not hit[1]:
        return
    for item in section.guesses:
        theirs = item.content.get("column")
        if item.ours not in ("start", "end") or theirs is None:
            continue
        if (
            frame.schema[theirs] == pl.String
            and frame[theirs].drop_nulls().str.contains(r"^\d{1,2}:\d\d(:00)?$").all()
        ):
            both = pl.concat_str(frame[hit[0]].cast(pl.String), pl.lit(" "), frame[theirs])
            joined = frame.select(both).to_series()
            again = guess(item.ours, columns_of(section.ours)[item.ours], theirs, joined, True)
            item.content = {k: v for k, v in again.content.items() if k != "column"}
            item.content = {"columns": [hit[0], theirs], **item.content}
            item.doubts = again.doubts
            used.add(hit[0])


def _shown(content: dict[str, Any]) -> str:
    both = ", ".join(content.get("columns", []))
    return str(content.get("column") or both or content.get("value"))
