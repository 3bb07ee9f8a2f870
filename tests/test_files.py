"""Folders of tables: what is written is read again, whole or not at all."""

import json
import os
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import Problem
from matching.errors import DataError, DataWarning, UsageError
from matching.schema import TABLES
from matching.stores import (
    read_plan,
    read_prices,
    read_summary,
    read_tables,
    write_result,
    write_tables,
)
from matching.stores.files.csv_files import read_csv
from matching.tables.cleaning import clean
from tests.support.slow import first_fast

BASE = Path(__file__).parent / "data" / "faults" / "_base"
MONDAY = date(2026, 11, 30)
PLAN = pl.DataFrame(
    {
        "request_id": ["r1", "r2"],
        "post": ["cook", "tutor"],
        "option": [None, "early"],
        "start": [datetime(2026, 11, 30, 10), datetime(2026, 12, 1, 16)],
        "end": [datetime(2026, 11, 30, 12), datetime(2026, 12, 1, 17)],
        "volunteer_id": ["v1", 'say "v", 3'],
        "quality": [1234, -5],
        "status": ["pinned", "proposed"],
    }
)
PRICES = pl.DataFrame({"request_id": ["r1", None], "price": [0.1, 1e-9]})
SUMMARY = {"status": "optimal", "gap": 0.0}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("format", ["csv", "parquet", "jsonl", "xlsx"])
def test_tables_come_back_as_they_were(tmp_path: Path, format: str) -> None:
    tables, _ = clean(read_tables(BASE), week=MONDAY, time_zone="UTC")
    # Weekly windows are dated by now.
    tables["availability"] = tables["availability"].with_columns(
        weekday=None, start_time=None, end_time=None
    )
    write_tables(tmp_path / "new" / "folder", tables, format)
    assert names(tmp_path / "new" / "folder") == sorted(f"{name}.{format}" for name in TABLES)
    again, _ = clean(read_tables(tmp_path / "new" / "folder"), week=MONDAY, time_zone="UTC")
    for name, table in tables.items():
        assert again[name].drop("row").equals(table.drop("row")), name


@pytest.mark.parametrize("format", ["csv", "parquet", "jsonl", "xlsx"])
def test_a_result_comes_back_as_it_was(tmp_path: Path, format: str) -> None:
    write_result(tmp_path, {"plan": PLAN, "prices": PRICES}, SUMMARY, format)
    assert read_plan(tmp_path).equals(PLAN)
    assert read_plan(tmp_path / f"plan.{format}").equals(PLAN)
    assert read_prices(tmp_path).equals(PRICES)
    assert read_summary(tmp_path) == SUMMARY


def test_times_are_written_to_the_minute(tmp_path: Path) -> None:
    frame = PLAN.select("start", clock=time(9), day=date(2026, 12, 24))
    write_tables(tmp_path, {"plan": frame})
    expected = (
        "start,clock,day\n2026-11-30T10:00,09:00,2026-12-24\n2026-12-01T16:00,09:00,2026-12-24\n"
    )
    assert (tmp_path / "plan.csv").read_text() == expected


def test_what_is_not_there_is_none_or_is_asked_for(tmp_path: Path) -> None:
    assert read_prices(tmp_path) is None
    assert read_summary(tmp_path) is None
    with pytest.raises(
        UsageError, match=r"holds no plan; wanted is plan\.csv or plan\.parquet or "
    ):
        read_plan(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        read_plan(tmp_path / "plan.csv")
    (tmp_path / "plan.ods").touch()
    with pytest.raises(UsageError, match=r"must end in \.csv or \.parquet or "):
        read_plan(tmp_path / "plan.ods")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty file"),
        ("request_id,quality\nr1,good\n", "plan row 1, quality = 'good': must be a whole number"),
        ("request_id,start\n\nr1,noon\n", "plan row 2, start = 'noon': must be a local time"),
        ("request_id,post\nr1\n", "plan row 1 = 'r1': 1 instead of 2 cells"),
        ("request_id;post\nr1;a\n", "the cells are parted by a semicolon"),
    ],
)
def test_a_plan_that_cannot_be_read_says_why(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "plan.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        read_plan(tmp_path)
    assert told in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_summary_that_cannot_be_read_says_why(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "summary.json").write_bytes(data)
    with pytest.raises(DataError, match="plan again to write it anew"):
        read_summary(tmp_path)


def test_a_summary_is_strict_json(tmp_path: Path) -> None:
    summary = {
        "name": "静安区",
        "endless": [float("inf"), -np.inf, float("nan")],
        "counts": np.arange(2),
        "one": np.float64(0.5),
        "week": MONDAY,
        "folder": Path("a"),
        "nested": {1: (True, None)},
    }
    write_result(tmp_path, {}, summary)
    text = (tmp_path / "summary.json").read_text(encoding="utf-8")
    assert '\n  "name": "静安区",\n' in text
    assert json.loads(text, parse_constant=lambda word: pytest.fail(word)) == {
        "name": "静安区",
        "endless": ["inf", "-inf", "nan"],
        "counts": [0, 1],
        "one": 0.5,
        "week": "2026-11-30",
        "folder": "a",
        "nested": {"1": [True, None]},
    }


def test_a_folder_never_holds_two_plans(tmp_path: Path) -> None:
    write_result(tmp_path, {"plan": PLAN, "prices": PRICES}, SUMMARY, "csv")
    (tmp_path / "volunteers.csv").touch()
    write_result(tmp_path, {"plan": PLAN}, SUMMARY, "parquet")
    assert names(tmp_path) == ["plan.parquet", "summary.json", "volunteers.csv"]
    write_result(tmp_path, {"plan": PLAN, "prices": PRICES}, SUMMARY, "csv")
    assert names(tmp_path) == ["plan.csv", "prices.csv", "summary.json", "volunteers.csv"]


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_failure_leaves_the_old_files_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write_result(tmp_path, {"plan": PLAN, "prices": PRICES}, SUMMARY)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*args: object, **options: object) -> None:
        raise OSError("no space left")

    def write_half(frame: pl.DataFrame, path: Path, **options: object) -> None:
        path.write_bytes(b"PAR1")
        fail()

    if step == "write":
        monkeypatch.setattr(pl.DataFrame, "write_parquet", write_half)
    else:
        monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="no space left"):
        write_result(tmp_path, {"plan": PLAN.head(1), "prices": PRICES}, {}, "parquet")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_cannot_be_written_is_refused_before_anything_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="write 'csv' or 'parquet' or "):
        write_tables(tmp_path, {"plan": PLAN}, "ods")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a result has no table volunteers"):
        write_result(tmp_path, {"volunteers": PLAN}, SUMMARY)
    with pytest.raises(TypeError):
        write_result(tmp_path, {"plan": PLAN}, {"x": object()})
    assert names(tmp_path) == []
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file; name a folder to write to"):
        write_tables(tmp_path / "file", {"plan": PLAN})


def test_a_folder_without_tables_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"does not exist; name the folder that holds volunteers\.csv"
    ):
        read_tables(tmp_path / "nowhere")
    with pytest.raises(
        UsageError, match=r"holds no table: it has nothing; wanted are volunteers\.csv"
    ):
        read_tables(tmp_path)
    (tmp_path / "voluntiers.csv").touch()
    with pytest.raises(UsageError, match=r"it has voluntiers\.csv"):
        read_tables(tmp_path)
    with pytest.raises(UsageError, match="is a file, not a folder"):
        read_tables(str(tmp_path / "voluntiers.csv"))
    (tmp_path / "week.xls").touch()
    with pytest.raises(UsageError, match=r"save it as \.xlsx and name that file, week\.xlsx"):
        read_tables(tmp_path / "week.xls")


def test_other_files_are_ignored(tmp_path: Path) -> None:
    write_tables(tmp_path, read_tables(BASE))
    write_result(tmp_path, {"plan": PLAN}, SUMMARY)
    for name in ("policy.toml", "README.md", ".hidden.csv", "volunteers.csv.bak"):
        (tmp_path / name).touch()
    (tmp_path / "pairs.parquet").mkdir()
    tables = read_tables(tmp_path)
    assert set(tables) == set(TABLES)
    assert tables.faults.is_empty()
    (tmp_path / "people.csv").touch()
    assert set(read_tables(tmp_path)) == {*TABLES, "people"}


def test_endings_may_be_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "volunteers.CSV").write_text("volunteer_id\nv1\n")
    assert read_tables(tmp_path)["volunteers"]["volunteer_id"].to_list() == ["v1"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_that_must_not_be_read_is_a_fault(tmp_path: Path) -> None:
    for name in ("volunteers.csv", "pairs.parquet"):
        (tmp_path / name).write_text("volunteer_id\n")
        (tmp_path / name).chmod(0)
    faults = read_tables(tmp_path).faults
    assert faults["rule"].to_list() == ["readable", "readable"]


def rows_of(tmp_path: Path, data: bytes) -> tuple[list[tuple], list[tuple]]:
    path = tmp_path / "pairs.csv"
    path.write_bytes(data)
    frame, faults = read_csv("pairs", path)
    assert frame is not None
    aside = faults["row"].implode()
    return frame.filter(~pl.col("row").is_in(aside)).rows(), faults.select("row", "value").rows()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\n\n\n"])
def test_rows_keep_their_true_numbers(tmp_path: Path, end: bytes, last: bytes) -> None:
    lines = [b"a,b", b"1,2", b"1,2,3", b"", b'"4\n5",6', b"7", b",", b"8,9"]
    rows, ragged = rows_of(tmp_path, end.join(lines) + last.replace(b"\n", end))
    assert rows == [(1, "1", "2"), (4, "4\n5", "6"), (7, "8", "9")]
    assert ragged == [(2, "1,2,3"), (5, "7")]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n", []),
        ("a,b", []),
        ("\n\na,b\n1,2", [(1, "1", "2")]),
        (' a , "b"\n1,2', [(1, "1", "2")]),
        ("a\n1\n\n2\n", [(1, "1"), (3, "2")]),
        ('a\n""\n', [(1, "")]),
        ('a,b\n"",x\n', [(1, "", "x")]),
        ('a,b\n"1 ""2"", 3",5" pipe\n', [(1, '1 "2", 3', '5" pipe')]),
        ('a,b\n"say ""hi""\nand go",2\n', [(1, 'say "hi"\nand go', "2")]),
        ("a,b\n静安区,😀\n", [(1, "静安区", "😀")]),
        ("a,b\nNULL,NA\n", [(1, "NULL", "NA")]),
        ("a,b\n 1 ,2\n", [(1, " 1 ", "2")]),
    ],
)
def test_cells_are_read_as_they_stand(tmp_path: Path, text: str, rows: list[tuple]) -> None:
    assert rows_of(tmp_path, text.encode()) == (rows, [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ['"(free\ntext)"', '"say ""hi""\n, and\n\nmore"'])
def test_a_name_in_quotes_may_hold_line_breaks(tmp_path: Path, end: str, name: str) -> None:
    # The header is one row to a spreadsheet: the rows below count from 1 all the same.
    text = f'\ufeffvolunteer_id,{name},max_shifts\nv1,x,2\nv2,"a\nb",many\n,,3\n'
    (tmp_path / "volunteers.csv").write_bytes(text.replace("\n", end).encode())
    read = name[1:-1].replace('""', '"').replace("\n", end)
    tables = read_tables(tmp_path)
    assert tables.faults.is_empty()
    assert tables["volunteers"].columns == ["row", "volunteer_id", read, "max_shifts"]
    for table in ("availability", "requests"):
        columns = dict.fromkeys(TABLES[table].columns(), pl.String)
        tables[table] = pl.DataFrame(schema=columns)
    shown = read.replace("\r", "\\r").replace("\n", "\\n")
    with pytest.warns(DataWarning) as caught:
        clean_tables, faults = clean(tables, week=MONDAY, time_zone="UTC", on_error="quarantine")
    assert f"volunteers.{shown}" in str(caught[0].message)
    assert clean_tables["volunteers"]["volunteer_id"].to_list() == ["v1"]
    assert faults.select("row", "column").rows() == [(2, "max_shifts"), (3, "volunteer_id")]


@pytest.mark.parametrize(
    "text",
    [
        'a,"b\n1,2\n',  # never closed
        'a,"b\n1,2\n"x",4\n',  # closed by a quote of a row
        '"' + "x" * 200_000 + "\n1\n",
    ],
)
def test_a_quote_of_the_header_must_close(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    frame, faults = read_csv("pairs", path)
    assert (frame, faults["rule"].to_list()) == (None, ["unclosed_quote"])


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-30 09:00:00+08",
        "2026-11-30T09:00:00+08",
        "2026-11-30 06:30:00.000+0530",
        "2026-11-30 06:30+05:30",
        "2026-11-30 09:00:00+08:00:00",
        "2026-11-30T01:00:00Z",
        "2026-11-30t01:00z",
        "2026-11-29 18:00:00-07",
        "2026-11-30 01:00:00 UTC",
        "2026-11-30 09:00:00 +0800",
    ],
)
@pytest.mark.parametrize("format", ["csv", "parquet", "jsonl", "xlsx"])
def test_every_way_to_write_an_offset_is_read(tmp_path: Path, format: str, start: str) -> None:
    # Nine o'clock in Shanghai is one o'clock in UTC.
    rows = pl.DataFrame(
        {"volunteer_id": ["v1"], "start": [start], "end": ["2026-11-30 18:00:00+08"]}
    )
    write_tables(
        tmp_path, {"volunteers": rows.select("volunteer_id"), "availability": rows}, format
    )
    tables = read_tables(tmp_path)
    tables["requests"] = pl.DataFrame(schema=dict.fromkeys(TABLES["requests"].columns(), pl.String))
    read, _ = clean(tables, week=MONDAY, time_zone="Asia/Shanghai")
    assert read["availability"].select("start", "end").rows() == [
        (datetime(2026, 11, 30, 1), datetime(2026, 11, 30, 10))
    ]


