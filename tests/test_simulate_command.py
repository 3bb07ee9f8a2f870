"""`matching simulate`: a folder with a page and tables, whole or not at all."""

import json
import re
from dataclasses import fields as fields_of
from xml.etree import ElementTree

import polars as pl
import pytest

from matching.errors import UsageError
from matching.simulation import METHODS, Assumptions, Weights, run, vary
from matching.simulation.measures import MEASURES
from matching.simulation.page import verdicts
from matching.simulation.texts import named, texts
from tests.support.commands import run as command

SMALL = {"weeks": 1, "volunteers": 80, "requests": 12}
ARGUMENTS = ["--weeks", "1", "--volunteers", "80", "--requests", "12"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("year") / "out"
    done = command("simulate", "town", *ARGUMENTS, "--seeds", "2", "--out", str(out))
    assert done.exit_code == 0, done.output
    return out, done.output


def test_the_folder_has_the_tables_the_page_and_what_was_assumed(folder):
    out, said = folder
    names = {"measures", "comparison", "targets", "weeks", "course", "shares"}
    assert {path.name for path in out.iterdir()} == {
        *(f"{name}.csv" for name in names),
        "year.html",
        "assumptions.toml",
    }
    measures = pl.read_csv(out / "measures.csv")
    assert measures.select("method", "seed").rows() == [
        (method, seed) for seed in (1, 2) for method in ("engine", "even", "nearest", "first_come")
    ]
    assert pl.read_csv(out / "weeks.csv").height == 4 * 2
    # Four targets for each of the two methods that plan.
    assert len(re.findall(r"target .*: (met|missed)", said)) == 8


def test_what_was_assumed_can_be_read_again(folder):
    assert Assumptions.from_toml(folder[0] / "assumptions.toml") == Assumptions()


def test_the_page_stands_alone_and_says_what_is_assumed(folder):
    page = (folder[0] / "year.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=|url\(", page)
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(drawing)
    assert page.count("<svg") == 3
    assert "SSRN 3802624" in page
    assert page.count("missed</li>") + page.count("met</li>") == 8


def test_both_languages_say_the_same_things():
    english, chinese = texts("en"), texts("zh")
    for name, text in english.items():
        fields = [sorted(re.findall(r"{\w*}", said)) for said in (text, chinese[name])]
        assert fields[0] == fields[1], name
        assert re.search("[\u4e00-\u9fff]", chinese[name]), name
    assert tuple(named("measure")) == MEASURES
    assert tuple(named("method")) == METHODS
    assert tuple(named("assumption")) == tuple(item.name for item in fields_of(Assumptions))


@pytest.mark.slow
def test_a_chinese_page_is_chinese(tmp_path):
    arguments = [*ARGUMENTS, "--language", "zh", "--method", "even", "--method", "nearest"]
    done = command("simulate", "town", *arguments, "--out", str(tmp_path / "year"))
    assert "目标" in done.output
    page = (tmp_path / "year" / "year.html").read_text(encoding="utf-8")
    assert 'lang="zh-CN"' in page
    assert "基尼系数" in page
    assert "Gini" not in page
    assert Assumptions.from_toml(tmp_path / "year" / "assumptions.toml") == Assumptions()


def test_a_new_year_takes_the_place_of_an_old_one_and_of_nothing_else(folder, tmp_path):
    other = tmp_path / "holiday.txt"
    other.write_text("mine")
    done = command("simulate", "town", *ARGUMENTS, "--method", "nearest", "--out", str(tmp_path))
    assert done.exit_code == 2
    assert "holds other things, such as holiday.txt" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.txt"]


def test_json_is_one_object_with_what_is_small(tmp_path):
    out = str(tmp_path / "out")
    done = command("simulate", "town", *ARGUMENTS, "--method", "nearest", "--json", "--out", out)
    found = json.loads(done.stdout)
    assert set(found) == {"measures", "comparison", "targets"}
    # Of the nearest first nothing is aimed at, and beside itself it is the same.
    assert {row["against"] for row in found["comparison"]} <= {0.0, None}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--method", "fastest"], "method 'fastest' is unknown"),
        (["--assumptions", "none.toml"], "No such file"),
        (["--scarcity", "nan"], "scarcity nan is out of range"),
        (["--week", "2026-12-01"], "a week starts with a Monday"),
        (["--vary", "--method", "even"], "name it among them"),
    ],
)
def test_what_makes_no_year_ends_with_a_message(more, text, tmp_path):
    out = tmp_path / "out"
    done = command("simulate", "town", *ARGUMENTS, *more, "--out", str(out))
    assert done.exit_code == 2
    assert text in done.output
    assert "Traceback" not in done.output
    assert not out.exists()


@pytest.mark.slow
def test_a_change_is_told_beside_the_usual_and_flips_where_the_better_becomes_the_worse():
    methods = ("even", "nearest")
    usual = run("town", methods=methods, **SMALL)
    varied = vary(
        usual, "town", changes={"no_show": (1,), "scarcity": (2,)}, methods=methods, **SMALL
    )
    rows = varied.filter(pl.col("method") == "even")
    assert rows["assumption"].unique(maintain_order=True).to_list() == ["no_show", "scarcity"]
    nobody = rows.filter(pl.col("assumption") == "no_show")
    assert nobody.filter(pl.col("measure") == "served")["mean"].to_list() == [0.0]
    # Who is asked does not depend on who comes in the first week, so less is different than all.
    for row in rows.to_dicts():
        before, after = row["usual"], row["against"]
        if before is None or after is None:
            assert row["flips"] is None or not row["flips"]
        else:
            far = min(abs(before), abs(after)) >= 0.005
            assert row["flips"] == (far and before * after < 0)


def test_a_change_of_nothing_known_is_refused():
    usual = run("town", methods=("nearest",), **SMALL)
    with pytest.raises(UsageError, match="no assumption 'fatige'"):
        vary(usual, "town", changes={"fatige": (1,)}, methods=("nearest",), **SMALL)


@pytest.mark.slow
def test_weights_are_told_on_the_page_and_make_other_plans(tmp_path):
    from matching import Policy

    world = SMALL | {"methods": ("engine",)}
    far = run("town", **world, weights={"engine": Weights(Policy(distance=0))})
    near = run("town", **world, weights={"engine": Weights(Policy(distance=2000))})
    assert near.measures["km"][0] < far.measures["km"][0]
    # How far people go is read with the tables, and so is the same for all methods.
    short = {"engine": Weights(Policy(travel_km=1.0))}
    year = run("town", **(SMALL | {"methods": ("engine", "even", "nearest")}), weights=short)
    assert year.weights["even"].policy.travel_km == 1.0
    near.to(tmp_path / "near.zip")
    assert (tmp_path / "near.zip").exists()
    assert verdicts(near.targets) == []  # without the nearest first there is nothing to compare
