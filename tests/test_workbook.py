"""A plan's workbook, edited with another library, and what becomes of each edit."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.utils import column_index_from_string
from typer.testing import CliRunner

from matching import DataError, DataWarning, Policy, Problem, UsageError, solve
from matching.cli import app
from matching.reports import sheets
from matching.reports.answers import Answers
from matching.reports.asking import answered
from matching.reports.edits import read_edits
from matching.reports.facts import Facts
from matching.reports.locales import Locale
from matching.reports.repinning import Repinned, repinned
from matching.reports.telling import changes_of, lines_of
from matching.reports.workbook import write_workbook
from matching.stores import write_tables
from matching.tables.cleaning import clean
from tests.oracle.reading import WEEK
from tests.support import worlds
from tests.support.facts import MONDAY, rows
from tests.support.slow import first_fast
from tests.support.workbooks import PLAN, WORDS, facts_of, problem_of, world


@cache
def usual() -> Facts:
    """Return the facts of the world as it is."""
    return facts_of(world(), PLAN)


Edit = Callable[[Any, Callable[[str], str]], object]


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the workbook, lets an edit happen, and saves it.

    The edit is given the sheet of the rosters and a function from our names to its columns.
    """

    def make(edit: Edit | None = None, tables: dict[str, pl.DataFrame] | None = None) -> Path:
        path = tmp_path / "edited.xlsx"
        write_workbook(usual() if tables is None else facts_of(tables, PLAN), path)
        if edit is not None:
            book = openpyxl.load_workbook(path)
            sheet = book[WORDS.roster]
            letters = {cell.value: cell.column_letter for cell in sheet[1]}
            edit(sheet, lambda name: letters[WORDS.headers[name]])
            book.save(path)
        return path

    return make


def put(row: int, **cells: object) -> Edit:
    """Return the edit that writes into the cells of a row."""

    def edit(sheet: Any, column: Callable[[str], str]) -> None:
        for name, value in cells.items():
            sheet[f"{column(name)}{row}"] = value

    return edit


def both(*edits: Edit) -> Edit:
    return lambda sheet, column: [edit(sheet, column) for edit in edits]


def take(path: Path, tables: dict[str, pl.DataFrame] | None = None) -> Repinned:
    return repinned(problem_of(tables or world()), read_edits(path))


def counts(path: Path) -> tuple[int, int, int]:
    kept, added, _, off = take(path).counts().values()
    return kept, added, off


def planned(found: Repinned) -> set[tuple[str, str, str | None, str]]:
    plan = solve(found.problem).tables()["plan"]
    return set(plan.select("request_id", "post", "option", "volunteer_id").rows())


def faults(path: Path, tables: dict[str, pl.DataFrame] | None = None) -> list[tuple[Any, ...]]:
    with pytest.raises(DataError) as error:
        take(path, tables)
    assert set(error.value.faults["table"]) == {WORDS.roster}
    return error.value.faults.select("row", "rule").rows()


def test_a_workbook_that_nobody_edited_gives_the_plan_again(edited: Callable[..., Path]) -> None:
    """All six stay; the second singer's seat is filled by whoever is best."""
    found = take(edited())
    assert found.counts() == {"kept": 6, "added": 0, "set_aside": 0, "taken_off": 0}
    assert planned(found) > set(PLAN)


@pytest.mark.parametrize("seed", first_fast(range(4), 1))
def test_whatever_the_rules_a_plan_goes_out_and_stays(tmp_path: Path, seed: int) -> None:
    """Worlds with every rule: no row of a plan that keeps them is refused when it comes back."""
    tables = worlds.full_world(seed, **worlds.SMALL)
    cleaned, _ = clean(tables, week=WEEK, time_zone=Policy().time_zone)
    problem = Problem.from_tables(tables, WEEK)
    made = solve(problem, time_limit=5).output()
    write_workbook(Facts.of(problem, cleaned, made), tmp_path / "plan.xlsx")
    found = repinned(problem, read_edits(tmp_path / "plan.xlsx"))
    height = made[0]["plan"].height
    assert height > 0
    assert found.counts() == {"kept": height, "added": 0, "set_aside": 0, "taken_off": 0}
    again = solve(found.problem, time_limit=5).tables()["plan"]
    keys = ["request_id", "post", "option", "volunteer_id"]
    assert made[0]["plan"].join(again, on=keys, how="anti", nulls_equal=True).is_empty()


