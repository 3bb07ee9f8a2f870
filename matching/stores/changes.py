"""Changes of tables as people write them down: a folder of files, a workbook, or one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from matching.errors import DataError, UsageError
from matching.guards.doors import door
from matching.guards.toml import read_toml
from matching.stores.files.formats import format_of, read_file
from matching.stores.registry import OwnSource, open_source

_POLICY = "policy.toml"


@door
def read_changes(path: str | Path) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Read changes of tables, and of the policy.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder with a file for each table that changes (``volunteers.csv``, ...) and maybe
        ``policy.toml``; a workbook or a ``.zip`` of such files; one such file; or a file of policy
        keys in TOML alone.

    Returns
    -------
    tables : dict of str to polars.DataFrame
        By name; each has a column ``action``, see `matching.answers.edited.edited`.
    policy : dict of str to Any
        The keys that change.

    Raises
    ------
    UsageError
        If there is no such file, or nothing in it.
    DataError
        If something in it cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(
            f"{path} does not exist; name a folder with a file for each table that changes, a "
            "workbook, or one file such as volunteers.csv or policy.toml"
        )
    if path.suffix.lower() == ".toml":
        return {}, _policy(path)
    if path.is_file() and format_of(path) in ("csv", "parquet", "jsonl"):
        frame, faults = read_file(path.stem, path)
        if faults.height:
            raise DataError(faults)
        return ({} if frame is None else {path.stem: frame}), {}
    beside = path / _POLICY
    policy = _policy(beside) if path.is_dir() and beside.is_file() else {}
    if path.is_dir() and not any(format_of(each) for each in path.iterdir()):
        if not policy:
            raise UsageError(f"{path} holds no change: neither a table nor {_POLICY}")
        return {}, policy
    source = open_source(path)
    if not isinstance(source, OwnSource):
        raise UsageError(f"{path}: changes are read from files, a folder, a .zip or an .xlsx")
    tables = source.read_own()
    if tables.faults.height:
        raise DataError(tables.faults)
    return dict(tables), policy


def _policy(path: Path) -> dict[str, Any]:
    keys, _ = read_toml(path, "changes of the policy")
    return keys
