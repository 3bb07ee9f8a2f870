"""Files of every kind: encodings, workbooks, JSON Lines, archives, URLs; formulas made harmless."""

import bz2
import gzip
import json
import lzma
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import fsspec
import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from matching import Problem
from matching.errors import DataError, DataWarning, UsageError
from matching.schema import TABLES
from matching.stores import read_tables, write_result, write_tables
from matching.stores.files.csv_files import read_csv
from matching.stores.mapping import mapped_source
from matching.stores.registry import open_sink, open_source
from matching.stores.testing import worlds
from matching.tables.cleaning import clean
from tests.support.kit import Kit
from tests.support.tiny import MONDAY, TINY

PEOPLE = "volunteer_id,station_id\n张三,静安区\n李四,老年活动中心，二楼\nMüller 喆,s\n"


def read(tmp_path: Path, data: bytes, **options: str) -> tuple[list[tuple], list[tuple]]:
    (tmp_path / "volunteers.csv").write_bytes(data)
    tables = open_source(tmp_path, **options).read_tables()
    cells = tables["volunteers"].drop("row").rows() if "volunteers" in tables else []
    return cells, tables.faults.select("rule", "row", "message").rows()


# --- encodings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encodings_of_chinese_exports_are_found(tmp_path: Path, encoding: str) -> None:
    cells, faults = read(tmp_path, PEOPLE.encode(encoding))
    assert not faults
    assert cells == [tuple(line.split(",")) for line in PEOPLE.splitlines()[1:]]


def test_a_character_beyond_gbk_has_four_bytes(tmp_path: Path) -> None:
    # 𠮷 is outside the two-byte part of GB18030; so few of them hide nothing.
    text = "volunteer_id\n" + "".join(f"志愿者{i}\n" for i in range(30)) + "𠮷野\n"
    cells, faults = read(tmp_path, text.encode("gb18030"))
    assert (cells[-1], faults) == (("𠮷野",), [])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Zürich,Größe", "latin-1"), ("Łódź,Żółć", "cp1250"), ("台北市,臺灣志願", "big5")],
)
def test_other_encodings_are_not_taken_for_chinese(
    tmp_path: Path, text: str, encoding: str
) -> None:
    data = f"volunteer_id,station_id\n{text}\n".encode(encoding)
    _, faults = read(tmp_path, data)
    assert {rule for rule, _, _ in faults} == {"encoding"}
    # Whoever knows better says so.
    cells, faults = read(tmp_path, data, encoding=encoding)
    assert (cells, faults) == ([tuple(text.split(","))], [])


def test_bytes_that_may_be_chinese_ask_to_be_declared(tmp_path: Path) -> None:
    # Rare characters alone could be anything.
    data = "volunteer_id\n黮黯黱\n".encode("gb18030")
    _, faults = read(tmp_path, data)
    assert "declare encoding='gb18030' if it is" in faults[0][2]
    cells, faults = read(tmp_path, data, encoding="gb18030")
    assert (cells, faults) == ([("黮黯黱",)], [])


def test_what_is_not_as_declared_is_a_fault(tmp_path: Path) -> None:
    _, faults = read(tmp_path, b"volunteer_id\nM\xff\n", encoding="gb18030")
    assert faults[0][0] == "encoding"
    assert "not gb18030, which was declared" in faults[0][2]
    with pytest.raises(UsageError, match="encoding = 'klingon': write utf-8, gb18030 or another"):
        read(tmp_path, b"", encoding="klingon")


# --- what a spreadsheet would run ---------------------------------------------------------------

DANGEROUS = ["=1+1", "+86 138", "-5", "@SUM(A1)", "\t=1", "'=kept", "''x", "fine", "a=b", None]


