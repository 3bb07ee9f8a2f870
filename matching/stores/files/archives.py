"""The adapter of zip archives: one file that holds a folder of files."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from matching.errors import UsageError, shown
from matching.result import Output
from matching.stores.files.encoding import check_encoding
from matching.stores.files.folder import SUMMARY
from matching.stores.files.formats import check_format, format_of
from matching.stores.files.limits import check_unpacked
from matching.stores.files.paths import Folder
from matching.stores.files.whole import naming, replacing
from matching.stores.files.writing import Format
from matching.stores.names import Names, check_file_names
from matching.tables.cleaning import Tables

_UTF8_FLAG = 0x800
_PIECE = 1 << 20
# What the library and its decompressors raise over bytes that are not what they should be; that
# of bzip2 is an OSError.
_BROKEN = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    MemoryError,
    OSError,
    ValueError,
)


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
        check_file_names(names or Names())
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
                archive = zipfile.ZipFile(self.path)
            except _BROKEN as error:
                raise _broken(self.path, error) from None
            with archive:
                _unpack(self.path, archive, folder)
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


def _unpack(path: Path, archive: zipfile.ZipFile, folder: Path) -> None:
    """Copy the files of known formats, by their bare names; nothing lands outside."""
    wanted: dict[str, tuple[PurePosixPath, zipfile.ZipInfo]] = {}
    for entry in archive.infolist():
        inside = PurePosixPath(_name_of(entry))
        hidden = any(part.startswith((".", "__")) for part in inside.parts)
        if entry.is_dir() or hidden or not (format_of(Path(inside)) or inside.name == SUMMARY):
            continue
        if inside.name in wanted:
            both = f"{shown(inside)} and {shown(wanted[inside.name][0])}"
            raise UsageError(f"the archive has {both}; keep one of the two")
        wanted[inside.name] = inside, entry
    # No more is ever read of an entry than its header says.
    check_unpacked(path, sum(entry.file_size for _, entry in wanted.values()))
    for name, (inside, entry) in wanted.items():
        with Path(folder, name).open("wb") as file:
            for piece in _pieces(path, archive, inside, entry):
                file.write(piece)


def _pieces(
    path: Path, archive: zipfile.ZipFile, inside: PurePosixPath, entry: zipfile.ZipInfo
) -> Iterator[bytes]:
    try:
        with archive.open(entry) as packed:
            while piece := packed.read(_PIECE):
                yield piece
    except _BROKEN as error:
        raise _broken(f"{path}, {shown(inside)},", error) from None


def _broken(what: object, error: Exception) -> UsageError:
    return UsageError(
        f"{what} is no zip archive that can be read ({shown(error, 120)}); pack it anew"
    )


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