@pytest.mark.parametrize("start", ["2026-11-30 09:00 CST", "2026-11-30 09:00+8", "09:00+25:00"])
def test_another_offset_is_told_how_to_write_one(tmp_path: Path, start: str) -> None:
    tables = read_tables(BASE)
    tables["requests"] = tables["requests"].with_columns(start=pl.lit(start))
    with pytest.raises(DataError, match=r"with its offset such as 2026-11-30T09:00\+08:00"):
        clean(tables, week=MONDAY, time_zone="Asia/Shanghai")


def test_the_times_of_a_plan_may_have_offsets(tmp_path: Path) -> None:
    # 02:00 in UTC is 10:00 in Shanghai, and 21:00 of the day before in New York.
    text = "request_id,post,volunteer_id,start\nr1,cook,v1,2026-11-30 02:00:00+00\n"
    (tmp_path / "plan.csv").write_text(text)
    assert read_plan(tmp_path / "plan.csv")["start"].to_list() == [datetime(2026, 11, 30, 10)]
    summary = {"policy": {"time_zone": "America/New_York"}}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    assert read_plan(tmp_path)["start"].to_list() == [datetime(2026, 11, 29, 21)]


@pytest.mark.parametrize("unit", ["ms", "us"])
@pytest.mark.parametrize("zone", first_fast([None, "UTC", "Asia/Shanghai"], 1))
@pytest.mark.parametrize(
    "number", [2**63 - 1, -(2**63) + 1, 2**63 - 2**40, 253_402_300_800_000_000]
)
def test_a_time_in_no_calendar_is_a_fault(
    tmp_path: Path, unit: str, zone: str | None, number: int
) -> None:
    # In microseconds the last is the first moment of the year 10000.
    kind = pl.Datetime(unit, zone)  # type: ignore[arg-type]
    times = pl.Series("start", [number, 0], pl.Int64).cast(kind)
    rows = pl.DataFrame({"volunteer_id": ["v1", "v1"], "start": times, "end": times})
    for source in ("parquet", "frame"):
        if source == "parquet":
            rows.write_parquet(tmp_path / "availability.parquet")
            rows = read_tables(tmp_path)["availability"]
        found = dict(read_tables(BASE)) | {"availability": rows}
        with pytest.raises(DataError) as caught:
            clean(found, week=MONDAY, time_zone="Asia/Shanghai")
        odd = caught.value.faults.filter(table="availability", rule="type")
        assert odd.select("row", "column").rows() == [(1, "start"), (1, "end")]
        assert odd["value"].to_list() == [f"{number} {unit} since 1970"] * 2


