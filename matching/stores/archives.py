"""The adapter of zip archives: one file that holds a folder of files."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from matching.adapters import Output
from matching.errors import UsageError
from matching.stores.encoding import check_encoding
from matching.stores.files import SUMMARY
from matching.stores.formats import check_format, format_of
from matching.stores.names import Names
from matching.stores.paths import Folder
from matching.stores.whole import naming, replacing
from matching.stores.writing import Format
from matching.tables import Tables

_UTF8_FLAG = 0x800


def open_source(
    where: str | Path,
    *,
    encoding: str | None = None,
    tables: Mapping[str, str] | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
) -> Archive:
    """Open a zip archive of tables, in one folder of it or in none; see `paths.open_source`."""
    check_encoding(encoding)
    return Archive(Path(where), Names(tables or {}, columns or {}), encoding=encoding)


def open_sink(
    where: str | Path,
    *,
    format: Format = "csv",
    tables: Mapping[str, str] | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
) -> Archive:
    """Open a zip archive for a plan, written as ``format``."""
    check_format(format)
    return Archive(Path(where), Names(tables or {}, columns or {}), format=format)


class Archive:
    """One ``.zip`` file: a source and a sink."""

    def __init__(
        self,
        path: Path,
        names: Names | None = None,
        *,
        format: Format = "csv",
        encoding: str | None = None,
    ) -> None:
        self.path = path
        self._folder = partial(Folder, names=names, format=format, encoding=encoding)

    def read_tables(self) -> Tables:
        """Read every table in the archive."""
        with self._unpacked() as folder:
            return folder.read_tables()

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Read the files in the archive by their own names."""
        with self._unpacked() as folder:
            return folder.read_own(wanted, rows)

    def read_result(self) -> Output:
        """Read what a plan left in the archive."""
        if not self.path.exists():
            return {}, {}
        with self._unpacked() as folder:
            return folder.read_result()

    def read_summary(self, week: date | None = None) -> Mapping[str, Any]:
        """Read the summary alone; see `earlier.Remembering`."""
        if not self.path.exists():
            return {}
        with self._unpacked() as folder:
            return folder.read_summary()

    def write_result(self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> None:
        """Write the archive anew, whole or not at all."""
        with self._packed() as folder:
            folder.write_result(tables, summary)

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write the archive anew with these tables."""
        with self._packed() as folder:
            folder.write_tables(tables)

    @contextmanager
    def _unpacked(self) -> Iterator[Folder]:
        if not self.path.is_file():
            raise UsageError(f"{self.path} does not exist; name a zip archive of tables")
        with TemporaryDirectory(prefix="matching-") as place:
            folder = Path(place, self.path.name)
            folder.mkdir()
            try:
                with zipfile.ZipFile(self.path) as archive:
                    _unpack(archive, folder)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
                text = f"{self.path} is no zip archive that can be read ({error}); pack it anew"
                raise UsageError(text) from None
            with naming(folder, self.path):
                yield self._folder(folder)

    @contextmanager
    def _packed(self) -> Iterator[Folder]:
        with replacing(self.path) as part:
            place = part.with_suffix(".folder")
            yield self._folder(place)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in sorted(place.iterdir()):
                    archive.write(path, path.name)


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Copy the files of known formats, by their bare names; nothing lands outside."""
    seen: dict[str, str] = {}
    for entry in archive.infolist():
        inside = PurePosixPath(_name_of(entry))
        hidden = any(part.startswith((".", "__")) for part in inside.parts)
        if entry.is_dir() or hidden or not (format_of(Path(inside)) or inside.name == SUMMARY):
            continue
        if inside.name in seen:
            raise UsageError(
                f"the archive has {inside} and {seen[inside.name]}; keep one of the two"
            )
        seen[inside.name] = str(inside)
        with archive.open(entry) as packed, Path(folder, inside.name).open("wb") as file:
            shutil.copyfileobj(packed, file)


def _name_of(entry: zipfile.ZipInfo) -> str:
    """Return a name as it was meant: Chinese Windows writes GBK where the format says CP437."""
    if entry.flag_bits & _UTF8_FLAG:
        return entry.filename
    data = entry.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename
