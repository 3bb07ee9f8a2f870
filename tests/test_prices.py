"""Prices by hand: of an arc, of a quota, and as a table."""

import numpy as np
import polars as pl
import pytest

from matching import DataError, Prices, Problem
from matching.arcs.eligibility import eligible
from matching.bounds.prices import PRICE_COLUMNS
from matching.problem import columns as c
from tests.oracle.reading import Row
from tests.support.words import world


def three_by_two() -> Problem:
    """Three volunteers, of an organisation, of one two levels below it, and of none; two posts."""
    return world(
        volunteers="volunteer_id organisation_id\n anna top\n ben low\n cem -",
        organisations="""organisation_id parent_id max_seats
            low middle 1
            middle top -
            top - 5""",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00\n r2 Tue@09:00 Tue@11:00",
    )


def table_of(*rows: Row) -> pl.DataFrame:
    schema = dict.fromkeys(PRICE_COLUMNS, pl.String) | {"price": pl.Float64}
    return pl.DataFrame(rows, schema=schema)


def test_an_arc_has_its_own_price_or_its_post_s() -> None:
    # Arcs are (0, 0), (0, 1), (1, 0) ... (2, 1). The first and the last have their own price; so
    # has one of a volunteer and a slot that is no arc, which changes nothing.
    problem = three_by_two()
    arcs = eligible(problem)
    prices = Prices(
        slot=np.array([10.0, 20.0]),
        quota=np.zeros(3),
        own_key=c.combine([0, 2, 3], [0, 1, 0]),
        own=np.array([1.0, 2.0, 3.0]),
    )
    assert prices.of_arcs(arcs).tolist() == [1, 20, 10, 20, 10, 2]
    # Without anna's first arc her price is nobody's.
    assert prices.of_arcs(arcs.take(slice(1, None))).tolist() == [20, 10, 20, 10, 2]
    bare = Prices(prices.slot, prices.quota)
    assert bare.of_arcs(arcs).tolist() == [10, 20] * 3
    assert len(bare.own_key) == len(bare.own) == 0
    # The prices are as they were.
    assert prices.slot.tolist() == [10, 20]


def test_a_service_is_charged_for_every_quota_above_it() -> None:
    problem = three_by_two()
    # middle has no quota, whatever it charges: ben is charged by low and top, anna by top alone.
    prices = Prices(np.zeros(2), np.array([100.0, 1000.0, 7.0]))
    assert prices.charged(problem).tolist() == [100, 0, 7]
    assert prices.charge(problem).tolist() == [7, 107, 0]
    # A charge below nothing is none.
    prices = Prices(np.zeros(2), np.array([-100.0, 0.0, 0.5]))
    assert prices.charged(problem).tolist() == [0, 0, 0.5]
    assert prices.charge(problem).tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 8, 9])
def test_charges_come_from_any_depth(depth: int) -> None:
    # Each below the one before; those of odd numbers come first by name, so the first of all has
    # some above and some below it.
    listed = [*range(1, depth, 2), *range(0, depth, 2)]
    name = {n: f"o{at}" for at, n in enumerate(listed)}
    rows = "".join(f"\n {name[n]} {name[n - 1] if n else '-'} 9" for n in listed)
    problem = world(
        volunteers=f"volunteer_id organisation_id\n anna {name[depth - 1]}",
        organisations=f"organisation_id parent_id max_seats{rows}",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00",
    )
    # 1 + 2 + 4 + ...: each level tells itself apart.
    prices = Prices(np.zeros(1), 2.0 ** np.array(listed))
    assert prices.charge(problem).tolist() == [2.0**depth - 1]


def test_prices_as_a_table_and_back() -> None:
    problem = three_by_two()
    prices = Prices(
        slot=np.array([10.0, -0.0]),
        quota=np.array([100.0, 0.0, 7.0]),
        own_key=c.combine([0, 2], [0, 1]),
        own=np.array([1.0, 2.0]),
    )
    frame = prices.to_frame(problem)
    assert frame.columns == list(PRICE_COLUMNS)
    assert frame.rows() == [
        ("r1", "volunteer", None, None, None, 10.0),
        ("r2", "volunteer", None, None, None, 0.0),
        ("r1", "volunteer", None, "anna", None, 1.0),
        ("r2", "volunteer", None, "cem", None, 2.0),
        (None, None, None, None, "low", 100.0),
        (None, None, None, None, "top", 7.0),
    ]
    # Nothing is written with the sign of nothing.
    assert not np.signbit(frame["price"].to_numpy()).any()
    for rows in (frame, frame.reverse()):
        again = Prices.from_frame(problem, rows)
        assert again.slot.tolist() == [10, 0]
        assert again.quota.tolist() == [100, 0, 7]
        assert again.own_key.tolist() == prices.own_key.tolist()
        assert again.own.tolist() == [1, 2]


def test_what_has_no_row_has_no_price() -> None:
    problem = three_by_two()
    prices = Prices.from_frame(problem, table_of())
    assert (prices.slot.tolist(), prices.quota.tolist()) == ([0, 0], [0, 0, 0])
    assert len(prices.own_key) == len(prices.own) == 0


def test_a_price_that_means_nothing_is_told_with_its_row() -> None:
    problem = three_by_two()
    good = {"request_id": "r1", "post": "volunteer", "price": -5.0}
    free = {"organisation_id": "top", "price": 0.0}
    assert Prices.from_frame(problem, table_of(good, free)).slot.tolist() == [-5, 0]
    # Not the last organisation, either, where one is not known.
    for bad, rule, message in (
        ({"organisation_id": "top", "price": -0.5}, "min", "at least 0"),
        ({"organisation_id": "other", "price": 1.0}, "reference", "not known"),
        ({"organisation_id": "middle", "price": 1.0}, "reference", "has no quota"),
        ({**good, "volunteer_id": "dan"}, "reference", "no such id"),
        ({**good, "option": "late"}, "reference", "no such post"),
    ):
        with pytest.raises(DataError, match=message) as raised:
            Prices.from_frame(problem, table_of(good, free, bad))
        faults = raised.value.faults
        assert faults.select("table", "row", "rule").rows() == [("prices", 3, rule)]
