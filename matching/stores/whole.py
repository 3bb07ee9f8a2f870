"""Whole files or none: written beside, then renamed, one writer at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
