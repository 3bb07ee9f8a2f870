"""Whom to recruit and whom to train: estimates beside what solving again says."""

import json
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import assume

from matching import Result, UsageError, Week, solve
from matching.answers.advice import PEOPLE, advise
from matching.answers.lacking import Kind, Missing
from matching.answers.recruits import Recruits
from matching.answers.trainees import Trainees
from matching.answers.trials import Gain
from tests.oracle.reading import WEEK
from tests.support.commands import run
from tests.support.laws import SEEDS, law, problem_of
from tests.support.remedied import more
from tests.support.worlds import Tables, full_world, tree_world

MORNING = ("tue", "08:00", "12:00")
GAINS = ["volunteers", "seats_gained", "value_gained", "estimate", "at_least", "at_most"]


def kitchen(monday: str = "2026-03-02", day: int = 3) -> Week:
    """Return a week in which Ada cooks alone: three cooks are wanted for tea, one for soup."""
    week = Week(monday)
    week.station("s", lat=30.0, lon=120.0, region="3301")
    week.volunteer("ada", station_id="s", available=[MORNING], qualifications=["cook"])
    week.volunteer("bo", station_id="s", available=[MORNING])
    for name, start, end, seats in (("tea", "09:00", "10:00", 3), ("soup", "10:30", "11:00", 1)):
        times = {"start": f"2026-03-{day:02} {start}", "end": f"2026-03-{day:02} {end}"}
        week.request(name, station_id="s", seats=seats, qualifications=["cook"], **times)
    return week


def test_more_people_gain_less_and_less_and_prices_nearly_know() -> None:
    # Ada does both. The second cook at tea is worth 3500, the third 3000, and each 200 as they
    # live there. A third cook takes soup from Ada, who then serves once: 100 of load.
    found = advise(kitchen().solve())
    advice = found["advice"]
    assert advice.select(GAINS).rows() == [
        (1, 1, 3700, 3700.0, 3700, 3700),
        (2, 2, 6900, 6900.0, 6900, 6900),
        (5, 2, 7000, 7000.0, 7000, 7000),
    ]
    what = advice.select("qualification", "region", "station_id", "half_day").unique()
    assert what.rows() == [("cook", "3301", "s", "tue morning")]
    assert found["errors"]["worst_error"].to_list() == [0.0, 0.0, 0.0]


def test_weeks_are_added_up_by_their_days() -> None:
    weeks = [kitchen().solve(), kitchen("2026-03-09", 10).solve()]
    advice = advise(weeks)["advice"]
    assert advice.select("volunteers", "value_gained", "weeks").row(0) == (1, 7400, 2)


def test_somebody_new_is_free_for_the_half_day_and_serves_what_they_can() -> None:
    # Nobody is there. A newcomer who cooks does tea and walk, one after the other; who does not
    # cook does walk alone: 3000 for a seat and 200 for living there, less 100 for the second.
    week = Week("2026-03-02")
    week.station("s", lat=30.0, lon=120.0)
    week.volunteer("ada", available=[("sun", "08:00", "12:00")])
    times = {"start": "2026-03-03 08:30", "end": "2026-03-03 09:30"}
    week.request("tea", station_id="s", qualifications=["cook"], **times)
    week.request("walk", station_id="s", start="2026-03-03 11:00", end="2026-03-03 12:30")
    advice = advise(week.solve())["advice"].filter(pl.col("volunteers") == 1)
    assert advice.select("qualification", "value_gained").rows() == [("cook", 3200), (None, 3200)]
    # Walk lasts until 12:30, so that only who is asked for it is free for so long.
    assert advice["half_day"].unique().to_list() == ["tue morning"]


def test_who_lacks_one_qualification_alone_is_trained() -> None:
    # Bo lacks cook; Cai lacks cook and lives too far; Dan lacks nothing but is not free.
    week = kitchen()
    week.volunteer("cai", lat=31.0, lon=120.0, available=[MORNING])
    week.volunteer("dan", station_id="s", qualifications=["cook"])
    found = advise(week.solve(), "train")
    assert found["trainees"].select("volunteer_id", "qualification", "level").rows() == [
        ("bo", "cook", 1)
    ]
    assert found["advice"].select(GAINS).rows() == [(1, 1, 3700, 3700.0, 3700, 3700)]


def test_trainees_come_by_gain() -> None:
    # Eve lives 2 km from the tea of Ada's kitchen: Bo, who lives there, gains more.
    week = kitchen()
    week.volunteer("eve", lat=30.018, lon=120.0, available=[MORNING])
    found = advise(week.solve(), "train")
    assert found["trainees"]["volunteer_id"].to_list() == ["bo", "eve"]
    assert found["advice"]["volunteers"].to_list() == [1, 2]
    joint = found["advice"]["value_gained"]
    assert joint[1] < found["trainees"]["value_gained"].sum()


def test_a_full_week_needs_nobody() -> None:
    week = Week("2026-03-02")
    week.volunteer("ada", available=[MORNING])
    week.request("tea", start="2026-03-03 09:00", end="2026-03-03 10:00")
    for about in ("recruit", "train"):
        assert advise(week.solve(), about)["advice"].is_empty()


def test_a_minimum_that_prices_do_not_know_is_found_by_solving() -> None:
    # A choir of three or nobody: two more make it, one gains nothing. Estimates say otherwise.
    week = Week("2026-03-02")
    week.volunteer("ada", available=[MORNING])
    times = {"start": "2026-03-03 09:00", "end": "2026-03-03 10:00"}
    week.request("choir", seats=3, min_people=3, **times)
    advice = advise(week.solve(gap=0.0))["advice"]
    value = 4000 + 3500 + 3000
    assert advice.select("volunteers", "seats_gained", "value_gained").rows() == [
        (1, 0, 0),
        (2, 3, value),
        (5, 3, value),
    ]
    assert advice["estimate"][0] > 0
    assert (advice["at_least"] == advice["at_most"]).all()


