"""Tables of records from any store: batch by batch what is long, whole what is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dataframely as dy
import polars as pl
import pyarrow as pa
from pyarrow import parquet

from matching.errors import UsageError, listed
from matching.guards.likeness import near_path
from matching.guards.urls import is_url, shown
from matching.stores.files.formats import format_of, read_file
from matching.stores.files.paths import path_of
from matching.stores.names import OWN_ROW
from matching.stores.registry import OwnSource, open_source
from matching.stores.written_out import from_arrow
from matching.tables.cleaning import Tables
from matching.tables.faults import fault, no_faults

ROWS = 1 << 18


class Batch(NamedTuple):
    """Some rows of a table: what faults call it, the raw rows with ``row``, and their faults."""

    name: str
    rows: pl.DataFrame | None
    faults: pl.DataFrame


class RecordSource:
    """A store that holds ``records``, and perhaps other tables beside them.

    Parameters
    ----------
    where : object
        A file of records; a folder with a file, or a folder of files, for each table; a database or
        another store; or dataframes by table name.
    **options
        What the store understands, such as ``encoding`` or ``schema``.
    """

    def __init__(self, where: object, **options: Any) -> None:
        self._encoding = options.get("encoding")
        self._files = _files_of(where)
        self._where = where
        if self._files is not None and set(options) - {"encoding"}:
            raise UsageError(f"files have no option {listed(set(options) - {'encoding'})}")
        self._store = None if self._files is not None else open_source(where, **options)
        self._own: Tables | None = None

    def batches(self, name: str, schema: type[dy.Schema]) -> Iterator[Batch]:
        """Give the rows of a table, some at a time; nothing where there is no such table."""
        if self._files is not None:
            for path in self._files.get(name, []):
                alone = len(self._files[name]) == 1
                called = name if alone else f"{path.parent.name}/{path.name}"
                yield from _from_file(called, path, self._encoding)
        # Databases have them; those are loaded where one is named.
        elif (in_batches := getattr(self._store, "read_batches", None)) is not None:
            yield from _numbered(name, in_batches(name, schema))
        else:
            own = self._whole()
            if name in own or name in own.faults["table"]:
                yield Batch(name, None, own.faults.filter(table=name))
            if name in own:
                yield from _numbered(name, own[name].iter_slices(ROWS))

    def _whole(self) -> Tables:
        if self._own is None:
            store = self._store
            assert store is not None
            self._own = store.read_own() if isinstance(store, OwnSource) else store.read_tables()
        return self._own


def _files_of(where: object) -> dict[str, list[Path]] | None:
    """Return the files of each table, where a place is a file of records or a folder."""
    if not isinstance(where, str | Path) or (is_url(where) and not str(where).startswith("file:")):
        return None
    path = path_of(where)
    if path.is_file():
        return {"records": [path]} if format_of(path) not in (None, "xlsx") else None
    if not path.is_dir():
        text = "does not exist; name the folder, or the file, that holds the records"
        raise UsageError(f"{shown(str(where))} {text}{near_path(path)}")
    files: dict[str, list[Path]] = {}
    for entry in sorted(path.iterdir()):
        if entry.name.startswith((".", "~$")):
            continue
        inner = sorted(entry.iterdir()) if entry.is_dir() else [entry]
        found = [one for one in inner if one.is_file() and format_of(one)]
        name = entry.name if entry.is_dir() else entry.stem
        if found and name in files:
            both = f"{files[name][0].name} and {entry.name}"
            raise UsageError(f"{path} holds {both}, which are both {name}; take one of them out")
        if found:
            files[name] = found
    return files


def _numbered(name: str, frames: Iterator[pl.DataFrame]) -> Iterator[Batch]:
    """Give each row its number over all batches, where the store has not."""
    first = 1
    for frame in frames:
        rows = frame
        if "row" not in frame.columns:
            rows = frame.with_row_index("row", offset=first)
        first += frame.height
        yield Batch(name, rows, no_faults())


def _from_file(name: str, path: Path, encoding: str | None) -> Iterator[Batch]:
    if format_of(path) == "parquet":
        yield from _from_parquet(name, path)
        return
    frame, faults = read_file(name, path, encoding)
    yield Batch(name, None, faults)
    if frame is not None:
        yield from _numbered(name, frame.iter_slices(ROWS))


def _from_parquet(name: str, path: Path) -> Iterator[Batch]:
    """Read a file of Parquet, no more than some rows of it at a time."""
    try:
        with parquet.ParquetFile(path) as file:
            empty = _frame(file.schema_arrow.empty_table())
            yield Batch(name, empty.with_row_index("row"), no_faults())
            first = 1
            for batch in file.iter_batches(ROWS):
                batch.validate(full=True)
                rows = _frame(pa.Table.from_batches([batch]))
                yield Batch(name, rows.with_row_index("row", offset=first), no_faults())
                first += batch.num_rows
    except (pa.ArrowException, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        text = f"not a Parquet file, or a broken one ({str(error).partition(chr(10))[0]})"
        found = fault(name, "parquet", f"{text}; write it anew", value=path.name)
        yield Batch(name, None, found)


def _frame(table: pa.Table) -> pl.DataFrame:
    # The number of a row goes by this name; a column that is called so is another thing.
    names = [OWN_ROW if name == "row" else name for name in table.column_names]
    return from_arrow(table.rename_columns(names))
