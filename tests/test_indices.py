"""Where ids stand among others: the same whether they are sorted, few, repeated or neither."""

from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.tables import indices
from matching.tables.indices import few_values, hardly_repeated, positions


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
    # What comes late is passed by, and looked for by itself; where all are late, all are joined.
    ids = pl.Series([f"v{n:03}" for n in range(100)])
    late = pl.concat([ids[:50], ids[51:], ids[50:51]])
    assert positions(late, ids).to_list() == [*range(50), *range(51, 100), 50]
    assert positions(ids.reverse(), ids).to_list() == list(range(99, -1, -1))


@given(st.lists(st.none() | st.sampled_from(["a", "b", "c"]), max_size=40), st.integers(1, 9))
def test_every_value_of_a_column_is_among_its_few_and_its_hardly_repeated(
    cells: list[str | None], times: int
) -> None:
    column = pl.Series([cell for cell in cells for _ in range(times)], dtype=pl.String)
    values = few_values(column)
    assert values is None or sorted(map(str, values)) == sorted(map(str, set(cells)))
    assert set(hardly_repeated(column)) == set(cells)


def test_a_column_of_few_values_is_known_by_some_of_its_cells() -> None:
    # Three stations for 300 people; each person has an id of their own.
    assert few_values(pl.Series(["s1", "s2", "s3"] * 100)).sort().to_list() == ["s1", "s2", "s3"]
    ids = pl.Series([f"v{n:03}" for n in range(300)])
    assert few_values(ids) is None
    # Of two rows for each the second is left out.
    assert hardly_repeated(pl.concat([ids, ids]).sort()).to_list() == ids.to_list()
