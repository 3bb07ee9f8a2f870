"""What records and reviews say of the next week: shrunk, with decay, and never a gate."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Policy, Week
from matching.records.feedback import (
    Feedback,
    feedback,
    marks,
    odds_of,
    tallies,
    with_ratings,
    with_show_up,
)
from matching.records.hours import CODE
from matching.records.policy import RecordPolicy
from tests.support.commands import run

NOW = datetime(2026, 6, 1)
POLICY = RecordPolicy()
Row = tuple[str, str | None, str, float]


def credited(rows: Sequence[Row]) -> pl.DataFrame:
    """Return records of (who, category, status, days ago) as they are credited."""
    status = [row[2] for row in rows]
    named = {"forced_out", "no_show", "cancelled"}
    return pl.DataFrame(
        {
            "volunteer_id": [row[0] for row in rows],
            "category": [row[1] for row in rows],
            "status": status,
            "start": [None] * len(rows),
            "end": [NOW - timedelta(days=row[3]) for row in rows],
            "entered_at": [None] * len(rows),
            "code": [each if each in named else None for each in status],
        },
        {
            "volunteer_id": pl.String,
            "category": pl.String,
            "status": pl.String,
            "start": pl.Datetime("us"),
            "end": pl.Datetime("us"),
            "entered_at": pl.Datetime("us"),
            "code": CODE,
        },
    )


def of(rows: Sequence[Row], policy: RecordPolicy = POLICY) -> Feedback:
    return feedback([tallies(credited(rows), policy, NOW)], [], policy)


def odds(found: Feedback, who: str) -> float:
    return float(found.people.filter(volunteer_id=who)["show_up"].item())


def often(who: str, came: int, stayed: int, category: str | None = "meals") -> list[Row]:
    return [(who, category, "done", 0)] * came + [(who, category, "no_show", 0)] * stayed


def test_what_is_little_known_lies_near_the_mean() -> None:
    found = of([*often("ann", 1, 0), *often("bob", 40, 0), *often("cy", 10, 30)])
    # 51 of 81 came; one category, so its mean is that of all.
    mean, weight = found.means["show_up"], found.means["weight"]
    assert mean == pytest.approx(51 / 81)
    assert odds(found, "ann") == pytest.approx((1 + weight * mean) / (1 + weight))
    assert odds(found, "cy") == pytest.approx((10 + weight * mean) / (40 + weight))
    assert mean < odds(found, "ann") < odds(found, "bob") < 1


def test_where_people_differ_by_chance_alone_all_are_alike() -> None:
    # Everybody came three times of four.
    found = of([row for who in "abcdefgh" for row in often(who, 3, 1)])
    assert found.means["weight"] == 1000
    assert set(found.people["show_up"].round(6)) == {0.75}


def test_what_was_long_ago_counts_less() -> None:
    others = [row for who in "efgh" for row in (*often(who, 3, 1), *often(f"{who}2", 9, 0))]
    late = [("ann", "meals", "no_show", 400.0)] * 5 + [("ann", "meals", "done", 0.0)] * 5
    early = [("bob", "meals", "done", 400.0)] * 5 + [("bob", "meals", "no_show", 0.0)] * 5
    found = of([*late, *early, *others])
    assert odds(found, "bob") < odds(found, "ann")
    # At the half-life two records weigh as one.
    old = tallies(credited([("ann", None, "done", 180.0)] * 2), POLICY, NOW)
    assert old.select("records", "weight", "came").rows() == [(2, 1.0, 1.0)]


def test_a_category_has_a_mean_of_its_own_and_what_was_done_elsewhere_counts() -> None:
    rows = [row for who in "abcdef" for row in often(who, 9, 1)]
    rows += [row for who in "abcdef" for row in often(who, 4, 6, "nights")]
    rows += [*often("good", 30, 0), *often("bad", 5, 25)]
    rows += [*often("good", 1, 1, "nights"), *often("bad", 1, 1, "nights")]
    found = of(rows)
    table = found.categories.rows_by_key(["volunteer_id", "category"], named=True, unique=True)
    assert table["a", "nights"]["show_up"] < table["a", "meals"]["show_up"]
    # Of nights both have the same records.
    assert table["bad", "nights"]["show_up"] < table["good", "nights"]["show_up"]


def test_who_was_forced_out_came_and_did_not_serve_to_the_end() -> None:
    rows = [*often("ann", 5, 5), *often("bob", 9, 1)] + [("ann", "meals", "forced_out", 0.0)] * 10
    ann = of(rows).people.filter(volunteer_id="ann")
    assert ann["show_up"].item() > ann["reliability"].item()


people = st.sampled_from(["ann", "bob", "cy"])
records = st.lists(
    st.tuples(
        people,
        st.sampled_from(["meals", "nights", None]),
        st.sampled_from(["done", "no_show", "forced_out"]),
        st.integers(0, 700).map(float),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(rows=records, declined=st.lists(people, min_size=1, max_size=5))
def test_to_refuse_is_free(rows: list[Row], declined: list[str]) -> None:
    """Whoever says in time that they cannot come is judged as if nobody had asked."""
    before = of(rows)
    after = of([*rows, *((who, "meals", "cancelled", 1.0) for who in declined)])
    assert after.people.equals(before.people)
    assert after.categories.equals(before.categories)
    assert after.means == before.means
    assert before.people["show_up"].is_between(0.01, 1).all()


def test_a_record_that_is_wrong_says_nothing() -> None:
    rows = credited([*often("ann", 3, 1), ("bob", "meals", "no_show", 0.0)])
    wrong = rows.with_columns(
        code=pl.when(pl.col("volunteer_id") == "bob")
        .then(pl.lit("repeated", CODE))
        .otherwise("code")
    )
    assert tallies(wrong, POLICY, NOW)["volunteer_id"].to_list() == ["ann"]


# --- the truth, on people who are made up ---------------------------------------------------------


def made_up(seed: int, drift: float = 0.0) -> tuple[list[Row], dict[tuple[str, str], float]]:
    """Return the records of 800 people of two categories, and their true odds of coming now."""
    rng = np.random.default_rng(seed)
    rows, truth = list[Row](), {}
    for number in range(800):
        who, kind = f"v{number}", rng.normal(0.0, 1.2)
        before = kind + rng.normal(0.0, drift)
        for category, base in (("meals", 2.5), ("nights", 0.5)):
            truth[who, category] = 1 / (1 + np.exp(-(base + kind)))
            for ago in rng.uniform(0, 720, rng.geometric(0.3) - 1):
                p = 1 / (1 + np.exp(-(base + (kind if ago < 200 else before))))
                status = "done" if rng.random() < p else "no_show"
                rows.append((who, category, status, float(ago)))
    return rows, truth


def brier(told: dict[tuple[str, str], float], truth: dict[tuple[str, str], float]) -> float:
    """Return the mean score over whether they come, of which the truth is the best."""
    return float(
        np.mean([p * (1 - told[k]) ** 2 + (1 - p) * told[k] ** 2 for k, p in truth.items()])
    )


def test_odds_are_nearer_to_the_truth_than_the_mean_and_than_frequencies() -> None:
    rows, truth = made_up(1)
    steady = RecordPolicy(half_life_days=1e6)
    found = of(rows, steady)
    frame = credited(rows).with_columns(came=pl.col("status") == "done")
    mean = float(frame["came"].mean())  # type: ignore[arg-type]
    by_category = dict(frame.group_by("category").agg(pl.col("came").mean()).rows())
    counted = frame.group_by("volunteer_id", "category").agg(pl.col("came").mean())
    raw = {(who, what): p for who, what, p in counted.rows()}
    pairs = pl.DataFrame(list(truth), ["volunteer_id", "category"], orient="row")
    ours = dict(zip(truth, odds_of(pairs, found), strict=True))
    scores = {
        "truth": brier(truth, truth),
        "ours": brier(ours, truth),
        "category": brier({k: by_category[k[1]] for k in truth}, truth),
        "mean": brier(dict.fromkeys(truth, mean), truth),
        "frequency": brier({k: raw.get(k, mean) for k in truth}, truth),
    }
    assert scores["truth"] < scores["ours"] < min(scores["category"], scores["frequency"])
    assert scores["category"] < scores["mean"]
    # More than a quarter of what the category's mean leaves to the truth is won.
    assert scores["ours"] - scores["truth"] < 0.75 * (scores["category"] - scores["truth"])


def test_decay_follows_people_who_change() -> None:
    rows, truth = made_up(2, drift=2.5)
    scores = []
    for half_life in (120.0, 1e6):
        found = of(rows, RecordPolicy(half_life_days=half_life))
        ours = {(w, c): p for w, c, _, p in found.categories.rows()}
        known = {k: p for k, p in truth.items() if k in ours}
        scores.append(brier(ours, known))
    assert scores[0] < scores[1]


# --- into the next week ---------------------------------------------------------------------------


def test_odds_go_into_volunteers_and_newcomers_have_the_mean() -> None:
    found = of([*often("ann", 3, 1), *often("bob", 1, 3)])
    told = pl.DataFrame({"volunteer_id": ["new", "bob", "said"], "show_up": [None, 0.9, 0.7]})
    week = with_show_up(told, found)
    assert week["volunteer_id"].to_list() == ["new", "bob", "said"]
    assert week["show_up"].to_list() == [0.5, round(odds(found, "bob"), 4), 0.7]
    assert with_show_up(told.drop("show_up"), found)["show_up"].to_list()[::2] == [0.5, 0.5]
    nobody = feedback([], [], POLICY)
    assert with_show_up(told, nobody) is told


def reviews(*rows: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "volunteer_id": [who for who, _ in rows],
            "at": [NOW] * len(rows),
            "punctuality": [mark for _, mark in rows],
            "attitude": [mark for _, mark in rows],
            "professionalism": [None] * len(rows),
        },
        schema_overrides={"professionalism": pl.Int64},
    )


def test_ratings_are_shrunk_and_change_a_score_but_no_pair() -> None:
    rated = marks(reviews(("ann", 5), ("bob", 1), ("bob", 1), ("cy", 5)), POLICY, NOW)
    found = feedback([tallies(credited(often("dan", 2, 0)), POLICY, NOW)], [rated], POLICY)
    # Twelve marks of four reviews: 3 in the mean, of which each has five more.
    assert dict(found.people.select("volunteer_id", "rating").rows()) == pytest.approx(
        {"ann": (5 + 15) / 6, "bob": (2 + 15) / 7, "cy": 20 / 6, "dan": 3.0}
    )
    pairs = pl.DataFrame(
        {"volunteer_id": ["ann", "bob", "eve"], "request_id": ["r"] * 3, "score": [10, 10, 10]}
    )
    # 20 a mark: 7 for a third above the mean, -11 for four sevenths below.
    assert with_ratings(pairs, found, POLICY)["score"].to_list() == [17, -1, 10]


def test_the_worst_odds_and_the_worst_rating_keep_nobody_from_a_seat() -> None:
    week = Week("2026-11-30", policy=Policy())
    week.volunteer("bob", available=[("tue", "08:00", "13:00")], show_up=0.01)
    week.request("tea", start="2026-12-01 09:00", end="2026-12-01 10:00")
    # Four marks below the mean are the most that there can be, at the largest value of a mark.
    week.affinity("bob", "tea", -4 * 100)
    assert week.solve().tables()["plan"]["volunteer_id"].to_list() == ["bob"]


def test_the_command_feeds_the_next_week_and_leaves_all_else_as_it_is(tmp_path: Path) -> None:
    files = {
        "records": "record_id,volunteer_id,start,end,status\n"
        + "".join(
            f"{who}{n},{who},2026-03-0{n}T09:00,2026-03-0{n}T10:00,{status}\n"
            for who, status in (("ann", "done"), ("bob", "no_show"))
            for n in range(1, 6)
        ),
        "reviews": "volunteer_id,at,punctuality\nann,2026-03-09T09:00,5\nbob,2026-03-09T09:00,1\n",
        "volunteers": "volunteer_id,show_up,nick\nann,0.9,A\nbob,,B\nnew,,N\n",
        "affinities": "volunteer_id,request_id,score\nann,tea,5\nnew,tea,5\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    out = tmp_path / "next"
    asked = ("records", "feedback", tmp_path, "--as-of", "2026-03-10")
    done = run(*asked, "--into", out, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["fed"]) == (0, {"volunteers": 3, "affinities": 2})
    # Both are alike five times: one record of one's own counts as much as the mean.
    assert told["means"]["weight"] == 1
    volunteers = pl.read_csv(out / "volunteers.csv")
    assert volunteers["nick"].to_list() == ["A", "B", "N"]
    ann, bob, new = volunteers["show_up"]
    # 0.5, and 2.5 of 6 less or more; a week has passed, so it is a little nearer to the mean.
    assert (bob, new, ann) == pytest.approx((0.083, 0.5, 0.917), abs=0.004)
    # Rated (5 + 5 * 3) / 6, a third of a mark above the mean: 20 / 3.
    assert pl.read_csv(out / "affinities.csv")["score"].to_list() == [12, 5]
    said = run(*asked).output
    assert said.index("bob: comes") < said.index("ann: comes")
    (tmp_path / "volunteers.csv").write_text("volunteer_id,show_up\nann,1.5\n")
    wrong = run(*asked, "--into", out)
    assert (wrong.exit_code, "volunteers row 1, show_up = '1.5'" in wrong.output) == (2, True)
    (tmp_path / "volunteers.csv").unlink()
    assert "there is no table volunteers to be fed" in run(*asked, "--into", out).output
