"""The curves of a search: points that only get better, in files that are whole."""

import json
from pathlib import Path

import polars as pl
import pytest

from benchmarks.curves import main, points_of
from matching import Progress
from tests.support.slow import first_fast


@pytest.mark.parametrize("rules", first_fast(["network", "full"], 1))
def test_a_town_is_planned_and_drawn(tmp_path: Path, rules: str) -> None:
    written = main(["town", "--rules", rules, "--scarcity", "2", "--out", str(tmp_path)])
    assert [path.suffix for path in written] == [".csv", ".json", ".svg", ".png"]
    # Nothing is left of what was written beside.
    assert sorted(tmp_path.iterdir()) == sorted(written)
    points, facts = pl.read_csv(written[0]), json.loads(written[1].read_text())
    assert (facts["size"], facts["rules"], facts["volunteers"]) == ("town", rules, 300)
    assert points["seconds"].is_sorted()
    assert points["seconds"][0] == 0.0
    assert points["value"].drop_nulls().is_sorted()
    assert points["bound"].drop_nulls().is_sorted(descending=True)
    assert points.select("value", "bound").row(-1) == (facts["value"], facts["bound"])
    picture = written[2].read_text()
    assert picture.startswith("<?xml")
    assert written[3].read_bytes().startswith(b"\x89PNG")


def test_seconds_count_from_where_the_search_begins() -> None:
    told = [
        Progress("eligibility", 0.5, None, None),
        Progress("flow", 2.0, None, None),
        Progress("certify", 2.5, None, 90.0),
        Progress("repair", 3.0, 60, 90.0),
        Progress("unfilled", 4.0, None, None),
    ]
    assert points_of(told).rows() == [
        (0.0, "flow", None, None, None),
        (0.5, "certify", None, 90.0, None),
        (1.0, "repair", 60, 90.0, 0.5),
        (2.0, "unfilled", 60, 90.0, 0.5),
    ]