def test_a_volunteer_is_swapped(edited: Callable[..., Path]) -> None:
    """Cy goes to lunch where Bo was; Bo does not come back there."""
    found = take(edited(put(3, volunteer_id="cy")))
    assert found.counts() == {"kept": 5, "added": 1, "set_aside": 0, "taken_off": 1}
    lunch = {who for request, _, _, who in planned(found) if request == "lunch"}
    assert lunch == {"ann", "cy"}


def test_a_number_typed_as_an_id_is_the_id(edited: Callable[..., Path]) -> None:
    found = take(edited(put(3, volunteer_id=1001)))
    assert ("lunch", "volunteer", None, "1001") in planned(found)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda sheet, column: sheet.delete_rows(3), id="row deleted"),
        pytest.param(put(3, volunteer_id=None), id="volunteer emptied"),
        pytest.param(put(3, volunteer_id="  "), id="volunteer blank"),
        pytest.param(put(3, status="declined"), id="status declined"),
        pytest.param(put(3, status="不来"), id="status declined, in Chinese"),
    ],
)
def test_somebody_is_taken_off_and_does_not_come_back(
    edited: Callable[..., Path], edit: Edit
) -> None:
    found = take(edited(edit))
    assert found.counts() == {"kept": 5, "added": 0, "set_aside": 0, "taken_off": 1}
    lunch = {who for request, _, _, who in planned(found) if request == "lunch"}
    assert "bo" not in lunch
    assert len(lunch) == 2, "the seat is filled anew"


def test_a_row_is_added(edited: Callable[..., Path]) -> None:
    """With order, post and volunteer alone."""
    found = take(edited(put(20, request_id="choir", post="singer", volunteer_id="dee")))
    assert found.counts() == {"kept": 6, "added": 1, "set_aside": 0, "taken_off": 0}
    assert ("choir", "singer", None, "dee") in planned(found)


def test_where_an_order_has_one_post_its_name_may_be_left_out(edited: Callable[..., Path]) -> None:
    edit = both(put(3, volunteer_id=None), put(20, request_id="lunch", volunteer_id="dee"))
    assert ("lunch", "volunteer", None, "dee") in planned(take(edited(edit)))


