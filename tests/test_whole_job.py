"""The whole job against the raw flow: one small run from end to end."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.whole_job import MEASURES, main, ratios


@pytest.mark.slow
def test_a_town_is_planned_by_both_with_one_value(tmp_path: Path) -> None:
    found = main(["town", "--out", str(tmp_path)])
    assert list(found) == list(MEASURES)
    assert all(ratio > 0 for ratio in found.values())
    jobs = pl.read_csv(tmp_path / "jobs.csv")
    # Value of the town with network rules and seed 1: see VMB's table of best-known values.
    assert jobs["value"].to_list() == [449_038, 449_038]
    phases = pl.read_csv(tmp_path / "phases.csv")
    both = {"read", "validate", "eligibility", "value", "flow", "write"}
    for _, of in phases.group_by("contender"):
        assert both <= set(of["phase"])


def test_ratios() -> None:
    jobs = pl.DataFrame({"contender": ["ours", "raw"]}).with_columns(
        pl.Series(name, [1.0, 4.0]) for name in MEASURES
    )
    assert ratios(jobs) == pytest.approx(dict.fromkeys(MEASURES, 0.25))
