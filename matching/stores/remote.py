"""The adapter of every URL that fsspec knows: object stores, web servers, shares, memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from fsspec.core import url_to_fs

from matching.errors import StoreError, UsageError
from matching.guards.urls import scrubbed, shown
from matching.stores.copied import Copied
from matching.stores.files.formats import FORMATS, SUMMARY, format_of
from matching.stores.files.whole import naming
from matching.stores.names import AS_OURS, RESULT_TABLES, Names, check_file_names
from matching.stores.registry import Sink, Source
from matching.stores.registry import open_sink as open_local_sink
from matching.stores.registry import open_source as open_local

_ONE_FILE = (".zip", ".xlsx")


def open_source(
    where: str,
    *,
    encoding: str | None = None,
    names: Names = AS_OURS,
    storage: Mapping[str, Any] | None = None,
) -> Remote:
    """Open a folder, workbook or archive at a URL.

    ``storage`` is handed to fsspec, the rest as for a path.
    """
    return Remote(where, storage, names, encoding=encoding)


def open_sink(
    where: str,
    *,
    format: str | None = None,
    names: Names = AS_OURS,
    storage: Mapping[str, Any] | None = None,
) -> Remote:
    """Open a folder, workbook or archive at a URL for a plan."""
    return Remote(where, storage, names, format=format)


class Remote(Copied):
    """A place that fsspec reaches.

    A file appears there whole. Where a place cannot rename many files in one step, as object
    stores cannot, the summary comes last: who sees a new summary sees its tables.
    """

    def __init__(
        self, url: str, storage: Mapping[str, Any] | None, names: Names, **options: Any
    ) -> None:
        check_file_names(names)
        given: object = storage or {}
        if not isinstance(given, Mapping):
            kind = type(given).__name__  # and not what it holds, which may be a secret
            raise UsageError(f"storage is a {kind}: give a mapping of fsspec's own options")
        try:
            self.fs, self.path = url_to_fs(url, **given)
        except Exception as error:  # whatever the library of that place raises
            known = "sqlite, postgresql, mysql, mariadb, file, or one that fsspec knows"
            reason = scrubbed(str(error).partition("\n")[0], url)
            raise UsageError(f"{shown(url)}: {reason}; the scheme may be {known}") from None
        self.url, self._secret_url, self.names = shown(url), url, names
        options |= {"tables": names.tables, "columns": names.columns}
        self.options = {name: value for name, value in options.items() if value is not None}
        self.name = PurePosixPath(self.path).name or "tables"

    def _exists(self) -> bool:
        with self._answering():
            return bool(self.fs.exists(self.path))

    @property
    def _is_file(self) -> bool:
        return self.name.lower().endswith(_ONE_FILE)

    @contextmanager
    def _copied(self) -> Iterator[Source]:
        with TemporaryDirectory(prefix="matching-") as place:
            here = Path(place, self.name)
            with self._answering():
                if self._is_file:
                    self.fs.get_file(self.path, str(here))
                else:
                    here.mkdir()
                    self._get_folder(here)
            options = {k: v for k, v in self.options.items() if k != "format"}
            with naming(here, self.url):
                yield open_local(here, **options)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Say what the place says, in one line and without the secrets of its URL."""
        try:
            yield
        except FileNotFoundError:
            text = f"{self.url} does not exist; name a folder, a .zip or an .xlsx"
            raise UsageError(text) from None
        except Exception as error:  # whatever the library of that place raises
            reason = scrubbed(str(error).partition("\n")[0], self._secret_url)
            text = f"{self.url} does not answer ({type(error).__name__}: {reason})"
            raise StoreError(f"{text}; check the address, and who may do this there") from None

    def _get_folder(self, here: Path) -> None:
        for entry in self.fs.ls(self.path, detail=True):
            name = PurePosixPath(entry["name"]).name
            wanted = format_of(Path(name)) or name == SUMMARY
            if entry["type"] == "file" and wanted and not name.startswith("."):
                self.fs.get_file(entry["name"], str(here / name))

    @contextmanager
    def _written(self) -> Iterator[Sink]:
        with TemporaryDirectory(prefix="matching-") as place:
            here = Path(place, self.name)
            yield open_local_sink(here, **self.options)
            if self._is_file:
                files, folder = [here], str(PurePosixPath(self.path).parent)
            else:
                files, folder = sorted(here.iterdir()), self.path.rstrip("/")
                files.sort(key=lambda path: path.name == SUMMARY)
            # A plan takes the place of all that an earlier one left, in whatever format.
            planned = any(path.name == SUMMARY for path in files)
            results = map(self.names.theirs, RESULT_TABLES if planned else ())
            with self._answering():
                self._put(files, folder, [f"{n}.{format}" for n in results for format in FORMATS])

    def _put(self, files: list[Path], folder: str, stale: list[str]) -> None:
        self.fs.makedirs(folder or "/", exist_ok=True)
        token = secrets.token_hex(4)
        parts = {path.name: f"{folder}/.{path.name}.{token}.part" for path in files}
        try:
            for path in files:
                self.fs.put_file(str(path), parts[path.name])
            for name, part in parts.items():
                self.fs.mv(part, f"{folder}/{name}")
        finally:
            for part in parts.values():
                with suppress(FileNotFoundError):
                    self.fs.rm_file(part)
        for name in stale:
            if name not in parts:
                with suppress(FileNotFoundError):
                    self.fs.rm_file(f"{folder}/{name}")
