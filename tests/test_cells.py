"""Cells of workbooks that are not what they seem: errors, formulas, numbers for ids, other days.

A fault's row counts from the row below the header; its message names the cell as spreadsheets do.
"""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from typer.testing import CliRunner

from matching import DataError, DataWarning, Problem, UsageError, solve
from matching.cli import app
from matching.reports import sheets
from matching.reports.edits import read_edits
from matching.reports.repinning import repinned
from matching.reports.workbook import write_workbook
from matching.stores.mapping.stores import mapped_source
from matching.stores.registry import open_sink, open_source
from matching.stores.xlsx import Book
from matching.stores.xlsx.cells import cell_name, column_number, is_harmless
from tests.support.workbooks import WORDS, facts_of, problem_of

MONDAY = date(2026, 11, 30)
Sheets = dict[str, list[tuple[Any, ...]]]
OLD_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
NEW_ERRORS = ("#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!", "#BUSY!")

WORLD: Sheets = {
    "volunteers": [("volunteer_id", "consent", "phone"), ("ann", "accept", None), ("bo", None, 1)],
    "qualifications": [
        ("volunteer_id", "qualification", "valid_until"),
        ("ann", "nurse", date(2027, 1, 1)),
    ],
    "availability": [
        ("volunteer_id", "weekday", "start_time", "end_time"),
        ("ann", 1, time(8), time(12)),
        ("bo", 1, time(8), time(12)),
    ],
    "requests": [
        ("request_id", "start", "end"),
        ("lunch", datetime(2026, 11, 30, 9), datetime(2026, 11, 30, 11)),
    ],
    "assignments": [
        ("volunteer_id", "request_id", "post", "status"),
        ("bo", "lunch", "volunteer", "declined"),
    ],
    "preferences": [
        ("volunteer_id", "subject", "value", "never"),
        ("ann", "category", "night", True),
    ],
}


def book_at(path: Path, tables: Sheets, since_1904: bool = False) -> Path:
    """Write a workbook with openpyxl: a text such as #N/A is an error, =1+1 a formula alone."""
    book = openpyxl.Workbook()
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    book.remove(book.active)
    for name, lines in tables.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
        for cells in sheet:
            for cell in cells:
                if cell.value in NEW_ERRORS:
                    cell.data_type = "e"
                if isinstance(cell.value, time | timedelta):
                    cell.number_format = "[h]:mm" if isinstance(cell.value, timedelta) else "hh:mm"
    book.save(path)
    return path


