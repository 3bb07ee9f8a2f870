"""One sentence for one event: who could come, who takes a place, and who is to be told."""

import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from matching import Desk, Problem, UsageError, Week, audit, solve
from matching.answers.edited import edited
from matching.answers.replacing import Replaced, replaced
from matching.answers.who_could import who_could
from matching.cli.meant import day_meant, plan_and_name
from matching.reports.called import id_called, request_meant, requests_called
from matching.stores import write_tables
from tests.support.commands import run
from tests.support.hand import ask, people
from tests.support.laws import SEEDS, law, problem_of
from tests.support.worlds import full_world

TUESDAY, ZONE = date(2026, 3, 3), "Asia/Shanghai"


def without(week: Week, name: str, **more: Any) -> Replaced:
    return replaced(week.solve(gap=0.0), week.tables(), name, **more)


def moves(found: Replaced) -> list[tuple[Any, ...]]:
    return found.tables["changes"].select("volunteer_id", "request_id", "why").rows()


def lunch_and_tea() -> Week:
    """Ada does lunch and Bo tea, at once; Cai could do either.

    Ada at lunch is worth 300 more, Bo at lunch 200.
    """
    week = people("ada bo cai")
    ask(week, "lunch", priority=4)
    ask(week, "tea", priority=4)
    week.affinity("ada", "lunch", 300)
    week.affinity("bo", "lunch", 200)
    week.affinity("bo", "tea", 1)
    return week


# --- by hand --------------------------------------------------------------------------------------


def test_nobody_is_moved_for_a_better_fit() -> None:
    # Bo at lunch and Cai at tea would be worth 199 more than Cai at lunch: less than half a seat.
    found = without(lunch_and_tea(), "ada")
    assert moves(found) == [("ada", "lunch", "cannot_come"), ("cai", "lunch", "stands_in")]
    assert found.tables["open"].is_empty()


def test_somebody_is_moved_so_that_no_seat_stays_empty() -> None:
    # Cai cannot cook: Bo does, and Cai does what Bo did.
    week = people("ada bo cai")
    for cook in ("ada", "bo"):
        week.qualification(cook, "cook")
    ask(week, "lunch", priority=4, qualifications=["cook"])
    ask(week, "tea", priority=4)
    week.affinity("ada", "lunch", 300)
    week.affinity("bo", "tea", 1)
    found = without(week, "ada")
    assert moves(found) == [
        ("ada", "lunch", "cannot_come"),
        ("bo", "lunch", "stands_in"),
        ("bo", "tea", "better_use"),
        ("cai", "tea", "better_use"),
    ]


def test_who_cannot_come_on_a_day_keeps_all_other_days() -> None:
    # Ada alone serves on Monday night into Tuesday, on Tuesday and on Wednesday.
    week = people("ada")
    ask(week, "night", "2 22:00", "3 01:00")
    ask(week, "tuesday", "3 09:00", "3 10:00")
    ask(week, "wednesday", "4 09:00", "4 10:00")
    found = without(week, "ada", days=[TUESDAY])
    assert moves(found) == [("ada", "night", "cannot_come"), ("ada", "tuesday", "cannot_come")]
    assert found.tables["open"].rows() == [("night", "volunteer", 1), ("tuesday", "volunteer", 1)]


def test_what_was_agreed_for_that_day_is_taken_back_and_nothing_else() -> None:
    week = people("ada bo")
    ask(week, "tuesday", "3 09:00", "3 10:00")
    ask(week, "wednesday", "4 09:00", "4 10:00")
    for request in ("tuesday", "wednesday"):
        week.pin("ada", request)
    found = without(week, "ada", days=[TUESDAY])
    assert moves(found) == [("ada", "tuesday", "cannot_come"), ("bo", "tuesday", "stands_in")]
    assert found.changes["assignments"].rows() == [("remove", "ada", "tuesday", "volunteer")]


def test_one_request_alone_even_if_it_was_accepted() -> None:
    week = people("ada bo")
    ask(week, "first", "3 09:00", "3 10:00")
    ask(week, "second", "3 12:00", "3 13:00")
    week.accept("ada", "first")
    week.accept("ada", "second")
    found = without(week, "ada", request_id="first")
    assert moves(found) == [("ada", "first", "cannot_come"), ("bo", "first", "stands_in")]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"days": [date(2026, 3, 9)]}, "2026-03-09 is not in the week of the plan"),
        ({"request_id": "brunch"}, "did you mean lunch"),
    ],
)
def test_what_the_week_does_not_have_is_told(more: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        without(lunch_and_tea(), "ada", **more)


def test_the_free_come_before_those_who_would_have_to_leave() -> None:
    # Bo fits lunch better than Cai, and would have to leave tea.
    found = who_could(Desk(lunch_and_tea().solve(gap=0.0)), "lunch")
    assert found.posts.select("post", "seats", "serve").rows() == [("volunteer", 1, ["ada"])]
    assert found.people.select("rank", "volunteer_id", "busy").rows() == [
        (1, "cai", None),
        (2, "bo", "tea"),
    ]


@law(12, seed=SEEDS)
def test_whoever_cannot_come_serves_nothing_then_and_every_rule_holds(seed: int) -> None:
    world = full_world(seed, volunteers=8, requests=6)
    # Others who are pinned may need whoever cannot come: that is told, and nothing is planned.
    if "assignments" in world:
        world["assignments"] = world["assignments"].filter(pl.col("status") != "pinned")
    result = solve(problem_of(world), gap=0.0)
    plan = result.tables()["plan"]
    if result.status in ("infeasible", "unknown") or plan.is_empty():
        return
    row = plan.row(seed % plan.height, named=True)
    who, day = row["volunteer_id"], row["start"].date()
    found = replaced(result, world, who, days=[day])
    after = found.result
    assert audit.violations(after.problem, after.plan).is_empty()
    mine = after.tables()["plan"].filter(volunteer_id=who)
    touched = (pl.col("start").dt.date() <= day) & (pl.col("end") > pl.lit(day))
    touched &= pl.col("start") < pl.lit(day) + timedelta(days=1)
    assert mine.filter(touched).is_empty()
    # The very same plan follows from tables that hold the changes.
    again = Problem.from_tables(edited(world, found.changes, ZONE).tables, result.problem.week)
    assert len(again.windows) == len(after.problem.windows)


# --- what is meant --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["tue", "Tuesday", "TU", " tuesday ", "周二", "星期二", "礼拜二", "2026-03-03"]
)
def test_a_day_in_many_ways(text: str) -> None:
    assert day_meant(text, "2026-03-02") == TUESDAY


@pytest.mark.parametrize("text", ["t", "s", "", "tuesdays", "2", "周八", "2026-03-09", "2026-3"])
def test_what_is_no_day_of_the_week(text: str) -> None:
    with pytest.raises(UsageError, match="--day"):
        day_meant(text, "2026-03-02")


CONTACTS = pl.DataFrame(
    {"volunteer_id": ["v3", "v17", "v5", "v9"], "name": ["Wang Li", "wang li", "Zoe", None]}
)
IDS = pl.Series(["v17", "v3", "v5", "v9", "Zoe Z"])


@pytest.mark.parametrize(("name", "found"), [("zoe", "v5"), ("v3", "v3"), ("Zoe Z", "Zoe Z")])
def test_a_name_or_an_id(name: str, found: str) -> None:
    assert id_called(name, IDS, CONTACTS) == found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Wang  Li", "2 people are called 'Wang  Li': v3, v17; say which, by the id"),
        ("Zoé", r"did you mean Zoe \(v5\)\?"),
        ("Xu", "names are as in the contacts"),
    ],
)
def test_a_name_that_is_nobodys_or_several_peoples(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        id_called(name, IDS, CONTACTS)


def test_the_plan_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="this folder holds none"):
        plan_and_name(["v1"], "who", "REQUEST")
    for name in ("one", "two"):
        Path(name).mkdir()
        Path(name, "summary.json").touch()
        if name == "one":
            assert plan_and_name(["v1"], "who", "REQUEST") == ("one", "v1", True)
    with pytest.raises(UsageError, match="several are here: one, two; name it"):
        plan_and_name(["v1"], "who", "REQUEST")
    with pytest.raises(UsageError, match="stands in quotes"):
        plan_and_name(["plan", "Wang", "Li"], "replace", "VOLUNTEER")


def test_a_request_by_its_name() -> None:
    week = people("ada")
    for request, name in (("r1", "Lunch"), ("r2", "Tea"), ("r3", "tea"), ("Tea room", "Tea room")):
        week.request(request, name=name, start="2026-03-02 09:00", end="2026-03-02 10:00")
    problem = week.problem()
    assert [request_meant(name, problem) for name in ("LUNCH", "r2", "x")] == ["r1", "r2", "x"]
    with pytest.raises(UsageError, match="2 requests are called 'Tea': r2, r3; say which"):
        request_meant("Tea", problem)
    shown = requests_called(pl.Series(["r1", "Tea room", "x"]), problem)
    assert list(shown) == ["Lunch (r1)", "Tea room", "x"]


# --- at the command line --------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a plan: Ada does lunch, Bo tea, and Cai is free."""
    monkeypatch.chdir(tmp_path)
    write_tables("tables", lunch_and_tea().tables())
    assert run("plan", "tables", "--week", "2026-03-02", "--out", "plan").exit_code == 0
    Path("contacts.csv").write_text("volunteer_id,name\nada,Ada Quill\ncai,Cai Reed\n", "utf-8")
    return tmp_path


