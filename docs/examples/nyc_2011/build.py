"""Turn New York City's volunteer opportunities of 2011 into the tables of one week.

The calls are real, the roster of volunteers is made: README.md beside this file states every choice
and its count. The same source and seed give the same files, byte for byte.

    python docs/examples/nyc_2011/build.py SOURCE_CSV [--out DIR] [--seed 2011]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl
from calls import MONDAY, draw_days, draw_slots, drop_repeats, drop_slips, of_the_week, read_calls
from demand import (
    MAX_SEATS,
    has_contact,
    organisations_table,
    post_qualifications_table,
    posts_table,
    requests_table,
    stations_table,
)
from draws import Draws
from roster import (
    availability_table,
    draw_roster,
    preferences_table,
    qualifications_table,
    volunteers_table,
)

POLICY = f"""\
# The week to plan starts on Monday {MONDAY.isoformat()}.
time_zone = "America/New_York"

# Nobody goes further than 10 km from home, so two places of one volunteer are at most 20 km apart,
# 48 minutes at 25 km/h, and services that do not coincide are an hour apart: travel never binds.
travel_kmh = 25
"""


def build(source: Path, seed: int) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """Return the tables by name, and the counts that the README states."""
    draw = Draws(seed)
    calls = drop_slips(read_calls(source))
    week = of_the_week(calls)
    served = draw_slots(draw_days(drop_repeats(week), draw), draw)
    roster = draw_roster(calls, draw)

    requests, posts = requests_table(served), posts_table(served)
    volunteers, organisations = volunteers_table(roster, draw), organisations_table(served)
    in_use = pl.concat([requests["station_id"], volunteers["station_id"]])
    tables = {
        "volunteers": volunteers,
        "qualifications": qualifications_table(roster, draw),
        "availability": availability_table(roster, draw),
        "requests": requests,
        "posts": posts,
        "post_qualifications": post_qualifications_table(served, posts),
        "preferences": preferences_table(roster, organisations, draw),
        "organisations": organisations,
        "stations": stations_table(calls, in_use),
    }
    return tables, count_calls(calls, week, served) | count_rows(tables)


def count_calls(calls: pl.DataFrame, week: pl.DataFrame, served: pl.DataFrame) -> dict[str, int]:
    """Return how many calls each choice has touched."""
    return {
        "calls": calls.height,
        "calls_located": calls.filter(pl.col("slip") | pl.col("lat").is_not_null()).height,
        "calls_badly_geocoded": calls.filter("slip").height,
        "calls_outside_week": calls.height - week.height,
        "calls_in_week": week.height,
        "calls_repeated": week.height - served.height,
        "requests_onetime": served.filter("onetime").height,
        "requests_flagged": served.filter("flagged").height,
        "requests_uncategorised": served["category"].null_count(),
        "requests_badly_geocoded": served.filter("slip").height,
        "requests_capped": served.filter(pl.col("seats") > MAX_SEATS).height,
        "requests_day_named": served.filter("day_named").height,
        "requests_time_named": served.filter("slot_named").height,
        "requests_title_blanked": served.filter(has_contact()).height,
    }


def count_rows(tables: dict[str, pl.DataFrame]) -> dict[str, int]:
    """Return the sizes of the tables, and how the places of the requests are known."""
    placed = tables["stations"].drop_nulls("lat")["station_id"].to_list()
    requests = tables["requests"]
    own = requests.drop_nulls("lat").height
    by_postcode = requests.filter(
        pl.col("lat").is_null(), pl.col("station_id").is_in(placed)
    ).height
    free = tables["availability"]
    return {
        "requests_own_place": own,
        "requests_postcode_place": by_postcode,
        "requests_remote": requests.height - own - by_postcode,
        "seats": int(tables["posts"]["seats"].sum()),
        "volunteers_not_free": tables["volunteers"].height - free["volunteer_id"].n_unique(),
        "availability_weekly": free.drop_nulls("weekday").height,
        **{f"rows_{name}": table.height for name, table in tables.items()},
    }


def write(tables: dict[str, pl.DataFrame], out: Path) -> None:
    """Write the tables as CSV files, and the policy beside them."""
    (out / "tables").mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        (out / "tables" / f"{name}.csv").write_bytes(table.write_csv().encode())
    (out / "policy.toml").write_bytes(POLICY.encode())


def main() -> None:
    """Build the example and print its counts."""
    parser = argparse.ArgumentParser(description="Build the tables of New York's week of 2011.")
    parser.add_argument("source", type=Path, help="the city's volunteer_opportunities.csv")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to fill")
    parser.add_argument("--seed", type=int, default=2011, help="of everything that is drawn")
    arguments = parser.parse_args()
    tables, counts = build(arguments.source, arguments.seed)
    write(tables, arguments.out)
    for name, count in counts.items():
        print(f"{name} {count}")


if __name__ == "__main__":
    main()