def test_somebody_takes_another_post_of_the_same_order(edited: Callable[..., Path]) -> None:
    """Ann sings no more but plays: not taken off, but not allowed either."""
    assert counts(edited(put(7, volunteer_id="dee"))) == (5, 1, 1)
    assert faults(edited(both(put(7, post="pianist"), put(6, volunteer_id=None)))) == [
        (7, "pinned_qualification")
    ]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda row: put(row, day=date(2026, 12, 2)), id="day"),
        pytest.param(lambda row: put(row, day="2026/12/2", start="10:00"), id="as text"),
        pytest.param(lambda row: put(row, option="b"), id="option"),
        pytest.param(
            lambda row: put(row, option="b", day=datetime(2026, 12, 2), end=time(12)), id="both"
        ),
    ],
)
def test_a_service_is_moved_to_another_of_its_times(edited: Callable[..., Path], edit: Any) -> None:
    found = take(edited(both(edit(4), edit(5))))
    assert {at for request, _, at, _ in planned(found) if request == "walk"} == {"b"}
    assert found.counts() == {"kept": 6, "added": 0, "set_aside": 0, "taken_off": 0}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(put(4, option="b"), [(4, "one_option"), (5, "one_option")], id="half a team"),
        pytest.param(put(2, start=time(8)), [(2, "time")], id="a time the order has not"),
        pytest.param(
            both(*(put(row, option="b", start=time(11)) for row in (4, 5))),
            [(4, "time"), (5, "time")],
            id="option and time differ",
        ),
        pytest.param(put(4, option="c"), [(4, "reference")], id="unknown option"),
        pytest.param(put(2, start="soon"), [(2, "type")], id="no time"),
        pytest.param(put(2, day="30.11."), [(2, "type")], id="no day"),
        pytest.param(put(2, status="maybe"), [(2, "type")], id="unknown status"),
        pytest.param(put(2, volunteer_id="zed"), [(2, "reference")], id="unknown volunteer"),
        pytest.param(put(2, request_id="dinner"), [(2, "reference")], id="unknown order"),
        pytest.param(put(2, post="cook"), [(2, "reference")], id="unknown post"),
        pytest.param(put(20, volunteer_id="dee"), [(20, "nullability")], id="no order"),
        pytest.param(
            put(20, request_id="choir", volunteer_id="dee"), [(20, "reference")], id="which post"
        ),
        pytest.param(
            put(3, volunteer_id="ann"), [(2, "unique"), (3, "unique")], id="twice on an order"
        ),
        pytest.param(put(3, volunteer_id="eve"), [(3, "pinned_availability")], id="not there"),
        pytest.param(put(6, volunteer_id="dee"), [(6, "pinned_qualification")], id="does not play"),
        pytest.param(
            put(20, request_id="lunch", volunteer_id="dee"),
            [(2, "pinned_seats"), (3, "pinned_seats"), (20, "pinned_seats")],
            id="three on two seats",
        ),
    ],
)
def test_what_an_edit_breaks_is_listed_by_the_rows_of_the_sheet(
    edited: Callable[..., Path], edit: Edit, expected: list[tuple[int, str]]
) -> None:
    assert faults(edited(edit)) == expected


def test_several_faults_are_told_at_once(edited: Callable[..., Path]) -> None:
    edit = both(put(2, volunteer_id="zed"), put(3, start="soon"), put(4, request_id="dinner"))
    assert faults(edited(edit)) == [(2, "reference"), (3, "type"), (4, "reference")]


def test_a_fault_says_where_what_and_what_to_do(edited: Callable[..., Path]) -> None:
    with pytest.raises(DataError) as error:
        take(edited(put(3, volunteer_id="eve")))
    assert "Roster row 3, Volunteer, Order, Post = " in str(error.value)
    assert "= 'Volunteer=eve, Order=lunch, Post=volunteer': " in str(error.value)
    assert "choose somebody who is available then [pinned_availability]" in str(error.value)


def test_two_services_at_once_name_the_later_row_and_the_other(
    edited: Callable[..., Path],
) -> None:
    """A talk at the time of the lunch, with Bo in both."""
    tables = world()
    at = {"start": "2026-11-30T10:00", "end": "2026-11-30T12:00", "station_id": "n"}
    talk = rows({"request_id": "talk", "name": "Talk", **at})
    tables["requests"] = pl.concat([tables["requests"], talk], how="diagonal")
    path = edited(put(20, request_id="talk", volunteer_id="bo"), tables)
    with pytest.raises(DataError, match=r"row 20, .* lunch ends Mon 11:00") as error:
        take(path, tables)
    assert error.value.faults["rule"].to_list() == ["pinned_overlap"]


@pytest.mark.slow
def test_the_workbook_has_the_last_word_over_earlier_assignments(
    edited: Callable[..., Path],
) -> None:
    """The tables pin Bo to the lunch, and the coordinator takes him off."""
    pin = rows({"volunteer_id": "bo", "request_id": "lunch", "post": "volunteer"})
    tables = world(assignments=pin.with_columns(status=pl.lit("pinned")))
    found = take(edited(lambda sheet, column: sheet.delete_rows(3), tables), tables)
    assert ("lunch", "volunteer", None, "bo") not in planned(found)


