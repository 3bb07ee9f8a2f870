"""The adapter of paths: a folder of files, CSV, Parquet, JSON Lines or XLSX."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import polars as pl

from matching.errors import UsageError
from matching.result import Output
from matching.stores.files import folder as files
from matching.stores.files import writing
from matching.stores.files.encoding import check_encoding
from matching.stores.files.formats import check_format
from matching.stores.files.writing import Format
from matching.stores.names import AS_OURS, Names, check_file_names
from matching.tables.cleaning import Tables


def path_of(where: str | Path) -> Path:
    """Return the path that a ``file://`` URL or a path means."""
    if isinstance(where, str) and where.startswith("file://"):
        parts = urlsplit(where)
        if parts.netloc not in ("", "localhost"):
            raise UsageError(f"{where}: a file URL has three slashes, as in file:///srv/tables")
        if not parts.path.strip("/"):
            raise UsageError(f"{where}: name a path after it, as in file:///srv/tables")
        return Path(unquote(parts.path))
    return Path(where)


class Folder:
    """A folder of files: a source and a sink."""

    def __init__(
        self,
        path: Path,
        names: Names,
        *,
        format: Format = "csv",
        encoding: str | None = None,
    ) -> None:
        self.path = path
        self.names = names
        check_file_names(self.names)
        self.format = format
        self.encoding = encoding

    def read_tables(self) -> Tables:
        """Read every table; see `files.read_tables`."""
        return files.read_tables(self.path, self.names, self.encoding)

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Read the files by their own names; see `files.read_own`."""
        return files.read_own(self.path, wanted, rows, self.encoding)

    def read_result(self) -> Output:
        """Read what a plan left here."""
        return files.read_result(self.path, self.names) if self.path.is_dir() else ({}, {})

    def read_summary(self, week: date | None = None) -> Mapping[str, Any]:
        """Read the summary alone; see `earlier.Remembering`."""
        return files.read_summary(self.path) or {}

    def write_result(self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> None:
        """Write a plan and what belongs to it; see `writing.write_result`."""
        writing.write_result(self.path, tables, summary, self.format, self.names)

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write tables of the contract; see `writing.write_tables`."""
        writing.write_tables(self.path, tables, self.format, self.names)


Store = TypeVar("Store")


def openers(store: Callable[..., Store]) -> tuple[Callable[..., Store], Callable[..., Store]]:
    """Return ``open_source`` and ``open_sink`` of a store of files, given a path and `Names`."""

    def open_source(
        where: str | Path, *, encoding: str | None = None, names: Names = AS_OURS
    ) -> Store:
        check_encoding(encoding)
        return store(path_of(where), names, encoding=encoding)

    def open_sink(where: str | Path, *, format: Format = "csv", names: Names = AS_OURS) -> Store:
        check_format(format)
        if re.search("[\ud800-\udfff]", str(where)):
            text = "this name is no UTF-8, and nothing is written there; rename it"
            raise UsageError(f"{where}: {text}")
        return store(path_of(where), names, format=format)

    return open_source, open_sink


open_source, open_sink = openers(Folder)
