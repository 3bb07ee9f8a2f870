"""What every source and every sink must keep, as test classes to inherit from."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from matching.schema import NEEDED, TABLES, Output, key_of
from matching.stores.registry import Sink, Source
from matching.stores.testing import worlds
from matching.tables.cleaning import clean

ZONE = "Asia/Shanghai"
_WRITERS, _ROUNDS = 4, 3


class SourceKit:
    """Tests of a source. The one hook is `make_source`."""

    def make_source(self, tables: Mapping[str, pl.DataFrame], place: Path) -> Source:
        """Fill a fresh store with typed tables and return its source.

        Parameters
        ----------
        tables : Mapping of str to polars.DataFrame
            Some of the tables of the contract; every column has the type of the contract, ids may
            be integers and times may have a zone.
        place : pathlib.Path
            A folder for this test alone.
        """
        raise NotImplementedError

    def test_it_is_a_source(self, tmp_path: Path) -> None:
        """It has the methods of the protocol."""
        assert isinstance(self.make_source(worlds.few(), tmp_path), Source)

    def test_every_column_and_type_comes_back(self, tmp_path: Path) -> None:
        """Also nulls: each column that may be null is so in some row."""
        self._round_trip(worlds.every_column, tmp_path)

    def test_any_text_comes_back(self, tmp_path: Path) -> None:
        """Unicode, quotes, line breaks, formulas, SQL, and text that looks like something else."""
        self._round_trip(worlds.hard_texts, tmp_path)

    def test_big_integers_keep_their_digits(self, tmp_path: Path) -> None:
        """An id such as 9007199254740993 is no float."""
        tables = self.make_source(worlds.big_integers(), tmp_path).read_tables()
        ids = _cleaned(tables)["volunteers"]["volunteer_id"].to_list()
        expected = [1, worlds.PAST_FLOATS, worlds.LARGEST]
        assert sorted(ids, key=int) == [str(number) for number in expected]

    def test_times_keep_their_moment(self, tmp_path: Path) -> None:
        """A time with an offset means the same moment afterwards."""
        self._round_trip(worlds.zoned, tmp_path)

    def test_empty_tables_are_no_faults(self, tmp_path: Path) -> None:
        """A table without rows is a table."""
        tables = self.make_source(worlds.empty(), tmp_path).read_tables()
        assert set(NEEDED) <= set(tables)
        assert all(frame.is_empty() for frame in _cleaned(tables).values())

    def test_absent_tables_stay_absent(self, tmp_path: Path) -> None:
        """Only the needed tables are needed."""
        tables = self.make_source(worlds.few(), tmp_path).read_tables()
        assert set(tables) == set(NEEDED)

    def test_bad_rows_are_refused_and_named(self, tmp_path: Path) -> None:
        """The same cells are at fault as in memory, with the values as they stand in the store."""
        tables = self.make_source(worlds.faulty(), tmp_path).read_tables()
        faults = _faults_of(tables)
        assert faults == _faults_of(worlds.faulty())
        named = {(table, column, value) for table, column, value, _, _ in faults}
        assert named >= {
            ("volunteers", "max_shifts", "-1"),
            ("volunteers", "station_id", "nowhere"),
            ("qualifications", "level", "6"),
            ("posts", "min_seats, seats", "min_seats=9, seats=4"),
            ("menu", "minutes", "0"),
        }

    def test_reading_again_gives_the_same(self, tmp_path: Path) -> None:
        """In the same order too: the plan must not depend on the day's mood."""
        source = self.make_source(worlds.every_column(), tmp_path)
        first, second = source.read_tables(), source.read_tables()
        assert all(first[name].equals(second[name]) for name in TABLES)

    def test_two_may_read_at_once(self, tmp_path: Path) -> None:
        """Each gets everything."""
        source = self.make_source(worlds.every_column(), tmp_path)
        with ThreadPoolExecutor(_WRITERS) as pool:
            every = [pool.submit(source.read_tables) for _ in range(_WRITERS)]
        first, *others = (found.result() for found in every)
        _assert_same(_cleaned(first), _cleaned_world(worlds.every_column))
        for other in others:
            assert all(other[name].equals(first[name]) for name in TABLES)

    def _round_trip(self, make: Callable[[], dict[str, pl.DataFrame]], place: Path) -> None:
        found = self.make_source(make(), place).read_tables()
        assert found.faults.is_empty(), found.faults.to_dicts()
        _assert_same(_cleaned(found), _cleaned_world(make))


