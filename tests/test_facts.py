"""What every report shows of a plan: joined with the tables, counted by hand."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from matching import DataError, DataWarning
from matching.answers.fairness import gini
from matching.errors import UsageError
from matching.reports.facts import Facts
from matching.reports.origin import Origin
from matching.stores import read_tables
from tests.support.facts import MONDAY, facts_of, rows, small_world


@pytest.fixture(scope="module")
def facts() -> Facts:
    return facts_of(small_world())


def test_the_figures_are_those_of_the_summary(facts: Facts) -> None:
    # Seats: 2 visitors, 2 cooks, 1 repairer. Hours: Ann 2, Bo 2, Cy 3.
    figures = facts.figures
    same = (figures.keys() & facts.summary.keys()) - {"set_aside"}
    assert {name: figures[name] for name in same} == {name: facts.summary[name] for name in same}
    assert {"value", "bound", "gap", "filled", "requests_served", "hours"} <= same
    assert (figures["seats"], figures["filled"]) == (5, 3)
    assert (figures["requests"], figures["requests_served"]) == (3, 2)
    assert (figures["volunteers_used"], figures["hours"]) == (3, 7)
    assert (figures["hours_median"], figures["hours_most"]) == (2, 3)
    assert figures["status"] == "optimal"


def test_the_roster_names_services_and_stations(facts: Facts) -> None:
    columns = ["station", "district", "service", "category", "post", "volunteer_id", "organisation"]
    assert facts.roster.select(columns).rows() == [
        ("North", "230103001", "探访", "0017", "visitor", "ann", "The club"),
        ("North", "230103001", "探访", "0017", "visitor", "bo", "The club"),
        ("South", "230103002", "lunch", None, "cook", "cy", "The club"),
    ]
    assert facts.roster["start"].to_list()[2] == datetime(2026, 12, 1, 10)
    assert facts.roster["hours"].to_list() == [2, 2, 3]
    assert facts.roster["team"].to_list() == [2, 2, 1]


def test_who_holds_what_the_team_needs_leads_it(facts: Facts) -> None:
    assert facts.roster["team_lead"].to_list() == ["ann", "ann", None]
    assert facts.roster["lead"].to_list() == [True, False, False]


def test_else_the_only_seat_that_asks_for_something_leads() -> None:
    tables = small_world() | {
        "posts": rows(
            {"request_id": "r1", "post": "visitor", "seats": "1"},
            {"request_id": "r1", "post": "driver", "seats": "1"},
        ),
        "post_qualifications": rows(
            {"request_id": "r1", "post": "driver", "qualification": "licence"},
            {"request_id": "r3", "post": "volunteer", "qualification": "skill:01"},
        ),
        "qualifications": rows({"volunteer_id": "bo", "qualification": "licence"}),
    }
    del tables["team_rules"]
    roster = facts_of(tables).roster.filter(pl.col("request_id") == "r1")
    assert set(roster["team_lead"]) == {"bo"}


def test_empty_seats_with_reason_and_worth(facts: Facts) -> None:
    columns = ["request_id", "service", "station", "day", "seats", "filled", "empty", "reason"]
    assert facts.unfilled.select(columns).rows() == [
        ("r3", "repair", None, MONDAY, 1, 0, 1, "qualification"),
        ("r2", "lunch", "South", date(2026, 12, 1), 2, 1, 1, "too_few"),
    ]
    # A seat is worth 3000 (priority 3) and falls from half more to nothing more: of one seat
    # 3000, of two 3750 and 3000. So either seat left is worth 3000, and so would be who fills it;
    # the cooks' two seats: one filled (price as in the plan), one empty.
    short = facts.shortages.filter(pl.col("kind") == "qualification")
    assert short.select("key", "posts", "seats", "empty", "price", "lost").rows() == [
        ("skill:01", 1, 1, 1, 3000, 3000)
    ]
    assert facts.shortages.filter(pl.col("kind") == "service")["key"].to_list() == [
        "lunch",
        "repair",
    ]
    assert facts.shortages.filter(pl.col("kind") == "time")["key"].to_list() == [
        "2026-11-30 morning",
        "2026-12-01 morning",
    ]


def test_hours_coverage_and_stations(facts: Facts) -> None:
    assert facts.hours.select("volunteer_id", "services", "hours", "days").rows() == [
        ("cy", 1, 3, 1),
        ("ann", 1, 2, 1),
        ("bo", 1, 2, 1),
    ]
    assert facts.coverage.select("district", "day", "seats", "filled", "share").rows() == [
        ("230103001", MONDAY, 2, 2, 1),
        ("230103002", date(2026, 12, 1), 2, 1, 0.5),
        (None, MONDAY, 1, 0, 0),
    ]
    assert facts.stations.select("station_id", "requests", "seats", "filled").rows() == [
        ("n", 1, 2, 2),
        ("s", 1, 2, 1),
    ]


def test_a_bare_plan_will_do() -> None:
    plan = rows({"request_id": "r2", "post": "cook", "volunteer_id": "cy"})
    facts = facts_of(small_world(), ({"plan": plan}, {}))
    # 3750 for the first of two seats, without distance or preference.
    assert facts.figures["value"] >= 3750
    assert facts.figures["bound"] is None
    assert facts.unfilled["reason"].to_list() == [None] * 3
    assert facts.shortages["price"].null_count() == facts.shortages.height
    assert facts.roster["status"].to_list() == ["proposed"]


def test_a_summary_that_anybody_may_have_written() -> None:
    plan = rows({"request_id": "r2", "post": "cook", "volunteer_id": "cy", "status": None})
    odd = {
        "value": "much",
        "bound": "inf",
        "gap": float("nan"),
        "set_aside": {"pairs": 2, "x": "y"},
        "filled": "many",
        "seats": 5,
    }
    with pytest.warns(DataWarning, match="filled 1, not many"):
        facts = facts_of(small_world(), ({"plan": plan}, odd))
    assert (facts.figures["bound"], facts.figures["gap"]) == (None, None)
    assert facts.figures["value"] >= 3750
    assert facts.figures["set_aside"] == 2
    assert facts.roster["status"].to_list() == ["proposed"]


@pytest.mark.parametrize("table", ["unfilled", "prices"])
def test_a_table_of_the_plan_without_its_columns(table: str) -> None:
    plan = rows({"request_id": "r2", "post": "cook", "volunteer_id": "cy"})
    with pytest.raises(UsageError, match=f"{table} has no post, "):
        facts_of(small_world(), ({"plan": plan, table: rows({"request_id": "r2"})}, {}))


def test_an_empty_plan_is_a_report_too() -> None:
    plan = pl.DataFrame(schema=dict.fromkeys(("request_id", "post", "volunteer_id"), pl.String))
    facts = facts_of(small_world(), ({"plan": plan}, {}))
    assert facts.roster.is_empty()
    assert facts.hours.is_empty()
    assert facts.figures["gini"] is None
    assert facts.unfilled["empty"].sum() == 5


def test_tables_that_changed_since_are_told() -> None:
    plan = rows({"request_id": "r2", "post": "cook", "volunteer_id": "cy"})
    with pytest.warns(DataWarning, match="filled 1, not 3"):
        facts_of(small_world(), ({"plan": plan}, {"filled": 3}))
    with pytest.raises(DataError, match="volunteers has no such volunteer_id"):
        facts_of(small_world(), ({"plan": plan.with_columns(volunteer_id=pl.lit("zed"))}, {}))


def test_the_districts_are_few_enough() -> None:
    stations = [
        {"station_id": f"s{n}", "lat": "45.7", "lon": "126.6", "region": f"2301{n % 30:02}{n:03}"}
        for n in range(90)
    ]
    tables = small_world() | {
        "stations": pl.concat(
            [small_world()["stations"].drop("name"), rows(*stations)], how="diagonal"
        )
    }
    # 90 townships are too many; 30 counties and the two stations' one are not.
    assert facts_of(tables).coverage["district"].to_list() == ["230103", "230103", None]


def test_the_example_has_leads_options_and_quotas() -> None:
    tables = read_tables("docs/examples/district/tables")
    facts = facts_of(tables)
    assert facts.figures["filled"] == facts.roster.height == facts.summary["filled"]
    teams = facts.roster.group_by("request_id").agg(pl.col("lead").sum(), pl.len())
    assert teams["lead"].max() == 1
    assert facts.unfilled["reason"].null_count() == 0
    for frame in (facts.coverage, facts.stations):
        assert frame["filled"].sum() <= facts.figures["filled"]
    assert facts.coverage["seats"].sum() == facts.figures["seats"]


@pytest.mark.parametrize(
    ("hours", "wanted"),
    # Of 1 and 3 the mean difference is 1 (of the four pairs two differ by 2), half of it 0.5 and
    # the mean 2.
    [([2.0, 2.0], 0), ([1.0, 3.0], 0.25), ([0.0, 0.0, 0.0, 4.0], 0.75)],
)
def test_gini(hours: list[float], wanted: float) -> None:
    assert gini(pl.Series(hours).to_numpy()) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("postgresql://ann:s3cret@host/db", "postgresql://ann@host/db"),
        # Of parameters only those stay that are known to hold no secret: `part` may end a token.
        ("https://host/a.zip?token=s3cret&part=2&versionid=7", "https://host/a.zip?versionid=7"),
        # A password may hold anything, so all goes from the first colon to the last @.
        ("zip://x::https://ann:s3cret@host/a.zip", "zip://host/a.zip"),
        ("sqlite:///own.db", "sqlite:///own.db"),
    ],
)
def test_secrets_are_not_remembered(where: str, kept: str) -> None:
    origin = Origin.of(where, {"schema": "s", "api_key": "s3cret"}, "raise")
    assert origin == Origin(kept, {"schema": "s"}, "raise")
    assert Origin.from_summary({"source": origin.to_json()}) == origin


def test_paths_are_remembered_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tables").mkdir()
    summary = {"source": Origin.of("tables", {}, "quarantine").to_json()}
    assert Origin.from_summary(summary) == Origin(str(tmp_path / "tables"), {}, "quarantine")
    here = Origin.from_summary(summary, "elsewhere", {"encoding": "gb18030"})
    assert here == Origin("elsewhere", {"encoding": "gb18030"}, "quarantine")
    (tmp_path / "tables").rmdir()
    with pytest.raises(UsageError, match="--tables"):
        Origin.from_summary(summary)


@pytest.mark.parametrize("summary", [{}, {"source": 3}, {"source": {"tables": None}}])
def test_a_summary_that_remembers_nothing(summary: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="add --tables"):
        Origin.from_summary(summary)
