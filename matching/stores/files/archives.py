"""The adapter of zip archives: one file that holds a folder of files."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from matching.errors import UsageError, shown
from matching.guards.likeness import near_path
from matching.stores.copied import Copied
from matching.stores.files.folder import Folder
from matching.stores.files.formats import SUMMARY, format_of
from matching.stores.files.limits import BROKEN, check_unpacked
from matching.stores.files.paths import openers
from matching.stores.files.whole import naming, replacing_folder
from matching.stores.names import Names, check_file_names

_UTF8_FLAG = 0x800
_PIECE = 1 << 20


class Archive(Copied):
    """One ``.zip`` file, of tables in one folder of it or in none."""

    def __init__(self, path: Path, names: Names, **options: Any) -> None:
        check_file_names(names)
        self.path, self.names, self.options = path, names, options

    def _exists(self) -> bool:
        return self.path.exists()

    @contextmanager
    def _copied(self) -> Iterator[Folder]:
        if not self.path.is_file():
            text = f"{self.path} does not exist; name a zip archive of tables{near_path(self.path)}"
            raise UsageError(text)
        with TemporaryDirectory(prefix="matching-") as place:
            folder = Path(place, self.path.name)
            folder.mkdir()
            try:
                archive = zipfile.ZipFile(self.path)
            except BROKEN as error:
                raise _broken(self.path, error) from None
            with archive:
                _unpack(self.path, archive, folder)
            with naming(folder, self.path):
                yield Folder(folder, self.names, **self.options)

    @contextmanager
    def _written(self) -> Iterator[Folder]:
        with replacing_folder(self.path, ()) as place:
            yield Folder(place, self.names, **self.options)


open_source, open_sink = openers(Archive)


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
    except BROKEN as error:
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
