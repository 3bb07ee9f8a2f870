"""Places that look wrong: one far from all others and why, and a clock from far away."""

import warnings
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from matching import DataWarning, Policy, Problem, Week, solve
from matching.cli import app
from matching.stores import read_tables, write_tables
from matching.tables.cleaning import clean

MONDAY = date(2026, 11, 30)
UTC = Policy(time_zone="UTC")


def told(tables: dict[str, pl.DataFrame], policy: Policy = UTC, week: date = MONDAY) -> list[str]:
    """Return the warnings about places."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Problem.from_tables(tables, week, policy)
    assert all(one.category is DataWarning for one in caught)
    return [str(one.message) for one in caught]


def town(lat: float, lon: float, stray: tuple[float, float], table: str = "stations") -> dict:
    """A town of twelve places a kilometre or two apart, and a last one somewhere else."""
    rng = np.random.default_rng(7)
    near = rng.uniform(-0.02, 0.02, (12, 2)) + np.array([lat, lon])
    near[:, 1] = (near[:, 1] + 180) % 360 - 180
    key = {"stations": "station_id", "volunteers": "volunteer_id", "requests": "request_id"}[table]
    places = pl.DataFrame(np.vstack([near, stray]), ["lat", "lon"], orient="row")
    places = places.with_columns(pl.Series(key, [*(f"s{n}" for n in range(12)), "odd"]))
    week = Week("2026-11-30", policy=UTC)
    week.volunteer("ann")
    week.request("r", start="2026-11-30 09:00", end="2026-11-30 10:00")
    tables = week.tables()
    if table in tables:
        when = tables[table].drop(key, "lat", "lon", strict=False)[:1]
        places = pl.concat([places, pl.concat([when] * 13)], how="horizontal")
    return tables | {table: places}


# The distances are those of an independent haversine between the town's middle and the stray.
STRAYS = {
    "swapped, both legal": ((28.61, 77.21), (77.21, 28.61), "lat and lon swapped", 5922),
    "swapped near the diagonal": ((40.18, 44.51), (44.51, 40.18), "lat and lon swapped", 595),
    "west lost its sign": ((40.71, -74.0), (40.71, 74.0), "the other sign of lon", 10_800),
    "south lost its sign": ((-33.87, 151.21), (33.87, 151.21), "the other sign of lat", 7532),
    "south and west": ((-33.45, -70.67), (33.45, 70.67), "the other signs of both", 17_700),
    "swapped and lost": (
        (40.71, -74.0),
        (74.0, 40.71),
        "lat and lon swapped, then the other sign of lon",
        6600,
    ),
    "a little west of Greenwich": ((5.6, -0.19), (5.6, 0.19), "the other sign of lon", 42),
    "across the date line": ((-16.8, 179.99), (16.8, 179.99), "the other sign of lat", 3736),
}


@pytest.mark.parametrize("case", STRAYS)
@pytest.mark.parametrize("table", ["stations", "volunteers", "requests"])
def test_one_place_that_is_swapped_or_lost_a_sign_is_named(case: str, table: str) -> None:
    """All of them are legal coordinates: its row, how far it is, and what brings it home."""
    home, stray, turn, km = STRAYS[case]
    (text,) = (text for text in told(town(*home, stray, table)) if "hours of" not in text)
    assert text.startswith(f"{table}: row 13 (odd) is ")
    shown = float(text.partition(" is ")[2].partition(" km")[0].replace(",", ""))
    assert shown == pytest.approx(km, rel=0.1)
    assert f"with {turn} (lat {home[0]:g}, lon {home[1]:g}) it would lie among them" in text


def test_places_that_are_merely_far_apart_are_not() -> None:
    """Two towns, and Kashgar 4,000 km west of most of China: no turn brings these nearer."""
    east = [(39.9 + n / 50, 116.4 + n / 50) for n in range(40)]
    west = [(39.47, 75.99), (39.5, 76.02)]
    tables = town(39.9, 116.4, (39.9, 116.4))
    tables["stations"] = pl.DataFrame(east + west, ["lat", "lon"], orient="row").with_columns(
        station_id=pl.Series([f"s{n}" for n in range(42)])
    )
    shanghai = Policy(time_zone="Asia/Shanghai")
    (lone,) = told(tables, shanghai)
    # More than 1,000 km from all others: told for a place where people are to come, with no advice.
    assert "with" not in lone
    swapped = tables["stations"].with_columns(
        lat=pl.when(pl.col("station_id") == "s41").then("lon").otherwise("lat"),
        lon=pl.when(pl.col("station_id") == "s41").then("lat").otherwise("lon"),
    )
    (text,) = told(tables | {"stations": swapped}, shanghai)
    assert "row 42 (s41)" in text
    assert "lat and lon swapped (lat 39.5, lon 76.02) it would lie among them" in text


def test_zero_zero_is_told_where_somebody_is_to_come_and_not_of_volunteers() -> None:
    # Shanghai is 13,000 km from where the equator meets Greenwich.
    (text,) = told(town(31.2, 121.5, (0.0, 0.0)), Policy(time_zone="Asia/Shanghai"))
    assert "row 13 (odd) is 12," in text
    assert "with" not in text
    abroad = town(31.2, 121.5, (48.85, 2.35), "volunteers")
    assert told(abroad, Policy(time_zone="Asia/Shanghai")) == []


def test_many_strays_are_counted() -> None:
    """Of 300 volunteers 90 are swapped: five are named, and one line says that 85 are alike."""
    lat, lon = np.full(300, 40.2), np.full(300, 44.5) + np.arange(300) / 10_000
    lat[:90], lon[:90] = lon[:90].copy(), lat[:90].copy()
    tables = town(40.2, 44.5, (40.2, 44.5))
    tables["volunteers"] = pl.DataFrame(
        {"volunteer_id": [f"v{n}" for n in range(300)], "lat": lat, "lon": lon}
    )
    (text,) = told(tables)
    assert text.count("it would lie among them") == 5
    assert "and 85 more look alike" in text


# --- the clock ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "lon", "far"),
    [
        # 120 degrees east is the meridian of UTC+8; 45 degrees west of it is 75 degrees east.
        ("Asia/Shanghai", 75.1, False),
        ("Asia/Shanghai", 74.9, True),
        ("Asia/Shanghai", 164.9, False),
        ("Asia/Shanghai", 165.1, True),
        ("Asia/Shanghai", -74.0, True),
        # UTC+14: 210 degrees, which are 150 degrees west.
        ("Pacific/Kiritimati", -157.4, False),
        ("Pacific/Auckland", 174.8, False),
        ("America/New_York", -74.0, False),
        ("UTC", 44.9, False),
        ("UTC", -45.1, True),
    ],
)
def test_three_hours_from_the_meridian_is_too_far(zone: str, lon: float, far: bool) -> None:
    warned = told(town(0.5, lon, (0.5, lon)), Policy(time_zone=zone))
    assert len(warned) == far
    if far:
        assert "13 of 13 places" in warned[0]
        assert f"the clock of {zone} (the policy's time_zone)" in warned[0]


def test_the_offset_is_that_of_the_week() -> None:
    """Honolulu's 158 degrees west are 43 from Los Angeles's summer, and 38 from its winter."""
    tables, policy = town(21.3, -151.0, (21.3, -151.0)), Policy(time_zone="America/Los_Angeles")
    # UTC-7 is 105 degrees west, 46 away; UTC-8 is 120 degrees west, 31 away.
    tables["requests"] = tables["requests"].with_columns(
        start=pl.lit("2026-07-06 09:00"), end=pl.lit("2026-07-06 10:00")
    )
    assert len(told(tables, policy, date(2026, 7, 6))) == 1
    assert told(tables, policy, date(2026, 12, 7)) == []


def test_half_of_the_places_are_not_most() -> None:
    tables = town(40.7, -74.0, (40.7, -74.0))
    here = pl.DataFrame({"station_id": "b", "lat": 31.2, "lon": 121.5})
    far = tables["stations"][:1]
    tables["stations"] = pl.concat([here, far.select(here.columns)])
    assert not any("hours of longitude" in t for t in told(tables, Policy()))


@pytest.mark.slow
def test_the_default_zone_is_printed_and_remembered(tmp_path: Path) -> None:
    """Nobody chose a zone: plan and check say so, and so does the summary; a file that chooses
    the same zone is silent."""
    tables = str(tmp_path / "tables")
    write_tables(tables, read_tables("docs/examples/export/tables"))
    (tmp_path / "chosen.toml").write_text('time_zone = "Asia/Shanghai"\n')
    (tmp_path / "other.toml").write_text("travel_km = 9\n")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments])
        assert done.exit_code == 0, done.output
        return done.output

    said = "Times are those of Asia/Shanghai, the default"
    for policy, default in (([], True), (["other.toml"], True), (["chosen.toml"], False)):
        given = [word for name in policy for word in ("--policy", str(tmp_path / name))]
        plan = str(tmp_path / "-".join(["plan", *policy]).replace(".toml", ""))
        made = run("plan", tables, "--week", "2026-11-30", "--out", plan, *given)
        assert (said in made) == default
        # The check has the policy from the summary.
        assert (said in run("check", tables, plan)) == default
        read = pl.read_json(f"{plan}/summary.json")
        assert read["time_zone_given"].item() is not default
    assert solve(Week("2026-11-30").problem()).summary()["time_zone_given"] is False
    assert solve(Week("2026-11-30", policy=UTC).problem()).summary()["time_zone_given"] is True


def test_a_warning_says_whose_zone_it_is() -> None:
    tables = town(40.7, -74.0, (40.7, -74.0))
    assert "(the default time_zone)" in told(tables, Policy())[0]
    assert "(the policy's time_zone)" in told(tables, Policy(time_zone="Asia/Shanghai"))[0]
    with pytest.warns(DataWarning, match=r"around longitude -74, where the sun keeps UTC-5"):
        clean(tables, week=MONDAY, time_zone="Asia/Shanghai")
