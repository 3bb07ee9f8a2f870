"""Pairings: what is due becomes orders, the same people go, and a year rolls on."""

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from matching import DataError, Problem, UsageError, solve
from matching.orders.pairings import Pairings, Visiting, due, roll
from tests.support.commands import run

MONDAY = date(2026, 11, 30)


def pairings(*rows: dict[str, object]) -> pl.DataFrame:
    """Return pairings of Mrs Li, an hour every week by ann, unless told otherwise."""
    usual = {"pairing_id": "p1", "volunteer_id": "ann", "beneficiary_id": "li"}
    usual |= {"minutes": 60, "every_days": 7}  # type: ignore[dict-item]
    kinds = {name: column.dtype for name, column in Pairings.columns().items()}
    return pl.DataFrame([dict.fromkeys(kinds) | usual | row for row in rows], kinds)


def dues(*rows: dict[str, object], week: date = MONDAY) -> list[tuple[str, int]]:
    """Return the day and the days of delay of each visit."""
    visits = due(pairings(*rows), week)["visits"]
    return [(f"{day:%a}", late) for day, late in visits.select("due", "late_days").rows()]


@pytest.mark.parametrize(
    ("row", "visits"),
    [
        # Last Wednesday, and so this one.
        ({"last_visit": date(2026, 11, 25)}, [("Wed", 0)]),
        # Every other day from Sunday on.
        ({"last_visit": date(2026, 11, 29), "every_days": 2}, [("Tue", 0), ("Thu", 0), ("Sat", 0)]),
        # Next week is early enough.
        ({"last_visit": date(2026, 11, 30)}, []),
        # It was due on Thursday, four days before Monday.
        ({"last_visit": date(2026, 11, 19)}, [("Mon", 4)]),
        # Monthly, but the status changed on Tuesday: within a day.
        (
            {
                "last_visit": date(2026, 11, 20),
                "every_days": 30,
                "within_days": 1,
                "changed": date(2026, 12, 1),
            },
            [("Wed", 0)],
        ),
        # Seen since the change.
        (
            {
                "last_visit": date(2026, 11, 27),
                "every_days": 30,
                "within_days": 1,
                "changed": date(2026, 11, 26),
            },
            [],
        ),
        ({"starts": date(2026, 12, 4)}, [("Fri", 0)]),
        ({"starts": date(2026, 12, 7)}, []),
        ({}, [("Mon", 0)]),
        ({"last_visit": date(2026, 11, 25), "ends": date(2026, 12, 1)}, []),
    ],
)
def test_what_is_due(row: dict[str, object], visits: list[tuple[str, int]]) -> None:
    assert dues(row) == visits


def test_a_missed_visit_is_urgent_and_is_made_up_in_the_first_days() -> None:
    made = due(pairings({"last_visit": date(2026, 11, 19)}), MONDAY)
    assert made["requests"]["priority"].item() == 5
    assert made["options"]["option"].to_list() == ["mon", "tue", "wed"]
    assert made["visits"]["was_due"].item() == date(2026, 11, 26)


def test_a_visit_may_be_a_little_early_and_takes_its_minutes() -> None:
    # Every eight days: up to two days early, Monday to Wednesday.
    made = due(pairings({"last_visit": date(2026, 11, 24), "every_days": 8}), MONDAY)
    assert made["requests"]["request_id"].item() == "p1@2026-12-02"
    rows = made["options"].select("option", "start", "end", "latest_start").rows()
    assert [row[0] for row in rows] == ["mon", "tue", "wed"]
    hours = [f"{moment:%H:%M}" for moment in rows[0][1:]]
    assert hours == ["09:00", "10:00", "16:00"]


def test_a_hand_over_is_two_visits_together() -> None:
    old = {"volunteer_id": "ann", "visits": 9, "last_visit": date(2026, 11, 29)}
    new = {"volunteer_id": "bob", "visits": 0, "last_visit": date(2026, 11, 29)}
    both = [{"every_days": 2} | row for row in (old, new)]
    made = due(pairings(*both), MONDAY)
    assert made["visits"]["hand_over"].to_list() == [True, True, False]
    assert made["posts"].select("seats", "min_seats").rows() == [(2, 1)] * 2
    # Who leaves before it cannot hand over.
    gone = due(pairings(both[0] | {"ends": date(2026, 11, 28)}, both[1]), MONDAY)
    assert gone["visits"]["hand_over"].any() is False
    assert set(gone["affinities"]["volunteer_id"]) == {"bob"}
    # Two who both begin have nobody to learn from.
    first = [{"volunteer_id": who} for who in ("ann", "bob")]
    assert due(pairings(*first), MONDAY)["posts"].is_empty()


