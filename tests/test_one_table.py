"""Tables that stand by themselves are checked by their schemas as those of a week are."""

import dataframely as dy
import polars as pl
import pytest

from matching.errors import DataError, DataWarning
from matching.tables.one_table import checked

ZONE = "Asia/Shanghai"


class Coins(dy.Schema):
    coin_id = dy.String(nullable=False, min_length=1, metadata={"key": True, "required": True})
    minutes = dy.Int64(nullable=True, min=1, max=60)


def test_every_fault_of_every_table_is_told_at_once_with_its_row() -> None:
    coins = pl.DataFrame({"coin_id": ["a", "b", "a", "c"], "minutes": ["5", "x", "7", "61"]})
    with pytest.raises(DataError) as refused:
        checked({"coins": Coins, "more": Coins}, {"coins": coins, "more": coins[["minutes"]]}, ZONE)
    told = refused.value.faults.select("table", "row", "column", "rule").rows()
    assert set(told) == {
        ("coins", 1, "coin_id", "unique"),
        ("coins", 3, "coin_id", "unique"),
        ("coins", 2, "minutes", "type"),
        ("coins", 4, "minutes", "max"),
        ("more", None, "coin_id", "required_column"),
    }


def test_what_no_schema_has_is_ignored_aloud_and_what_is_not_given_is_empty() -> None:
    coins = pl.DataFrame({"coin_id": ["a"], "minuts": [5]})
    with pytest.warns(DataWarning, match=r"coins\.minuts \(is minutes meant\?\)"):
        clean = checked({"coins": Coins, "more": Coins}, {"coins": coins}, ZONE)
    assert clean["coins"].rows() == [("a", None, 1)]
    assert clean["more"].columns == ["coin_id", "minutes", "row"]
    assert clean["more"].is_empty()