@pytest.mark.parametrize("number", [2**62, 2**63 - 1, 253_402_300_800])
@pytest.mark.parametrize("kind", ["pyarrow", "pandas"])
def test_seconds_that_overflow_are_no_other_time(number: int, kind: str) -> None:
    # Modulo 2**64, 2**62 seconds are 0 milliseconds; the last is the year 10000.
    times = np.array([number], "datetime64[s]")
    columns = {"volunteer_id": ["v1"], "start": times, "end": times}
    frame = pa.table(columns) if kind == "pyarrow" else pd.DataFrame(columns)
    tables = dict(read_tables(BASE)) | {"availability": frame}
    with pytest.raises(DataError) as caught:
        Problem.from_source(tables, MONDAY)
    assert {"dataframe", "type"} & {*caught.value.faults.filter(table="availability")["rule"]}


def test_a_number_of_a_summary_has_few_digits(tmp_path: Path) -> None:
    for digits in (101, 4_000, 5_000):
        (tmp_path / "summary.json").write_text(f'{{"value": {"9" * digits}}}')
        with pytest.raises(DataError, match=f"a whole number has {digits:,} digits"):
            read_summary(tmp_path)


def test_a_column_named_row_is_not_the_number_of_the_row(tmp_path: Path) -> None:
    (tmp_path / "volunteers.csv").write_text("row,volunteer_id\n7,v1\n")
    write_tables(tmp_path, {"pairs": pl.DataFrame({"volunteer_a": ["v"]})}, "parquet")
    pl.DataFrame({"row": ["x"], "volunteer_id": ["v"]}).write_parquet(tmp_path / "bonds.parquet")
    tables = read_tables(tmp_path)
    assert tables["volunteers"].rows() == [(1, "7", "v1")]
    assert tables["volunteers"].columns == ["row", "row (of the file)", "volunteer_id"]
    assert tables["bonds"].columns == ["row (of the file)", "volunteer_id"]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd\ufeff"))


@pytest.mark.slow
@given(st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=8))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    folder = tmp_path_factory.mktemp("text")
    frame = pl.DataFrame(rows, {"volunteer_a": pl.String, "volunteer_b": pl.String}, orient="row")
    write_tables(folder, {"pairs": frame})
    tables = read_tables(folder)
    assert tables.faults.is_empty()
    assert tables["pairs"].drop("row").equals(frame)


@pytest.mark.slow
@given(st.binary(max_size=200))
def test_no_bytes_bring_it_down(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("pairs.csv", "bonds.parquet", "stations.csv"):
        header = b"station_id,name\n" if name == "stations.csv" else b""
        (folder / name).write_bytes(header + data)
    tables = read_tables(folder)
    for name in ("pairs", "bonds", "stations"):
        whole = tables.faults.filter(table=name).filter(pl.col("row").is_null())
        assert (name in tables) != whole.height