def test_a_plan_that_is_not_proved_claims_no_more_than_its_bound_allows() -> None:
    result = kitchen().solve()
    open_ = replace(result, value=result.value - 300, bound=result.bound + 500, status="feasible")
    row = advise(open_)["advice"].row(0, named=True)
    # The plan found with one more is the best, 3700 above the best without; so little was proved.
    assert (row["value_gained"], row["at_least"], row["at_most"]) == (4000, 3200, 4000)


@pytest.mark.parametrize(
    ("results", "more", "taught"),
    [
        ([], {}, "give a week"),
        (None, {"top": 0}, "top = 0"),
    ],
)
def test_what_is_wrong_is_told(results: Any, more: dict[str, Any], taught: str) -> None:
    with pytest.raises(UsageError, match=taught):
        advise(kitchen().solve() if results is None else results, **more)


# --- every gain is what the tables say ------------------------------------------------------------


@law(20, seed=SEEDS)
def test_gains_lie_within_what_is_claimed(seed: int) -> None:
    for world in (tree_world, full_world):
        problem = problem_of(world(seed, volunteers=8, requests=6))
        result = solve(problem, gap=0.0, time_limit=20.0)
        for about in ("recruit", "train"):
            advice = advise(result, about, top=1)["advice"]
            for row in advice.to_dicts():
                assert 0 <= row["at_least"] <= row["value_gained"] <= row["at_most"]
            gains = advice["value_gained"].to_list()
            assert gains == sorted(gains)


def with_recruits(tables: Tables, kind: Kind, at: Missing, people: int) -> Tables:
    """Return the tables with new rows for people of a kind."""
    tables = dict(tables)
    start, end = (datetime.combine(WEEK, time()) + timedelta(minutes=m) for m in at.free)
    for number in range(people):
        name = f"zz{number}"
        place = {"lat": kind.lat, "lon": kind.lon, "organisation_id": kind.organisation_id}
        more(tables, "volunteers", volunteer_id=name, **place)
        more(tables, "availability", volunteer_id=name, start=start, end=end)
        for held, level in kind.needs:
            more(tables, "qualifications", volunteer_id=name, qualification=held, level=level)
    return tables


def agrees(gain: Gain, result: Result, tables: Tables) -> None:
    """Check a gain against the changed tables, planned by themselves."""
    best = solve(problem_of(tables), gap=0.0, time_limit=20.0)
    assert best.value - result.value <= gain.at_most
    assert gain.at_least <= best.bound - result.value
    if best.status == "optimal" and gain.at_least == gain.at_most:
        assert gain.value == best.value - result.value


@law(10, seed=SEEDS)
def test_a_gain_is_what_the_tables_with_new_rows_are_worth_more(seed: int) -> None:
    for world in (tree_world, full_world):
        tables = world(seed, volunteers=8, requests=6)
        result = solve(problem_of(tables), gap=0.0, time_limit=20.0)
        assume(result.status == "optimal")
        recruits = Recruits(result, 20.0)
        for kind in sorted(recruits.missing, key=str)[:2]:
            new = with_recruits(tables, kind, recruits.missing[kind], 2)
            agrees(recruits.gain(kind, 2), result, new)
        trainees = Trainees(result, 20.0)
        for lesson in sorted(trainees.estimates)[:2]:
            (who, *_) = sorted(trainees.estimates[lesson])
            new, learned = dict(tables), dict(zip(("qualification", "level"), lesson, strict=True))
            more(new, "qualifications", volunteer_id=who, **learned)
            agrees(trainees.gain(lesson, [who]), result, new)


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("kitchen")
    for name, frame in kitchen().tables().items():
        frame.write_csv(place / f"{name}.csv")
    out = place / "plan"
    assert run("plan", place, "--week", "2026-03-02", "--out", out).exit_code == 0
    return out


def test_the_command_says_it_in_both_languages(plan: Path) -> None:
    first = "1 more with cook, tue morning, at s: seats 1, value 3700 (proved; by the prices 3700)."
    assert run("advise", plan).stdout.splitlines()[0] == first
    said = run("advise", plan, "--train", "--language", "zh").stdout.splitlines()
    assert said[:2] == [
        "1 人学会 cook 到 1 级：名额 +1，价值 +3700（已证明；按价格估计 3700）。",
        "bo 只缺 cook 1 级：名额 +1，价值 +3700。",
    ]


@pytest.mark.slow
def test_the_command_writes_tables(plan: Path, tmp_path: Path) -> None:
    told = json.loads(run("advise", plan, plan, "--json").stdout)
    assert [row["volunteers"] for row in told["advice"]] == list(PEOPLE)
    assert told["advice"][0]["value_gained"] == 2 * 3700
    out = tmp_path / "advice.parquet"
    assert run("advise", plan, "--out", out).stdout == f"3 rows written to {out}\n"
    assert pl.read_parquet(out)["value_gained"].to_list() == [3700, 6900, 7000]


@pytest.mark.parametrize(
    ("more", "taught"),
    [
        (("--recruit", "--train"), "two questions"),
        (("--out", "advice.doc"), "end the name in .csv"),
        (("nowhere",), "nowhere"),
    ],
)
def test_what_is_wrong_at_the_command_is_told(
    plan: Path, more: tuple[str, ...], taught: str
) -> None:
    done = run("advise", plan, *more)
    assert done.exit_code == 2
    assert taught in done.stderr
