"""Searching in columns: the same as looking at every row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.problem import columns as c


def test_the_last_row_up_to_a_value() -> None:
    # Windows of ann begin at 1, 5 and 5, of bea at none, of cy at 0.
    first, starts = np.array([0, 3, 3, 4]), np.array([1, 5, 5, 0], np.int32)
    group = np.array([0, 0, 0, 0, 1, 2, 2], np.int32)
    asked = np.array([0, 1, 5, 9, 9, -1, 0], np.int32)
    assert c.last_up_to(first, group, starts, asked).tolist() == [-1, 0, 2, 2, -1, -1, 3]


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=6), st.data())
def test_the_last_row_up_to_a_value_is_what_looking_at_all_finds(
    groups: list[list[int]], data: st.DataObject
) -> None:
    rows = [sorted(group) for group in groups]
    first = np.cumsum([0, *map(len, rows)])
    pair = st.tuples(st.integers(0, len(rows) - 1), st.integers(-1, 10))
    asked = data.draw(st.lists(pair, max_size=9)) if rows else []
    expected = []
    for group, value in asked:
        up_to = [n for n, start in enumerate(rows[group]) if start <= value]
        expected.append(int(first[group]) + up_to[-1] if up_to else -1)
    number, value = np.array(asked, np.int32).reshape(-1, 2).T
    flat = np.array([start for row in rows for start in row], np.int32)
    assert c.last_up_to(first, number, flat, value).tolist() == expected


WIDE = st.sampled_from([-(2**31), 0, 2**31 - 1])


@given(st.lists(st.tuples(st.integers(-2, 2), WIDE), max_size=9))
def test_rows_are_sorted_as_tuples_are(rows: list[tuple[int, int]]) -> None:
    """Two keys of 3 and 32 bits go into one number; twice both of them do not."""
    expected = sorted(range(len(rows)), key=lambda row: rows[row])
    a, b = np.array(rows, np.int32).reshape(-1, 2).T
    assert c.order_of(a, b).tolist() == expected
    assert c.order_of(a, b, a, b).tolist() == expected
    ordered = c.Pairs(a, b, np.zeros(len(a), np.bool_), a).sorted()
    assert list(zip(ordered.a.tolist(), ordered.b.tolist(), strict=True)) == sorted(rows)
    # Three keys of 32 bits, and one of 3: these rows are not made of one number each.
    wide = c.Windows(b, a, b, b).sorted()
    found = zip(wide.volunteer.tolist(), wide.start.tolist(), strict=True)
    assert list(found) == sorted((y, x) for x, y in rows)


def test_rows_of_a_sorted_column_are_numbered_by_their_value() -> None:
    first, number = c.numbered(np.array([3, 3, 5, 9, 9, 9]))
    assert first.tolist() == [0, 2, 3]
    assert number.tolist() == [0, 0, 1, 2, 2, 2]
    assert [column.tolist() for column in c.numbered(np.empty(0, np.int64))] == [[], []]


@given(st.lists(st.integers(-3, 3)))
def test_distinct_ones_are_those_of_a_set(values: list[int]) -> None:
    assert c.distinct(np.array(values, np.int64)).tolist() == sorted(set(values))
