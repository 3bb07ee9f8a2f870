"""Tables and results into a folder: whole files only, and never two of one table."""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from matching.errors import UsageError
from matching.stores.files import FORMATS, RESULT_TABLES, SUMMARY

Format = Literal["csv", "parquet"]


def write_result(
    folder: Path | str,
    frames: Mapping[str, pl.DataFrame],
    summary: Mapping[str, Any],
    format: Format = "csv",
) -> None:
    """Write a plan and what belongs to it: the tables and ``summary.json``.

    Everything is written beside first and renamed when all of it is there, so that a failure
    leaves the result before it whole. What an earlier result left of these tables, in the other
    format or without a successor, is removed.

    Parameters
    ----------
    folder : pathlib.Path or str
        Made if it does not exist.
    frames : Mapping of str to polars.DataFrame
        ``plan``, ``unfilled``, ``prices``, or some of them.
    summary : Mapping
        Infinite numbers are written as text, since JSON has none.
    format : {"csv", "parquet"}

    Raises
    ------
    UsageError
        If the format or a table is unknown.
    """
    unknown = [name for name in frames if name not in RESULT_TABLES]
    if unknown:
        raise UsageError(
            f"a result has no table {', '.join(unknown)}; it has {', '.join(RESULT_TABLES)}"
        )
    text = json.dumps(_plain(summary), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    writers = _writers(frames, format)
    writers[SUMMARY] = lambda path: path.write_bytes(text.encode(errors="backslashreplace"))
    _write_all(Path(folder), writers, stale=RESULT_TABLES)


def write_tables(
    folder: Path | str, frames: Mapping[str, pl.DataFrame], format: Format = "csv"
) -> None:
    """Write tables, one file each, whole or not at all; see `write_result`.

    The other format's file of a table is removed; tables that are not given stay as they are.

    Raises
    ------
    UsageError
        If the format is unknown.
    """
    _write_all(Path(folder), _writers(frames, format), stale=tuple(frames))


Writer = Callable[[Path], object]


def _writers(frames: Mapping[str, pl.DataFrame], format: Format) -> dict[str, Writer]:
    if format not in FORMATS:
        raise UsageError(f"format = {format!r}: write {' or '.join(map(repr, FORMATS))}")
    write = _write_csv if format == "csv" else pl.DataFrame.write_parquet
    # The number of a row belongs to the file it came from.
    return {
        f"{name}.{format}": partial(
            write, frame if name == "faults" else frame.drop("row", strict=False)
        )
        for name, frame in frames.items()
    }


def _write_csv(frame: pl.DataFrame, path: Path) -> None:
    frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M", time_format="%H:%M")


def _write_all(folder: Path, writers: Mapping[str, Writer], stale: tuple[str, ...]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{folder} is a file; name a folder to write to") from None
    token = secrets.token_hex(4)
    beside = {name: folder / f".{name}.{token}.part" for name in writers}
    try:
        for name, write in writers.items():
            write(beside[name])
        for name, part in beside.items():
            os.replace(part, folder / name)
    finally:
        for part in beside.values():
            part.unlink(missing_ok=True)
    for table in stale:
        for name in (f"{table}.{format}" for format in FORMATS):
            if name not in writers:
                (folder / name).unlink(missing_ok=True)


def _plain(value: object) -> object:
    """Turn a value into what JSON has."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value