def test_but_not_over_what_a_volunteer_declined(edited: Callable[..., Path]) -> None:
    no = rows({"volunteer_id": "cy", "request_id": "lunch", "post": "volunteer"})
    tables = world(assignments=no.with_columns(status=pl.lit("declined")))
    path = edited(put(3, volunteer_id="cy"), tables)
    assert faults(path, tables) == [(3, "pinned_declined")]


def test_faulty_rows_are_set_aside_and_the_others_stay(edited: Callable[..., Path]) -> None:
    edits = read_edits(edited(both(put(2, volunteer_id="zed"), put(3, volunteer_id="eve"))))
    found = repinned(problem_of(world(), "quarantine"), edits)
    result = solve(found.problem)
    assert found.problem.faults.select("table", "row", "rule").rows() == [
        (WORDS.roster, 2, "reference"),
        (WORDS.roster, 3, "pinned_availability"),
    ]
    assert result.summary()["set_aside"] == {WORDS.roster: 2}
    # Of six rows, two are set aside and four kept; Ann and Bo had stood where Zed and Eve do now.
    assert found.counts() == {"kept": 4, "added": 0, "set_aside": 2, "taken_off": 2}
    assert planned(found) > set(PLAN[2:])


def test_a_row_that_is_against_a_rule_is_not_counted_as_kept(edited: Callable[..., Path]) -> None:
    """Nobody touched the workbook, but Cy has declined the choir since: five of six are kept."""
    no = rows({"volunteer_id": "cy", "request_id": "choir", "post": "pianist"})
    tables = world(assignments=no.with_columns(status=pl.lit("declined")))
    found = repinned(problem_of(tables, "quarantine"), read_edits(edited()))
    assert found.counts() == {"kept": 5, "added": 0, "set_aside": 1, "taken_off": 0}
    assert len(found.problem.pins) == 5


def test_a_faulty_time_takes_nobody_off(edited: Callable[..., Path]) -> None:
    """The row is set aside; Ann may go to the lunch, or may not."""
    edits = read_edits(edited(put(2, start="soon")))
    found = repinned(problem_of(world(), "quarantine"), edits)
    assert found.counts() == {"kept": 5, "added": 0, "set_aside": 1, "taken_off": 0}


def test_what_is_gone_from_the_tables_may_go_from_the_workbook(edited: Callable[..., Path]) -> None:
    """The lunch is no longer ordered; while its rows stand, they are listed."""
    tables = world()
    for name in ("requests", "posts"):
        tables[name] = tables[name].filter(pl.col("request_id") != "lunch")
    assert faults(edited(), tables) == [(2, "reference"), (3, "reference")]
    found = take(edited(lambda sheet, column: sheet.delete_rows(2, 2)), tables)
    assert found.counts() == {"kept": 4, "added": 0, "set_aside": 0, "taken_off": 2}
    assert planned(found) > set(PLAN[2:])


@pytest.mark.slow
def test_an_order_that_cannot_do_without_is_named(edited: Callable[..., Path]) -> None:
    """Without Cy nobody plays, and a choir with a pinned singer needs a pianist."""
    found = take(edited(lambda sheet, column: sheet.delete_rows(6)))
    assert solve(found.problem).status == "infeasible"
    with pytest.raises(DataError, match="0 of 1 people") as raised:
        found.check_served()
    assert raised.value.faults.select("row", "rule").rows() == [(6, "pinned_min_seats")]
    take(edited(put(3, volunteer_id="dee"))).check_served()


def test_a_change_in_a_column_that_only_tells_is_told(edited: Callable[..., Path]) -> None:
    path = edited(both(put(3, service="Dinner"), put(4, service="Run")))
    with pytest.warns(DataWarning) as told:
        edits = read_edits(path)
    assert [str(warning.message).partition(": ")[0] for warning in told] == [
        "edited.xlsx, Service, rows 3, 4",
    ]
    assert repinned(problem_of(world()), edits).kept == 6