def test_csv_cells_that_would_run_are_written_harmless(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": DANGEROUS, "number": [-1] * len(DANGEROUS)})
    write_result(tmp_path, {"plan": frame}, {})
    lines = (tmp_path / "plan.csv").read_text().splitlines()[1:]
    shown = [line.rpartition(",")[0].strip('"') for line in lines]
    assert shown == ["'=1+1", "'+86 138", "'-5", "'@SUM(A1)", "'\t=1", "''=kept", *shown[6:]]
    assert shown[6:] == ["''x", "fine", "a=b", ""]
    # A number is no text, and nothing runs it.
    assert all(line.endswith(",-1") for line in lines)
    again, faults = read_csv("plan", tmp_path / "plan.csv")
    assert again is not None
    assert again["name"].to_list() == DANGEROUS
    assert faults.is_empty()


@pytest.mark.slow
@given(st.lists(st.text("'=+-@a\t", min_size=1, max_size=6), min_size=1, max_size=5))
def test_made_harmless_or_not_a_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("harmless")
    write_tables(folder, {"stations": pl.DataFrame({"name": texts})})
    assert read_tables(folder)["stations"]["name"].to_list() == texts
    for line in (folder / "stations.csv").read_text().splitlines()[1:]:
        assert line.strip('"')[0] not in "=+-@\t"


def test_workbook_cells_are_texts_and_never_formulas(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": [text for text in DANGEROUS if text]})
    open_sink(tmp_path / "plan.xlsx").write_result({"plan": frame}, {"name": "=1+1"})
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=1+1" in [cell.value for cell in cells]


# --- workbooks ----------------------------------------------------------------------------------


def chinese_workbook(path: Path) -> dict:
    """Write a workbook as an office has it, and return what its names mean."""
    book = openpyxl.Workbook()
    people = book.active
    people.title = "志愿者"
    people.append(["编号", "姓名", "每周次数"])
    people.append([1001, "张三", 2])
    people.append([None, None, None])
    people.append(["李四", "李四", None])
    times = book.create_sheet("时间")
    times.append(["编号", "星期", "从", "到"])
    times.append([1001, 2, time(8), time(12)])
    times.append(["李四", 2, "08:00", "09:00"])
    orders = book.create_sheet("需求")
    orders.append(["需求号", "开始", "结束"])
    orders.append(["lunch", datetime(2026, 12, 1, 10), datetime(2026, 12, 1, 12)])
    book.create_sheet("bonds").append(["volunteer_id", "beneficiary_id", "last_visit"])
    book["bonds"].append([1001, "b1", date(2026, 11, 1)])
    book.create_sheet("说明").append(["谁都不读这一页"])
    book.save(path)
    return {
        "tables": {"volunteers": "志愿者", "availability": "时间", "requests": "需求"},
        "columns": {
            "volunteers": {"volunteer_id": "编号", "max_shifts": "每周次数"},
            "availability": {
                "volunteer_id": "编号",
                "weekday": "星期",
                "start_time": "从",
                "end_time": "到",
            },
            "requests": {"request_id": "需求号", "start": "开始", "end": "结束"},
        },
    }


@pytest.mark.filterwarnings("ignore:ignored, since the contract:matching.errors.DataWarning")
def test_a_workbook_of_several_sheets_with_chinese_headers(tmp_path: Path) -> None:
    names = chinese_workbook(tmp_path / "周计划.xlsx")
    problem = Problem.from_source(tmp_path / "周计划.xlsx", MONDAY, **names)
    assert problem.volunteers.id.to_list() == ["1001", "李四"]
    # Tuesday, in minutes since Monday 00:00: 24 hours and 8, 12, 8, 9.
    assert problem.windows.start.tolist() == [32 * 60, 32 * 60]
    assert problem.windows.end.tolist() == [36 * 60, 33 * 60]
    assert problem.options.start.tolist() == [34 * 60]


def test_a_fault_of_a_workbook_has_its_row(tmp_path: Path) -> None:
    names = chinese_workbook(tmp_path / "week.xlsx")
    book = openpyxl.load_workbook(tmp_path / "week.xlsx")
    book["志愿者"]["C4"] = "两次"
    book.save(tmp_path / "week.xlsx")
    with pytest.warns(match="姓名"), pytest.raises(DataError) as caught:
        Problem.from_source(tmp_path / "week.xlsx", MONDAY, **names)
    # The third row below the header; the one before it is empty, and no row.
    cells = caught.value.faults.select("table", "row", "column", "value").rows()
    assert cells == [("volunteers", 3, "max_shifts", "两次")]


@pytest.mark.parametrize(
    ("data", "told"),
    [(None, "does not exist; name a workbook"), (b"PK no", "is no workbook, or a broken one")],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, data: bytes | None, told: str) -> None:
    if data is not None:
        (tmp_path / "week.xlsx").write_bytes(data)
    with pytest.raises(UsageError, match=told):
        open_source(tmp_path / "week.xlsx").read_tables()


def test_a_workbook_without_our_tables_says_which_sheets_it_has(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "week.xlsx")
    with pytest.raises(UsageError, match=r"it has the sheets Sheet; .* tables=\{...\} which sheet"):
        open_source(tmp_path / "week.xlsx").read_tables()


def test_what_no_sheet_can_hold_is_refused(tmp_path: Path) -> None:
    sink = open_sink(tmp_path / "plan.xlsx")
    with pytest.raises(UsageError, match="plan has 1,048,576 rows, and a sheet holds 1,048,575"):
        sink.write_result({"plan": pl.DataFrame({"a": pl.repeat(1, 1_048_576, eager=True)})}, {})
    with pytest.raises(UsageError, match=r"plan\.a has a text of 32,768 characters"):
        sink.write_result({"plan": pl.DataFrame({"a": ["x" * 32_768]})}, {})
    assert list(tmp_path.iterdir()) == []


# --- JSON Lines ---------------------------------------------------------------------------------


def test_json_lines_are_read_as_they_are_written(tmp_path: Path) -> None:
    lines = [
        '{"volunteer_id": 9007199254740993, "max_shifts": 2}',
        "",
        '{"volunteer_id": "b", "lat": 31.20, "lon": 121.5, "note": null}',
        "{}",
        '{"volunteer_id": "c", "consent": "ask", "row": 7}',
    ]
    (tmp_path / "volunteers.jsonl").write_text("\n".join(lines), encoding="utf-8-sig")
    tables = read_tables(tmp_path)
    assert tables.faults.is_empty()
    cells = ("row", "volunteer_id", "max_shifts", "lon", "row (of the file)")
    assert tables["volunteers"].select(cells).rows() == [
        (1, "9007199254740993", "2", None, None),
        (3, "b", None, "121.5", None),
        (5, "c", None, None, "7"),
    ]


def test_lines_that_are_no_objects_are_faults(tmp_path: Path) -> None:
    lines = ['{"volunteer_id": "a"}', '{"volunteer_id": ', "[1]", '{"volunteer_id": "d", "x": [1]}']
    (tmp_path / "volunteers.jsonl").write_text("\n".join(lines))
    tables = read_tables(tmp_path)
    assert tables.faults.select("row", "value", "rule").rows() == [
        (2, '{"volunteer_id": ', "json"),
        (3, "[1]", "json"),
    ]
    good = tables["volunteers"].filter(~pl.col("row").is_in([2, 3]))
    assert good.select("row", "volunteer_id", "x").rows() == [(1, "a", None), (4, "d", '["1"]')]


NOT_TEXT = ["true", "false", "[1]", "[]", '{"a": 1}', "{}"]


@pytest.mark.parametrize("cell", NOT_TEXT)
@pytest.mark.parametrize("other", ['"v1"', "7", "null", ""])
def test_text_of_json_lines_is_text_or_a_number(tmp_path: Path, cell: str, other: str) -> None:
    # Alone in its column, beside text, beside a number, and where others leave it empty.
    lines = [f'{{"volunteer_id": {cell}, "max_shifts": 2}}']
    lines += [f'{{"volunteer_id": {other}, "max_shifts": 3}}'] if other else []
    (tmp_path / "volunteers.jsonl").write_text("\n".join(lines))
    tables = read_tables(tmp_path)
    for name in ("availability", "requests"):
        tables[name] = pl.DataFrame(schema=dict.fromkeys(TABLES[name].columns(), pl.String))
    kept, faults = clean(tables, week=MONDAY, time_zone="UTC", on_error="quarantine")
    first = faults.filter(row=1).select("column", "rule").rows()
    assert first == [("volunteer_id", "type")]
    assert kept["volunteers"]["volunteer_id"].to_list() == (
        [other.strip('"')] if other not in ("", "null") else []
    )


def test_a_column_of_true_and_false_may_be_written_in_any_way(tmp_path: Path) -> None:
    lines = [
        f'{{"volunteer_id": "v{i}", "subject": "post", "value": "p", "never": {never}}}'
        for i, never in enumerate(["true", "1", '"yes"', "[1]"])
    ]
    (tmp_path / "preferences.jsonl").write_text("\n".join(lines))
    (tmp_path / "volunteers.csv").write_text("volunteer_id\nv0\nv1\nv2\nv3\n")
    tables = read_tables(tmp_path)
    for name in ("availability", "requests"):
        tables[name] = pl.DataFrame(schema=dict.fromkeys(TABLES[name].columns(), pl.String))
    kept, faults = clean(tables, week=MONDAY, time_zone="UTC", on_error="quarantine")
    assert kept["preferences"]["never"].to_list() == [True, True, True]
    assert faults.select("row", "column", "rule").rows() == [(4, "never", "type")]


def test_a_key_stands_once_in_an_object(tmp_path: Path) -> None:
    lines = [
        '{"volunteer_id": "a", "volunteer_id": "b"}',
        '{"volunteer_id": "c"}',
        r'{"volunteer_id": null, "volunteer\u005fid": "d"}',
        '{"volunteer_id": "\\ud800"}',
    ]
    (tmp_path / "volunteers.jsonl").write_text("\n".join(lines))
    tables = read_tables(tmp_path)
    assert tables.faults.select("row", "column", "rule").rows() == [
        (1, "volunteer_id", "json"),
        (3, "volunteer_id", "json"),
        (4, None, "json"),
    ]
    assert "stands several times" in tables.faults["message"][0]


@pytest.mark.parametrize("deep", [900, 100_000])
def test_json_that_is_nested_deep_is_a_fault(tmp_path: Path, deep: int) -> None:
    lines = [
        '{"volunteer_id": ' * deep + "1" + "}" * deep,
        '{"volunteer_id": ' + "[" * deep + "]" * deep + "}",
        '{"volunteer_id": ' + "9" * 5_000 + "}",
    ]
    (tmp_path / "volunteers.jsonl").write_text("\n".join(lines))
    tables = read_tables(tmp_path)
    assert tables.faults["row"].to_list() == [1, 2]
    assert tables["volunteers"]["volunteer_id"][2] == "9" * 5_000


def test_lists_of_json_lines_are_lists_to_a_mapping(tmp_path: Path) -> None:
    lines = ['{"编号": "v1", "特长": ["a", "b"]}', '{"编号": "v2", "特长": []}']
    (tmp_path / "人.jsonl").write_text("\n".join(lines), encoding="utf-8")
    blocks = {
        "volunteers": {"table": "人", "volunteer_id": "编号"},
        "qualifications": {
            "table": "人",
            "volunteer_id": "编号",
            "qualification": {"column": "特长", "split": ","},
        },
    }
    read = mapped_source(tmp_path, blocks).read_tables()
    assert read["qualifications"].select("volunteer_id", "qualification").rows() == [
        ("v1", "a"),
        ("v1", "b"),
    ]


@given(st.binary(max_size=60))
def test_no_bytes_bring_json_lines_down(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "volunteers.jsonl").write_bytes(b'{"volunteer_id": "a"}\n' + data)
    read_tables(folder)


# --- archives -----------------------------------------------------------------------------------


def archive(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return path


def test_an_archive_may_hold_one_folder_and_what_systems_add(tmp_path: Path) -> None:
    files = {name: frame.write_csv() for name, frame in TINY.items()}
    inside = {f"week/{name}.csv": text for name, text in files.items()}
    noise = {"__MACOSX/week/._volunteers.csv": "x", "week/readme.txt": "x", ".hidden.csv": "x"}
    path = archive(tmp_path / "week.zip", inside | noise)
    tables = open_source(path).read_tables()
    assert set(tables) == set(TINY)
    assert tables.faults.is_empty()


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("method", METHODS)
def test_a_broken_archive_is_named_and_never_half_read(tmp_path: Path, method: int) -> None:
    text = "volunteer_id\n" + "".join(f"v{i}\n" for i in range(2_000))
    path = tmp_path / "week.zip"
    with zipfile.ZipFile(path, "w", method) as packed:
        packed.writestr("volunteers.csv", text)
    whole = path.read_bytes()
    # One byte at a time of the packed text, and the end cut off.
    for place in range(60, len(whole) // 2, max(1, len(whole) // 20)):
        spoilt = bytearray(whole)
        spoilt[place] ^= 0xFF
        for data in (bytes(spoilt), whole[:place]):
            path.write_bytes(data)
            with pytest.raises(UsageError, match=r"week\.zip.*pack it anew"):
                open_source(path).read_tables()


@pytest.mark.slow
def test_what_unpacks_to_more_than_is_allowed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "week.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("volunteers.csv", "volunteer_id\n" + "v1\n" * 500_000)
    assert open_source(path).read_tables()["volunteers"].height == 500_000
    pl.DataFrame({"volunteer_id": ["v1"] * 500_000}).write_parquet(tmp_path / "volunteers.parquet")
    monkeypatch.setenv("MATCHING_UNPACKED_MB", "1")
    told = "unpacks to 2 MB, and 1 MB are allowed; if that is right, set MATCHING_UNPACKED_MB"
    with pytest.raises(UsageError, match=told):
        open_source(path).read_tables()
    faults = read_tables(tmp_path).faults
    assert faults["rule"].to_list() == ["too_large"]
    assert told in faults["message"][0]
    # A workbook too, before any of its sheets is opened.
    with xlsxwriter.Workbook(tmp_path / "week.xlsx") as book:
        sheet = book.add_worksheet("volunteers")
        for row in range(30_000):
            sheet.write_number(row, 0, row)
    with pytest.raises(UsageError, match=r"week\.xlsx unpacks to 2 MB, and 1 MB are allowed"):
        open_source(tmp_path / "week.xlsx").read_tables()
    monkeypatch.setenv("MATCHING_UNPACKED_MB", "much")
    with pytest.raises(UsageError, match="= 'much': write a whole number of megabytes"):
        open_source(path).read_tables()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_a_packed_file_is_told_as_such(
    tmp_path: Path, pack: Callable[[bytes], bytes], format: str
) -> None:
    (tmp_path / f"volunteers.{format}").write_bytes(pack(b"volunteer_id\nv1\n"))
    (message,) = read_tables(tmp_path).faults["message"]
    assert "the file is packed as" in message


# --- where a plan goes to -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("plan.csv", "name the folder, as plan, and its format, csv"),
        ("week/plan.PARQUET", "name the folder, as week/plan, and its format, parquet"),
        ("plan.xls", r"for a workbook write plan\.xlsx"),
        ("plan.tar.gz", r"write plan\.zip"),
        ("plan.sqlite3", r"for a database write plan\.sqlite"),
        ("memory://week/plan.jsonl", "its format, jsonl"),
        ("", "is empty"),
        ("  ", "is empty"),
        (Path(), "is empty"),
        ("~/plan", "nobody has expanded the ~"),
        ("file://", "name a path after it"),
    ],
)
def test_a_path_that_is_a_slip_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str | Path, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=told):
        open_sink(where)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["", " "])
