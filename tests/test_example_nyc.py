"""The example of New York: its tables fit together, and its README tells the truth."""

import os
import re
import subprocess
import sys
import tomllib
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "examples" / "nyc_2011"
FILES = [*(f"tables/{path.name}" for path in sorted(FOLDER.glob("tables/*.csv"))), "policy.toml"]
MONDAY = datetime(2011, 5, 16)
PUBLIC_DATA = os.environ.get("MATCHING_PUBLIC_DATA")
SOURCE = Path(PUBLIC_DATA or ".") / "nyc_service" / "volunteer_opportunities.csv"

TABLES = {
    path.stem: pl.read_csv(path, infer_schema_length=None) for path in FOLDER.glob("tables/*.csv")
}


def stated_counts() -> dict[str, int]:
    """Return the counts in the README's tables."""
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", (FOLDER / "README.md").read_text(), re.M)
    return {name: int(count.replace(",", "")) for name, count in rows}


def services() -> pl.DataFrame:
    return TABLES["requests"].with_columns(pl.col("start", "end").str.to_datetime("%Y-%m-%dT%H:%M"))


def orphans(table: str, columns: dict[str, str], target: str) -> pl.DataFrame:
    """Return the rows whose reference has no counterpart."""
    rows = TABLES[table].drop_nulls(list(columns))
    return rows.join(
        TABLES[target], left_on=list(columns), right_on=list(columns.values()), how="anti"
    )


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("volunteers", ["volunteer_id"]),
        ("qualifications", ["volunteer_id", "qualification"]),
        ("requests", ["request_id"]),
        ("posts", ["request_id", "post"]),
        ("post_qualifications", ["request_id", "post", "qualification"]),
        ("preferences", ["volunteer_id", "subject", "value"]),
        ("organisations", ["organisation_id"]),
        ("stations", ["station_id"]),
    ],
)
def test_keys_are_complete_and_unique(table: str, key: list[str]) -> None:
    keys = TABLES[table].select(key)
    assert keys.null_count().sum_horizontal().item() == 0
    assert keys.is_unique().all()


@pytest.mark.parametrize(
    ("table", "columns", "target"),
    [
        ("volunteers", {"station_id": "station_id"}, "stations"),
        ("qualifications", {"volunteer_id": "volunteer_id"}, "volunteers"),
        ("availability", {"volunteer_id": "volunteer_id"}, "volunteers"),
        ("preferences", {"volunteer_id": "volunteer_id"}, "volunteers"),
        ("requests", {"station_id": "station_id"}, "stations"),
        ("requests", {"beneficiary_id": "organisation_id"}, "organisations"),
        ("requests", {"request_id": "request_id"}, "posts"),
        ("posts", {"request_id": "request_id"}, "requests"),
        ("post_qualifications", {"request_id": "request_id", "post": "post"}, "posts"),
        ("post_qualifications", {"qualification": "qualification"}, "qualifications"),
    ],
)
def test_references_have_counterparts(table: str, columns: dict[str, str], target: str) -> None:
    assert orphans(table, columns, target).is_empty()


def test_preferences_are_for_what_exists() -> None:
    preferences, requests = TABLES["preferences"], TABLES["requests"]
    known = {"category": requests["category"], "beneficiary": requests["beneficiary_id"]}
    assert set(preferences["subject"]) == set(known)
    for subject, values in known.items():
        wanted = preferences.filter(pl.col("subject") == subject)["value"]
        assert set(wanted) <= set(values)
    assert (preferences["weight"].is_null() == preferences["never"].fill_null(False)).all()


def test_counts_are_those_stated() -> None:
    requests, posts, availability = (TABLES[t] for t in ("requests", "posts", "availability"))
    placed = TABLES["stations"].drop_nulls("lat")["station_id"].to_list()
    elsewhere = requests.filter(pl.col("lat").is_null())
    by_postcode = elsewhere.filter(pl.col("station_id").is_in(placed)).height
    counted = {
        "requests_own_place": requests.height - elsewhere.height,
        "requests_postcode_place": by_postcode,
        "requests_remote": elsewhere.height - by_postcode,
        "requests_uncategorised": requests["category"].null_count(),
        "requests_flagged": requests.filter(pl.col("priority") == 4).height,
        "requests_title_blanked": requests["name"].null_count(),
        "seats": posts["seats"].sum(),
        "availability_weekly": availability["weekday"].count(),
        "volunteers_not_free": orphans(
            "volunteers", {"volunteer_id": "volunteer_id"}, "availability"
        ).height,
        **{f"rows_{name}": table.height for name, table in TABLES.items()},
    }
    stated = stated_counts()
    assert {name: stated.get(name) for name in counted} == counted
    assert stated["calls"] - stated["calls_outside_week"] == stated["calls_in_week"]
    assert stated["calls_in_week"] - stated["calls_repeated"] == requests.height


