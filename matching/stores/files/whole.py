"""Whole files or none: written apart, then switched to in one step, one writer at a time."""

import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from matching.errors import MatchingError, UsageError
from matching.stores.files.exchange import exchange
from matching.stores.files.locks import locked

_PREFIX, _END = ".matching.", ".part"


@contextmanager
def staged(folder: Path, target: Path) -> Iterator[Path]:
    """Give an empty folder in `folder` to write in, which is taken away in the end.

    Whoever writes in it holds a lock on it that ends with the process: folders that nobody holds
    are what dead runs left, and are taken away too. If the system refuses to write, its error bears
    the name of `target`, whichever library met it.
    """
    part = folder / f"{_PREFIX}{secrets.token_hex(4)}{_END}"
    with ExitStack() as held:
        with locked(folder):
            _sweep(folder)
            part.mkdir()
            held.enter_context(locked(part, wait=False))
        try:
            yield part
        except Exception as error:
            number, name = _system_error(error), getattr(error, "filename", None)
            if number is None or (name is not None and not str(name).startswith(str(part))):
                raise
            raise OSError(number, os.strerror(number), str(target)) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _system_error(error: Exception) -> int | None:
    """Return the number of the system's error, as Python, XlsxWriter and Polars wrap it."""
    if isinstance(error, MatchingError):
        return None
    inner = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    if isinstance(inner, OSError) and inner.errno is not None:
        return inner.errno
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else None


def _sweep(folder: Path) -> None:
    for left in folder.iterdir():
        if not (left.name.startswith(_PREFIX) and left.name.endswith(_END)):
            continue
        # Where somebody writes still, or nobody can tell, it stays; and so does a link.
        with suppress(OSError), locked(left, wait=False) as held:
            if held:
                shutil.rmtree(left)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` if all goes well.

    Where `path` is a link, the file that it leads to is replaced.
    """
    shown, path = path, Path(os.path.realpath(path))
    made_folder(path.parent)
    if path.is_dir():
        raise UsageError(f"{shown} is a folder; name a file to write to")
    if path.exists() and not path.is_file():
        raise UsageError(f"{shown} is a device or a pipe, which cannot be replaced; name a file")
    with staged(path.parent, shown) as part:
        yield part / path.name
        os.replace(part / path.name, path)


@contextmanager
def replacing_folder(path: Path, holding: Iterable[str]) -> Iterator[Path]:
    """Give a new folder to fill, which takes the place of `path` if all goes well.

    The two change places in one step. A path that ends in ``.zip`` becomes an archive of it. An
    earlier folder is taken away whole, so one that holds anything but what these names are of is
    refused. Where `path` is a link, the folder that it leads to is replaced.
    """
    if path.suffix.lower() == ".zip":
        with replacing(path) as file:
            folder = file.with_suffix(".folder")
            folder.mkdir()
            yield folder
            _pack(folder, file)
        return
    shown, path = path, Path(os.path.realpath(path))
    made_folder(path.parent)
    refuse_others(shown, holding)
    with staged(path.parent, shown) as part:
        new = part / "new"
        new.mkdir()
        yield new
        if not path.exists():
            new.rename(path)
        elif not exchange(new, path):
            # The only systems where nothing stands at the path for a moment.
            path.rename(part / "before")
            new.rename(path)


def refuse_others(path: Path, holding: Iterable[str]) -> None:
    """Refuse a folder that holds anything but what these names are of, or a file."""
    if path.suffix.lower() == ".zip" or not path.exists():
        return
    made_folder(path)
    others = sorted({entry.name for entry in path.iterdir()} - {*holding})
    if others:
        raise UsageError(
            f"{path} holds other things, such as {others[0]}, which a new report would take "
            "away; name a folder of its own"
        )


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
    """Make the folder, if it is not there; refuse a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{folder} is a file; name a folder to write to") from None


@contextmanager
def naming(copy: Path, original: object) -> Iterator[None]:
    """Let errors speak of the original, where a copy is read."""
    try:
        yield
    except UsageError as error:
        raise UsageError(str(error).replace(str(copy), str(original))) from None