def planned(made: dict[str, pl.DataFrame], free: tuple[str, ...]) -> list[str]:
    """Return who goes, of ann, who lives far away, and bob, who lives there."""
    tables = {name: frame for name, frame in made.items() if name != "visits"}
    tables["volunteers"] = pl.DataFrame(
        {"volunteer_id": ["ann", "bob"], "lat": [0.05, 0.0], "lon": [0.0, 0.0]}
    )
    tables["requests"] = tables["requests"].with_columns(lat=pl.lit(0.0), lon=pl.lit(0.0))
    tables["availability"] = pl.DataFrame(
        {
            "volunteer_id": list(free),
            "start": ["2026-12-02T08:00"] * len(free),
            "end": ["2026-12-02T18:00"] * len(free),
        }
    )
    result = solve(Problem.from_tables(tables, MONDAY))
    return sorted(result.tables()["plan"]["volunteer_id"])


def test_the_same_people_go_unless_they_cannot() -> None:
    made = due(pairings({"last_visit": date(2026, 11, 25)}), MONDAY)
    assert planned(made, ("ann", "bob")) == ["ann"]
    assert planned(made, ("bob",)) == ["bob"]


def test_both_go_where_one_hands_over() -> None:
    rows = ({"visits": 5}, {"volunteer_id": "bob", "visits": 0})
    made = due(pairings(*({"last_visit": date(2026, 11, 25)} | row for row in rows)), MONDAY)
    assert planned(made, ("ann", "bob")) == ["ann", "bob"]
    assert planned(made, ("bob",)) == ["bob"]


def test_a_hand_over_is_done_when_both_were_there_twice() -> None:
    rows = pairings(*({"volunteer_id": who, "visits": n} for who, n in (("ann", 5), ("bob", 0))))

    def after(rows: pl.DataFrame, day: int, *who: str) -> pl.DataFrame:
        made = {"request_id": [f"p1@2026-12-{day:02}"] * len(who), "volunteer_id": list(who)}
        return roll(rows, pl.DataFrame(made | {"day": [date(2026, 12, day)] * len(who)}))

    alone = after(rows, 2, "bob")
    assert alone["visits"].to_list() == [5, 0]
    once = after(alone, 9, "ann", "bob")
    assert once["visits"].to_list() == [6, 1]
    assert due(once, date(2026, 12, 14))["visits"]["hand_over"].to_list() == [True]
    twice = after(once, 16, "ann", "bob")
    assert due(twice, date(2026, 12, 21))["visits"]["hand_over"].to_list() == [False]
    assert after(twice, 23, "bob")["visits"].to_list() == [7, 3]
    # Nobody is left to learn from.
    left = rows.with_columns(ends=pl.when(pl.col("visits") == 5).then(date(2026, 11, 1)))
    assert after(left, 2, "bob")["visits"].to_list() == [5, 1]


def test_what_was_done_moves_a_pairing_on_and_what_was_missed_is_told() -> None:
    rows = pairings(
        {"last_visit": date(2026, 11, 25)},
        {"pairing_id": "p2", "beneficiary_id": "wu", "last_visit": date(2026, 11, 25)},
    )
    made = due(rows, MONDAY)["requests"]["request_id"].to_list()
    assert made == ["p1@2026-12-02", "p2@2026-12-02"]
    served = pl.DataFrame(
        {
            "request_id": ["p1@2026-12-02", "lunch"],
            # Somebody else went for ann.
            "volunteer_id": ["dan", "ann"],
            "day": [date(2026, 12, 2)] * 2,
        }
    )
    after = roll(rows, served)
    assert after.select("last_visit", "visits").rows() == [
        (date(2026, 12, 2), 2),
        (date(2026, 11, 25), 2),
    ]
    assert roll(after, served).equals(after)
    later = due(after, MONDAY + timedelta(days=7))["visits"]
    assert later.select("pairing_id", "due", "late_days").rows() == [
        ("p1", date(2026, 12, 9), 0),
        ("p2", date(2026, 12, 7), 5),
    ]


