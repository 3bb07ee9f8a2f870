"""Where ids stand among others: the same whether they are sorted, few, repeated or neither."""

from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.tables import indices
from matching.tables.indices import positions


@pytest.fixture(params=["as few", "as many"], autouse=True, scope="module")
def size(request: pytest.FixtureRequest) -> Iterator[None]:
    """Few rows are joined whatever their order: they are looked for as many are, too."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "as many":
            patch.setattr(indices, "_SMALL", 0)
        yield


# Sorted by bytes, as Polars does, "é" comes last; "" is no id of a clean table.
IDS = st.lists(st.sampled_from(["a", "aa", "b", "é", "z1", "z2", "z10"]), unique=True, max_size=7)
ASKED = st.lists(
    st.none() | st.sampled_from(["", "a", "aa", "b", "c", "é", "z10", "zz"]), max_size=9
)


@given(IDS, ASKED, st.booleans(), st.booleans(), st.integers(1, 3))
def test_each_value_is_found_where_it_stands(
    ids: list[str], asked: list[str | None], known: bool, ordered: bool, times: int
) -> None:
    ids = sorted(ids) if known else ids
    asked = sorted(asked, key=lambda cell: cell or "") if ordered else asked
    cells = [cell for cell in asked for _ in range(times)]
    found = positions(pl.Series(cells, dtype=pl.String), pl.Series(ids, dtype=pl.String))
    assert found.dtype == pl.UInt32
    assert found.to_list() == [ids.index(cell) if cell in ids else None for cell in cells]


def test_a_few_are_found_among_many_in_any_order() -> None:
    ids = pl.Series([f"v{n:03}" for n in range(100)])
    asked = pl.Series(["v099", "v000", "nobody", None, "v050", "v050"])
    assert positions(asked, ids).to_list() == [99, 0, None, None, 50, 50]


def test_rows_of_many_are_found_that_are_in_order_but_for_one() -> None:
    # A step back in 100 is looked for in order; every second one is not.
    ids = pl.Series([f"v{n:03}" for n in range(100)])
    late = pl.concat([ids[:50], ids[51:], ids[50:51]])
    assert positions(late, ids).to_list() == [*range(50), *range(51, 100), 50]
    assert positions(ids.reverse(), ids).to_list() == list(range(99, -1, -1))
