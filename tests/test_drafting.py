"""Drafts of mappings: what is guessed from names and values, what is missing, what is unsure."""

import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from matching import Problem, UsageError, solve
from matching.cli import app
from matching.stores import read_tables, write_tables
from matching.stores.mapping import Mapping, draft
from matching.stores.registry import open_source

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
MONDAY = date(2026, 11, 30)


def drafted(**frames: pl.DataFrame) -> dict[str, object]:
    return tomllib.loads(draft(open_source(frames)).text)


@pytest.mark.slow
def test_the_export_is_nearly_all_guessed() -> None:
    made = draft(open_source(EXAMPLES / "export" / "export"), "the export")
    by_hand = Mapping.from_toml(EXAMPLES / "export" / "map.toml")
    assert made.missing == []
    assert made.unsure == [
        "requests.priority from 点单.紧急程度: say which number each stands for",
        "preferences.weight from 志愿者.30: a weight of our own choice",
    ]
    with pytest.raises(UsageError, match=r"\[requests\] priority codes: say what '一般' means"):
        Mapping.from_dict(tomllib.loads(made.text))
    # A person says what is asked, and which rows count; the rest is what one wrote by hand.
    said = made.text.replace(
        '{ "一般" = "?", "特急" = "?", "紧急" = "?" }', '{ "一般" = 3, "紧急" = 4, "特急" = 5 }'
    )
    for table, state in (("志愿者", "正常"), ("点单", "待派单")):
        head = f'table = "{table}"\n'
        said = said.replace(head, head + f'where = {{ "状态" = ["{state}"] }}\n')
    found = Mapping.from_dict(tomllib.loads(said))
    places = EXAMPLES / "export" / "export"
    value = solve(Problem.from_source(places, MONDAY, mapping=found)).value
    assert value == solve(Problem.from_source(places, MONDAY, mapping=by_hand)).value == 129_329


@pytest.mark.slow
def test_our_own_names_need_no_help() -> None:
    made = draft(open_source(EXAMPLES / "district" / "tables"))
    assert (made.missing, made.unsure) == ([], [])
    mapping = Mapping.from_dict(tomllib.loads(made.text))
    problem = Problem.from_source(EXAMPLES / "district" / "tables", MONDAY, mapping=mapping)
    plain = Problem.from_source(EXAMPLES / "district" / "tables", MONDAY)
    for name in ("volunteers", "windows", "posts", "team_rules", "bonds", "preferences"):
        for column, values in vars(getattr(plain, name)).items():
            mapped = list(getattr(getattr(problem, name), column))
            np.testing.assert_array_equal(mapped, list(values), f"{name}.{column}")


def test_english_headers_units_and_formats() -> None:
    found = drafted(
        people=pl.DataFrame(
            {
                "Volunteer ID": ["a1", "a2"],
                "Full Name": ["...", "..."],
                "Max distance (m)": ["1500", "800"],
                "Hours per week": [4, 2],
                "Location": ["40.7,-73.9", "40.8,-73.8"],
            }
        ),
        orders=pl.DataFrame(
            {"Order ID": ["o1"], "From": ["30/11/2026 09:00"], "Until": ["30/11/2026 11:00"]}
        ),
    )
    assert found["volunteers"] == {
        "table": "people",
        "volunteer_id": "Volunteer ID",
        "travel_km": {"column": "Max distance (m)", "unit": "m"},
        "max_hours": "Hours per week",
        "lat": {"column": "Location", "part": 1, "separator": ","},
        "lon": {"column": "Location", "part": 2, "separator": ","},
    }
    assert found["requests"] == {
        "table": "orders",
        "request_id": "Order ID",
        "start": {"column": "From", "format": "%d/%m/%Y %H:%M"},
        "end": {"column": "Until", "format": "%d/%m/%Y %H:%M"},
    }


def test_what_is_missing_is_said_and_no_line_of_it_is_taken_for_an_answer() -> None:
    made = draft(open_source({"志愿者": pl.DataFrame({"姓名": ["甲"], "每周次数": [2]})}))
    assert made.missing == [
        "nothing looks like our table availability",
        "nothing looks like our table requests",
        "volunteers.volunteer_id, from 志愿者",
    ]
    assert "# volunteer_id = ?" in made.text
    assert "# Not used of 志愿者: 姓名" in made.text
    with pytest.raises(UsageError, match="lacks volunteer_id"):
        Mapping.from_dict(tomllib.loads(made.text))


def test_codes_that_nobody_knows_are_asked_for() -> None:
    people = pl.DataFrame({"志愿者编号": ["a", "b"], "技能": ["做饭、开车", "陪伴"]})
    found = draft(open_source({"志愿者": people}))
    assert 'codes = { "做饭" = "?", "开车" = "?", "陪伴" = "?" }' in found.text
    assert "qualifications.qualification from 志愿者.技能: say which words of ours" in str(
        found.unsure
    )


@pytest.mark.slow
@settings(max_examples=30)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.lists(st.none() | st.text(max_size=12), min_size=2, max_size=2),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["志愿者", "orders", "表", 'a"b\nc']),
)
def test_a_draft_is_toml_whatever_the_store_holds(columns: dict[str, list[str]], name: str) -> None:
    columns = {column: cells for column, cells in columns.items() if column != "row"}
    frame = pl.DataFrame(columns, dict.fromkeys(columns, pl.String)).with_columns(
        编号=pl.Series(["1", "2"])
    )
    tomllib.loads(draft(open_source({name: frame})).text)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.output


@pytest.mark.slow
def test_the_command_drafts_and_never_overwrites(tmp_path: Path) -> None:
    out = tmp_path / "map.toml"
    status, told = run("map", EXAMPLES / "district" / "tables", "--out", out)
    assert (status, told) == (0, f"{out}: a draft to read and mend\n")
    before = out.read_bytes()
    status, told = run("map", EXAMPLES / "district" / "tables", "--out", out)
    assert status == 2
    assert "is there already, and is never overwritten" in told
    assert out.read_bytes() == before


def test_the_command_says_what_is_missing_and_unsure(tmp_path: Path) -> None:
    tables = read_tables(EXAMPLES / "district" / "tables")
    write_tables(tmp_path / "t", {"volunteers": tables["volunteers"]})
    status, told = run("map", tmp_path / "t", "--out", tmp_path / "map.toml")
    assert status == 1
    assert "missing: nothing looks like our table availability" in told
    assert (tmp_path / "map.toml").exists()
    status, told = run("map", tmp_path / "none", "--out", tmp_path / "other.toml")
    assert status == 2
    assert not (tmp_path / "other.toml").exists()
    status, told = run("plan", tmp_path / "t", "--mapping", tmp_path / "no.toml", "--out", tmp_path)
    assert status == 2
    assert "no.toml: No such file" in told