def test_half_a_header_and_columns_of_ones_own(edited: Callable[..., Path]) -> None:
    def edit(sheet: Any, column: Callable[[str], str]) -> None:
        sheet[f"{column('volunteer_id')}1"] = "志愿者"
        sheet[f"{column('request_id')}1"] = "order"
        sheet["Z1"] = "我的备注"
        sheet["Z2"] = "call her first"
        sheet.insert_cols(1)

    assert counts(edited(edit)) == (6, 0, 0)


def test_a_column_that_is_needed_and_gone(edited: Callable[..., Path]) -> None:
    path = edited(
        lambda sheet, column: sheet.delete_cols(column_index_from_string(column("volunteer_id")))
    )
    with pytest.raises(DataError, match="Volunteer: this column is required"):
        read_edits(path)


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(lambda book: book.remove(book[sheets.ORIGINAL]), id="deleted"),
        pytest.param(lambda book: book[sheets.ORIGINAL].delete_cols(1, 3), id="damaged"),
        pytest.param(lambda book: book[sheets.ORIGINAL].delete_rows(1, 99), id="emptied"),
    ],
)
def test_without_the_hidden_sheet_nobody_knows_who_was_taken_off(
    edited: Callable[..., Path], hidden: Callable[[Any], None]
) -> None:
    path = edited()
    book = openpyxl.load_workbook(path)
    assert book[sheets.ORIGINAL].sheet_state == "veryHidden"
    hidden(book)
    book.save(path)
    with pytest.warns(DataWarning, match="may come back"):
        edits = read_edits(path)
    assert edits.week is None
    found = repinned(problem_of(world()), edits)
    assert found.counts() == {"kept": 0, "added": 6, "set_aside": 0, "taken_off": 0}


def test_a_plan_in_which_nobody_serves_can_be_filled_by_hand(tmp_path: Path) -> None:
    columns = dict.fromkeys(["request_id", "post", "volunteer_id"], pl.String)
    cleaned, _ = clean(world(), week=MONDAY, time_zone=Policy().time_zone)
    nobody = ({"plan": pl.DataFrame(schema=columns)}, {})
    path = tmp_path / "empty.xlsx"
    write_workbook(Facts.of(problem_of(world()), cleaned, nobody), path)
    assert read_edits(path).week == MONDAY
    assert counts(path) == (0, 0, 0)
    book = openpyxl.load_workbook(path)
    letters = {cell.value: cell.column_letter for cell in book[WORDS.roster][1]}
    for name, text in {"volunteer_id": "ann", "request_id": "lunch"}.items():
        book[WORDS.roster][f"{letters[WORDS.headers[name]]}2"] = text
    book.save(path)
    assert counts(path) == (0, 1, 0)


# --- the working tool -----------------------------------------------------------------------------


def asked(tmp_path: Path, language: str = "en", **named: Any) -> tuple[Path, Facts]:
    """Return the workbook of the usual plan with answers; the second singer's seat is open."""
    problem = problem_of(world())
    plan = pl.DataFrame(PLAN, ["request_id", "post", "option", "volunteer_id"], orient="row")
    prices = solve(problem).tables()["prices"]
    facts = answered(usual(), problem, ({"plan": plan, "prices": prices}, {}))
    facts = replace(facts, **named)
    path = tmp_path / "asked.xlsx"
    write_workbook(facts, path, Locale(language))  # type: ignore[arg-type]
    return path, facts


