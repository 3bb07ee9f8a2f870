"""The adapter of paths: a folder of files, CSV, Parquet, JSON Lines or XLSX."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from matching.errors import UsageError
from matching.stores.files.encoding import check_encoding
from matching.stores.files.folder import Folder
from matching.stores.files.formats import check_format
from matching.stores.files.writing import Format
from matching.stores.names import AS_OURS, Names


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
