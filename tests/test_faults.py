"""Faulty tables: every fault is told with its place and its value, and nothing else is.

Each folder of `data/faults` holds what is to be replaced in the base world, which is right, and is
named for what is wrong with it.
"""

import shutil
import warnings
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import strategies as st

from matching.errors import FAULT_SCHEMA, DataError, DataWarning, UsageError
from matching.policy import Policy
from matching.problem import Problem
from matching.schema import NEEDED, TABLES, meta
from matching.stores import read_tables
from matching.stores.files import csv_files
from matching.tables import indices, one_table
from matching.tables.cleaning import Tables, clean
from tests.support.faults import (
    BASE,
    FAULTS,
    FOLDER,
    MONDAY,
    ONE_OF_EACH_RULE,
    WEEKS,
    ZONES,
    Fault,
    world,
)
from tests.support.laws import law
from tests.support.slow import some_fast, these_fast

Frames = dict[str, pl.DataFrame]
COLUMNS = ["table", "row", "column", "value", "rule"]
REFERENCES = [
    (table, column, target)
    for table, schema in TABLES.items()
    for column, kind in schema.columns().items()
    if (target := meta(kind).get("refers"))
]


def replaced(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BASE, tmp_path / "base"))


def told(faults: pl.DataFrame) -> list[Fault]:
    return sorted(faults.filter(pl.col("rule") != "set_aside").select(COLUMNS).rows(), key=str)


def refused(tables: Frames) -> DataError:
    with pytest.raises(DataError) as caught:
        clean(tables, week=MONDAY, time_zone="Asia/Shanghai")
    return caught.value


def quarantined(tables: Frames) -> tuple[Frames, pl.DataFrame]:
    return clean(tables, week=MONDAY, time_zone="Asia/Shanghai", on_error="quarantine")


def assert_nothing_vanished(tables: Frames, kept: Frames, faults: pl.DataFrame) -> None:
    whole = set(faults.filter(pl.col("row").is_null())["table"])
    for name, raw in tables.items():
        if name not in whole:
            rows = raw["row"] if "row" in raw.columns else range(1, raw.height + 1)
            aside = set(faults.filter(pl.col("table") == name)["row"])
            assert set(kept[name]["row"]) == set(rows) - aside
            # A weekly row may have become the windows of several weeks, and a window many options.
            if name not in ("availability", "options"):
                assert kept[name].height == len(rows) - len(aside)


def test_the_base_world_is_right() -> None:
    problem = Problem.from_tables(read_tables(BASE), MONDAY)
    assert problem.faults.is_empty()
    assert (len(problem.volunteers), len(problem.requests)) == (5, 4)


def test_every_fault_is_expected_and_every_expectation_has_its_fault() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.name[0] not in "._"} == set(FAULTS)


@cache
def base_tables() -> Tables:
    return read_tables(BASE)


@cache
def tables_of(fault: str) -> Tables:
    """Read a faulty folder, once for all that look at it."""
    with TemporaryDirectory() as folder:
        return read_tables(world(Path(folder), fault))


@pytest.mark.filterwarnings("ignore::matching.errors.DataWarning")
@pytest.mark.parametrize("fault", some_fast(FAULTS, 3))
def test_a_fault_is_told_with_its_place_and_value(fault: str) -> None:
    week, policy = WEEKS.get(fault, MONDAY), Policy(time_zone=ZONES.get(fault, "Asia/Shanghai"))
    with pytest.raises(DataError) as caught:
        Problem.from_tables(tables_of(fault), week, policy)
    error = caught.value
    assert sorted(error.faults.select(COLUMNS).rows(), key=str) == sorted(FAULTS[fault], key=str)
    assert (error.faults["message"].str.len_chars() > 10).all()
    text = str(error)
    for table, row, column, value, rule in FAULTS[fault]:
        assert table in text
        assert f"[{rule}]" in text
        assert row is None or f"{table} row {row}" in text
        assert column is None or column in text
        assert value is None or repr(value) in text


