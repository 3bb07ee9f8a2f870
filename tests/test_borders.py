"""Every rule across the border of two regions: random worlds cut in two, judged as one."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, event

from matching import DataError, Plan, Prices, Problem, UsageError, audit, certify, solve
from matching.regions import plan_nation
from matching.regions.dataset import joined, only, read_all, regions
from tests.oracle.reading import WEEK
from tests.support.laws import SEEDS, law
from tests.support.regions import planned as written
from tests.support.worlds import SMALL, Tables, full_world

# Half of the worlds' places lie west of it.
MERIDIAN = 116.45
# Where those live, and that is ordered, of which a world does not say where.
ELSEWHERE = (39.95, 116.42)


def in_two(world: Tables, folder: Path) -> None:
    """Write a world as two regions: by the places of people and orders, which all get one."""
    placed = world | {name: with_places(world, name) for name in ("volunteers", "requests")}
    for code, west in (("1", True), ("2", False)):
        here = (pl.col("lon") < MERIDIAN) == west
        people = placed["volunteers"].filter(here)["volunteer_id"]
        orders = placed["requests"].filter(here)["request_id"]
        (folder / f"region={code}").mkdir(parents=True)
        for name, frame in only(dict(placed), people, orders).items():
            own_names(frame, code).write_parquet(folder / f"region={code}" / f"{name}.parquet")


def with_places(world: Tables, name: str) -> pl.DataFrame:
    nowhere = {"station_id": pl.String, "lat": pl.Float64, "lon": pl.Float64}
    empty = pl.DataFrame(schema=nowhere)
    rows, stations = (
        pl.concat([world.get(table, empty), empty], how="diagonal_relaxed")
        for table in (name, "stations")
    )
    at = rows.join(stations, on="station_id", how="left", maintain_order="left", suffix="_station")
    return rows.with_columns(
        pl.coalesce(at[axis], at[f"{axis}_station"]).fill_null(there).alias(axis)
        for axis, there in zip(("lat", "lon"), ELSEWHERE, strict=True)
    )


def own_names(frame: pl.DataFrame, code: str) -> pl.DataFrame:
    """Give each region its own organisations, as a quota counts in one region, and its own menu."""
    named = [
        (pl.col(column) + code).alias(column)
        for column in ("organisation_id", "parent_id", "menu_item")
        if column in frame.columns
    ]
    # A limit of each of its values names none.
    if "subject" in frame.columns and "value" in frame.columns:
        of = pl.col("subject").is_in(["organisation", "menu_item"])
        named.append(pl.when(of).then(pl.col("value") + code).otherwise("value").alias("value"))
    return frame.with_columns(named)


def whole(folder: Path) -> Problem:
    return Problem.from_tables(joined(read_all(f) for f in regions(folder).values()), WEEK)


def planned(folder: Path) -> dict[str, Any]:
    """Plan a nation, unless it has nothing to plan, or a pin that only the whole can keep."""
    try:
        return plan_nation(folder / "nation", folder / "plan", WEEK, gap=0.0, time_limit=1.0)
    except (DataError, UsageError) as error:
        excused = "this pin is against the rule|every pinned assignment|no request is in the week"
        assume(not re.search(excused, str(error)))
        raise


@law(4, seed=SEEDS)
def test_a_world_cut_in_two_keeps_every_rule_and_its_bound_is_true(seed: int) -> None:
    with TemporaryDirectory() as made:
        folder = Path(made)
        in_two(full_world(seed, **SMALL), folder / "nation")
        summary = planned(folder)
        problem = whole(folder / "nation")
        plan = Plan.from_frame(problem, written(folder / "plan", "plan"))
        assert audit.violations(problem, plan).is_empty()
        assert audit.value(problem, plan) == summary["value"]
        prices = Prices.from_frame(problem, written(folder / "plan", "prices"))
        assert certify(problem, prices) == pytest.approx(summary["bound_from_prices"])
        best = solve(problem, gap=0.0, time_limit=1.0)
        assert summary["value"] <= best.bound
        assert best.value <= summary["bound"]
        event(f"gained at borders: {summary['gained_at_borders'] > 0}")