def year(count: int) -> int:
    """Roll pairings through a year in which everybody goes on the day; return the visits."""
    every = [1, 3, 7, 14, 30, 90]
    start = MONDAY - timedelta(days=1)
    rows = pairings(
        *(
            {"pairing_id": f"p{n}", "volunteer_id": f"v{n}", "every_days": every[n % 6]}
            | {"last_visit": start}
            for n in range(count)
        )
    )
    total = 0
    for week in range(52):
        visits = due(rows, MONDAY + timedelta(weeks=week))["visits"]
        assert visits["late_days"].sum() == 0
        total += visits.height
        helpers = rows.select("pairing_id", "volunteer_id")
        served = visits.join(helpers, on="pairing_id").rename({"due": "day"})
        rows = roll(rows, served.select("request_id", "volunteer_id", "day"))
    # From the Sunday before, every n-th day of 364.
    assert total == sum(364 // every[n % 6] for n in range(count))
    return total


@pytest.mark.slow
def test_a_year_without_a_miss_has_every_visit_once() -> None:
    year(6)


@pytest.mark.slow
def test_a_year_of_ten_thousand_pairings_rolls_in_seconds() -> None:
    assert year(10_000) > 900_000


def test_rows_that_contradict_each_other_are_faults() -> None:
    with pytest.raises(DataError, match="rows of one pairing must have the same beneficiary_id"):
        due(pairings({}, {"volunteer_id": "bob", "every_days": 30}), MONDAY)
    with pytest.raises(DataError, match="ends is before starts"):
        due(pairings({"starts": date(2026, 12, 2), "ends": date(2026, 12, 1)}), MONDAY)
    with pytest.raises(UsageError, match="does not fit between 09:00 and 17:00"):
        due(pairings({"minutes": 600}), MONDAY)
    assert due(pairings({"minutes": 480}), MONDAY, Visiting())["options"].height == 1


# --- the commands ---------------------------------------------------------------------------------


def test_visits_are_added_to_a_week_once_and_records_move_the_pairings_on(tmp_path: Path) -> None:
    for name, text in {
        "pairings": "pairing_id,volunteer_id,beneficiary_id,minutes,every_days,last_visit\n"
        "p1,ann,li,60,7,2026-11-25\np2,bob,wu,60,7,2026-11-19\n",
        "requests": "request_id,start,end,note\nlunch,2026-12-01T10:00,2026-12-01T12:00,x\n",
        "records": "record_id,volunteer_id,request_id,start,end,status\n"
        "r1,ann,p1@2026-12-02,2026-12-02T09:00,2026-12-02T10:00,done\n"
        "r2,bob,p2@2026-11-30,2026-11-30T09:00,2026-11-30T10:00,no_show\n",
    }.items():
        (tmp_path / f"{name}.csv").write_text(text)
    asked = ("pairings", "due", tmp_path, "--week", "2026-11-30")
    done = run(*asked, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[:2] == [
        "2026-11-30: 2 visits are due, 1 of them were missed before.",
        "  p2@2026-11-30: missed on 2026-11-26, 4 days late",
    ]
    requests = (tmp_path / "requests.csv").read_text()
    assert requests.splitlines()[1].startswith("lunch,2026-12-01T10:00,2026-12-01T12:00,x")
    assert "0 visits written" in run(*asked, "--out", tmp_path).output
    assert (tmp_path / "requests.csv").read_text() == requests
    out = tmp_path / "pairings.csv"
    done = run("pairings", "roll", tmp_path, tmp_path, "--out", out)
    assert "1 of 2 pairings had a visit" in done.output
    told = json.loads(run(*asked[:-1], "2026-12-07", "--json").stdout)["visits"]
    assert [(row["pairing_id"], row["late_days"]) for row in told] == [("p1", 0), ("p2", 11)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("due", "."), "holds no table pairings"),
        (("due", "nowhere"), "does not exist"),
        (("due", ".", "--week", "2026-12-01"), "week"),
        (("roll", ".", "."), "Missing option"),
        (("roll", ".", ".", "--out", "x.doc"), "end the name in"),
    ],
)
def test_what_cannot_be_asked_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "volunteers.csv").write_text("volunteer_id\nann\n")
    done = run("pairings", *arguments)
    assert done.exit_code == 2
    assert says in done.output
