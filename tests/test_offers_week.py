"""The simulated week of offers: what it measures, and that it draws."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.offers_week import CHOOSERS, gini, main


def test_gini_is_0_among_equals_and_near_1_where_one_has_all() -> None:
    # Of 0 and 4: mean difference 4 of 2 pairs in 4, over twice the mean 2: 2 / 4.
    assert gini(np.array([3, 3, 3])) == 0.0
    assert gini(np.array([0, 4])) == pytest.approx(0.5)
    assert gini(np.array([0] * 99 + [5])) == pytest.approx(0.99)


@pytest.mark.slow
def test_a_town_is_simulated_and_drawn(tmp_path: Path) -> None:
    table = main(["--size", "town", "--seeds", "1", "--out", str(tmp_path / "town.svg")])
    assert table["chosen"].to_list() == list(CHOOSERS)
    assert table.select("requests", "filled", "gini").to_numpy().max() <= 1.0
    # The people are the same, whoever chooses: nobody is asked more than three times by offers.
    assert (table["offers"] > 0).all()
    assert (tmp_path / "town.svg").read_text().startswith("<?xml")
