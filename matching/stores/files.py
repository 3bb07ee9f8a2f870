"""A folder of CSV or Parquet files as tables, and what a plan left there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from pyarrow import parquet as arrow_parquet

from matching.errors import DataError, UsageError
from matching.faults import fault, faults_of, no_faults
from matching.schema import NEEDED, TABLES
from matching.stores.csv_files import OWN_ROW, Read, read_csv
from matching.tables import Tables

FORMATS = ("csv", "parquet")
RESULT_TABLES = ("plan", "unfilled", "prices", "faults")
SUMMARY = "summary.json"
# What a plan is checked against.
_SUMMARY_KINDS: dict[str, type | tuple[type, ...]] = {
    "week": str,
    "policy": dict,
    "value": (int, float),
    "bound_from_prices": (int, float),
}


def read_tables(folder: Path | str) -> Tables:
    """Read every table of the contract that stands in a folder.

    Files named for no table are ignored; those that end in ``.csv`` or ``.parquet`` are handed on
    as empty tables, so that whoever checks the tables can warn of them.

    Parameters
    ----------
    folder : pathlib.Path or str
        Holds ``volunteers.csv``, ``requests.parquet`` and so on, in either format.

    Returns
    -------
    Tables
        The tables, and the faults met while reading. A table that could not be read at all is
        absent and has a fault whose ``row`` is null.

    Raises
    ------
    UsageError
        If this is no folder, or holds no table.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {what}; name the folder that holds {_wanted_files()}")
    files = _files_of(folder)
    if not any(name in TABLES for name in files):
        seen = ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "nothing"
        raise UsageError(f"{folder} holds no table: it has {seen}; wanted are {_wanted_files()}")
    frames, faults = {}, [no_faults()]
    for name, paths in files.items():
        if name not in TABLES:
            if name not in RESULT_TABLES:
                frames[name] = pl.DataFrame()
            continue
        frame, found = _read_one(name, paths)
        faults.append(found)
        if frame is not None:
            frames[name] = frame
    return Tables(frames, pl.concat(faults))


def read_plan(path: Path | str) -> pl.DataFrame:
    """Read the table ``plan`` from a folder or from a file of any name.

    Returns
    -------
    polars.DataFrame
        The columns that are there; ``start`` and ``end`` as local times, ``quality`` as a number,
        all else as text.

    Raises
    ------
    UsageError
        If there is no such file.
    DataError
        If it cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        frame = _read_result("plan", path)
        if frame is None:
            raise UsageError(f"{path} holds no plan; wanted is plan.csv or plan.parquet")
        return frame
    if not path.is_file():
        raise UsageError(f"{path} does not exist; name a plan's file, or the folder that holds it")
    if path.suffix.lower().removeprefix(".") not in FORMATS:
        raise UsageError(f"{path} is not a plan; its name must end in .csv or .parquet")
    return _typed("plan", *_read_one("plan", [path]))


def read_prices(folder: Path | str) -> pl.DataFrame | None:
    """Read the table ``prices`` from the folder of a result; None if it has none.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    return _read_result("prices", Path(folder))


def read_summary(folder: Path | str) -> dict[str, Any] | None:
    """Read the summary from the folder of a result; None if it has none.

    Raises
    ------
    DataError
        If it is not a JSON object in UTF-8, or a value that a plan is checked against is none.
    """
    path = Path(folder) / SUMMARY
    if not path.is_file():
        return None
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        text = f"{path} is not a summary: {error}; plan again to write it anew"
        raise DataError(fault("summary", "json", text)) from None
    if not isinstance(summary, dict):
        text = f"{path} must hold a JSON object; plan again to write it anew"
        raise DataError(fault("summary", "json", text))
    for name, kind in _SUMMARY_KINDS.items():
        if name in summary and not isinstance(summary[name], kind):
            text = f"{path} does not say what a plan was made with; plan again to write it anew"
            raise DataError(fault("summary", "type", text, column=name, value=str(summary[name])))
    return summary


def _wanted_files() -> str:
    return ", ".join(f"{name}.csv" for name in NEEDED) + " and the other tables (or .parquet)"


def _files_of(folder: Path) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".")
        if path.suffix.lower().removeprefix(".") in FORMATS and path.is_file() and not hidden:
            files.setdefault(path.stem, []).append(path)
    return files


def _read_one(table: str, paths: list[Path]) -> Read:
    if len(paths) > 1:
        both = ", ".join(path.name for path in paths)
        text = "the folder has several files of this table; keep one and take the others out"
        return None, fault(table, "one_file", text, value=both)
    (path,) = paths
    read = read_csv if path.suffix.lower() == ".csv" else _read_parquet
    try:
        frame, faults = read(table, path)
    except OSError as error:
        text = f"{path} cannot be opened: {error.strerror or error}"
        return None, fault(table, "readable", text)
    return frame, faults


def _read_parquet(table: str, path: Path) -> Read:
    # Arrow's own reader: it refuses broken bytes where others would stop the process.
    try:
        with arrow_parquet.ParquetFile(path) as file:
            arrow = file.read()
        arrow.validate(full=True)
        # The number of a row goes by this name; a column that is called so is another thing.
        arrow = arrow.rename_columns([OWN_ROW if n == "row" else n for n in arrow.column_names])
        frame = pl.DataFrame(arrow)
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PanicException) as error:
        if isinstance(error, PermissionError):
            raise
        reason = str(error).partition("\n")[0]
        text = f"not a Parquet file, or a broken one ({reason}); write it anew"
        return None, fault(table, "parquet", text, value=path.name)
    return frame, no_faults()


def _read_result(table: str, folder: Path) -> pl.DataFrame | None:
    paths = _files_of(folder).get(table, []) if folder.is_dir() else []
    return _typed(table, *_read_one(table, paths)) if paths else None


def _typed(table: str, frame: pl.DataFrame | None, faults: pl.DataFrame) -> pl.DataFrame:
    """Turn the columns of a result that are not text into what they are."""
    if frame is None or faults.height:
        raise DataError(faults)
    if "row" not in frame.columns:
        frame = frame.with_row_index("row", offset=1)
    found, typed = [no_faults()], frame
    for column, (read, text) in _READERS.items():
        if column in frame.columns and frame.schema[column] == pl.String:
            typed = typed.with_columns(read(pl.col(column)))
            unread = frame.filter(frame[column].is_not_null() & typed[column].is_null())
            found.append(faults_of(table, unread, (column,), "type", text))
    every = pl.concat(found)
    if every.height:
        raise DataError(every)
    return typed.drop("row")


def _local_time(cell: pl.Expr) -> pl.Expr:
    return cell.str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", strict=False)


_READERS: dict[str, tuple[Callable[[pl.Expr], pl.Expr], str]] = {
    "start": (_local_time, "must be a local time such as 2026-11-30T09:00"),
    "end": (_local_time, "must be a local time such as 2026-11-30T09:00"),
    "quality": (lambda cell: cell.cast(pl.Int64, strict=False), "must be a whole number"),
    "price": (lambda cell: cell.cast(pl.Float64, strict=False), "must be a number"),
}
