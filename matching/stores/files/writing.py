"""Tables and results into a folder: whole files only, and never two of one table."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import polars as pl

from matching.stores.files.formats import SUMMARY, check_format, format_of, write_file
from matching.stores.files.switch import Writer, replace_files
from matching.stores.names import RESULT_TABLES, Names, check_results
from matching.stores.results import json_of

Format = Literal["csv", "parquet", "jsonl", "xlsx"]


def write_result(
    folder: Path | str,
    frames: Mapping[str, pl.DataFrame],
    summary: Mapping[str, Any],
    format: Format = "csv",
    names: Names | None = None,
) -> None:
    """Write a plan and what belongs to it: the tables and ``summary.json``.

    Everything is written apart and takes its place in one step (see `switch`): whatever happens on
    the way, readers find the result before it or this one, whole. What an earlier result left of
    these tables, in another format or without a successor, is removed.

    Parameters
    ----------
    folder : pathlib.Path or str
        Made if it does not exist.
    frames : Mapping of str to polars.DataFrame
        ``plan``, ``unfilled``, ``prices``, or some of them.
    summary : Mapping
        Infinite numbers are written as text, since JSON has none.
    format : {"csv", "parquet", "jsonl", "xlsx"}
    names : Names, optional
        What files are called, where it is not as in the contract.

    Raises
    ------
    UsageError
        If the format or a table is unknown.
    """
    check_results(frames)
    names, text = names or Names(), json_of(summary)
    writers = _writers(frames, format, names)
    writers[SUMMARY] = lambda path: path.write_bytes(text.encode(errors="backslashreplace"))
    replace_files(Path(folder), writers, _stale(RESULT_TABLES, names))


def write_tables(
    folder: Path | str,
    frames: Mapping[str, pl.DataFrame],
    format: Format = "csv",
    names: Names | None = None,
) -> None:
    """Write tables, one file each, whole or not at all; see `write_result`.

    Another format's file of a table is removed; tables that are not given stay as they are.

    Parameters
    ----------
    folder : pathlib.Path or str
        Made if it does not exist.
    frames : Mapping of str to polars.DataFrame
    format : {"csv", "parquet", "jsonl", "xlsx"}
    names : Names, optional
        What files and columns are called, where it is not as in the contract.

    Raises
    ------
    UsageError
        If the format is unknown.
    """
    names = names or Names()
    replace_files(Path(folder), _writers(frames, format, names), _stale(frames, names))


def _writers(frames: Mapping[str, pl.DataFrame], format: Format, names: Names) -> dict[str, Writer]:
    check_format(format)
    writers: dict[str, Writer] = {}
    for name, frame in frames.items():
        rows = names.write_rows(name, frame)
        writers[f"{names.theirs(name)}.{format}"] = partial(write_file, name, rows, format=format)
    return writers


def _stale(tables: Collection[str], names: Names) -> Callable[[Path], bool]:
    """Return what knows the files of these tables, in any format."""
    theirs = {names.theirs(name) for name in tables}
    return lambda path: path.stem in theirs and format_of(path) is not None and path.is_file()