@pytest.mark.filterwarnings("ignore::matching.errors.DataWarning")
@pytest.mark.parametrize("fault", these_fast(FAULTS, ONE_OF_EACH_RULE))
def test_quarantine_keeps_the_rest_and_counts_the_faults(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Here as where there are many rows, of which ids and times are looked at once.
    monkeypatch.setattr(one_table, "_FEW_ROWS", 0)
    monkeypatch.setattr(indices, "_SMALL", 0)
    week, policy = WEEKS.get(fault, MONDAY), Policy(time_zone=ZONES.get(fault, "Asia/Shanghai"))
    tables = tables_of(fault)
    kept, faults = clean(tables, week=week, time_zone=policy.time_zone, on_error="quarantine")
    assert told(faults) == sorted(FAULTS[fault], key=str)
    assert faults.filter(pl.struct("table", "row", "column").is_duplicated()).is_empty()
    assert_nothing_vanished(tables, kept, faults)
    problem = Problem.from_clean(kept, faults, week, policy, on_error="quarantine")
    assert problem.faults.equals(faults)


@pytest.mark.parametrize("table", NEEDED)
def test_a_needed_table_is_missed(base: Path, table: str) -> None:
    (base / f"{table}.csv").unlink()
    tables = read_tables(base)
    assert (table, None, None, None, "needed_table") in told(refused(tables).faults)
    assert Problem.from_tables(tables, MONDAY, on_error="quarantine").faults.height >= 1


@pytest.mark.parametrize("table", [name for name in TABLES if name not in NEEDED])
def test_other_tables_may_have_no_rows(base: Path, table: str) -> None:
    """They may also be absent, if nothing refers to what they hold."""
    header = (base / f"{table}.csv").read_text().splitlines()[0]
    (base / f"{table}.csv").write_text(header + "\n")
    tables = read_tables(base)
    assert tables[table].height == 0
    _, faults = quarantined(tables)
    assert table not in set(faults["table"])
    assert set(faults["rule"]) <= {"reference", "set_aside", "post_exists", "option_exists", "when"}


@pytest.mark.parametrize(("table", "column", "target"), REFERENCES)
def test_every_reference_is_followed(table: str, column: str, target: str) -> None:
    tables = {name: frame.drop("row") for name, frame in base_tables().items()}
    new = dict.fromkeys(tables[table].columns) | {
        c: f"new_{c}" for c, kind in TABLES[table].columns().items() if meta(kind).get("key")
    }
    known = {"volunteers": "v5", "requests": "r4", "menu": "m1", "stations": "s1"}
    for c, kind in TABLES[table].columns().items():
        if meta(kind).get("required") and meta(kind).get("refers"):
            new[c] = known[meta(kind)["refers"]]
    new |= {
        "qualifications": {"qualification": "x"},
        "availability": {"weekday": "1", "start_time": "10:00", "end_time": "11:00"},
        "menu_posts": {"post": "x", "seats": "1"},
        "requests": {"start": "2026-11-30T10:00", "end": "2026-11-30T11:00"},
        "options": {"start": "2026-11-30T10:00", "end": "2026-11-30T11:00"},
        "sessions": {"option": None, "start": "2026-11-30T10:00", "end": "2026-11-30T11:00"},
        "posts": {"seats": "1"},
        "team_rules": {"qualification": "x", "min_people": "1"},
        "preferences": {"subject": "post", "weight": "1"},
        "limits": {"subject": "post", "max_shifts": "1"},
        "pairs": {"volunteer_b": "v1", "rule": "apart"},
        "travel": {"minutes": "1"},
        "assignments": {"post": "volunteer", "option": None, "status": "declined"},
        "affinities": {"post": None, "score": "1"},
        "menu_qualifications": {"post": "cook"},
        "post_qualifications": {"post": "volunteer"},
    }.get(table, {})
    new[column] = "nobody"
    tables[table] = pl.concat([tables[table], pl.DataFrame([new], tables[table].schema)])
    faults = refused(tables).faults
    assert told(faults) == [(table, tables[table].height, column, "nobody", "reference")]
    assert f"{target} has no such" in faults["message"].item()


def test_what_hangs_on_a_faulty_row_is_set_aside_but_not_blamed(base: Path) -> None:
    replaced(base, "volunteers", "v3,o2,s2,31.25", "v3,o2,s2,95")
    tables = read_tables(base)
    assert told(refused(tables).faults) == [("volunteers", 3, "lat", "95", "max")]
    kept, faults = quarantined(tables)
    hanging = faults.filter(pl.col("rule") == "set_aside")
    others = {"qualifications", "availability", "pairs", "bonds", "assignments"}
    assert set(hanging["table"]) == others
    assert "v3" not in kept["availability"]["volunteer_id"]


@pytest.mark.parametrize(
    ("table", "old", "new", "request_id"),
    [
        ("posts", "r3,helper,3", "r3,helper,0", "r3"),
        ("post_qualifications", "nurse,2", "nurse,7", "r3"),
        ("post_qualifications", "r3,nurse", "r3,nurce", "r3"),
        ("menu_qualifications", "m2,tutor,", "m2,teacher,", "r2"),
        ("team_rules", "lang:zh,1", "lang:zh,0", "r3"),
        ("options", "r2,early,2026-12-01T16:00", "r2,early,2026-12-01", "r2"),
        ("menu_posts", "m1,driver,1", "m1,driver,one", "r1"),
        ("menu_qualifications", "m2,tutor,tutor,2", "m2,tutor,,2", "r2"),
    ],
)
def test_a_request_is_not_planned_without_a_row_that_says_how(
    base: Path, table: str, old: str, new: str, request_id: str
) -> None:
    """Else a post that asks for a nurse would go to anybody once the row that says so is faulty."""
    replaced(base, table, old, new)
    kept, _ = quarantined(read_tables(base))
    assert set(kept["requests"]["request_id"]) == {"r1", "r2", "r3", "r4"} - {request_id}


def test_a_table_that_cannot_be_read_sets_aside_what_needs_it(base: Path) -> None:
    (base / "stations.csv").write_bytes(b"")
    kept, faults = quarantined(read_tables(base))
    assert told(faults) == [("stations", None, None, "stations.csv", "empty_file")]
    assert kept["volunteers"]["volunteer_id"].to_list() == ["v1"]
    assert kept["requests"]["request_id"].to_list() == ["r3", "r4"]


def test_several_faults_of_a_row_are_told_at_once(base: Path) -> None:
    row = "r1,m1,2,Lunch,,,s1,,,,2026-11-30T10:00,,4,"
    replaced(base, "requests", row, "r1,m1,0,,,,,,91,200,noon,,6,")
    rows = told(refused(read_tables(base)).faults)
    assert [row[2] for row in rows] == ["lat", "lon", "priority", "quantity", "start"]


def test_twenty_faults_are_printed_and_all_are_kept() -> None:
    cells = [("bonds", n, "visits", "x", "type", f"message {n}") for n in range(50)]
    error = DataError(pl.DataFrame(cells, schema=FAULT_SCHEMA, orient="row"))
    assert error.faults.height == 50
    lines = str(error).splitlines()
    assert (lines[0], len(lines)) == ("50 faults in the tables", 22)
    assert lines[-1] == "... and 30 more: see DataError.faults"


def test_what_many_rows_of_a_column_share_is_said_once(base: Path) -> None:
    """All five rows have a level too high; then five of six; then three, which are told singly."""
    rows = "".join(f"v1,skill{i},{i + 6}\n" for i in range(5))
    (base / "qualifications.csv").write_text("volunteer_id,qualification,level\n" + rows)
    error = refused(read_tables(base))
    assert str(error).splitlines()[1:] == [
        "  qualifications, level, all 5 rows (1 = '6', 2 = '7', 3 = '8', ...): must be from 1 to 5 "
        "[max]"
    ]
    good = "v1,nurse,1\n"
    (base / "qualifications.csv").write_text("volunteer_id,qualification,level\n" + good + rows)
    assert "level, 5 rows (2 = '6', 3 = '7', 4 = '8', ...)" in str(refused(read_tables(base)))
    few = "".join(rows.splitlines(True)[:3])
    (base / "qualifications.csv").write_text("volunteer_id,qualification,level\n" + few)
    assert len(str(refused(read_tables(base))).splitlines()) == 4


@pytest.mark.parametrize("header", ["Volunteer ID", "VOLUNTEER_ID", "volunteer-ids", "volunter_id"])
def test_a_column_that_is_meant_is_named(base: Path, header: str) -> None:
    (base / "volunteers.csv").write_text(f"{header}\nv1\n")
    with pytest.warns(DataWarning, match=rf"volunteers.{header} \(is volunteer_id meant\?\)"):
        error = refused(read_tables(base))
    assert f"is {header} meant? Call it volunteer_id" in str(error)


def test_a_table_that_is_meant_is_named(base: Path) -> None:
    (base / "requests.csv").rename(base / "Request.csv")
    with pytest.warns(DataWarning, match=r"Request \(is requests meant\?\)"):
        error = refused(read_tables(base))
    assert "requests: this table is needed and was not given; is Request meant?" in str(error)


def test_faults_of_several_tables_come_together(base: Path) -> None:
    replaced(base, "pairs", "apart", "with")
    replaced(base, "bonds", "4", "four")
    (base / "menu.csv").write_bytes(b"")
    assert {row[0] for row in told(refused(read_tables(base)).faults)} == {"pairs", "bonds", "menu"}


def test_a_cell_of_ten_megabytes_is_a_fault_like_any_other(base: Path) -> None:
    replaced(base, "menu", "Homework", "x" * 10_000_000)
    replaced(base, "stations", "Square", "y" * 10_000_000)
    rows = told(refused(read_tables(base)).faults)
    assert rows == [
        ("menu", 2, "name", "x" * 60 + "...", "max_length"),
        ("stations", 1, "name", "y" * 60 + "...", "max_length"),
    ]


def test_a_quote_that_takes_in_more_than_is_read_at_once(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "_BLOCK", 1 << 20)
    with (base / "bonds.csv").open("a") as file:
        file.write('v1,"b2,1,\n' + "v2,b2,1,\n" * 500_000)
    faults = refused(read_tables(base)).faults
    assert told(faults) == [("bonds", None, None, None, "unclosed_quote")]
    assert "over 1 MB" in faults["message"].item()


def test_rows_are_numbered_across_blocks(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "_BLOCK", 256)
    with (base / "bonds.csv").open("a") as file:
        file.writelines(f"v1,b{i},{-1 if i == 900 else 1},\n" for i in range(500, 1000))
    assert told(refused(read_tables(base)).faults) == [("bonds", 402, "visits", "-1", "min")]


def test_unknown_tables_and_columns_are_warned_of(base: Path) -> None:
    (base / "volunteer.csv").write_text("volunteer_id\nv1\n")
    replaced(base, "bonds", "last_visit", "latest_visit")
    with pytest.warns(DataWarning, match=r"no such table or column: volunteer, bonds.latest_visit"):
        clean(read_tables(base), week=MONDAY, time_zone="Asia/Shanghai")


def test_a_byte_order_mark_and_blank_lines_do_no_harm(base: Path) -> None:
    for path in base.iterdir():
        text = path.read_text().replace("\n", "\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n\r\n")
    kept, faults = clean(read_tables(base), week=MONDAY, time_zone="Asia/Shanghai")
    assert faults.is_empty()
    expected, _ = clean(read_tables(BASE), week=MONDAY, time_zone="Asia/Shanghai")
    assert all(kept[name].equals(expected[name]) for name in TABLES)


def test_cells_may_be_typed() -> None:
    start, end = datetime(2026, 11, 30, 9), datetime(2026, 11, 30, 11)
    tables = {
        "volunteers": pl.DataFrame(
            {"volunteer_id": [1, 2], "lat": [None, 31.0], "lon": [None, 121]}
        ),
        "availability": pl.DataFrame(
            {"volunteer_id": [1], "start": [start], "end": [end], "preference": [1.0]},
            schema_overrides={"start": pl.Datetime("ms"), "end": pl.Datetime("ns", "UTC")},
        ),
        "requests": pl.DataFrame(
            {"request_id": ["r"], "start": ["2026-11-30 09:00:00"], "end": ["2026-11-30T03:00Z"]}
        ),
    }
    kept, faults = clean(tables, week=MONDAY, time_zone="Asia/Shanghai")
    assert faults.is_empty()
    assert kept["availability"]["start"].item() == datetime(2026, 11, 30, 1)
    assert kept["availability"]["end"].item() == datetime(2026, 11, 30, 11)
    assert kept["requests"]["end"].item() == datetime(2026, 11, 30, 3)


ODD = [
    pl.Series([1.5, 2.0]),
    pl.Series([True, False]),
    pl.Series([None, None]),
    pl.Series([[1], [2]]),
    pl.Series([{"a": 1}, {"a": 2}]),
    pl.Series([b"\xff", b"x"]),
    pl.Series([date(1, 1, 1), date(9999, 12, 31)]),
    pl.Series([datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)]),
    pl.Series([datetime(2026, 1, 1), datetime(2026, 1, 1)]).dt.replace_time_zone("UTC"),
    pl.Series([datetime(2026, 1, 1) - datetime(2025, 1, 1), None]),
    pl.Series(["x", "1.5"], dtype=pl.Categorical),
    pl.Series(["0001-01-01T00:00", "9999-12-31T23:59-14:00"]),
    pl.Series(["1_000", "0x10"]),
    pl.Series([10**30, 1], dtype=pl.Float64),
    pl.Series([2**64 - 1, 1], dtype=pl.UInt64),
    pl.Series(["1.50", "2.00"]).cast(pl.Decimal(10, 2)),
    pl.Series([object(), object()], dtype=pl.Object),
]


