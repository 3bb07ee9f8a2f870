"""Dataframes of every kind in, and the plan back as the kind that went in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from matching import Problem, solve
from matching.errors import DataError, UsageError
from matching.stores.dataframes import to_polars
from matching.stores.registry import Sink, Source, open_sink, open_source
from matching.stores.testing import SinkKit, SourceKit
from tests.support.tiny import EXPECTED, MONDAY, TINY

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


ANN, BO = UUID("00000000-0000-0000-0000-00000000000a"), UUID("0000000b" + "0" * 24)
ARROW_UUID = pd.ArrowDtype(pa.uuid())
UUIDS: dict[str, Callable[[list[UUID]], Any]] = {
    "polars": lambda ids: pl.DataFrame({"volunteer_id": ids}),
    "polars objects": lambda ids: pl.DataFrame([pl.Series("volunteer_id", ids, pl.Object)]),
    "lazy": lambda ids: pl.LazyFrame({"volunteer_id": ids}),
    "pandas": lambda ids: pd.DataFrame({"volunteer_id": ids}),
    "pandas on arrow": lambda ids: pd.DataFrame(
        {"volunteer_id": pd.array([one.bytes for one in ids], dtype=ARROW_UUID)}
    ),
    "pyarrow": lambda ids: pa.table(
        {"volunteer_id": pa.array([one.bytes for one in ids], pa.uuid())}
    ),
    "duckdb": lambda ids: duckdb.sql(
        f"select unnest({[str(one) for one in ids]}::uuid[]) as volunteer_id"
    ),
}


@pytest.mark.parametrize("kind", UUIDS)
def test_uuids_are_ids_in_their_canonical_text(kind: str) -> None:
    windows = TINY["availability"].with_columns(volunteer_id=pl.lit(str(BO)))
    tables = TINY | {"availability": windows, "volunteers": UUIDS[kind]([ANN, BO])}
    problem = Problem.from_source(tables, MONDAY)
    assert problem.volunteers.id.to_list() == [str(ANN), str(BO)]


def test_uuids_of_a_parquet_file_are_ids(tmp_path: Path) -> None:
    open_sink(str(tmp_path)).write_tables(TINY)  # type: ignore[attr-defined]
    for name in ("volunteers", "availability"):
        (tmp_path / f"{name}.csv").unlink()
    parquet.write_table(UUIDS["pyarrow"]([ANN, BO]), tmp_path / "volunteers.parquet")
    windows = UUIDS["pyarrow"]([BO]).append_column("start", [["2026-12-01T09:00"]])
    windows = windows.append_column("end", [["2026-12-01T12:00"]])
    parquet.write_table(windows, tmp_path / "availability.parquet")
    problem = Problem.from_source(str(tmp_path), MONDAY)
    assert problem.volunteers.id.to_list() == [str(ANN), str(BO)]
    assert problem.windows.volunteer.tolist() == [1]


class Member(Enum):
    ANN = "ann"
    BO = 7


def test_members_of_an_enumeration_are_what_they_stand_for() -> None:
    people = pd.DataFrame({"volunteer_id": [Member.ANN]})
    assert to_polars(people)["volunteer_id"].to_list() == ["ann"]


def test_objects_that_are_no_ids_are_faults() -> None:
    people = pl.DataFrame([pl.Series("volunteer_id", [ANN, object()], pl.Object)])
    with pytest.raises(DataError) as raised:
        Problem.from_source(TINY | {"volunteers": people}, MONDAY)
    assert set(raised.value.faults.filter(table="volunteers")["rule"]) == {"type"}


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