def test_an_event_is_one_sentence_and_nothing_is_written(here: Path) -> None:
    before = sorted(os.listdir())
    done = run("replace", "ada quill", "--contacts", "contacts.csv", "--day", "mon")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "Ada Quill cannot come on 2026-03-02.",
        "  Ada Quill no longer serves lunch (volunteer, 2026-03-02 09:00 to 10:00): cannot come.",
        "  Cai Reed serves lunch (volunteer, 2026-03-02 09:00 to 10:00): in place of somebody who "
        "cannot come.",
        "To be told, 2: Ada Quill, Cai Reed.",
        "2 of 2 seats",
        "Nothing was written; --out WHERE writes the new plan.",
    ]
    assert "the plan is plan" in done.stderr
    assert sorted(os.listdir()) == before


def test_events_plan_a_plan_anew_and_it_remembers_them(here: Path) -> None:
    """Ada cancels lunch: Cai is told, for 500; nothing is written without --out."""
    Path("what.csv").write_text("request_id,event,volunteer_id\nlunch,cancelled,ada\n")
    asked = ("replan", "plan", "--changes", "what.csv", "--now", "2026-03-01T08:00")
    before = sorted(os.listdir())
    done = run(*asked, "--contacts", "contacts.csv")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[:4] == [
        "1 person is told something else; no seat is left open.",
        "  Ada Quill no longer serves lunch (volunteer, 2026-03-02 09:00 to 10:00): cannot come.",
        "  Cai Reed serves lunch (volunteer, 2026-03-02 09:00 to 10:00): in place of somebody who "
        "cannot come. (500)",
        "To be told, 2: Ada Quill, Cai Reed.",
    ]
    assert sorted(os.listdir()) == before
    told = json.loads(run(*asked, "--json").stdout)
    assert (told["told"], told["change_costs"], told["to_tell"]) == (1, 500, ["ada", "cai"])
    assert told["gap"] == 0
    assert run(*asked, "--out", "plan").exit_code == 0
    assert run("check", "tables", "plan").exit_code == 0
    assert "ada is free" not in run("who", "lunch").stdout


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        ("lunch,cancelld,ada", (), "write one of cancelled, declined"),
        ("brunch,withdrawn,", (), "the week has no such request"),
        ("lunch,cancelled,ada", ("--now", "noon"), "write a time such as"),
        ("lunch,ordered,", (), "nothing that changes a plan"),
    ],
)
def test_what_replan_cannot_take_is_told(
    here: Path, rows: str, more: tuple[str, ...], said: str
) -> None:
    Path("what.csv").write_text(f"request_id,event,volunteer_id\n{rows}\n")
    done = run("replan", "plan", "--changes", "what.csv", *more)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


@pytest.mark.slow
def test_what_happened_is_remembered_by_all_that_follows(here: Path) -> None:
    """Ada is gone, then Cai too: Ada does not come back, nor is she recommended."""
    assert run("replace", "ada", "--out", "plan").exit_code == 0
    done = run("replace", "cai", "--json")
    told = json.loads(done.stdout)
    assert told["to_tell"] == ["cai"]
    assert told["open"] == [{"request_id": "lunch", "post": "volunteer", "seats": 1}]
    assert "ada is free" not in run("who", "lunch").stdout
    done = run("check", "tables", "plan")
    assert (done.exit_code, "1 times" in done.stdout) == (0, True)
    assert run("report", "plan", "--out", "plan.html").exit_code == 0


def test_a_plan_made_anew_forgets_nothing_in_silence(here: Path) -> None:
    assert run("replace", "ada", "--out", "plan").exit_code == 0
    again = ("plan", "tables", "--week", "2026-03-02", "--out", "plan")
    done = run(*again)
    assert done.exit_code == 2
    assert "changed by matching replace" in done.stderr
    assert run(*again, "--force").exit_code == 0


def test_who_could_come_in_both_languages(here: Path) -> None:
    assert run("who", "lunch").stdout.splitlines() == [
        "lunch, volunteer, 2026-03-02 09:00-10:00: 1 of 1 seats filled (ada).",
        "  1. cai is free: fit 0.",
        "  2. bo would have to leave tea: fit 200.",
    ]
    assert "须放下 tea" in run("who", "lunch", "--language", "zh").stdout


def test_a_terminal_is_spoken_to_in_its_language(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "cai 有空" in run("who", "lunch").stdout


def test_commands_that_are_named_can_be_copied(here: Path) -> None:
    week = people("ada")
    ask(week, "tea at two")
    write_tables("more", week.tables())
    assert run("plan", "more", "--week", "2026-03-02", "--out", "my plan").exit_code == 0
    told = run("replace", "my plan", "ada").stdout
    assert "Who could: matching who 'my plan' 'tea at two'\n" in told
    told = run("who", "my plan", "tea at two").stdout
    assert "Why: matching explain 'my plan' --request 'tea at two'\n" in told


def test_what_cannot_be_is_told_without_a_trace(here: Path) -> None:
    for words in (["adda"], ["ada", "--day", "x"], ["ada", "--day", "mon", "--request", "tea"]):
        done = run("replace", *words, "--out", "new")
        assert done.exit_code == 2
        assert not Path("new").exists()
