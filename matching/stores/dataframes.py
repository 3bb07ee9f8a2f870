"""The adapter of dataframes in memory: Polars, pandas, PyArrow, DuckDB, and Arrow C streams."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import polars as pl
import pyarrow as pa

from matching.errors import UsageError
from matching.result import Output
from matching.schema import TABLES
from matching.stores.names import Names
from matching.stores.registry import missing_tables
from matching.stores.uuids import from_arrow, from_pandas
from matching.tables.cells import without_objects
from matching.tables.cleaning import Tables
from matching.tables.rules import fault, no_faults

KINDS = ("polars", "pandas", "pyarrow", "duckdb")
# A connection of DuckDB refuses a second call instead of waiting.
_ONE_AT_A_TIME = threading.Lock()


def open_source(
    where: Mapping[str, Any],
    *,
    tables: Mapping[str, str] | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
) -> Frames:
    """Take dataframes by table name; ``tables`` and ``columns`` as in `Names`."""
    return Frames(where, Names(tables or {}, columns or {}))


def open_sink(
    where: object = None,
    *,
    kind: str = "polars",
    tables: Mapping[str, str] | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
) -> Memory:
    """Give a plan back as dataframes of a kind: polars, pandas, pyarrow or duckdb."""
    return Memory(kind, Names(tables or {}, columns or {}))


class Frames:
    """Dataframes by table name: a source.

    Attributes
    ----------
    kind : {"polars", "pandas", "pyarrow", "duckdb"}
        What the first of them is; a plan goes back as such. An object that is known only by its
        Arrow C stream counts as pyarrow.
    """

    def __init__(self, frames: Mapping[str, Any], names: Names | None = None) -> None:
        self.frames = frames
        self.names = names or Names()
        kinds = [kind_of(name, frame) for name, frame in frames.items()]
        self.kind = kinds[0] if kinds else "polars"

    def read_tables(self) -> Tables:
        """Turn every dataframe into a Polars one, without a copy where memory is shared."""
        read = self._read(self.frames, self.names)
        found = {n: self.names.read(n, f) if n in TABLES else f for n, f in read.items()}
        return Tables(found, read.faults)

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Turn the dataframes into Polars ones by their own names."""
        missing = [name for name in wanted or () if name not in self.frames]
        if missing:
            raise missing_tables("the mapping of dataframes", missing, self.frames)
        read = self._read(self.frames if wanted is None else wanted, Names())
        return read if rows is None else Tables({n: f.head(rows) for n, f in read.items()})

    def _read(self, wanted: Iterable[str], names: Names) -> Tables:
        found, faults = {}, [no_faults()]
        if isinstance(self.frames, Tables):
            faults.append(self.frames.faults)
        for theirs in wanted:
            frame, table = self.frames[theirs], names.ours(theirs)
            try:
                with _ONE_AT_A_TIME if kind_of(theirs, frame) == "duckdb" else nullcontext():
                    frame = to_polars(frame)
            except Exception as error:  # whatever the other library raises
                reason = str(error).partition("\n")[0]
                text = f"the dataframe cannot be read ({reason}); give each column one type"
                faults.append(fault(table, "dataframe", text))
                continue
            found[table] = frame
        return Tables(found, pl.concat(faults))


class Memory:
    """A sink that gives dataframes back.

    Attributes
    ----------
    kind : {"polars", "pandas", "pyarrow", "duckdb"}
    """

    def __init__(self, kind: str = "polars", names: Names | None = None) -> None:
        if kind not in KINDS:
            raise UsageError(f"kind = {kind!r}: write {' or '.join(map(repr, KINDS))}")
        self.kind = kind
        self.names = names or Names()
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


def kind_of(name: str, frame: object) -> str:
    """Tell of which kind a dataframe is.

    Raises
    ------
    UsageError
        If it is none.
    """
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
    if kind == "duckdb":
        duckdb = _library(kind)
        return duckdb.from_arrow(frame.to_arrow())
    _library(kind)
    convert: dict[str, Callable[[], Any]] = {
        "polars": lambda: frame,
        "pandas": frame.to_pandas,
        "pyarrow": frame.to_arrow,
    }
    return convert[kind]()


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise UsageError(f"dataframes of {name} need it: pip install {name}") from None
