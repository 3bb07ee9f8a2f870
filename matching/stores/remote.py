"""The adapter of every URL that fsspec knows: object stores, web servers, shares, memory."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from fsspec.core import url_to_fs

from matching.errors import StoreError, UsageError
from matching.guards.urls import scrubbed, shown
from matching.result import Output
from matching.stores.earlier import summary_in
from matching.stores.files.folder import SUMMARY
from matching.stores.files.formats import FORMATS, format_of
from matching.stores.files.whole import naming
from matching.stores.names import RESULT_TABLES, Names, check_file_names
from matching.stores.registry import OwnSource, Sink
from matching.stores.registry import open_sink as open_local_sink
from matching.stores.registry import open_source as open_local
from matching.tables.cleaning import Tables

_ONE_FILE = (".zip", ".xlsx")


def open_source(
    where: str,
    *,
    encoding: str | None = None,
    tables: Mapping[str, str] | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    storage: Mapping[str, Any] | None = None,
) -> Remote:
    """Open a folder, workbook or archive at a URL.

    ``storage`` is handed to fsspec, the rest as for a path (see `paths.open_source`).
    """
    options = {"encoding": encoding, "tables": tables, "columns": columns}
    return Remote(where, storage, {k: v for k, v in options.items() if v is not None})


def open_sink(
    where: str,
    *,
    format: str | None = None,
    tables: Mapping[str, str] | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    storage: Mapping[str, Any] | None = None,
) -> Remote:
    """Open a folder, workbook or archive at a URL for a plan."""
    options = {"format": format, "tables": tables, "columns": columns}
    return Remote(where, storage, {k: v for k, v in options.items() if v is not None})


class Remote:
    """A place that fsspec reaches: a source and a sink.

    Files are copied to a temporary folder and read there, and written there and copied.
    """

    def __init__(
        self, url: str, storage: Mapping[str, Any] | None, options: dict[str, Any]
    ) -> None:
        check_file_names(Names(options.get("tables") or {}, options.get("columns") or {}))
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
        self.url, self._secret_url = shown(url), url
        self.options = options
        self.name = PurePosixPath(self.path).name or "tables"

    def read_tables(self) -> Tables:
        """Copy the files here and read them."""
        with self._copied() as here:
            return open_local(here, **self.options).read_tables()

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Copy the files here and read them by their own names."""
        with self._copied() as here:
            source = open_local(here, **self.options)
            assert isinstance(source, OwnSource)
            return source.read_own(wanted, rows)

    def read_result(self) -> Output:
        """Copy what a plan left and read it."""
        with self._answering():
            there = self.fs.exists(self.path)
        if not there:
            return {}, {}
        with self._copied() as here:
            options = {k: v for k, v in self.options.items() if k != "format"}
            return open_local_sink(here, **options).read_result()

    def read_summary(self, week: date | None = None) -> Mapping[str, Any]:
        """Copy what a plan left and read its summary alone; see `earlier.Remembering`."""
        with self._answering():
            there = self.fs.exists(self.path)
        if not there:
            return {}
        with self._copied() as here:
            return summary_in(open_local_sink(here), week)

    def write_result(self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> None:
        """Write here first, then copy everything, then let it take the place of what was there.

        A file appears whole. Where a place cannot rename many files in one step, as object stores
        cannot, the summary comes last: who sees a new summary sees its tables.
        """
        with self._sink() as (sink, here):
            sink.write_result(tables, summary)
            names = Names(self.options.get("tables") or {})
            results = [names.theirs(name) for name in RESULT_TABLES]
            self._replace(here, stale=[f"{n}.{format}" for n in results for format in FORMATS])

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write tables of the contract, each file whole."""
        with self._sink() as (sink, here):
            sink.write_tables(tables)  # type: ignore[attr-defined]
            self._replace(here, stale=[])

    @property
    def _is_file(self) -> bool:
        return self.name.lower().endswith(_ONE_FILE)

    @contextmanager
    def _copied(self) -> Iterator[Path]:
        with TemporaryDirectory(prefix="matching-") as place:
            here = Path(place, self.name)
            with self._answering():
                if self._is_file:
                    self.fs.get_file(self.path, str(here))
                else:
                    here.mkdir()
                    self._get_folder(here)
            with naming(here, self.url):
                yield here

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
    def _sink(self) -> Iterator[tuple[Sink, Path]]:
        with TemporaryDirectory(prefix="matching-") as place:
            here = Path(place, self.name)
            yield open_local_sink(here, **self.options), here

    def _replace(self, here: Path, stale: list[str]) -> None:
        if self._is_file:
            files, folder = [here], str(PurePosixPath(self.path).parent)
        else:
            files, folder = sorted(here.iterdir()), self.path.rstrip("/")
            files.sort(key=lambda path: path.name == SUMMARY)
        with self._answering():
            self._put(files, folder, stale)

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