def test_an_open_seat_is_a_row_that_offers_who_could_come(tmp_path: Path) -> None:
    path, facts = asked(tmp_path)
    assert facts.answers is not None
    book = openpyxl.load_workbook(path)
    sheet = book["Roster"]
    column = {cell.value: cell.column_letter for cell in sheet[1]}
    (row,) = [
        number
        for number in range(2, sheet.max_row + 1)
        if sheet[f"{column['Volunteer']}{number}"].value is None
    ]
    assert sheet[f"{column['Service']}{row}"].value == "Choir"
    assert sheet[f"{column['Post']}{row}"].value == "singer"
    cell = f"{column['Volunteer']}{row}"
    (offer,) = [v for v in sheet.data_validations.dataValidation if cell in v.sqref]
    assert offer.formula1.startswith(f"{sheets.LISTS}!$A$1:")
    offered = [one.value for one in book[sheets.LISTS][1]]
    # All but Eve, who is not there, and Ann, who sings; Cy would give up the piano.
    assert sorted(offered) == ["1001", "bo", "cy", "dee"]
    # Chosen from the list, it is a pin like any other.
    sheet[cell] = "dee"
    book.save(path)
    found = take(path)
    assert found.counts() == {"kept": 6, "added": 1, "set_aside": 0, "taken_off": 0}


def test_who_is_free_when_and_why_a_seat_is_open(tmp_path: Path) -> None:
    path, facts = asked(tmp_path)
    assert facts.answers is not None
    book = openpyxl.load_workbook(path)
    head, *rest = book["Who is free"].iter_rows(values_only=True)
    assert head[:4] == ("Volunteer", "Services", "Mon 30 Nov", "Tue 1 Dec")
    by_person = {row[0]: row[1:] for row in rest}
    # Until Thursday, when the last service is; Eve is there on Wednesday alone.
    assert by_person["cy"] == (1, *["08:00–20:00"] * 4)
    assert by_person["eve"] == (0, None, None, "08:00–20:00", None)
    (row,) = list(book["Open seats"].iter_rows(min_row=2, values_only=True))
    told = " ".join(facts.answers.told["en"])
    assert told in row
    could = facts.answers.could_come["volunteer_id"].to_list()
    assert ", ".join(could) in row


def test_a_workbook_speaks_one_language(tmp_path: Path) -> None:
    path, _ = asked(tmp_path, "zh")
    book = openpyxl.load_workbook(path)
    ours = {sheets.ORIGINAL, sheets.LISTS}
    words = [
        *(name for name in book.sheetnames if name not in ours),
        *(cell.value for name in book.sheetnames if name not in ours for cell in book[name][1]),
    ]
    assert not [word for word in words if re.search("[A-Za-z]", word)]
    assert read_edits(path).words.language == "zh"
    assert take(path).counts() == {"kept": 6, "added": 0, "set_aside": 0, "taken_off": 0}


@pytest.mark.slow
def test_people_have_names_and_are_known_by_them(tmp_path: Path) -> None:
    """Two are called Kim. The coordinator writes Zoe for dee, in small letters."""
    names = {"ann": "Kim", "bo": "kim", "cy": "Xu", "dee": "Zoe", "1001": None}
    contacts = pl.DataFrame(
        {
            "volunteer_id": [*names],
            "name": [*names.values()],
            "phone": "555-0101",
            "language": pl.Series([None] * 5, dtype=pl.String),
        }
    )
    path, _ = asked(tmp_path, contacts=contacts)
    book = openpyxl.load_workbook(path)
    sheet = book["Roster"]
    column = {cell.value: cell.column_letter for cell in sheet[1]}
    who = [cell.value for cell in sheet[column["Volunteer"]][1:]]
    assert sorted({*who} - {None}) == ["Kim (ann)", "Xu", "Zoe", "kim (bo)"]
    assert "555-0101" not in str([[*sheet.iter_rows(values_only=True)] for sheet in book])
    assert take(path).counts() == {"kept": 6, "added": 0, "set_aside": 0, "taken_off": 0}
    sheet[f"{column['Volunteer']}3"] = "xu"
    sheet[f"{column['Volunteer']}2"] = "Xu"
    book.save(path)
    with pytest.raises(
        DataError, match="Roster row 3, Order, Volunteer = 'Order=lunch, Volunteer=xu'"
    ):
        take(path)
    sheet[f"{column['Volunteer']}2"] = "Kim (ann)"
    sheet[f"{column['Volunteer']}3"] = "zoe"
    book.save(path)
    found = take(path)
    assert ("lunch", "volunteer", None, "dee") in planned(found)
    edits = read_edits(path)
    changes = changes_of(edits, solve(found.problem).tables()["plan"])
    assert "  kim (bo): no longer Lunch (lunch), 2026-11-30 09:00" in lines_of(edits, changes)