class SinkKit:
    """Tests of a sink. The one hook is `make_sink`.

    Attributes
    ----------
    one_last_word : bool
        Whether of two writers at once one has the last word on everything. A store that cannot
        promise this says so, here and in its documentation.
    """

    one_last_word = True

    def make_sink(self, place: Path) -> Sink:
        """Return a sink on the store of this test: the same store when called again."""
        raise NotImplementedError

    def test_it_is_a_sink(self, tmp_path: Path) -> None:
        """It has the methods of the protocol."""
        assert isinstance(self.make_sink(tmp_path), Sink)

    def test_nothing_is_there_at_first(self, tmp_path: Path) -> None:
        """A store without a plan is no error."""
        assert self.make_sink(tmp_path).read_result() == ({}, {})

    def test_a_result_comes_back(self, tmp_path: Path) -> None:
        """Every table with every cell, in order, and the summary."""
        self._write_and_compare(tmp_path, worlds.result("a"))

    def test_writing_again_changes_nothing(self, tmp_path: Path) -> None:
        """A writer that is not sure whether it got through may try again."""
        for _ in range(2):
            self._write_and_compare(tmp_path, worlds.result("a"))

    def test_a_new_plan_takes_the_place_of_the_old(self, tmp_path: Path) -> None:
        """All of it: a table that the new one has not is gone."""
        self._write_and_compare(tmp_path, worlds.result("a"))
        tables, summary = worlds.result("b")
        del tables["prices"]
        self._write_and_compare(tmp_path, (tables, summary))

    def test_an_empty_plan_is_a_plan(self, tmp_path: Path) -> None:
        """Nobody serves: tables without rows, with their columns."""
        tables, summary = worlds.result("a")
        empty = {name: frame.clear() for name, frame in tables.items()}
        sink = self.make_sink(tmp_path)
        sink.write_result(empty, summary)
        found, _ = sink.read_result()
        assert all(found[name].is_empty() for name in empty)

    def test_a_failure_leaves_the_old_plan_whole(self, tmp_path: Path) -> None:
        """Who refuses what cannot be written has written none of it."""
        sink = self.make_sink(tmp_path)
        old, new = worlds.result("a"), worlds.result("b")
        sink.write_result(*old)
        try:
            sink.write_result(new[0], new[1] | {"no JSON": object()})
        except Exception:  # whichever the store raises
            _assert_result(sink.read_result(), old)

    def test_writers_at_once_do_not_mix(self, tmp_path: Path) -> None:
        """One of them has the last word on all tables and the summary; readers see whole plans."""
        if not self.one_last_word:
            return
        sinks = [self.make_sink(tmp_path) for _ in range(_WRITERS)]
        sinks[0].write_result(*worlds.result("0"))

        def write(number: int) -> list[Output]:
            seen = []
            for _ in range(_ROUNDS):
                sinks[number].write_result(*worlds.result(str(number)))
                seen.append(sinks[number].read_result())
            return seen

        with ThreadPoolExecutor(_WRITERS) as pool:
            every = list(pool.map(write, range(_WRITERS)))
        for found in [*(one for seen in every for one in seen), sinks[0].read_result()]:
            _assert_result(found, worlds.result(found[1]["mark"]))

    def _write_and_compare(self, place: Path, made: Output) -> None:
        sink = self.make_sink(place)
        sink.write_result(*made)
        _assert_result(sink.read_result(), made)


def _cleaned(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return clean(tables, week=worlds.WEEK, time_zone=ZONE)[0]


@cache
def _cleaned_world(make: Callable[[], dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    return _cleaned(make())


def _assert_same(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    for name, frame in expected.items():
        columns = key_of(name) or list(frame.drop("row").columns)
        a, b = (t[name].drop("row").sort(columns, nulls_last=True) for t in (found, expected))
        assert a.equals(b), f"{name}: {_first_difference(a, b)}"


def _first_difference(found: pl.DataFrame, expected: pl.DataFrame) -> str:
    if found.height != expected.height:
        return f"{found.height} rows, and {expected.height} were written"
    for column in expected.columns:
        for row, (a, b) in enumerate(zip(found[column], expected[column], strict=True)):
            if a != b:
                return f"{column} of row {row + 1} came back as {a!r}, and {b!r} was written"
    return "types differ"


def _faults_of(tables: Mapping[str, pl.DataFrame]) -> list[tuple[Any, ...]]:
    _, faults = clean(tables, week=worlds.WEEK, time_zone=ZONE, on_error="quarantine")
    assert faults["row"].null_count() == 0
    # A library without missing integers has numbers instead.
    value = pl.col("value").str.replace_all(r"\.0\b", "")
    cells = ("table", "column", value, "rule", "message")
    return sorted(faults.select(cells).rows(), key=str)


def _assert_result(found: Output, made: Output) -> None:
    tables, summary = made
    assert set(found[0]) == set(tables)
    assert found[1] == json.loads(json.dumps(summary))
    for name, frame in tables.items():
        got = found[0][name].select(frame.columns)
        got = got.cast({c: k for c, k in frame.schema.items() if name == "unfilled"})
        assert got.equals(frame), f"{name}: {_first_difference(got, frame)}"