def test_an_empty_path_is_no_source(where: str) -> None:
    with pytest.raises(UsageError, match="the path or URL is empty"):
        open_source(where)


@pytest.mark.parametrize("where", ["plan", "plan.zip", "plan.xlsx", "memory://plans"])
@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", "a\\b", "..", "a\0b", "a\nb", ""])
def test_the_name_of_a_table_is_no_path(tmp_path: Path, where: str, name: str) -> None:
    with pytest.raises(UsageError, match=r"tables\['plan'\] = "):
        open_sink(where if "://" in where else tmp_path / where, tables={"plan": name})


def test_a_hidden_table_would_not_be_read_again(tmp_path: Path) -> None:
    for where in ("plan", "plan.zip"):
        with pytest.raises(UsageError, match="a file of such a name is hidden"):
            open_sink(tmp_path / where, tables={"plan": ".plan"})


def test_two_columns_of_a_plan_have_two_names(tmp_path: Path) -> None:
    sink = open_sink(tmp_path / "plan", columns={"plan": {"post": "x", "status": "x"}})
    with pytest.raises(UsageError, match="x would stand for two of ours"):
        sink.write_result({"plan": pl.DataFrame({"post": ["a"], "status": ["b"]})}, {})
    assert not (tmp_path / "plan").exists()