def test_who_is_told_what(edited: Callable[..., Path]) -> None:
    """Bo leaves the lunch, Dee comes, the walk is moved to Wednesday with Bo and Dee in it."""
    path = edited(both(put(3, volunteer_id="dee"), put(4, option="b"), put(5, option="b")))
    edits = read_edits(path)
    plan = pl.DataFrame(
        [
            ("lunch", "volunteer", "ann", datetime(2026, 11, 30, 9), datetime(2026, 11, 30, 11)),
            ("lunch", "volunteer", "dee", datetime(2026, 11, 30, 9), datetime(2026, 11, 30, 11)),
            ("walk", "volunteer", "bo", datetime(2026, 12, 2, 10), datetime(2026, 12, 2, 12)),
            ("walk", "volunteer", "dee", datetime(2026, 12, 2, 10), datetime(2026, 12, 2, 12)),
            ("choir", "pianist", "cy", datetime(2026, 12, 3, 9), datetime(2026, 12, 3, 10)),
            ("choir", "singer", "ann", datetime(2026, 12, 3, 9), datetime(2026, 12, 3, 10)),
        ],
        ["request_id", "post", "volunteer_id", "start", "end"],
        orient="row",
    )
    changes = changes_of(edits, plan)
    assert changes.select("volunteer_id", "request_id", "change").rows() == [
        ("bo", "lunch", "no_longer"),
        ("bo", "walk", "moves"),
        ("dee", "lunch", "comes"),
        ("dee", "walk", "moves"),
    ]
    assert lines_of(edits, changes) == [
        "to tell: 2 people",
        "  bo: no longer Lunch (lunch), 2026-11-30 09:00",
        "  bo: Walk (walk) is moved from 2026-12-01 10:00 to 2026-12-02 10:00",
        "  dee: new, Lunch (lunch), 2026-11-30 09:00",
        "  dee: Walk (walk) is moved from 2026-12-01 10:00 to 2026-12-02 10:00",
    ]
    assert lines_of(edits, changes.clear()) == ["nobody has to be told anything"]


