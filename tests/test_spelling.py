"""Names with characters that nobody sees, and names that are equal only after NFC."""

import sys
import unicodedata
from collections.abc import Callable

import dataframely as dy
import polars as pl
import pytest

from matching import DataError, Plan, Problem, Week, solve
from matching.guards.characters import INVISIBLE, MAY_DIFFER, alike, missing, unseen
from matching.schema import TABLES, meta
from matching.stores.dataframes import Frames
from tests.oracle.reading import WEEK as MONDAY
from tests.support.worlds import full_world

# One letter, and a letter with a mark: both look the same.
JOSE, LOOK_ALIKE = "Jos\u00e9", "Jose\u0301"
EVERY = pl.Series([chr(n) for n in range(sys.maxunicode + 1) if not 0xD800 <= n < 0xE000])
NAMED = [
    *[(0xAD, 0xAD), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)],
    *[(0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F)],
    *[(0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0xE0000, 0xE0FFF)],
    *[(0x00, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029)],
]


# --- characters -----------------------------------------------------------------------------------


def test_every_character_that_nobody_sees_is_one() -> None:
    found = set(EVERY.filter(EVERY.str.contains(INVISIBLE)))
    assert {chr(n) for low, high in NAMED for n in range(low, high + 1)} <= found
    # No letter, digit, sign or punctuation mark; of other marks the joiners and selectors alone.
    kinds = {unicodedata.category(one) for one in found}
    assert kinds <= {"Cc", "Cf", "Zl", "Zp", "Cn", "Lo", "Mn"}
    letters = {one for one in found if unicodedata.category(one) == "Lo"}
    assert letters == set("\u115f\u1160\u3164\uffa0")
    for seen in "aé中हि😀 ·-_\u00a0\u3000\u0600\u0301":
        assert seen not in found


def test_an_invisible_character_is_named_with_its_place() -> None:
    cells = pl.Series(["v1", "v\u200b1", "志\ufeff愿\u00ad", "a\tb", "x\U000e0041", "\x85"])
    assert unseen(cells).to_list() == [
        None,
        "remove U+200B ZERO WIDTH SPACE, which nobody sees: character 2 of 3",
        "remove U+FEFF ZERO WIDTH NO-BREAK SPACE, which nobody sees: character 2 of 4",
        "remove U+0009 TAB, which nobody sees: character 2 of 3",
        "remove U+E0041 TAG LATIN CAPITAL LETTER A, which nobody sees: character 2 of 2",
        "remove U+0085 (no name), which nobody sees: character 1 of 1",
    ]


def test_no_text_is_abnormal_without_a_character_that_may_differ() -> None:
    rest = EVERY.filter(~EVERY.str.contains(MAY_DIFFER))
    assert (rest.str.normalize("NFC") == rest).all()
    # Nor can two of them become one: the second of a pair that does is always among the others.
    longer = EVERY.filter(EVERY.str.normalize("NFD") != EVERY)
    pairs = [unicodedata.decomposition(one).split() for one in longer]
    seconds = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2}
    assert seconds.isdisjoint(rest)
    # Hangul syllables are composed by rule.
    assert unicodedata.normalize("NFC", "\u1100\u1161") == "\uac00"
    assert set("\u1161\u1175\u11a8\u11c2").isdisjoint(rest)


def test_names_that_look_the_same_are_told_by_their_code_points() -> None:
    assert "character 4 on it has U+00E9, the other U+0065 U+0301;" in alike(JOSE, LOOK_ALIKE)
    assert "character 1 on it has U+212A, the other U+004B;" in alike("\u212a2", "K2")
    # Two marks in another order.
    assert "from character 2 on it has U+0323 U+0307" in alike("q\u0323\u0307", "q\u0307\u0323")


def test_what_is_not_known_is_told_by_what_is_the_matter() -> None:
    say = missing(pl.Series([JOSE, "v1"]), "no such id")
    said = say(pl.Series([LOOK_ALIKE, "v\u200b1", "v2"]))
    assert said[0].startswith("is equal to another name only after Unicode NFC")
    assert said[1].startswith("remove U+200B")
    assert said[2] == "no such id"


# --- tables ---------------------------------------------------------------------------------------


def compared() -> list[tuple[str, str]]:
    """Return every column whose text is compared."""
    return [
        (table, name)
        for table, schema in TABLES.items()
        for name, column in schema.columns().items()
        if isinstance(column, dy.String) and meta(column)
    ]


@pytest.mark.parametrize(("table", "column"), compared())
def test_no_column_that_is_compared_takes_what_nobody_sees(table: str, column: str) -> None:
    schema = TABLES[table].columns()
    cells = {name: ["x"] for name, kind in schema.items() if meta(kind).get("required")}
    given = full_world(3) | {table: pl.DataFrame(cells | {"row": [7], column: ["x\u2060y"]})}
    with pytest.raises(DataError) as raised:
        Problem.from_tables(given, MONDAY)
    told = raised.value.faults.filter(rule="no_invisible_character")
    said = "remove U+2060 WORD JOINER, which nobody sees: character 2 of 3"
    assert told["table", "row", "column", "value", "message"].rows() == [
        (table, 7, column, "x\u2060y", said)
    ]


