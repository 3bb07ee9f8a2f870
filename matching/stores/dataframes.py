"""The adapter of dataframes in memory: Polars, pandas, PyArrow, DuckDB, and Arrow C streams."""

import importlib
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from typing import Any

import polars as pl
import pyarrow as pa

from matching.errors import UsageError
from matching.schema import TABLES, Output
from matching.stores.names import AS_OURS, Names
from matching.stores.registry import own_tables
from matching.stores.written_out import from_arrow, from_pandas
from matching.tables.cells import without_objects
from matching.tables.cleaning import Tables
from matching.tables.faults import fault, no_faults

KINDS = ("polars", "pandas", "pyarrow", "duckdb")
# A connection of DuckDB refuses a second call instead of waiting.
_ONE_AT_A_TIME = threading.Lock()


class Frames:
    """Dataframes by table name: a source.

    Its ``kind`` is what the first of them is; a plan goes back as such. An object that is known by
    its Arrow C stream alone counts as pyarrow.
    """

    def __init__(self, where: Mapping[str, Any], *, names: Names = AS_OURS) -> None:
        self.frames, self.names = where, names
        kinds = [kind_of(name, frame) for name, frame in where.items()]
        self.kind = kinds[0] if kinds else "polars"

    def read_tables(self) -> Tables:
        """Turn every dataframe into a Polars one, without a copy where memory is shared."""
        read = self._read(self.names.ours)
        found = {n: self.names.read(n, f) if n in TABLES else f for n, f in read.items()}
        return Tables(found, read.faults)

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Turn the dataframes into Polars ones by their own names."""
        return self._read(str, wanted, rows)

    def _read(
        self,
        called: Callable[[str], str],
        wanted: Collection[str] | None = None,
        rows: int | None = None,
    ) -> Tables:
        def read(theirs: str) -> tuple[pl.DataFrame | None, pl.DataFrame]:
            frame = self.frames[theirs]
            try:
                with _ONE_AT_A_TIME if kind_of(theirs, frame) == "duckdb" else nullcontext():
                    return to_polars(frame), no_faults()
            except Exception as error:  # whatever the other library raises
                reason = str(error).partition("\n")[0]
                text = f"the dataframe cannot be read ({reason}); give each column one type"
                return None, fault(called(theirs), "dataframe", text)

        found = own_tables("the mapping of dataframes", self.frames, wanted, rows, read)
        earlier = self.frames.faults if isinstance(self.frames, Tables) else no_faults()
        frames = {called(name): frame for name, frame in found.items()}
        return Tables(frames, pl.concat([earlier, found.faults]))


class Memory:
    """A sink that gives a plan back as dataframes of a kind, one of `KINDS`."""

    def __init__(
        self, where: object = None, *, kind: str = "polars", names: Names = AS_OURS
    ) -> None:
        if kind not in KINDS:
            raise UsageError(f"kind = {kind!r}: write {' or '.join(map(repr, KINDS))}")
        self.kind, self.names = kind, names
        self._written: tuple[dict[str, pl.DataFrame], dict[str, Any]] = ({}, {})

    def write_result(
        self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the tables as dataframes, and the summary as a dict under its name."""
        self._written = dict(tables), dict(summary)
        frames = {
            self.names.theirs(name): from_polars(self.names.write(name, frame), self.kind)
            for name, frame in tables.items()
        }
        return {**frames, self.names.theirs("summary"): dict(summary)}

    def read_result(self) -> Output:
        """Return what was written last."""
        tables, summary = self._written
        return dict(tables), dict(summary)


open_source, open_sink = Frames, Memory


def kind_of(name: str, frame: object) -> str:
    """Tell of which kind a dataframe is, one of `KINDS`."""
    for kind in type(frame).__mro__:
        home = kind.__module__.partition(".")[0].removeprefix("_")
        if home in KINDS:
            return home
    if hasattr(frame, "__arrow_c_stream__"):
        return "pyarrow"
    raise UsageError(
        f"{name} is a {type(frame).__name__}: give a dataframe of {', '.join(KINDS)}, "
        "or anything with an Arrow C stream"
    )


def to_polars(frame: Any) -> pl.DataFrame:
    """Return a Polars frame of the same rows."""
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pl.DataFrame):
        return without_objects(frame)
    kind = kind_of("the table", frame)
    if kind == "pandas":
        return from_pandas(frame)
    return pl.DataFrame(frame) if kind == "duckdb" else from_arrow(pa.table(frame))


def from_polars(frame: pl.DataFrame, kind: str) -> Any:
    """Return a dataframe of another kind with the same rows."""
    try:
        library = importlib.import_module(kind)
    except ModuleNotFoundError:
        raise UsageError(f"dataframes of {kind} need it: pip install {kind}") from None
    if kind == "polars":
        return frame
    if kind == "pandas":
        return frame.to_pandas()
    return library.from_arrow(frame.to_arrow()) if kind == "duckdb" else frame.to_arrow()
