"""Mappings: a store's own names, units and codes, in, in the words of its faults, and out again."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import DataError, DataWarning, Problem, UsageError, Week, solve
from matching.stores import write_tables
from matching.stores.mapping import MappedSink, MappedSource, Mapping, mapped_sink, mapped_source
from matching.stores.mapping.results import written_result
from matching.stores.mapping.writing import written_tables
from matching.stores.national import windows_of
from matching.stores.registry import OwnSource, open_sink, open_source
from matching.tables.cleaning import Tables, clean
from tests.support.servers import SERVERS, schema_for, server

MONDAY = date(2026, 11, 30)
VOLUNTEERS = {"volunteers": {"table": "志愿者", "volunteer_id": "编号"}}


def mapped(content: dict[str, Any], week: date | None = MONDAY, **frames: pl.DataFrame) -> Tables:
    return MappedSource(open_source(frames), Mapping.from_dict(content), week).read_tables()


def cells(kind: dict[str, Any] | str, ours: str, table: str = "volunteers", **theirs: Any) -> Any:
    """Return what a column of ours is made of one table of the store."""
    rows = len(next(iter(theirs.values())))
    needed = {
        "volunteers": {"volunteer_id": "编号"},
        "bonds": {"volunteer_id": "编号", "beneficiary_id": "编号"},
        "availability": {"volunteer_id": "编号"},
        "requests": {"request_id": "编号"},
        "qualifications": {"volunteer_id": "编号", "qualification": {"value": "q"}},
    }[table]
    frame = pl.DataFrame({"编号": [f"v{i}" for i in range(rows)], **theirs})
    content = {table: {"table": "表", **needed, ours: kind}}
    found = mapped(content, 表=frame)
    assert found.faults.is_empty(), found.faults
    return found[table][ours].to_list()


# --- in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "ours", "theirs", "expected"),
    [
        ("次", "max_shifts", ["3", None], ["3", None]),
        ({"column": "次"}, "max_shifts", [3, None], [3, None]),
        ({"value": 4}, "max_shifts", ["", ""], ["4", "4"]),
        ({"column": "次", "default": 2}, "max_shifts", ["3", ""], ["3", "2"]),
        ({"column": "次", "unit": "minutes"}, "max_hours", ["90", "150"], [1.5, 2.5]),
        ({"column": "次", "unit": "m"}, "travel_km", [1500, 250], [1.5, 0.25]),
        ({"column": "次", "unit": "percent"}, "show_up", [95.0, 7.0], [0.95, 0.07]),
        # 2.3 x 60 = 138, though 137.99999999999997 in floats.
        ({"column": "次", "unit": "hours"}, "max_hours", ["2.3"], [2.3]),
        ({"column": "次", "prefix": "org:"}, "organisation_id", [7, None], ["org:7", None]),
        ({"column": "次", "part": 2}, "lat", ["126.64, 45.7", None], ["45.7", None]),
        (
            {"column": "次", "pattern": "([0-9.]+)公里"},
            "travel_km",
            ["约3.5公里", ""],
            ["3.5", None],
        ),
        ({"column": "次", "codes": {"好": "accept"}}, "consent", [" 好", None], ["accept", None]),
        ({"column": "次", "codes": "national:consent"}, "consent", [0, 2], ["ask", "refuse"]),
        (
            {"column": "次", "codes": "national:consent/labels"},
            "consent",
            ["默认同意邀请", "需要本人同意"],
            ["accept", "ask"],
        ),
        ({"column": "次", "codes": {"无": ""}, "default": "o1"}, "organisation_id", ["无"], ["o1"]),
        ({"column": "次", "digits": 2, "codes": {"01": "o"}}, "organisation_id", [1.0], ["o"]),
    ],
)
def test_a_cell_becomes_ours(kind: Any, ours: str, theirs: list[Any], expected: list[Any]) -> None:
    assert cells(kind, ours, 次=theirs) == expected


@pytest.mark.parametrize(
    ("kind", "ours", "table", "theirs", "expected"),
    [
        (
            {"column": "日", "format": ["%Y/%m/%d", "%Y年%m月%d日"]},
            "last_visit",
            "bonds",
            ["2026/3/9", "2026年11月30日"],
            [date(2026, 3, 9), date(2026, 11, 30)],
        ),
        ({"column": "日"}, "last_visit", "bonds", ["2026-03-09 00:00:00"], ["2026-03-09"]),
        ({"column": "日"}, "last_visit", "bonds", [date(2026, 3, 9)], [date(2026, 3, 9)]),
        (
            {"column": "日", "format": "%H点%M分"},
            "start_time",
            "availability",
            ["9点30分"],
            [time(9, 30)],
        ),
        (
            {"column": "日", "format": "%d.%m.%Y %H:%M"},
            "start",
            "requests",
            ["30.11.2026 09:00", None],
            [datetime(2026, 11, 30, 9), None],
        ),
    ],
)
def test_days_and_times_have_formats(
    kind: Any, ours: str, table: str, theirs: list[Any], expected: list[Any]
) -> None:
    assert cells(kind, ours, table, 日=theirs) == expected


def test_a_day_and_a_time_of_day_in_two_columns() -> None:
    found = cells(
        {"columns": ["日", "时"], "format": "%Y-%m-%d %H:%M"},
        "start",
        "requests",
        日=["2026-11-30 00:00:00", "2026-12-01"],  # as a workbook gives a day
        时=["9:00", "14:30"],
    )
    assert found == [datetime(2026, 11, 30, 9), datetime(2026, 12, 1, 14, 30)]


def test_one_cell_becomes_rows_and_an_empty_one_none() -> None:
    content = {
        "qualifications": {
            "table": "志愿者",
            "volunteer_id": "编号",
            "qualification": {"column": "特长", "split": [",", "、"], "codes": "national:skills"},
        }
    }
    people = pl.DataFrame({"编号": ["a", "b", "c"], "特长": ["01,05、 18", None, "99,"]})
    found = mapped(content, 志愿者=people)["qualifications"]
    assert found.select("volunteer_id", "qualification").rows() == [
        ("a", "skill:01"),
        ("a", "skill:05"),
        ("a", "skill:18"),
        ("c", "skill:99"),
    ]
    lists = people.with_columns(特长=pl.Series([["01"], [], None]))
    assert mapped(content, 志愿者=lists)["qualifications"]["qualification"].to_list() == [
        "skill:01"
    ]


def test_several_tables_become_one_and_one_becomes_several() -> None:
    content = {
        "volunteers": [
            {"table": "城东", "volunteer_id": "编号", "max_shifts": "次"},
            {"table": "城西", "volunteer_id": {"column": "工号", "prefix": "w"}},
        ],
        "qualifications": {
            "table": "城东",
            "where": {"成年": ["是"]},
            "volunteer_id": "编号",
            "qualification": {"value": "adult"},
        },
    }
    east = pl.DataFrame({"编号": ["e1", "e2"], "次": [2, 3], "成年": ["是", "否"]})
    found = mapped(content, 城东=east, 城西=pl.DataFrame({"工号": [7]}))
    assert found["volunteers"]["volunteer_id"].to_list() == ["e1", "e2", "w7"]
    assert found["volunteers"]["max_shifts"].to_list() == [2, 3, None]
    assert found["qualifications"]["volunteer_id"].to_list() == ["e1"]


def test_a_choice_that_keeps_nothing_is_told_of() -> None:
    content = {"volunteers": {"table": "表", "volunteer_id": "编号", "where": {"状态": ["正长"]}}}
    people = pl.DataFrame({"编号": ["a", "b"], "状态": ["正常", None]})
    with pytest.warns(DataWarning, match=r"表: where 状态 = \['正长'\] keeps no row .*'正常', ''"):
        assert mapped(content, 表=people)["volunteers"].is_empty()


def test_codes_may_be_based_on_others_or_stand_in_a_table_of_the_store() -> None:
    content: dict[str, Any] = {
        "codes": {"ours": {"based_on": "national:skills", "A1": "skill:local"}},
        "qualifications": {
            "volunteer_id": {
                "column": "名",
                "codes": {"table": "名册", "from": "名", "to": "号"},
            },
            "qualification": {"column": "特长", "codes": "ours"},
            "table": "特长",
        },
    }
    skills = pl.DataFrame({"名": ["甲", "乙"], "特长": ["18", "A1"]})
    people = pl.DataFrame({"名": ["乙", "甲"], "号": [2, 1]})
    found = mapped(content, 特长=skills, 名册=people)["qualifications"]
    assert found.select("volunteer_id", "qualification").rows() == [
        ("1", "skill:18"),
        ("2", "skill:local"),
    ]
    with pytest.raises(UsageError, match=r"名册\.名 has '甲' several times"):
        mapped(content, 特长=skills, 名册=pl.DataFrame({"名": ["甲", "甲"], "号": [2, 1]}))


# --- faults, in the store's words -----------------------------------------------------------------

EXPORT = {
    "volunteers": {
        "table": "志愿者",
        "volunteer_id": "编号",
        "max_hours": {"column": "每周分钟", "unit": "minutes"},
        "lat": {"column": "坐标", "part": 2},
        "lon": {"column": "坐标", "part": 1},
        "station_id": "站",
    },
    "qualifications": {
        "table": "志愿者",
        "volunteer_id": "编号",
        "qualification": {"column": "特长", "split": ",", "codes": "national:skills"},
    },
    "availability": {
        "table": "志愿者",
        "volunteer_id": "编号",
        "slot": {"column": "时段", "split": ",", "codes": "national:slots"},
    },
    "requests": {
        "table": "点单",
        "request_id": "单号",
        "start": {"column": "开始", "format": "%Y/%m/%d %H:%M"},
        "end": {"column": "结束", "format": "%Y/%m/%d %H:%M"},
    },
    "stations": {"table": "站点", "station_id": "站号"},
    "assignments": {
        "table": "派单",
        "volunteer_id": "编号",
        "request_id": "单号",
        "post": {"value": "volunteer"},
        "status": {"value": "pinned"},
    },
}


def export(**changed: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {
        "志愿者": pl.DataFrame(
            {
                "编号": ["v1", "v2", "v3"],
                "每周分钟": ["120", "90", None],
                "坐标": ["126.6,45.7", None, "126.7,45.8"],
                "站": ["s1", None, "s1"],
                "特长": ["01,05", None, "18"],
                "时段": ["01,02", "04", "22"],
            }
        ),
        "点单": pl.DataFrame(
            {"单号": ["r1"], "开始": ["2026/11/30 9:00"], "结束": ["2026/11/30 11:00"]}
        ),
        "站点": pl.DataFrame({"站号": ["s1"]}),
        "派单": pl.DataFrame({"编号": [], "单号": []}, {"编号": pl.String, "单号": pl.String}),
        **changed,
    }


def with_cell(table: str, row: int, column: str, value: str) -> dict[str, pl.DataFrame]:
    frame = export()[table]
    cell = frame[column].scatter(row - 1, value)
    return export(**{table: frame.with_columns(cell)})


def test_the_export_without_faults_is_planned() -> None:
    problem = Problem.from_source(export(), MONDAY, mapping=EXPORT)
    assert problem.volunteers.max_minutes[:2].tolist() == [120, 90]
    # Monday morning; nothing else can hold the one request.
    assert problem.windows.start.tolist() == [7 * 60]
    assert solve(problem).plan.volunteer.tolist() == [0]


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "told"),
    [
        ("志愿者", 3, "特长", "18,77", "志愿者 row 3, 特长 = '18,77': '77' is not among the codes"),
        ("志愿者", 1, "特长", "1", "if zeros got lost"),
        (
            "志愿者",
            2,
            "每周分钟",
            "很多",
            "志愿者 row 2, 每周分钟 = '很多': must be a number, of minutes",
        ),
        ("志愿者", 2, "每周分钟", "-60", "志愿者 row 2, 每周分钟 = '-60': must be from 0 to"),
        ("志愿者", 2, "坐标", "45.7", "志愿者 row 2, 坐标 = '45.7': has no piece 2"),
        ("志愿者", 2, "坐标", "45.7,126.6", "志愿者 row 2, 坐标 = '45.7,126.6': must be from -90"),
        ("志愿者", 2, "时段", "25", "志愿者 row 2, 时段 = '25': '25' is not among the codes"),
        ("志愿者", 2, "站", "s9", "志愿者 row 2, 站 = 's9': 站点 has no such 站号"),
        ("志愿者", 2, "编号", "v1", "志愿者 row 2, 编号 = 'v1': stands in several rows"),
        ("点单", 1, "开始", "明天", "点单 row 1, 开始 = '明天': does not look like %Y/%m/%d %H:%M"),
        (
            "点单",
            1,
            "结束",
            "2026/11/30 8:00",
            "点单 row 1, 开始, 结束 = '开始=2026/11/30 9:00, 结束=2026/11/30 8:00': "
            "the 结束 must be after the 开始",
        ),
    ],
)
def test_a_fault_speaks_in_the_words_of_the_store(
    table: str, row: int, column: str, value: str, told: str
) -> None:
    faulty = with_cell(table, row, column, value)
    with pytest.raises(DataError) as caught:
        Problem.from_source(faulty, MONDAY, mapping=EXPORT)
    assert told in str(caught.value)
    faults = Problem.from_source(faulty, MONDAY, on_error="quarantine", mapping=EXPORT).faults
    assert set(faults["table"]) <= {"志愿者", "点单"}
    assert (table, row) in faults.select("table", "row").rows()


@pytest.mark.parametrize("how", [{}, {"unit": "minutes"}, {"codes": {"a": "1"}}, {"part": 1}])
@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}, b"a"])
def test_what_is_no_single_value_is_told(cell: Any, how: dict[str, Any]) -> None:
    odd = export(志愿者=export()["志愿者"].with_columns(分钟=pl.Series([cell] * 3)))
    content = EXPORT | {
        "volunteers": EXPORT["volunteers"] | {"max_hours": {"column": "分钟", **how}}
    }
    with pytest.raises(DataError, match=r"志愿者 row 1, 分钟 = .* one value"):
        Problem.from_source(odd, MONDAY, mapping=content)


def test_row_numbers_are_the_stores_where_rows_are_split_left_out_and_stacked() -> None:
    content = {
        "volunteers": [
            {"table": "东", "where": {"状态": "在"}, "volunteer_id": "编号", "max_shifts": "次"},
            {"table": "西", "volunteer_id": "编号", "max_shifts": "次"},
        ],
        **{name: EXPORT[name] for name in ("requests",)},
        "availability": {
            "table": "西",
            "volunteer_id": "编号",
            "slot": {"column": "时段", "split": ",", "codes": "national:slots"},
        },
    }
    east = pl.DataFrame({"编号": ["a", "b"], "状态": ["走", "在"], "次": ["x", "y"]})
    west = pl.DataFrame(
        {"row": [11, 12], "编号": ["c", "d"], "次": ["1", "z"], "时段": ["01", "x"]}
    )
    with pytest.raises(DataError) as caught:
        Problem.from_source(export(东=east, 西=west), MONDAY, mapping=content)
    found = caught.value.faults.select("table", "row", "column", "value").rows()
    assert set(found) == {("东", 2, "次", "y"), ("西", 12, "次", "z"), ("西", 12, "时段", "x")}


def test_what_the_store_cannot_read_is_told_once_in_its_own_words(tmp_path: Path) -> None:
    write_tables(tmp_path, export())
    text = (tmp_path / "志愿者.csv").read_text(encoding="utf-8")
    (tmp_path / "志愿者.csv").write_text(text + "v4,60\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        Problem.from_source(tmp_path, MONDAY, mapping=EXPORT)
    faults = caught.value.faults
    assert faults.select("table", "row", "rule").rows() == [("志愿者", 4, "ragged")]
    problem = Problem.from_source(tmp_path, MONDAY, on_error="quarantine", mapping=EXPORT)
    assert problem.volunteers.id.to_list() == ["v1", "v2", "v3"]
    (tmp_path / "派单.csv").write_bytes(b"")
    both = Problem.from_source(tmp_path, MONDAY, on_error="quarantine", mapping=EXPORT).faults
    assert both.select("table", "row", "rule").rows() == [
        ("志愿者", 4, "ragged"),
        ("派单", None, "empty_file"),
    ]
    write_tables(tmp_path, {"派单": export()["派单"]})
    (tmp_path / "志愿者.csv").write_bytes(b"")
    with pytest.raises(DataError, match=r"^1 fault in the tables\n  志愿者.*: empty file"):
        Problem.from_source(tmp_path, MONDAY, mapping=EXPORT)


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    faulty = export(志愿者=export()["志愿者"].rename({"特长": "技能"}))
    with pytest.raises(DataError) as caught:
        Problem.from_source(faulty, MONDAY, mapping=EXPORT)
    told = (
        "志愿者, 特长: the mapping reads the column 特长 as our qualifications.qualification, and "
    )
    assert told + "the table has none of that name; it has 编号, 每周分钟, 坐标" in str(
        caught.value
    )


def test_a_table_that_is_not_there_is_named_with_those_that_are() -> None:
    few = {name: frame for name, frame in export().items() if name != "站点"}
    with pytest.raises(UsageError, match="has no table 站点; it has 志愿者, 派单, 点单"):
        Problem.from_source(few, MONDAY, mapping=EXPORT)


def test_a_pin_against_the_rules_is_told_in_the_words_of_the_store() -> None:
    pins = pl.DataFrame({"编号": ["v2"], "单号": ["r1"]})  # v2 is free on Tuesday alone
    problem = Problem.from_source(export(派单=pins), MONDAY, mapping=EXPORT)
    with pytest.raises(DataError, match="派单 row 1, 编号, 单号 = '编号=v2, 单号=r1': this pin is"):
        solve(problem)


def test_a_warning_of_places_names_the_rows_of_the_store() -> None:
    one = export()["志愿者"].filter(pl.col("编号") == "v1")
    people = [one.with_columns(编号=pl.lit(f"v{n}"), 坐标=pl.lit("86.6,45.7")) for n in range(9)]
    people[0] = people[0].with_columns(坐标=pl.lit("45.7,86.6"))
    swapped = pl.concat(people)
    with pytest.warns(DataWarning, match=r"志愿者: row 1 \(v0\) is .*lat and lon swapped"):
        Problem.from_source(export(志愿者=swapped), MONDAY, mapping=EXPORT)


# --- nonsense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, "maps no table; begin with"),
        ({"volunters": {}}, r"\[volunters\] is unknown: did you mean volunteers\? our tables are"),
        ({"volunteers": {"volunteer_id": "a", "max_shift": "b"}}, "did you mean max_shifts"),
        ({"volunteers": {"max_shifts": "b"}}, "lacks volunteer_id, which our table"),
        ({"volunteers": {"volunteer_id": 7}}, "or a constant as { value = 7 }"),
        ({"volunteers": {"volunteer_id": {"colum": "a"}}}, "did you mean column"),
        ({"volunteers": {"volunteer_id": {}}}, "give exactly one of column, columns and value"),
        ({"volunteers": {"volunteer_id": {"column": "a", "value": "b"}}}, "has column and value"),
        ({"volunteers": {"volunteer_id": {"value": "a", "prefix": "b"}}}, "would do nothing"),
        ({"volunteers": {"volunteer_id": "a", "lat": {"column": "b", "part": 0}}}, "from 1"),
        ({"volunteers": {"volunteer_id": {"column": "a", "separator": ";"}}}, "needs part"),
        ({"volunteers": {"volunteer_id": {"column": "a", "join": ";"}}}, "needs columns"),
        ({"volunteers": {"volunteer_id": {"column": "a", "pattern": "("}}}, "no regular expres"),
        ({"volunteers": {"volunteer_id": {"column": "a", "pattern": "a"}}}, "one group"),
        ({"volunteers": {"volunteer_id": {"column": "a", "pattern": "(?=a)(b)"}}}, "look-around"),
        ({"volunteers": {"volunteer_id": {"column": "a", "digits": 1000}}}, "from 1 to 100"),
        ({"volunteers": {"volunteer_id": {"column": "a", "format": "%Y"}}}, "days and times"),
        ({"volunteers": {"volunteer_id": {"column": "a", "unit": "m"}}}, "has no unit"),
        ({"volunteers": {"volunteer_id": "a", "max_hours": {"column": "b", "unit": "m"}}}, "may"),
        ({"volunteers": {"volunteer_id": "a", "consent": {"value": "maybe"}}}, "'maybe'; it may"),
        (
            {"volunteers": {"volunteer_id": "a", "consent": {"column": "b", "codes": {"x": "y"}}}},
            "comes to 'y'; it may be ask, accept, refuse",
        ),
        ({"volunteers": {"volunteer_id": {"column": "a", "codes": "b"}}}, "national:skills"),
        ({"volunteers": {"volunteer_id": {"column": "a", "codes": {"b": "?"}}}}, "the draft has"),
        ({"volunteers": {"volunteer_id": {"column": "a", "codes": {}}}}, "is empty"),
        ({"codes": {"a": {"based_on": "b"}, "b": {"based_on": "a"}}}, "circular: a -> b -> a"),
        ({"codes": {"a": {"based_on": "a"}}}, "circular: a -> a"),
        ({"codes": {"a": {}}}, "is empty"),
        ({"volunteers": [{"volunteer_id": "a"}] * 2}, "every row would be there twice"),
        (
            {"volunteers": {"volunteer_id": "a", "lat": "b", "lon": "b"}},
            "lat and lon are both b; which is which",
        ),
        ({"plan": [{}, {}]}, "goes to one table"),
        (
            {
                "bonds": {
                    "volunteer_id": "a",
                    "beneficiary_id": "b",
                    "last_visit": {"column": "c", "format": "%m/%d"},
                }
            },
            "tell .* whole",
        ),
        ({"availability": {"volunteer_id": "a", "slot": "b", "weekday": "c"}}, "take out weekday"),
        (
            {
                "qualifications": {
                    "volunteer_id": {"column": "a", "split": ","},
                    "qualification": {"column": "b", "split": ","},
                }
            },
            "both split in one block",
        ),
        ({"slots": {"holidays": "US"}, **VOLUNTEERS}, "write 'CN', or a list of days"),
        ({"slots": {"morning": ["7", "12"]}, **VOLUNTEERS}, "write start and end"),
        ({"slots": {"morning": ["12:00", "07:00"]}, **VOLUNTEERS}, "give an end after"),
        ({"slots": {"worked": ["2026-01-04"]}, **VOLUNTEERS}, "worked needs holidays"),
        ({"slots": {"noon": []}, **VOLUNTEERS}, "noon is unknown"),
    ],
)
def test_nonsense_is_refused_before_anything_is_read(content: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Mapping.from_dict(content)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[volunteers", "is not TOML"),
        ('[volunteers]\nvolunteer_id = "a"\nvolunteer_id = "b"', "for the second time"),
        ('[volunteers]\nvolunteer_id = "a"\n[volunteers]\nlat = "b"', "headed"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(UsageError, match=told):
        Mapping.from_toml(tmp_path / "map.toml")
    with pytest.raises(UsageError, match="No such file"):
        Mapping.from_toml(tmp_path / "none.toml")


def test_names_are_said_in_one_place() -> None:
    with pytest.raises(UsageError, match="say the names in the mapping alone"):
        mapped_source(export(), EXPORT, MONDAY, tables={"volunteers": "志愿者"})
    with pytest.raises(UsageError, match="give the path of a TOML file"):
        mapped_source(export(), 7)


# --- slots ----------------------------------------------------------------------------------------


def test_slots_are_windows_of_the_planned_week() -> None:
    content = {"slots": {"evening": ["18:00", "21:30"]}, "availability": EXPORT["availability"]}
    people = pl.DataFrame({"编号": ["a"], "时段": ["01,09,24"]})
    found = mapped(content, 志愿者=people)["availability"]
    assert found.select("start", "end").rows() == [
        (datetime(2026, 11, 30, 7), datetime(2026, 11, 30, 12)),
        (datetime(2026, 12, 2, 18), datetime(2026, 12, 2, 21, 30)),
    ]
    with pytest.raises(UsageError, match="give the mapping the Monday"):
        mapped(content, week=None, 志愿者=people)


def test_a_worked_weekend_is_told_of() -> None:
    # Saturday 10 October 2026 is worked for the days off before it.
    content = {"availability": EXPORT["availability"]}
    people = pl.DataFrame({"编号": ["a", "b"], "时段": ["16", "19,16"]})
    with pytest.warns(DataWarning, match="Saturday 2026-10-10 is worked"):
        found = mapped(content, date(2026, 10, 5), 志愿者=people)["availability"]
    assert found["volunteer_id"].to_list() == ["b"]  # Sunday morning
    kept = content | {"slots": {"keep_worked": True}}
    assert mapped(kept, date(2026, 10, 5), 志愿者=people)["availability"].height == 3


# --- any store ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where", ["folder", "export.zip", "export.xlsx", "export.sqlite", "memory://export"]
)
def test_every_store_is_read_through_a_mapping(tmp_path: Path, where: str) -> None:
    place = where if "://" in where else str(tmp_path / where)
    frames = {name: frame for name, frame in export().items() if name != "派单"}
    open_sink(place).write_tables(frames)  # type: ignore[attr-defined]
    content = {name: block for name, block in EXPORT.items() if name != "assignments"}
    problem = Problem.from_source(place, MONDAY, mapping=content)
    assert problem.volunteers.id.to_list() == ["v1", "v2", "v3"]
    assert problem.volunteers.max_minutes[:2].tolist() == [120, 90]
    assert problem.windows.start.tolist() == [7 * 60]
    source = open_source(place)
    assert isinstance(source, OwnSource)
    assert set(source.read_own(rows=1)) == set(frames)
    assert {frame.height for frame in source.read_own(rows=1).values()} == {1}
    with pytest.raises(UsageError, match=r"has no table 没有; it has .*志愿者"):
        source.read_own(["没有"])


@pytest.mark.parametrize("variable", SERVERS)
def test_a_database_server_is_read_through_a_mapping(tmp_path: Path, variable: str) -> None:
    url, schema = server(variable), schema_for(variable, tmp_path)
    frames = {name: frame for name, frame in export().items() if name != "派单"}
    open_sink(url, schema=schema).write_tables(frames)  # type: ignore[attr-defined]
    content = {name: block for name, block in EXPORT.items() if name != "assignments"}
    problem = Problem.from_source(url, MONDAY, mapping=content, schema=schema)
    assert problem.volunteers.max_minutes[:2].tolist() == [120, 90]
    source = open_source(url, schema=schema)
    assert isinstance(source, OwnSource)
    assert {frame.height for frame in source.read_own(rows=1).values()} == {1}


def test_a_source_of_ones_own_needs_nothing_more() -> None:
    class Platform:
        def read_tables(self) -> Tables:
            return Tables(export())

    assert Problem.from_source(Platform(), MONDAY, mapping=EXPORT).volunteers.id.len() == 3
    with pytest.raises(UsageError, match="the store gives no table 会员; it gives 志愿者"):
        Problem.from_source(
            Platform(), MONDAY, mapping={"volunteers": {"table": "会员", "volunteer_id": "号"}}
        )


# --- out ------------------------------------------------------------------------------------------

PLANNED = EXPORT | {
    "volunteers": EXPORT["volunteers"] | {"volunteer_id": {"column": "编号", "prefix": "p"}},
    "qualifications": EXPORT["qualifications"]
    | {"volunteer_id": {"column": "编号", "prefix": "p"}},
    "availability": EXPORT["availability"] | {"volunteer_id": {"column": "编号", "prefix": "p"}},
    "plan": {
        "table": "排班",
        "status": {"column": "状态", "codes": {"1": "proposed", "2": "pinned"}},
        "quality": "得分",
    },
}


@pytest.mark.parametrize("where", ["plan", "plan.xlsx", "plan.zip", "plan.sqlite"])
def test_a_plan_goes_out_in_the_words_of_the_store_and_comes_back(
    tmp_path: Path, where: str
) -> None:
    result = solve(Problem.from_source(export(), MONDAY, mapping=PLANNED))
    ours = result.tables()
    assert ours["plan"].select("volunteer_id", "status").row(0) == ("pv1", "proposed")
    result.to(tmp_path / where, mapping=PLANNED)
    bare, _ = open_sink(tmp_path / where, tables={"plan": "排班"}).read_result()
    there = bare["plan"].select(pl.all().cast(pl.String))
    assert there.select("单号", "开始", "结束", "编号", "状态").row(0) == (
        "r1",
        "2026/11/30 09:00",
        "2026/11/30 11:00",
        "v1",
        "1",
    )
    assert {"得分", "post", "option"} <= set(there.columns)
    again, summary = mapped_sink(tmp_path / where, PLANNED).read_result()
    assert again["plan"].equals(ours["plan"])
    assert again["prices"].equals(ours["prices"])
    assert summary["value"] == result.value


def test_a_status_that_the_store_has_no_word_for_is_told_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    content = PLANNED | {"plan": {"status": {"column": "状态", "codes": {"2": "pinned"}}}}
    result = solve(Problem.from_source(export(), MONDAY, mapping=content))
    with pytest.raises(
        DataError, match=r"plan row 1, status = 'proposed': the mapping has no word"
    ):
        result.to(tmp_path / "plan", mapping=content)
    assert not (tmp_path / "plan").exists()


def test_without_a_section_the_plan_is_ours() -> None:
    result = solve(Problem.from_source(export(), MONDAY, mapping=EXPORT))
    frames = result.to(mapping=EXPORT)
    assert frames["plan"].equals(result.tables()["plan"])


def test_an_open_sink_cannot_be_told_of_names() -> None:
    with pytest.raises(UsageError, match="give its URL or path"):
        mapped_sink(open_sink(None), PLANNED)


BACK = {
    "volunteers": {
        "table": "志愿者",
        "volunteer_id": "编号",
        "organisation_id": {"column": "团体", "prefix": "o"},
        "max_hours": {"column": "分钟", "unit": "minutes"},
        "travel_km": {"column": "米", "unit": "m"},
        "lat": {"column": "坐标", "part": 2},
        "lon": {"column": "坐标", "part": 1},
        "consent": {"column": "邀请", "codes": "national:consent"},
    },
    "qualifications": [
        {
            "table": "志愿者",
            "volunteer_id": "编号",
            "qualification": {"column": "特长", "split": ",", "codes": "national:skills"},
        },
        {
            "table": "志愿者",
            "volunteer_id": "编号",
            "qualification": {
                "column": "语言",
                "split": "、",
                "codes": "national:languages/labels",
            },
        },
        {
            "table": "证书",
            "volunteer_id": "编号",
            "qualification": "名称",
            "level": "等级",
            "valid_until": {"column": "有效期", "format": "%Y年%m月%d日"},
        },
    ],
    "availability": [
        {
            "table": "志愿者",
            "volunteer_id": "编号",
            "slot": {"column": "时段", "split": ",", "codes": "national:slots"},
        },
        {
            "table": "时间",
            "volunteer_id": "编号",
            "start": {"columns": ["日期", "从"], "format": "%Y/%m/%d %H:%M"},
            "end": {"column": "到", "format": "%d.%m.%Y %H:%M"},
            "preference": "偏好",
        },
    ],
}


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, pl.DataFrame]:
    """Draw tables of ours that the store has words for."""
    ids = draw(st.lists(st.text("abc甲乙=,'\"-", min_size=1, max_size=4), unique=True, min_size=1))
    maybe = st.none()
    people = [
        {
            "volunteer_id": one,
            "organisation_id": draw(maybe | st.integers(0, 99).map("o{}".format)),
            "max_hours": draw(maybe | st.integers(0, 6000).map(lambda minutes: minutes / 60)),
            "travel_km": draw(maybe | st.integers(0, 50_000).map(lambda metres: metres / 1000)),
            **dict(zip(("lat", "lon"), draw(st.just((None, None)) | places()), strict=True)),
            "consent": draw(maybe | st.sampled_from(["ask", "accept", "refuse"])),
        }
        for one in ids
    ]
    known = st.sampled_from(["skill:01", "skill:99", "lang:zh", "lang:mn", "lang:ro-MD"])
    held = [(one, q, None, None) for one in ids for q in draw(st.sets(known))]
    days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
    shown = st.tuples(st.integers(1, 5), maybe | days)
    held += [(one, "证 书", *draw(shown)) for one in ids if draw(st.booleans())]
    half_days = windows_of(MONDAY).rows()
    free: list[tuple[Any, ...]] = []
    for one in ids:
        slots = draw(st.sets(st.integers(0, 20)))
        free += [(one, half_days[i][1], half_days[i][2], None) for i in slots]
        if draw(st.booleans()):
            start = datetime(2026, 12, 1, draw(st.integers(0, 11)), draw(st.integers(1, 59)))
            free.append((one, start, datetime(2026, 12, 2, 1, 2), draw(st.integers(-2, 2))))
    texts = dict.fromkeys(("volunteer_id", "organisation_id", "consent"), pl.String)
    numbers = dict.fromkeys(("max_hours", "travel_km", "lat", "lon"), pl.Float64)
    return {
        "volunteers": pl.DataFrame(people, schema_overrides=texts | numbers),
        "qualifications": pl.DataFrame(
            held,
            {
                "volunteer_id": pl.String,
                "qualification": pl.String,
                "level": pl.Int64,
                "valid_until": pl.Date,
            },
            orient="row",
        ),
        "availability": pl.DataFrame(
            free,
            {
                "volunteer_id": pl.String,
                "start": pl.Datetime("us"),
                "end": pl.Datetime("us"),
                "preference": pl.Int64,
            },
            orient="row",
        ),
    }


def places() -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(
        st.integers(-90_000, 90_000).map(lambda n: n / 1000),
        st.integers(-180_000, 180_000).map(lambda n: n / 1000),
    )


@pytest.mark.slow
@settings(max_examples=40)
@given(worlds())
def test_out_and_in_again_is_the_identity(world: dict[str, pl.DataFrame]) -> None:
    mapping = Mapping.from_dict(BACK)
    theirs = written_tables(mapping, world, MONDAY)
    again = MappedSource(open_source(theirs), mapping, MONDAY).read_tables()
    assert again.faults.is_empty()
    for name, frame in world.items():
        kinds = frame.schema
        found = again[name].select(pl.col(n).cast(k) for n, k in kinds.items())
        assert found.sort(found.columns).equals(frame.sort(frame.columns)), name


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("qualifications", {"volunteer_id": "v", "qualification": "skill:12", "level": 6.5}),
        ("volunteers", {"volunteer_id": "v", "organisation_id": "x1"}),  # no o before it
        ("volunteers", {"volunteer_id": "v", "lat": 1.0}),  # half a place
        ("volunteers", {"volunteer_id": "v", "max_shifts": 3}),  # no column for it
    ],
)
def test_what_would_not_come_back_is_refused(table: str, row: dict[str, Any]) -> None:
    content = BACK | {"qualifications": BACK["qualifications"][:2]}
    with pytest.raises(DataError, match=f"{table} row 1, .*: the mapping has no way to say this"):
        written_tables(Mapping.from_dict(content), {table: pl.DataFrame([row])}, MONDAY)


def test_what_cannot_be_gone_backwards_is_refused() -> None:
    content = {"volunteers": {"volunteer_id": {"column": "编号", "pattern": "v(.*)"}}}
    with pytest.raises(UsageError, match="a pattern forgets what is around its group"):
        written_tables(
            Mapping.from_dict(content), {"volunteers": pl.DataFrame({"volunteer_id": ["1"]})}
        )
    with pytest.raises(UsageError, match="no section for bonds"):
        written_tables(Mapping.from_dict(VOLUNTEERS), {"bonds": pl.DataFrame({"visits": [1]})})


def test_tables_are_written_as_the_stores_own(tmp_path: Path) -> None:
    week = Week("2026-11-30")
    week.volunteer("v1", available=[("mon", "07:00", "12:00"), ("mon", "12:00", "19:00")])
    tables = {n: f for n, f in week.tables().items() if f.height}
    MappedSink(open_sink(tmp_path), Mapping.from_dict(BACK), MONDAY).write_tables(tables)
    text = (tmp_path / "志愿者.csv").read_text(encoding="utf-8").splitlines()
    rows = dict(
        zip(text[0].split(","), text[1].replace('"01,02"', "01 02").split(","), strict=True)
    )
    assert (rows["编号"], rows["时段"]) == ("v1", "01 02")


# --- what would overwrite, escape or choose nothing ----------------------------------------------

HEAD = """[volunteers]
table = "人"
volunteer_id = "编号"
"""


@pytest.mark.parametrize(
    ("section", "line", "told"),
    [
        ('[plan]\ntable = "../x"', 5, r"table = '../x': the name of a table is no path"),
        ('[plan]\ntable = "/tmp/x"', 5, "is no path"),
        ('[requests]\ntable = "a\\\\b"\nrequest_id = "编号"', 5, "is no path"),
        ('[plan]\n\ntable = ".."', 6, "is no path"),
        ('[plan]\ntable = "a\\u0000b"', 5, "NUL or other control character"),
        ('[plan]\npost = "a\\u0000b"', 5, "holds a NUL"),
        ('[plan]\npost = "x"\nstatus = "x"', 6, "post would both be written as 'x'"),
        (
            '[plan]\nstatus = { column = "x", part = 1 }\npost = { columns = ["x", "y"] }',
            6,
            "as 'x'",
        ),
        # The plan's own column post is not renamed, and would stand where the status is written.
        ('[plan]\nstatus = "post"', 5, "status and post would both be written as 'post'"),
        # The plan's volunteer_id is what it is in the section of volunteers.
        ('[plan]\npost = "volunteer_id"\nvolunteer_id = "post"\nstatus = "编号"', None, ""),
        (
            '[plan]\ntable = "人"',
            5,
            "is the table of our volunteers too, which would be overwritten",
        ),
        ('[plan]\ntable = "prices"', 5, "is the table of our prices too"),
        ('[plan]\ntable = "x"\n[unfilled]\ntable = "x"', 5, "is the table of our unfilled too"),
        ("[plan]\npost = 3", 5, "write the store's column as text"),
        ('[plan]\n[plam]\npost = "x"', 5, "did you mean plan"),
        ('[[posts]]\nrequest_id = "a"\n', 4, "lacks post, seats"),
        ('[codes.x]\na = "?"', 4, "say what 'a' means"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_told_with_its_line(
    tmp_path: Path, section: str, line: int | None, told: str
) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(HEAD + section, encoding="utf-8")
    if line is None:
        Mapping.from_toml(path)
        return
    with pytest.raises(UsageError, match=rf"mapping\.toml line {line}: .*{told}"):
        Mapping.from_toml(path)


def test_no_column_of_a_result_is_written_over_another() -> None:
    # A column that the mapping cannot know: one of the counts of unfilled.
    mapping = Mapping.from_dict({"unfilled": {"seats": "distance"}})
    frame = pl.DataFrame({"request_id": ["r"], "seats": [1], "distance": [2]})
    with pytest.raises(UsageError, match=r"as distance, one over the other; .*under \[unfilled\]"):
        written_result(mapping, {"unfilled": frame})


YES, NO = [True, True, False], [1, 1, 0]


@pytest.mark.parametrize(
    ("wanted", "cells"),
    [
        (True, YES),
        (True, NO),
        (True, [1.0, 1.0, 0.0]),
        (True, ["1", "TRUE", "0"]),
        (True, ["yes", "1.0", None]),
        (False, [False, False, True]),
        (False, ["0", "no", "1"]),
        (1, YES),
        (1, NO),
        (1, ["1", "1.0", "10"]),
        (1.0, NO),
        ("true", YES),
        ("1", YES),
        (2, [2.0, 2.0, 2.5]),
        (9007199254740993, ["9007199254740993", "9007199254740993", "9007199254740992"]),
        (date(2026, 11, 30), [date(2026, 11, 30)] * 2 + [date(2026, 12, 1)]),
        (date(2026, 11, 30), ["2026-11-30", "2026-11-30 00:00:00", "2026-11-30 09:00"]),
        (datetime(2026, 11, 30, 9), ["2026-11-30T09:00", "2026-11-30 09:00:00", "2026-11-30"]),
        (time(9), ["09:00", "09:00:00", "19:00"]),
        ("正常", ["正常", "正常", "停用"]),
    ],
)
def test_a_constant_chooses_rows_in_whatever_type_they_are(wanted: Any, cells: list[Any]) -> None:
    # The first two of three rows are meant.
    frame = pl.DataFrame({"编号": ["v1", "v2", "v3"], "状态": pl.Series(cells)})
    content = {"volunteers": {"table": "人", "volunteer_id": "编号", "where": {"状态": wanted}}}
    assert mapped(content, 人=frame)["volunteers"]["volunteer_id"].to_list() == ["v1", "v2"]


def test_a_time_that_cannot_be_written_in_the_stores_clock_is_told() -> None:
    block = {
        "volunteer_id": "编号",
        "start": {"column": "起", "format": "%Y/%m/%d %H:%M"},
        "end": "止",
    }
    rows = pl.DataFrame(
        {"volunteer_id": ["v"], "start": ["2026-11-30T09:00+08:00"], "end": ["2026-11-30T10:00"]}
    )
    with pytest.raises(DataError, match="no way to say this row"):
        written_tables(Mapping.from_dict({"availability": block}), {"availability": rows})


def test_an_offset_is_read_through_a_mapping() -> None:
    # A day and a time of day with its offset, in two cells: 09:00 in Shanghai is 01:00 in UTC.
    frame = pl.DataFrame(
        {
            "编号": ["v1"],
            "日": ["2026-11-30"],
            "起": ["09:00:00+08"],
            "止": ["2026-11-30 10:00:00+08"],
        }
    )
    start = {"columns": ["日", "起"]}
    content = VOLUNTEERS | {
        "availability": {"table": "志愿者", "volunteer_id": "编号", "start": start, "end": "止"}
    }
    read = mapped(content, 志愿者=frame)
    read["requests"] = pl.DataFrame(schema={"request_id": pl.String})
    kept, _ = clean(read, week=MONDAY, time_zone="Asia/Shanghai")
    assert kept["availability"].select("start", "end").rows() == [
        (datetime(2026, 11, 30, 1), datetime(2026, 11, 30, 2))
    ]