def test_what_is_no_workbook_of_ours(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_edits(tmp_path / "none.xlsx")
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(UsageError, match="broken one"):
        read_edits(tmp_path / "text.xlsx")
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    with pytest.raises(UsageError, match="has no sheet Roster or 排班: it has Sheet"):
        read_edits(tmp_path / "other.xlsx")


def test_the_sheets_have_filters_widths_and_dates(edited: Callable[..., Path]) -> None:
    book = openpyxl.load_workbook(edited())
    # One station, and nobody asked who is free: sheets that would tell nothing are not there.
    visible = ("roster", "unfilled", "coverage", "volunteers", "summary", "guide")
    assert book.sheetnames == [
        *(WORDS.sheets[name] for name in visible),
        *(sheets.ORIGINAL, sheets.LISTS),
    ]
    for name in book.sheetnames[:4]:
        sheet = book[name]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert all(sheet.column_dimensions[cell.column_letter].width > 8 for cell in sheet[1])
    by_name = dict(zip(_headers(book), book[WORDS.roster][2], strict=True))
    assert by_name["day"].value == datetime(2026, 11, 30)
    assert by_name["day"].is_date
    assert (by_name["start"].value, by_name["end"].value) == (time(9), time(11))
    assert by_name["status"].value == "proposed"
    figures = {
        row[0].value: row[1].value for row in book[WORDS.sheets["summary"]].iter_rows(min_row=2)
    }
    assert figures["Seats filled"] == 6
    empty = [cell.value for cell in book[WORDS.sheets["unfilled"]][2]]
    assert empty[4:9] == ["Choir", "singer", 2, 1, 1]


def _headers(book: Any) -> list[str]:
    ours = {header: name for name, header in WORDS.headers.items()}
    return [ours[cell.value] for cell in book[WORDS.roster][1]]


HOSTILE = ["=1+1", "+1", "-1", "@SUM(1)", "=HYPERLINK(\"http://evil.example\")", "_x0041_",
           "{=1}", "<b>&amp;", "http://evil.example", "\"';--"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_a_formula_or_a_link_and_ids_come_back(tmp_path: Path, text: str) -> None:
    facts = usual()
    columns = ["station", "service", "post", "volunteer_id", "request_id", "station_id"]
    columns += ["organisation", "organisation_id", "category", "district", "option"]
    roster = facts.roster.with_columns(pl.lit(text).alias(name) for name in columns)
    unfilled = facts.unfilled.with_columns(
        pl.lit(text).alias(name) for name in (*columns[:3], "reason", "request_id", "station_id")
    )
    keys = {"request_id": [text], "post": [text]}
    answers = Answers(
        told=pl.DataFrame(keys | {"en": [text], "zh": [text]}),
        could_come=pl.DataFrame(keys | {"volunteer_id": [text]}),
        unused=pl.DataFrame({"volunteer_id": [text], "why": ["taken"], "posts": [1]}),
        free=pl.DataFrame(
            {
                "volunteer_id": [text],
                "day": [MONDAY],
                "start": [datetime(2026, 11, 30, 9)],
                "end": [datetime(2026, 11, 30, 11)],
            }
        ),
        left_out=0,
        free_left_out=0,
    )
    contacts = pl.DataFrame(
        {"volunteer_id": [text], "name": [f"{text} name"], "phone": [text], "language": [text]}
    )
    named = [name for name in columns if name in facts.stations.columns]
    stations = facts.stations.with_columns(pl.lit(text).alias(name) for name in named)
    changed = {"roster": roster, "unfilled": unfilled, "stations": stations}
    changed |= {"answers": answers, "contacts": contacts}
    path = tmp_path / "book.xlsx"
    write_workbook(Facts(**{**vars(facts), **changed}), path)
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    edits = read_edits(path)
    for name in ("request_id", "post", "option", "volunteer_id"):
        assert set(edits.rows[name].drop_nulls()) == {text}


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path) -> None:
    def run(*arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments])
        assert done.exit_code == status, done.output
        return done.output

    tables, plan, book = str(tmp_path / "tables"), str(tmp_path / "plan"), tmp_path / "p.xlsx"
    write_tables(tables, world())
    run("plan", tables, "--week", "2026-11-30", "--out", plan)
    run("report", plan, "--out", str(book))  # the name says the format
    again = str(tmp_path / "again")
    assert "7 kept, 0 new, 0 people taken off" in run(
        "plan", tables, "--pins", str(book), "--out", again
    )
    # A plan of edited rosters is worth what they make it worth: it is checked with them.
    assert "every rule holds" in run("check", tables, again, "--pins", str(book))
    told = run(
        "plan", tables, "--pins", str(book), "--week", "2026-12-07", "--out", again, status=2
    )
    assert "holds the week of 2026-11-30" in told
    sheet = (opened := openpyxl.load_workbook(book))[WORDS.roster]
    (who,) = [
        cell.column_letter for cell in sheet[1] if cell.value == WORDS.headers["volunteer_id"]
    ]
    sheet[f"{who}2"] = "zed"
    opened.save(book)
    out = str(tmp_path / "not")
    told = run("plan", tables, "--pins", str(book), "--out", out, status=2)
    assert "Roster row 2, Volunteer = 'zed'" in told
    assert "nothing was planned; mend" in told
    assert not Path(out).exists()
    run("plan", tables, "--pins", str(book), "--out", out, "--on-error", "quarantine")
    faults = pl.read_csv(Path(out, "faults.csv"))
    assert faults.select("table", "row", "rule").rows() == [(WORDS.roster, 2, "reference")]