@pytest.mark.parametrize("table", ["volunteers", "requests", "stations"])
def test_places_are_in_new_york(table: str) -> None:
    places = TABLES[table].drop_nulls(["lat", "lon"])
    assert places["lat"].is_between(40.48, 40.92).all()
    assert places["lon"].is_between(-74.26, -73.70).all()
    assert TABLES[table]["lat"].is_null().equals(TABLES[table]["lon"].is_null())


def test_week_is_the_one_stated() -> None:
    assert MONDAY.isoweekday() == 1
    assert "Monday 2011-05-16" in (FOLDER / "policy.toml").read_text()
    week = services()
    assert (week["start"] < week["end"]).all()
    assert week["start"].is_between(MONDAY, MONDAY + timedelta(days=7), closed="left").all()
    assert set(week["start"].dt.weekday()) == set(range(1, 8))


@pytest.mark.parametrize(("word", "weekday"), [("Saturday", 6), ("Sunday", 7)])
def test_weekday_of_a_title_is_kept(word: str, weekday: int) -> None:
    named = services().filter(pl.col("name").str.contains(word))
    assert named.height == 1
    assert named["start"].dt.weekday().to_list() == [weekday]


def test_travel_never_binds() -> None:
    """Two services of a day have the same hours, or leave time for twice the longest way."""
    speed = tomllib.loads((FOLDER / "policy.toml").read_text())["travel_kmh"]
    furthest = max(TABLES["volunteers"]["travel_km"].to_list())
    longest = timedelta(hours=2 * furthest / speed)
    hours = services().select(pl.col("start", "end").dt.time()).unique().sort("start").rows()
    spans = [[datetime.combine(MONDAY, time) for time in span] for span in hours]
    assert all(second[0] - first[1] >= longest for first, second in pairwise(spans))


def test_availability_has_one_form_a_row() -> None:
    rows = TABLES["availability"]
    dated = rows.select(pl.all_horizontal(pl.col("start", "end").is_not_null())).to_series()
    weekly_columns = pl.col("weekday", "start_time", "end_time")
    weekly = rows.select(pl.all_horizontal(weekly_columns.is_not_null())).to_series()
    assert (dated != weekly).all()
    assert 0 < weekly.sum() < rows.height


def test_seats_and_rosters_keep_their_limits() -> None:
    assert (TABLES["posts"]["seats"] >= 1).all()
    assert TABLES["posts"].group_by("request_id").agg(pl.col("seats").sum())["seats"].max() == 100
    assert TABLES["volunteers"]["travel_km"].is_between(3, 10).all()
    assert TABLES["volunteers"]["max_shifts"].is_between(1, 3).all()


def test_nobody_can_be_reached_through_it() -> None:
    for name in ("requests", "organisations"):
        text = (FOLDER / "tables" / f"{name}.csv").read_text()
        assert not re.search(r"\w@\w|https?:|www\.|\(\d{3}\)|\b\d{3}[-.]\d{3}[-.]\d{4}\b", text)


def test_folder_is_small() -> None:
    files = [path for end in ("csv", "md", "py", "toml") for path in FOLDER.rglob(f"*.{end}")]
    assert sum(path.stat().st_size for path in files) < 600_000


@pytest.mark.slow
@pytest.mark.skipif(not PUBLIC_DATA, reason="MATCHING_PUBLIC_DATA names no folder of public data")
def test_building_it_again_changes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-B", str(FOLDER / "build.py"), str(SOURCE), "--out", str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    built = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*") if path.is_file()}
    assert built == set(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
    printed = dict(line.split() for line in done.stdout.splitlines())
    assert {name: int(count) for name, count in printed.items()} == stated_counts()