def test_a_long_list_of_names_is_cut(tmp_path: Path) -> None:
    columns = ",".join(f"c{i:05}" for i in range(2_000))
    (tmp_path / "volunteers.csv").write_text(f"volunteer_id,{columns}\n")
    for name in ("availability", "requests"):
        (tmp_path / f"{name}.csv").write_text(",".join(TABLES[name].columns()) + "\n")
    with pytest.warns(DataWarning, match="volunteers.c00009 and 1,990 more$"):
        clean(read_tables(tmp_path), week=MONDAY, time_zone="UTC")


def test_nothing_is_unpacked_elsewhere(tmp_path: Path) -> None:
    outside = f"{tmp_path}/volunteers.csv"
    path = archive(tmp_path / "week.zip", {outside: "volunteer_id\nv1\n"})
    assert open_source(path).read_tables()["volunteers"].height == 1
    archive(path, {"../volunteers.csv": "volunteer_id\nv1\n"})
    with pytest.raises(UsageError, match=rf"^{path} holds no table: it has nothing"):
        open_source(path).read_tables()
    assert list(tmp_path.rglob("*.csv")) == []


def test_two_files_of_one_name_in_an_archive_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "week.zip", {"a/pairs.csv": "x", "b/pairs.csv": "x"})
    with pytest.raises(UsageError, match=r"has b/pairs\.csv and a/pairs\.csv; keep one"):
        open_source(path).read_tables()


