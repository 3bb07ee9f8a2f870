"""Whole files or none: written beside, then renamed, one writer at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from matching.errors import UsageError


def beside(path: Path) -> Path:
    """Return a name in the same folder that nobody else uses."""
    return path.parent / f".{path.name}.{secrets.token_hex(4)}.part"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` if all goes well."""
    made_folder(path.parent)
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file to write to")
    part = beside(path)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path, holding: Iterable[str]) -> Iterator[Path]:
    """Give a new folder to fill, which takes the place of `path` if all goes well.

    A path that ends in ``.zip`` becomes an archive of it. An earlier folder is taken away whole,
    so it must hold nothing but what these names are of.

    Raises
    ------
    UsageError
        If there is a file, or a folder that holds other things.
    """
    if path.suffix.lower() == ".zip":
        with replacing(path) as part, TemporaryDirectory(prefix="matching-") as place:
            yield Path(place)
            _pack(Path(place), part)
        return
    made_folder(path.parent)
    if path.exists():
        made_folder(path)
        others = sorted({entry.name for entry in path.iterdir()} - {*holding})
        if others:
            raise UsageError(
                f"{path} holds other things, such as {others[0]}, which a new report would take "
                "away; name a folder of its own"
            )
    part, before = beside(path), beside(path)
    part.mkdir()
    try:
        yield part
        if path.exists():
            path.rename(before)
        part.rename(path)
    finally:
        for leftover in (part, before):
            shutil.rmtree(leftover, ignore_errors=True)


def _pack(folder: Path, path: Path) -> None:
    """Pack a folder; the same files give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix())
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes())


def made_folder(folder: Path) -> None:
    """Make the folder, if it is not there.

    Raises
    ------
    UsageError
        If it is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{folder} is a file; name a folder to write to") from None


@contextmanager
def locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait until nobody writes to the folder (or, unless shared, reads from it) under a lock.

    On a file system without locks nobody waits.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def naming(copy: Path, original: object) -> Iterator[None]:
    """Let errors speak of the original, where a copy is read."""
    try:
        yield
    except UsageError as error:
        raise UsageError(str(error).replace(str(copy), str(original))) from None
