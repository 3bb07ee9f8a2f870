"""What is sure before a week is planned: warned of by name, and true."""

import json
from pathlib import Path
from typing import Any

import pytest

from matching import Week
from matching.answers.foreseen import foreseen, foreseen_sentences
from tests.support.commands import WEEK, run
from tests.support.hand import ask, people


def kinds(week: Week) -> list[tuple[Any, ...]]:
    return foreseen(week.problem()).select("kind", "number", "ids").rows()


def test_nothing_is_said_of_a_week_in_which_all_can_be() -> None:
    week = people("ada")
    ask(week, "tea")
    assert kinds(week) == []


def test_who_has_no_time_in_the_week_is_named_and_who_refuses_is_not() -> None:
    # Bo's window is in another week; Di says no to all that is proposed.
    week = people("ada")
    week.volunteer("bo", available=[("2026-04-01 09:00", "2026-04-01 10:00")])
    week.volunteer("cy")
    week.volunteer("di", consent="refuse")
    ask(week, "tea")
    assert kinds(week) == [("no_time", 2, ["bo", "cy"])]


def test_what_nobody_holds_is_told_with_what_may_be_meant() -> None:
    # Ada drives; her first aid ended before the week, and her cooking is of level 1.
    week = people("ada")
    week.qualification("ada", "driver")
    week.qualification("ada", "first aid", valid_until="2026-03-01")
    week.qualification("ada", "cook", level=1)
    ask(week, "bus", qualifications=["drivers"])
    ask(week, "fair", qualifications=["first aid"])
    ask(week, "feast", qualifications={"cook": 3})
    week.team_rule("nurse", request_id="fair", min_people=1)
    rows = foreseen(week.problem()).drop("number").rows()
    assert sorted(rows, key=str) == sorted(
        [
            ("nobody_holds", "drivers", None, "driver", ["bus"]),
            ("nobody_holds", "first aid", None, None, ["fair"]),
            ("level", "cook", 1, None, ["feast"]),
            ("nobody_holds", "nurse", None, None, ["fair"]),
        ],
        key=str,
    )


def test_windows_of_one_person_that_touch_are_one_and_those_of_two_are_not() -> None:
    # Ada: 9 to 10 and 10 to 11. Bo: 13 to 14; Cy: 14 to 15.
    week = Week("2026-03-02")
    week.volunteer("ada", available=[("mon", "09:00", "10:00"), ("mon", "10:00", "11:00")])
    week.volunteer("bo", available=[("mon", "13:00", "14:00")])
    week.volunteer("cy", available=[("mon", "14:00", "15:00")])
    ask(week, "morning", "2 09:00", "2 11:00")
    ask(week, "noon", "2 13:30", "2 14:30")
    assert kinds(week) == [("nobody_free", 1, ["noon"])]


def test_a_request_at_several_times_needs_one_at_which_somebody_is_free() -> None:
    week = Week("2026-03-02")
    week.volunteer("ada", available=[("mon", "09:00", "10:00")])
    times = {
        "a": ("2026-03-02 09:00", "2026-03-02 10:00"),
        "b": ("2026-03-03 09:00", "2026-03-03 10:00"),
    }
    week.request("tea", options=times)
    week.request("milk", options={"b": times["b"]})
    assert kinds(week) == [("nobody_free", 1, ["milk"])]


@pytest.mark.parametrize("crowd", [1, 300])
def test_how_far_people_go(crowd: int) -> None:
    """A degree of latitude is 111 km: 0.08 are 8.9 km, 0.1 are 11.1; they go 10."""
    week = people(" ".join(f"v{n}" for n in range(crowd)), lat=40.0, lon=116.0, travel_km=10)
    ask(week, "near", lat=40.08, lon=116.0)
    ask(week, "far", lat=40.5, lon=116.0)
    ask(week, "anywhere")
    if crowd == 1:
        ask(week, "corner", lat=40.08, lon=116.1)  # in the box around it, 12.3 km away
    assert kinds(week) == [("out_of_reach", 2 - (crowd > 1), ["corner", "far"][crowd > 1 :])]


def test_whose_place_is_unknown_goes_everywhere() -> None:
    week = people("ada")
    week.volunteer("bo", lat=10.0, lon=10.0, available=[("mon", "09:00", "10:00")])
    ask(week, "far", lat=40.5, lon=116.0)
    assert kinds(week) == []


def test_some_are_named_and_the_others_are_counted_in_both_languages() -> None:
    week = people("ada")
    for number in range(7):
        week.volunteer(f"v{number}")
    ask(week, "tea")
    rows = foreseen(week.problem()).to_dicts()
    (said,) = foreseen_sentences(rows)
    assert said.startswith(
        "people without any time in this week: 7 (v0, v1, v2, v3, v4 and 2 more)"
    )
    (said,) = foreseen_sentences(rows, "zh")
    assert said.startswith("本周没有任何空闲时间的志愿者 7 人（v0、v1、v2、v3、v4")


def test_plan_warns_before_it_searches_and_the_summary_remembers(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "volunteers.csv").write_text("volunteer_id\nada\nbo\n", "utf-8")
    text = "volunteer_id,weekday,start_time,end_time\nada,1,08:00,12:00\n"
    (folder / "availability.csv").write_text(text, "utf-8")
    text = "request_id,start,end\ntea,2026-11-30T09:00,2026-11-30T10:00\n"
    (folder / "requests.csv").write_text(text, "utf-8")
    done = run("plan", folder, "--week", WEEK, "--out", tmp_path / "plan")
    assert done.exit_code == 0
    assert "warning: people without any time in this week: 1 (bo)" in done.stderr
    assert "Times are those of Asia/Shanghai, the default" in done.stdout
    summary = json.loads((tmp_path / "plan" / "summary.json").read_text("utf-8"))
    assert [row["kind"] for row in summary["foreseen"]] == ["no_time"]
