"""Dataframes of every kind in, and the plan back as the kind that went in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from matching import Problem, solve
from matching.adapters import Sink, Source, open_sink, open_source
from matching.errors import DataError, UsageError
from matching.stores.dataframes import to_polars
from matching.testing import SinkKit, SourceKit
from tests.test_adapters import EXPECTED, MONDAY, TINY

KINDS = ("polars", "pandas", "pyarrow", "duckdb")


class Stream:
    """A dataframe of a library that nobody has heard of; all it has is its Arrow C stream."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def duck(frame: pl.DataFrame) -> Any:
    # Every relation a name of its own: DuckDB looks it up when it is read.
    return duckdb.from_arrow(frame.to_arrow())


MAKE: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "lazy": pl.DataFrame.lazy,
    "pandas": pl.DataFrame.to_pandas,
    "pandas on arrow": lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
    "pyarrow": pl.DataFrame.to_arrow,
    "duckdb": duck,
    "stream": Stream,
}


class Frames(SourceKit, SinkKit):
    """Frames of one kind; what is written is in the memory of the sink."""

    kind = "polars"
    # Every call makes memory of its own: there is no shared store to write to at once.
    one_last_word = False

    def make_source(self, tables: Mapping[str, pl.DataFrame], place: Path) -> Source:
        return open_source({name: MAKE[self.kind](frame) for name, frame in tables.items()})

    def make_sink(self, place: Path) -> Sink:
        return open_sink(None, kind=open_source({"a": MAKE[self.kind](pl.DataFrame())}).kind)


class TestPolars(Frames):
    pass


class TestLazy(Frames):
    kind = "lazy"


# An older PyArrow calls what a newer pandas is about to change.
@pytest.mark.filterwarnings("ignore:Series.values returning:DeprecationWarning")
class TestPandas(Frames):
    kind = "pandas"


class TestPandasOnArrow(Frames):
    kind = "pandas on arrow"


class TestPyArrow(Frames):
    kind = "pyarrow"


class TestStream(Frames):
    kind = "stream"


class TestDuckDb(Frames):
    kind = "duckdb"

    def make_sink(self, place: Path) -> Sink:
        return open_sink(None, kind="duckdb")


@pytest.mark.parametrize("kind", KINDS)
def test_the_plan_comes_back_as_the_kind_that_went_in(kind: str) -> None:
    tables = {name: MAKE[kind](frame) for name, frame in TINY.items()}
    found = solve(Problem.from_source(tables, MONDAY)).to()
    types = {
        "polars": pl.DataFrame,
        "pandas": pd.DataFrame,
        "pyarrow": pa.Table,
        "duckdb": duckdb.DuckDBPyRelation,
    }
    assert set(found) == {"plan", "unfilled", "prices", "summary"}
    assert isinstance(found["plan"], types[kind])
    plan = to_polars(found["plan"])
    assert plan.select("request_id", "volunteer_id").rows() == EXPECTED
    assert plan["start"].to_list() == [datetime(2026, 12, 1, 10)]
    assert found["summary"]["status"] == "optimal"


def test_another_kind_may_be_asked_for() -> None:
    result = solve(Problem.from_source(TINY, MONDAY))
    assert isinstance(result.to()["plan"], pl.DataFrame)
    assert isinstance(result.to(kind="pandas")["plan"], pd.DataFrame)
    with pytest.raises(UsageError, match="kind = 'excel': write 'polars' or 'pandas' or "):
        result.to(kind="excel")


def test_the_plan_has_the_types_of_its_columns_in_pandas() -> None:
    plan = solve(Problem.from_source(TINY, MONDAY)).to(kind="pandas")["plan"]
    assert plan["quality"].dtype == "int64"
    assert plan["start"].dtype.kind == "M"
    assert plan["option"].isna().all()


def test_memory_is_shared_where_it_can_be() -> None:
    frame = TINY["volunteers"]
    assert open_source({"volunteers": frame}).read_tables()["volunteers"] is frame
    numbers = pa.table({"x": pa.array(range(1000), pa.int64())})
    address = numbers["x"].chunk(0).buffers()[1].address
    shared = to_polars(numbers)
    assert shared.to_arrow()["x"].chunk(0).buffers()[1].address == address
    # A stream, too, hands its memory over.
    streamed = to_polars(Stream(shared))
    assert streamed.to_arrow()["x"].chunk(0).buffers()[1].address == address
    assert pl.from_pandas(numbers.to_pandas(types_mapper=pd.ArrowDtype)).height == 1000


def test_pandas_missing_cells_are_missing() -> None:
    tables = dict(TINY)
    people = pd.DataFrame(
        {
            "volunteer_id": ["ann", "bo"],
            "max_hours": [float("nan"), 4.5],
            "max_shifts": pd.array([2, None], dtype="Int64"),
            "organisation_id": [None, "o1"],
            "consent": pd.Categorical(["ask", None]),
        },
        index=[7, 7],
    )
    problem = Problem.from_source(tables | {"volunteers": people}, MONDAY)
    assert problem.volunteers.id.to_list() == ["ann", "bo"]
    assert problem.volunteers.max_shifts[0] == 2


def test_a_column_of_several_types_is_a_fault() -> None:
    people = pd.DataFrame({"volunteer_id": ["ann", 7]})
    with pytest.raises(DataError, match=r"volunteers: the dataframe cannot be read .* one type"):
        Problem.from_source(TINY | {"volunteers": people}, MONDAY)


def test_what_is_no_dataframe_is_refused() -> None:
    with pytest.raises(UsageError, match="volunteers is a list: give a dataframe of polars, pan"):
        open_source({"volunteers": [1]})


def test_frames_may_have_names_of_their_own() -> None:
    tables = dict(TINY)
    tables["people"] = tables.pop("volunteers").rename({"volunteer_id": "id"})
    names = {"tables": {"volunteers": "people"}, "columns": {"volunteers": {"volunteer_id": "id"}}}
    problem = Problem.from_source(tables, MONDAY, **names)
    assert problem.volunteers.id.to_list() == ["ann", "bo"]


def test_frames_of_different_kinds_may_come_together() -> None:
    tables = {
        "volunteers": TINY["volunteers"].to_pandas(),
        "availability": duck(TINY["availability"]),
        "requests": TINY["requests"].to_arrow(),
    }
    plan = solve(Problem.from_source(tables, MONDAY)).to()["plan"]
    # As the first of them.
    assert isinstance(plan, pd.DataFrame)
