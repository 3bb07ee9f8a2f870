"""Indicators: rates where people are registered, orders where they are, against goals."""

from pathlib import Path

import polars as pl
import pytest

from tests.support.commands import run

# Five volunteers of three teams in two counties of one city; of the third team nobody serves.
FILES = {
    "volunteers": """volunteer_id,organisation_id,station_id
ada,red,lake
ben,red,lake
eva,blue,hill
ina,blue,hill
leo,green,hill
""",
    "stations": "station_id,region\nlake,330102\nhill,330103\n",
    "requests": """request_id,category,station_id,start,end
q1,meals,lake,2026-01-10T09:00,2026-01-10T12:00
q2,meals,hill,2026-02-10T09:00,2026-02-10T12:00
q3,visits,hill,2026-02-11T09:00,2026-02-11T12:00
q4,visits,hill,2025-02-11T09:00,2025-02-11T12:00
""",
    # Ada serves 3 + 3 hours, Eva 2; Ben does not come; Zoe is not registered; q4 is of last year.
    "records": """record_id,volunteer_id,request_id,start,end,status,category,region,organisation_id
r1,ada,q1,2026-01-10T09:00,2026-01-10T12:00,done,meals,330102,red
r2,ada,q2,2026-02-10T09:00,2026-02-10T12:00,done,meals,330103,red
r3,eva,q2,2026-02-10T10:00,2026-02-10T12:00,done,meals,330103,blue
r4,ben,q1,2026-01-10T09:00,2026-01-10T12:00,no_show,meals,330102,red
r5,zoe,q2,2026-02-10T09:00,2026-02-10T10:00,done,meals,330103,
r6,ina,q4,2025-02-11T09:00,2025-02-11T12:00,done,visits,330103,blue
""",
    "events": """request_id,version,event,at,actor_role,volunteer_id,reason
q1,1,ordered,2026-01-01T09:00,station,,
q1,2,accepted,2026-01-01T10:00,volunteer,ada,
q1,3,accepted,2026-01-01T11:00,volunteer,ben,
q2,1,ordered,2026-02-01T09:00,station,,
q2,2,accepted,2026-02-01T12:00,volunteer,ada,
q3,1,ordered,2026-02-01T09:00,station,,
""",
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def table(place: Path, *more: object) -> dict[tuple[str, str], dict]:
    out = place / "out.parquet"
    done = run("records", "indicators", place, "--as-of", "2026-03-01", "--out", out, *more)
    assert done.exit_code == 0, done.output
    rows = pl.read_parquet(out).to_dicts()
    return {(row["by"], row["group"] or ""): row for row in rows}


def test_rates_are_of_those_who_are_registered(place: Path) -> None:
    found = table(place)
    whole = found["all", ""]
    # Ada and Eva of five, red and blue of three teams; Zoe is no member, and her hour counts.
    assert (whole["volunteers"], whole["served"], whole["participation"]) == (5, 3, 2 / 5)
    assert (whole["teams"], whole["teams_active"], whole["mobilisation"]) == (3, 2, 2 / 3)
    assert (whole["records"], whole["hours"]) == (4, 9)
    # 8 hours of five members in the 60 days of January to 1 March.
    assert whole["hours_per_head"] == pytest.approx(8 / 5 * 365 / 60)
    met = [whole[f"{name}_met"] for name in ("participation", "mobilisation", "hours_per_head")]
    assert met == [False, True, False]


def test_people_are_counted_where_they_are_registered_and_orders_where_they_are(
    place: Path,
) -> None:
    found = table(place)
    lake, hill = found["region", "330102"], found["region", "330103"]
    # Ada served her second time at the hill, and is of the lake.
    assert (lake["served"], lake["volunteers"], lake["hours"]) == (1, 2, 6)
    assert (hill["served"], hill["volunteers"], hill["hours"]) == (1, 3, 2)
    assert (hill["teams"], hill["teams_active"]) == (2, 1)
    assert (lake["orders"], lake["orders_matched"]) == (1, 1)
    assert (hill["orders"], hill["orders_matched"]) == (2, 1)
    assert found["organisation", "green"]["mobilisation"] == 0
    assert found["organisation", "red"]["participation"] == 1 / 2
    whole = table(place, "--digits", "4")["region", "3301"]
    assert (whole["served"], whole["volunteers"]) == (2, 5)


def test_categories_and_months_are_of_everybody(place: Path) -> None:
    found = table(place)
    january, february = found["month", "2026-01"], found["month", "2026-02"]
    assert (january["participation"], february["participation"]) == (1 / 5, 2 / 5)
    assert (january["mobilisation"], february["mobilisation"]) == (1 / 3, 2 / 3)
    assert january["hours_per_head"] == pytest.approx(3 / 5 * 365 / 31)
    assert (found["category", "meals"]["orders"], found["category", "visits"]["matched"]) == (2, 0)


def test_response_is_from_the_order_to_the_first_acceptance(place: Path) -> None:
    found = table(place)
    # q1 one hour, q2 three; nobody accepted q3.
    assert found["all", ""]["response_minutes"] == 120
    assert found["region", "330102"]["response_minutes"] == 60
    assert found["category", "visits"]["response_minutes"] is None


def test_days_are_chosen(place: Path) -> None:
    found = table(place, "--since", "2025-01-01", "--until", "2025-12-31")
    assert found["all", ""]["hours"] == 3
    assert found["all", ""]["hours_per_head"] == 3 / 5
    assert found["all", ""]["orders"] == 1
    for wrong in (("--since", "2026"), ("--since", "2027-01-01", "--until", "2026-01-01")):
        assert run("records", "indicators", place, *wrong).exit_code == 2


def test_what_cannot_be_known_is_told_and_not_guessed(place: Path) -> None:
    for name in ("volunteers", "stations", "requests", "events"):
        (place / f"{name}.csv").unlink()
    done = run("records", "indicators", place, "--as-of", "2026-03-01")
    assert "no table volunteers, and so nothing is said of rates" in done.stderr
    assert "9.00 hours in 4 records of 3 volunteers" in done.stdout
    found = table(place)
    assert found["all", ""]["participation"] is None
    # By where records say that they were.
    assert found["region", "330103"]["hours"] == 6


def test_the_command_tells_each_goal(place: Path) -> None:
    done = run("records", "indicators", place, "--as-of", "2026-03-01")
    assert "participation: 40.0% of 5 registered volunteers served; the goal is 60%" in done.stdout
    assert "mobilisation: 66.7% of 3 teams were active; the goal is 60%: met" in done.stdout
    assert "orders matched: 66.7% of 3" in done.stdout
    # Zoe's hour is in no region and no team.
    assert "1 volunteers with hours have no row in volunteers" in done.stderr


def test_nobody_served_and_nothing_breaks(place: Path) -> None:
    (place / "records.csv").write_text(FILES["records"].replace(",done,", ",no_show,"))
    found = table(place)
    assert (found["all", ""]["participation"], found["all", ""]["hours"]) == (0, 0)
    assert run("records", "indicators", place, "--out", place / "page.html").exit_code == 0


@pytest.mark.slow
def test_the_page_has_plots_with_goals_and_says_it_in_both_languages(place: Path) -> None:
    out = place / "page.html"
    done = run("records", "indicators", place, "--as-of", "2026-03-01", "--out", out)
    assert done.stdout == f"{out}\n"
    page = out.read_text(encoding="utf-8")
    # By region and month hours and three rates; by organisation and category hours alone.
    assert page.count("<svg") == 10
    assert "<h1>Volunteer service, 2026-01-01 to 2026-03-01</h1>" in page
    run("records", "indicators", place, "--language", "zh", "--out", out)
    assert "动员率" in out.read_text(encoding="utf-8")
