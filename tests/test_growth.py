"""Growth: worlds of one density, slopes, and one small run from end to end."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.growth import fitting
from benchmarks.growth.__main__ import measure, report
from benchmarks.growth.running import AROUND
from benchmarks.growth.worlds import LARGEST, REQUESTS, VOLUNTEERS, WEEK, World, ladder
from matching import Problem
from matching.arcs.eligibility import eligible
from matching.stores import read_tables
from matching.synthetic.arguments import SIZES


def test_worlds_grow_from_a_hundredth_of_the_province_to_as_much() -> None:
    # 10^(1/4) = 1.78, 10^(1/2) = 3.16, 10^(3/4) = 5.62
    assert [world.copies for world in ladder(LARGEST, 4)] == [1, 2, 3, 6, 10, 18, 32, 56, 100]
    assert [world.copies for world in ladder(266_000, 2)] == [1, 3, 10]
    assert [world.copies for world in ladder(200_000, 2)] == [1, 3, 7]
    assert SIZES["province"] == (100 * VOLUNTEERS, 100 * REQUESTS)


@pytest.mark.slow
def test_a_larger_world_is_as_dense(tmp_path: Path) -> None:
    def arcs_per_volunteer(copies: int) -> float:
        folder = tmp_path / str(copies)
        World(copies, volunteers=2_000, requests=60).write(folder)
        return len(eligible(Problem.from_tables(read_tables(folder), WEEK))) / (2_000 * copies)

    # Nine draws of the same law; one draw of so few orders is off by some.
    assert arcs_per_volunteer(9) == pytest.approx(arcs_per_volunteer(1), rel=0.5)


def test_slopes() -> None:
    size = pl.Series([10.0, 100.0, 1000.0])
    assert fitting.slope(size, 3 * size**1.5) == pytest.approx(1.5)
    assert fitting.slope(size, pl.Series([0.0, 0.0, 2.0])) is None
    # 5 + n / 10: the constant flattens it; without it the growth is in proportion.
    points = pl.DataFrame({"volunteers": size}).with_columns(
        pl.lit(5.0).add(pl.col("volunteers") / 10).alias(name) for name in fitting.MEASURES
    )
    table = fitting.whole(points, dict.fromkeys(fitting.MEASURES, 5.0))
    assert table["net"].to_list() == pytest.approx([1.0, 1.0, 1.0])
    # log10 of 6, 15 and 105 over 1, 2 and 3: (2.0212 - 0.7782) / 2
    assert table["gross"].to_list() == pytest.approx([0.6215] * 3, abs=1e-3)


def test_steep_phases() -> None:
    rows = [
        (n, phase, seconds)
        for n in (10, 100)
        for phase, seconds in (("read", n / 10), ("flow", n**1.5 / 10), (AROUND, 2.0))
    ]
    phases = pl.DataFrame(rows, schema=["volunteers", "phase", "seconds"], orient="row")
    table = {row["phase"]: row for row in fitting.by_phase(phases).to_dicts()}
    assert table["read"]["slope"] == pytest.approx(1.0)
    assert table["flow"]["slope"] == pytest.approx(1.5)
    assert (table["read"]["steep"], table["flow"]["steep"]) == (False, True)
    assert table[AROUND]["slope"] is None
    # 100 / 10 of 100 / 10 + 1000 / 10 + 2 = 112
    assert table["read"]["share"] == pytest.approx(10 / 112)


@pytest.mark.slow
def test_a_run_from_end_to_end(tmp_path: Path) -> None:
    worlds = [World(1, 1_000, 30), World(3, 1_000, 30)]
    tables = report(*measure(worlds, rounds=1, workers=1), tmp_path)
    assert tables["points"]["volunteers"].to_list() == [1_000, 3_000]
    assert (tables["points"]["filled"] > 0).all()
    assert (tables["points"]["memory_mb"] > 50).all()
    told = set(tables["phases"]["phase"])
    assert {"read", "validate", "eligibility", "flow", "certify", "write", AROUND} <= told
    written = {path.name for path in tmp_path.iterdir()}
    assert {"points.csv", "phases.csv", "slopes.csv", "phase-slopes.csv"} < written
    assert {"growth.svg", "growth.png"} < written