def patched(path: Path, *changes: tuple[str, str]) -> Path:
    """Replace pieces of XML in all parts of a workbook; each of them must be there."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in changes:
        assert any(old.encode() in data for data in parts.values()), old
        parts = {name: data.replace(old.encode(), new.encode()) for name, data in parts.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def with_cell(table: str, row: int, column: str, value: object) -> Sheets:
    """Put a value into a data row of the world; row 1 is the first below the header."""
    lines = [list(line) for line in WORLD[table]]
    lines[row][lines[0].index(column)] = value
    return WORLD | {table: [tuple(line) for line in lines]}


def faults_in(source: object, **options: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(DataError) as error:
        Problem.from_source(source, MONDAY, **options)
    return error.value.faults.select("table", "row", "column", "value").rows()


# --- errors and formulas --------------------------------------------------------------------------


@pytest.mark.parametrize("error", OLD_ERRORS)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("volunteers", "consent"),  # the default, to be asked, would hold
        ("qualifications", "valid_until"),  # the certificate would be valid for ever
        ("preferences", "never"),
        ("assignments", "status"),
        ("availability", "end_time"),
        ("requests", "start"),
    ],
)
def test_an_error_is_a_fault_and_no_empty_cell(
    tmp_path: Path, table: str, column: str, error: str
) -> None:
    path = book_at(tmp_path / "week.xlsx", with_cell(table, 1, column, error))
    with pytest.warns(DataWarning, match="volunteers.phone"):
        assert faults_in(path) == [(table, 1, column, error)]


@pytest.mark.filterwarnings("ignore:ignored, since the contract:matching.DataWarning")
def test_a_row_of_errors_is_not_a_blank_row(tmp_path: Path) -> None:
    # Bo had declined. Were the row gone, he would be planned.
    tables = WORLD | {"assignments": [WORLD["assignments"][0], ("#REF!",) * 4]}
    path = book_at(tmp_path / "week.xlsx", tables)
    columns = WORLD["assignments"][0]
    assert faults_in(path) == [("assignments", 1, name, "#REF!") for name in columns]
    problem = Problem.from_source(path, MONDAY, on_error="quarantine")
    assert problem.faults.height == 4


@pytest.mark.filterwarnings("ignore:ignored, since the contract:matching.DataWarning")
def test_the_message_names_the_cell_and_what_to_do(tmp_path: Path) -> None:
    path = book_at(tmp_path / "week.xlsx", with_cell("volunteers", 2, "consent", "#N/A"))
    run = CliRunner().invoke(
        app, ["plan", str(path), "--week", "2026-11-30", "--out", str(tmp_path / "plan")]
    )
    assert run.exit_code == 2
    said = " ".join(run.output.split())
    assert "volunteers row 2, consent = '#N/A'" in said
    assert "cell B3 of the sheet volunteers is an error; mend it, or empty the cell" in said
    assert not (tmp_path / "plan").exists()


def test_an_error_in_a_column_that_nobody_reads_is_no_fault(tmp_path: Path) -> None:
    path = book_at(tmp_path / "week.xlsx", with_cell("volunteers", 1, "phone", "#N/A"))
    with pytest.warns(DataWarning, match="volunteers.phone"):
        assert len(Problem.from_source(path, MONDAY).volunteers.id) == 2


@pytest.mark.parametrize("error", NEW_ERRORS)
def test_an_error_that_the_reader_does_not_know_is_a_fault_of_its_row(
    tmp_path: Path, error: str
) -> None:
    path = book_at(tmp_path / "week.xlsx", with_cell("volunteers", 2, "consent", error))
    found = open_source(path).read_tables().faults
    told = found.filter(pl.col("value") == error)
    assert told.select("table", "row", "column", "rule").rows() == [
        ("volunteers", 2, "consent", "cell_error")
    ]
    assert "cell B3 of the sheet volunteers is an error" in told["message"].item()
    assert found.height == 1  # of the other rows nothing is said


def test_an_error_in_the_header_is_of_the_whole_table(tmp_path: Path) -> None:
    path = book_at(tmp_path / "week.xlsx", with_cell("volunteers", 0, "consent", "#REF!"))
    found = open_source(path).read_tables().faults
    assert found.select("table", "row", "value").rows() == [("volunteers", None, "#REF!")]


@pytest.mark.filterwarnings("ignore:ignored, since the contract:matching.DataWarning")
def test_a_formula_that_was_never_calculated_is_a_fault(tmp_path: Path) -> None:
    path = book_at(tmp_path / "week.xlsx", with_cell("volunteers", 1, "consent", '="re"&"fuse"'))
    assert faults_in(path) == [("volunteers", 1, "consent", '="re"&"fuse"')]


@pytest.mark.parametrize(("value", "read"), [("refuse", "refuse"), ("", None)])
def test_a_formula_has_the_value_that_a_spreadsheet_left(
    tmp_path: Path, value: str, read: str | None
) -> None:
    path = book_at(tmp_path / "week.xlsx", with_cell("volunteers", 1, "consent", "=D9"))
    patched(path, ('r="B2"><f>D9</f><v />', f'r="B2" t="str"><f>D9</f><v>{value}</v>'))
    tables = open_source(path).read_tables()
    assert tables.faults.is_empty()
    assert tables["volunteers"]["consent"].to_list() == [read, None]


def test_a_zero_that_only_stands_for_a_formula_is_no_value(tmp_path: Path) -> None:
    path = tmp_path / "week.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("volunteers")
        sheet.write_row(0, 0, ["volunteer_id", "max_shifts"])
        sheet.write_formula(1, 0, '="v"&1')  # written with the value 0
        sheet.write_formula(1, 1, "=1+1", value=2)
    frame, faults = Book(path).sheet("volunteers", "volunteers")
    assert frame is not None
    assert faults.select("row", "column", "value").rows() == [(1, "volunteer_id", '="v"&1')]
    assert frame["max_shifts"].to_list() == ["2"]


def test_where_a_sheet_begins_makes_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "week.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("volunteers")
        sheet.write_row("C4", ["volunteer_id", "consent"])
        sheet.write_row("C5", ["ann", "accept"])
        sheet.write("C7", "bo")
        sheet.write_formula("D7", "=NA()", value="#N/A")
    found = open_source(path).read_tables()
    assert found.faults.select("row", "column", "value").rows() == [(3, "consent", "#N/A")]
    assert "cell D7" in found.faults["message"].item()
    assert found["volunteers"]["row"].to_list() == [1, 3]


def test_a_folder_of_workbooks_is_read_alike(tmp_path: Path) -> None:
    book_at(tmp_path / "volunteers.xlsx", {"any": WORLD["volunteers"] + [("cy", "#REF!", None)]})
    (tmp_path / "requests.csv").write_text("request_id,start,end\n")
    (tmp_path / "availability.csv").write_text("volunteer_id,start,end\n")
    with pytest.warns(DataWarning, match="volunteers.phone"):
        assert faults_in(tmp_path) == [("volunteers", 3, "consent", "#REF!")]


def test_a_plan_with_an_error_is_not_read(tmp_path: Path) -> None:
    sink = open_sink(tmp_path / "plan.xlsx")
    sink.write_result({"plan": pl.DataFrame({"request_id": ["r"], "volunteer_id": ["v"]})}, {})
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    book["plan"]["B2"] = "#N/A"
    book.save(tmp_path / "plan.xlsx")
    with pytest.raises(DataError, match=r"volunteer_id = '#N/A': cell B2"):
        open_sink(tmp_path / "plan.xlsx").read_result()


# --- what the quick look lets through -------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "harmless"),
    [
        ('<c r="A1" s="3" t="s"><v>0</v></c>', True),
        ('<c r="A1" t="inlineStr"><is><r><rPr><b/></rPr><t>x</t></r></is></c>', True),
        ('<c r="A1"><f>1+1</f><v>2</v></c>', True),
        ('<c r="A1"><f t="shared" si="0"/><v>2</v></c>', True),
        ('<c r="A1"><f>1+1</f><v/></c>', False),
        ('<c r="A1"><f>1+1</f><v></v></c>', False),
        ('<c r="A1"><f>1+1</f></c>', False),
        ('<c r="A1"><f t="shared" si="0"/></c>', False),
        ('<c r="A1"><f>1+1</f><v/></c><c r="A2"><f>1+1</f><v>2</v></c>', False),
        ('<c r="A1" t="e"><v>#N/A</v></c>', False),
        ("<c t='e' r='A1'><v>#N/A</v></c>", False),
        ('<x:c r="A1" t="e"><x:v>#N/A</x:v></x:c>', False),
        ('<c r="XFD1"><v>1</v></c>', False),
        ('<c r="A1048576"><v>1</v></c>', False),
        ("<!-- anything else -->", False),
    ],
)
def test_the_quick_look_doubts_whatever_could_be_wrong(cells: str, harmless: bool) -> None:
    xml = f'<worksheet><sheetData><row r="1">{cells}</row></sheetData><y:z/></worksheet>'
    assert is_harmless(io.BytesIO(xml.encode()), uncalculated=False) is harmless
    if "<f" in cells:
        assert not is_harmless(io.BytesIO(xml.encode()), uncalculated=True)


def test_cells_are_called_as_a_spreadsheet_calls_them() -> None:
    for letters, number in (("A", 0), ("Z", 25), ("AA", 26), ("AZ", 51), ("XFD", 16383)):
        assert column_number(letters) == number
        assert cell_name(7, number) == f"{letters}7"


# --- ids ------------------------------------------------------------------------------------------

IDS_AT_FAULT = [
    (2**53 + 2, "9007199254740994", "a number above 2^53"),
    (-(2**60), None, "a number above 2^53"),
    (310115199001011234, None, "a number above 2^53"),
    (date(2026, 3, 4), "2026-03-04", "a date or a time to the spreadsheet"),
    (datetime(2026, 3, 4, 8, 5), "2026-03-04 08:05:00", "a date or a time to the spreadsheet"),
    (time(8), None, "a date or a time to the spreadsheet"),
    (timedelta(hours=30), None, "a date or a time to the spreadsheet"),
    (True, "TRUE", "a truth value"),
    (False, "FALSE", "a truth value"),
    (1.5, "1.5", "a number with decimals"),
    (1e-7, None, "a number with decimals"),
]


@pytest.mark.parametrize(("cell", "shown", "said"), IDS_AT_FAULT)
@pytest.mark.parametrize("column", ["volunteer_id", "qualification"])
def test_an_id_that_is_no_text_and_no_whole_number_is_a_fault(
    tmp_path: Path, cell: object, shown: str | None, said: str, column: str
) -> None:
    path = book_at(tmp_path / "week.xlsx", with_cell("qualifications", 1, column, cell))
    fault = open_source(path).read_tables().faults.row(0, named=True)
    assert (fault["table"], fault["row"], fault["column"]) == ("qualifications", 1, column)
    assert shown in (None, fault["value"])
    assert said in fault["message"]
    assert "format the column as text" in fault["message"]


def test_whole_numbers_are_ids_as_they_look_and_texts_stay_texts(tmp_path: Path) -> None:
    numbers = [7, 7.0, -3, 0, 10**15, 2**53, -(2**53)]
    texts = ["007", "1.5", "TRUE", "true", "2026-03-04 00:00:00", "310115199001011234", "1E5"]
    lines = [("volunteer_id",), *((cell,) for cell in [*numbers, *texts])]
    path = book_at(tmp_path / "week.xlsx", {"volunteers": lines})
    tables = open_source(path).read_tables()
    assert tables.faults.is_empty()
    read = ["7", "7", "-3", "0", "1000000000000000", "9007199254740992", "-9007199254740992"]
    assert tables["volunteers"]["volunteer_id"].to_list() == [*read, *texts]


def test_a_number_that_a_reader_would_round_is_judged_as_it_is_written(tmp_path: Path) -> None:
    # No float lies between 2^53 and 2^53 + 2.
    path = book_at(tmp_path / "week.xlsx", {"volunteers": [("volunteer_id",), (4711,)]})
    patched(path, ("<v>4711</v>", f"<v>{2**53 + 1}</v>"))
    faults = open_source(path).read_tables().faults
    assert faults["value"].to_list() == [str(2**53 + 1)]


def test_two_long_numbers_do_not_become_one_person(tmp_path: Path) -> None:
    lines = [("volunteer_id",), (310115199001011234,), (310115199001011235,), ("ann",)]
    path = book_at(tmp_path / "week.xlsx", {"volunteers": lines})
    assert open_source(path).read_tables().faults["row"].to_list() == [1, 2]


# --- through a mapping ----------------------------------------------------------------------------

MAPPING: dict[str, Any] = {
    "volunteers": {"table": "人员", "volunteer_id": "编号", "consent": "同意"},
    "availability": {
        "table": "时间",
        "volunteer_id": "编号",
        "weekday": "星期",
        "start_time": "从",
        "end_time": "到",
    },
    "requests": {
        "table": "需求",
        "request_id": "号",
        "start": {"columns": ["日", "从"]},
        "end": "止",
    },
}
OFFICE: Sheets = {
    "人员": [("编号", "同意", "电话"), (1001, "accept", "#N/A"), ("李四", None, None)],
    "时间": [("编号", "星期", "从", "到"), (1001, 1, time(8), time(12))],
    "需求": [
        ("号", "日", "从", "止"),
        ("午餐", date(2026, 11, 30), time(9), datetime(2026, 11, 30, 11)),
    ],
}


def test_a_mapping_minds_the_cells_of_the_columns_that_it_reads(tmp_path: Path) -> None:
    path = book_at(tmp_path / "周.xlsx", OFFICE)
    problem = Problem.from_source(path, MONDAY, mapping=MAPPING)
    assert problem.volunteers.id.to_list() == ["1001", "李四"]
    lines = [OFFICE["人员"][0], (2.5, "#REF!", 1), (date(2026, 3, 4), "=1+1", 2)]
    book_at(path, OFFICE | {"人员": lines})
    assert faults_in(path, mapping=MAPPING)[:4] == [
        ("人员", 1, "编号", "2.5"),
        ("人员", 1, "同意", "#REF!"),
        ("人员", 2, "编号", "2026-03-04"),
        ("人员", 2, "同意", "=1+1"),
    ]


def test_a_code_in_the_mapping_says_what_a_cell_means(tmp_path: Path) -> None:
    # A truth value is no id; where the mapping says what it stands for, it is no id of its own.
    codes = {"true": "insured", "false": "trained"}
    mapping = {
        "qualifications": {
            "table": "人员",
            "volunteer_id": "编号",
            "qualification": {"column": "保险", "codes": codes},
        }
    }
    lines = [("编号", "保险"), ("ann", True), ("bo", False), ("cy", "#N/A")]
    path = book_at(tmp_path / "周.xlsx", {"人员": lines})
    tables = mapped_source(path, mapping).read_tables()
    assert tables["qualifications"]["qualification"].to_list() == ["insured", "trained", None]
    assert tables.words is not None
    told = tables.words(tables.faults).select("table", "row", "column", "value").rows()
    assert told == [("人员", 3, "保险", "#N/A")]


def test_a_table_of_codes_is_minded_too(tmp_path: Path) -> None:
    codes = {"table": "技能", "from": "码", "to": "名"}
    mapping = {
        "qualifications": {
            "table": "人员",
            "volunteer_id": "编号",
            "qualification": {"column": "码", "codes": codes},
        }
    }
    tables = {
        "人员": [("编号", "码"), ("ann", 1), ("bo", 2)],
        "技能": [("码", "名"), (1, "nurse"), (2, "#N/A")],
    }
    source = mapped_source(book_at(tmp_path / "周.xlsx", tables), mapping)
    read = source.read_tables()
    assert read["qualifications"]["qualification"].to_list() == ["nurse", None]
    assert read.words is not None
    told = read.words(read.faults).select("table", "row", "value").rows()
    assert ("技能", 2, "#N/A") in told


# --- the days of 1904 -----------------------------------------------------------------------------


@pytest.mark.parametrize("since_1904", [False, True])
def test_both_ways_to_count_days_are_read_alike(tmp_path: Path, since_1904: bool) -> None:
    clocks = [
        ("volunteer_id", "weekday", "start_time", "end_time"),
        ("ann", 1, time(8), timedelta(hours=12)),  # shown as 8:00 and, as a duration, as 12:00
        ("bo", 1, time(0), time(23, 59)),
    ]
    path = book_at(tmp_path / "week.xlsx", WORLD | {"availability": clocks}, since_1904)
    tables = open_source(path).read_tables()
    windows = tables["availability"].select("start_time", "end_time").rows()
    assert windows == [("08:00:00", "12:00:00"), ("00:00:00", "23:59:00")]
    assert tables["qualifications"]["valid_until"].to_list() == ["2027-01-01"]
    assert tables["requests"]["start"].to_list() == ["2026-11-30 09:00:00"]
    with pytest.warns(DataWarning, match="volunteers.phone"):
        problem = Problem.from_source(path, MONDAY)
    assert solve(problem).summary()["filled"] == 1  # Ann from 8 to 12, and lunch is at 9


@pytest.mark.parametrize("since_1904", [False, True])
def test_a_mapping_reads_both_too(tmp_path: Path, since_1904: bool) -> None:
    path = book_at(tmp_path / "周.xlsx", OFFICE, since_1904)
    problem = Problem.from_source(path, MONDAY, mapping=MAPPING)
    assert solve(problem).summary()["filled"] == 1


@pytest.mark.filterwarnings("ignore:ignored, since the contract:matching.DataWarning")
@pytest.mark.parametrize("since_1904", [False, True])
def test_a_time_of_day_is_no_moment_and_no_day(tmp_path: Path, since_1904: bool) -> None:
    # Not a service in 1904, nor a certificate that ended in 1899.
    lines = [WORLD["requests"][0], ("lunch", time(9), time(11))]
    path = book_at(tmp_path / "week.xlsx", WORLD | {"requests": lines}, since_1904)
    rows = faults_in(path)
    assert ("requests", 1, "start", "09:00:00") in rows
    book_at(path, with_cell("qualifications", 1, "valid_until", time(0)), since_1904)
    assert faults_in(path) == [("qualifications", 1, "valid_until", "00:00:00")]


# --- cells far out --------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["XFD1048576", "Z1048576", "XFD300000"])
def test_a_cell_far_out_is_named_before_memory_is_taken(tmp_path: Path, cell: str) -> None:
    path = book_at(tmp_path / "week.xlsx", WORLD)
    book = openpyxl.load_workbook(path)
    book["volunteers"][cell] = "x"
    book.save(path)
    faults = open_source(path).read_tables().faults
    assert faults.select("table", "row", "rule").rows() == [("volunteers", None, "sheet_size")]
    assert f"week.xlsx: the sheet volunteers reaches as far as {cell}" in faults["message"].item()


def test_a_cell_far_out_that_costs_little_is_read(tmp_path: Path) -> None:
    path = book_at(tmp_path / "week.xlsx", WORLD)
    book = openpyxl.load_workbook(path)
    book["volunteers"]["A60000"] = "cy"
    book["volunteers"]["AZ1"] = "notes"
    book.save(path)
    tables = open_source(path).read_tables()
    assert tables.faults.is_empty()
    assert tables["volunteers"].select("row", "volunteer_id").row(-1) == (59_999, "cy")


# --- edited pins ----------------------------------------------------------------------------------


def rosters(folder: Path, change: Callable[[Any, dict[str, int]], None]) -> tuple[Problem, Path]:
    """Plan Ann and Bo at lunch (rows 2 and 3), write the workbook, and edit it."""
    world = {
        "volunteers": pl.DataFrame({"volunteer_id": ["ann", "bo"]}),
        "availability": pl.DataFrame(
            {
                "volunteer_id": ["ann", "bo"],
                "start": ["2026-11-30T08:00"] * 2,
                "end": ["2026-11-30T12:00"] * 2,
            }
        ),
        "requests": pl.DataFrame(
            {"request_id": ["lunch"], "start": ["2026-11-30T09:00"], "end": ["2026-11-30T11:00"]}
        ),
        "posts": pl.DataFrame({"request_id": ["lunch"], "post": ["cook"], "seats": [2]}),
    }
    plan = [("lunch", "cook", None, who) for who in ("ann", "bo")]
    write_workbook(facts_of(world, plan), folder / "rosters.xlsx")
    book = openpyxl.load_workbook(folder / "rosters.xlsx")
    sheet = book[WORDS.roster]
    ours = {header: name for name, header in WORDS.headers.items()}
    change(sheet, {ours[cell.value]: cell.column for cell in sheet[1]})
    book.save(folder / "rosters.xlsx")
    return problem_of(world, "quarantine"), folder / "rosters.xlsx"


# Its order has no options, and so the sheet has no column of them.
@pytest.mark.parametrize("column", [name for name in sheets.EDITABLE if name != "option"])
def test_an_error_in_the_pins_is_a_fault_and_takes_nobody_off(tmp_path: Path, column: str) -> None:
    def edit(sheet: Any, columns: dict[str, int]) -> None:
        sheet.cell(3, columns[column]).value = "#N/A"

    problem, path = rosters(tmp_path, edit)
    edits = read_edits(path)
    assert edits.faults.select("table", "row", "column", "value").rows() == [
        (WORDS.roster, 3, WORDS.headers[column], "#N/A")
    ]
    done = repinned(problem, edits)
    assert (done.kept, done.added, done.taken_off) == (1, 0, 0)


def test_a_row_of_errors_in_the_pins_takes_nobody_off(tmp_path: Path) -> None:
    def edit(sheet: Any, columns: dict[str, int]) -> None:
        for column in columns.values():
            sheet.cell(3, column).value = "=A1"

    problem, path = rosters(tmp_path, edit)
    edits = read_edits(path)
    assert set(edits.faults["row"]) == {3}
    assert set(edits.faults["rule"]) == {"cell_formula"}
    assert repinned(problem, edits).taken_off == 0


@pytest.mark.parametrize("cell", [310115199001011234, date(2026, 3, 4), True, 1.5])
def test_a_volunteer_in_the_pins_is_text_or_a_whole_number(tmp_path: Path, cell: object) -> None:
    def edit(sheet: Any, columns: dict[str, int]) -> None:
        sheet.cell(3, columns["volunteer_id"]).value = cell

    problem, path = rosters(tmp_path, edit)
    edits = read_edits(path)
    assert "format the column as text" in edits.faults["message"].item()
    assert repinned(problem, edits).taken_off == 0


def test_errors_in_columns_that_only_tell_do_not_matter(tmp_path: Path) -> None:
    def edit(sheet: Any, columns: dict[str, int]) -> None:
        sheet.cell(1, sheet.max_column + 1).value = "电话"
        sheet.cell(2, sheet.max_column).value = "#N/A"

    problem, path = rosters(tmp_path, edit)
    edits = read_edits(path)
    assert edits.faults.is_empty()
    assert repinned(problem, edits).kept == 2


def test_pins_with_a_cell_far_out_are_refused_with_its_name(tmp_path: Path) -> None:
    def edit(sheet: Any, columns: dict[str, int]) -> None:
        sheet["XFD1048576"] = " "

    _, path = rosters(tmp_path, edit)
    with pytest.raises(DataError, match=r"rosters.xlsx: .*reaches as far as XFD1048576"):
        read_edits(path)


def test_pins_since_1904_have_their_times(tmp_path: Path) -> None:
    _, path = rosters(tmp_path, lambda sheet, columns: None)
    plain = read_edits(path)
    book = openpyxl.load_workbook(path)
    book.epoch = CALENDAR_MAC_1904
    book.save(path)
    edits = read_edits(path)
    assert edits.faults.is_empty()
    assert edits.rows.equals(plain.rows)
    assert edits.rows["start"].to_list() == [time(9), time(9)]


def test_a_workbook_of_another_kind_asks_to_be_saved_as_xlsx(tmp_path: Path) -> None:
    path = tmp_path / "rosters.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(UsageError, match=r"rosters.ods is no workbook, .*save it as .xlsx"):
        read_edits(path)