def test_names_that_chinese_windows_packed_are_understood(tmp_path: Path) -> None:
    # The format's own encoding is CP437; the bytes are GBK.
    name = "志愿者.csv".encode("gb18030").decode("cp437")

    class Info(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:
            return self.filename.encode("cp437"), self.flag_bits & ~0x800

    path = tmp_path / "week.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(Info(name), "volunteer_id\nv1\n")
    tables = open_source(path, tables={"volunteers": "志愿者"}).read_tables()
    assert tables["volunteers"]["volunteer_id"].to_list() == ["v1"]


@pytest.mark.parametrize("data", [None, b"", b"PK\x03\x04 no"])
def test_what_is_no_archive_is_told(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "week.zip").write_bytes(data)
    with pytest.raises(UsageError, match=r"name a zip archive|is no zip archive that can be read"):
        open_source(tmp_path / "week.zip").read_tables()


# --- URLs ---------------------------------------------------------------------------------------


class Remote(Kit):
    """A place that fsspec reaches."""

    def where(self, place: Path) -> str:
        return f"local://{place}/{self.name}"


class TestRemoteFolder(Remote):
    # Files are renamed one by one: two writers at once may mix. The how-to says so.
    one_last_word = False


class TestRemoteWorkbook(Remote):
    name = "store.xlsx"


class TestRemoteArchive(Remote):
    name = "store.zip"


def test_a_url_may_be_inside_another(tmp_path: Path) -> None:
    path = archive(tmp_path / "week.zip", {f"t/{n}.csv": f.write_csv() for n, f in TINY.items()})
    problem = Problem.from_source(f"zip://t::file://{path}", MONDAY)
    assert len(problem.volunteers) == 2


def test_a_remote_result_leaves_nothing_half_and_nothing_old() -> None:
    where = "memory://left-overs/plan"
    open_sink(where, format="parquet").write_result(*worlds.result("a"))
    open_sink(where).write_result(*worlds.result("b"))
    left = sorted(path.rpartition("/")[2] for path in fsspec.filesystem("memory").ls(where, False))
    assert left == ["plan.csv", "prices.csv", "summary.json", "unfilled.csv"]
    summary = json.loads(fsspec.filesystem("memory").cat(f"{where}/summary.json"))
    assert summary["mark"] == "b"


def test_what_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(UsageError, match=r"memory://nowhere does not exist; name a f"):
        open_source("memory://nowhere").read_tables()
    with pytest.raises(UsageError) as caught:
        open_source("gopher://me:secret@host/x")
    assert "secret" not in str(caught.value)