@pytest.mark.parametrize(
    "values", some_fast(ODD, 3), ids=lambda values: f"{values.dtype}:{values.len()}"
)
@pytest.mark.parametrize(
    "names", [TABLES, ("volunteers", "requests", "options"), ("posts", "pairs")]
)
def test_no_type_of_a_column_brings_it_down(names: tuple[str, ...], values: pl.Series) -> None:
    odd = dict(base_tables())
    for name in names:
        odd[name] = pl.DataFrame(dict.fromkeys(TABLES[name].columns(), values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        kept, faults = clean(odd, week=MONDAY, time_zone="America/New_York", on_error="quarantine")
    assert_nothing_vanished(odd, kept, faults)


def test_a_column_named_row_holds_row_numbers_or_is_refused() -> None:
    tables = {name: frame.drop("row") for name, frame in base_tables().items()}
    numbered = tables | {"bonds": tables["bonds"].with_columns(row=pl.lit(17), visits=pl.lit(-1))}
    assert told(refused(numbered).faults) == [("bonds", 17, "visits", "-1", "min")]
    seats = tables | {"bonds": tables["bonds"].with_columns(row=pl.lit("A"))}
    assert told(refused(seats).faults) == [("bonds", None, "row", None, "row_numbers")]


def test_on_error_is_one_of_two() -> None:
    with pytest.raises(UsageError, match="write 'raise' or 'quarantine'"):
        clean({}, week=MONDAY, time_zone="Asia/Shanghai", on_error="ignore")  # type: ignore[arg-type]


NASTY = [None, "", " ", "x", "-1", "0", "1", "1.5", "NaN", "inf", "1e3", "91", "999999999999"]
NASTY += ["v1", "v1 ", "r1", "r3", "m1", "m2", "o1", "o3", "s2", "cook", "early", "true", "pinned"]
NASTY += ["together", "24:00", "23:30", "2026-12-02", "2026-12-02T10:00", "2026-12-02T10:00-14:00"]
NASTY += ["2026-03-08T02:30", "9999-12-31T23:59", "\u200b", "\x00", "\ufffd", "e" * 300]
CELLS = [(name, c) for name, schema in TABLES.items() for c in schema.columns()]
CHANGES = st.tuples(st.sampled_from(CELLS), st.integers(0, 4), st.sampled_from(NASTY))


@law(
    40,
    changes=st.lists(CHANGES, min_size=1, max_size=12),
    time_zone=st.sampled_from(["Asia/Shanghai", "America/New_York"]),
)
def test_every_row_is_kept_or_told_and_what_is_kept_is_right(
    changes: list[tuple[tuple[str, str], int, str | None]], time_zone: str
) -> None:
    tables = dict(base_tables())
    for (name, column), row, value in changes:
        cells = tables[name][column].to_list()
        cells[row % len(cells)] = value
        tables[name] = tables[name].with_columns(pl.Series(column, cells, dtype=pl.String))
    rules = {"week": MONDAY, "time_zone": time_zone}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        kept, faults = clean(tables, on_error="quarantine", **rules)
        assert_nothing_vanished(tables, kept, faults)
        rest = {n: f.join(kept[n], on="row", how="semi") for n, f in tables.items()}
        again, none = clean(rest, **rules)
        assert none.is_empty()
        assert all(again[name].equals(kept[name]) for name in tables)
        Problem.from_tables(tables, MONDAY, Policy(time_zone=time_zone), on_error="quarantine")