def test_what_is_only_shown_may_hold_anything() -> None:
    week = told_week()
    week.station("s", name="Caf\u00e9\u200b")
    week.station("t", name="Cafe\u0301")
    assert len(week.problem().volunteers) == 1


def told_week(who: str = JOSE, category: str | None = None) -> Week:
    week = Week("2026-11-30")
    week.volunteer(who, available=[("mon", "09:00", "12:00")])
    week.request("r", category=category, start="2026-11-30 09:00", end="2026-11-30 10:00")
    return week


Tell = Callable[[Week], object]
# What is told of a week of JOSE and a request of the category LOOK_ALIKE, and the rows at fault.
TWINS: dict[str, tuple[Tell, list[tuple[str, int, str]]]] = {
    "two people": (
        lambda week: week.volunteer(LOOK_ALIKE),
        [("volunteers", 1, "volunteer_id"), ("volunteers", 2, "volunteer_id")],
    ),
    "a reference": (
        lambda week: week.bond(LOOK_ALIKE, "b"),
        [("bonds", 1, "volunteer_id")],
    ),
    "what a person holds": (
        lambda week: week.qualification(LOOK_ALIKE, "first-aid"),
        [("qualifications", 1, "volunteer_id")],
    ),
    # Both are at fault: the request's is not the normal form of the other.
    "a category that is never done": (
        lambda week: week.never(JOSE, "category", JOSE),
        [("requests", 1, "category")],
    ),
    "two qualifications": (
        lambda week: (
            week.qualification(JOSE, "caf\u00e9"),
            week.team_rule("cafe\u0301", request_id="r", min_people=1),
        ),
        [("team_rules", 1, "qualification")],
    ),
    "a pair": (
        lambda week: (week.volunteer("bo"), week.apart("bo", LOOK_ALIKE)),
        [("pairs", 1, "volunteer_b")],
    ),
}


@pytest.mark.parametrize("twin", TWINS)
def test_twins_are_told_as_such(twin: str) -> None:
    tell, faulty = TWINS[twin]
    week = told_week(category=LOOK_ALIKE)
    tell(week)
    with pytest.raises(DataError, match="only after Unicode NFC") as raised:
        week.problem()
    faults = raised.value.faults
    assert set(faults["rule"]) == {"normal_form"}
    assert faults["table", "row", "column"].rows() == faulty
    # Set aside, the rest is planned.
    assert week.problem(on_error="quarantine").faults.filter(rule="normal_form").height


def test_the_right_way_is_that_of_the_table_whose_key_it_is() -> None:
    week = told_week(LOOK_ALIKE)
    week.bond(JOSE, "b")
    with pytest.raises(DataError) as raised:
        week.problem()
    assert raised.value.faults["table", "row"].rows() == [("bonds", 1)]


def test_a_name_that_stands_alone_may_be_written_either_way() -> None:
    week = told_week(LOOK_ALIKE, category=LOOK_ALIKE)
    week.never(LOOK_ALIKE, "category", LOOK_ALIKE)
    # The same text of another kind is another name.
    week.organisation(JOSE)
    assert week.problem().volunteers.id.to_list() == [LOOK_ALIKE]


def test_values_of_preferences_are_names_of_their_subject() -> None:
    week = told_week(category=LOOK_ALIKE)
    week.never(JOSE, "post", JOSE)
    week.problem()
    week.never(JOSE, "category", JOSE)
    with pytest.raises(DataError, match="only after Unicode NFC"):
        week.problem()


def test_twins_behind_a_mapping_are_told_in_the_store_s_words() -> None:
    frames = told_week().tables() | {"bonds": pl.DataFrame({"wer": [LOOK_ALIKE], "wen": ["b"]})}
    own = {name: {c: c for c in frames[name].columns} for name in ("volunteers", "requests")}
    own["availability"] = {c: c for c in frames["availability"].columns}
    own["bonds"] = {"table": "bonds", "volunteer_id": "wer", "beneficiary_id": "wen"}
    with pytest.raises(DataError, match=r"bonds row 1, wer = .* only after Unicode NFC"):
        Problem.from_source(Frames(frames), "2026-11-30", mapping=own)


def test_a_plan_that_names_people_in_another_way_is_told_so() -> None:
    problem = told_week().problem()
    plan = solve(problem).tables()["plan"]
    for name, said in (
        (LOOK_ALIKE, "only after Unicode NFC"),
        (JOSE + "\u200b", r"remove U\+200B"),
    ):
        with pytest.raises(DataError, match=said):
            Plan.from_frame(problem, plan.with_columns(volunteer_id=pl.lit(name)))
