"""Several files of a folder change together: readers find all of the old ones or all of the new.

New files are written apart. One rename of the folder that holds them decides; then they are moved
to their places. Whoever opens the folder after a writer died in between, to read or to write, ends
first what was decided. On the way no file of the old ever stands beside one of the new: the old
ones go before the new ones come, but for the first of them, which is replaced between the two.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from matching.errors import UsageError
from matching.stores.files.locks import locked
from matching.stores.files.whole import made_folder, staged

# Decided, and not all in place yet. Its list says what the folder is to hold, and what no longer.
_DECIDED, _LIST = ".matching-new", ".list.json"

Writer = Callable[[Path], object]


def replace_files(
    folder: Path, writers: Mapping[str, Writer], stale: Callable[[Path], bool]
) -> None:
    """Write files that take their places in a folder together, if all goes well.

    ``writers`` write the file of each name; folders may be among them, but not first. ``stale``
    says which files and folders that are there go, unless a new one has the name.
    """
    made_folder(folder)
    with staged(folder, folder) as part:
        new = part / "new"
        new.mkdir()
        for name, write in writers.items():
            write(new / name)
        with locked(folder):
            _end(folder)
            there = [path for path in folder.iterdir() if path.name in writers or stale(path)]
            for path in there:
                if path.is_dir() and (new / path.name).is_file():
                    raise UsageError(f"{path} is a folder; take it away, a file is to stand there")
            gone = [path.name for path in there if path.name not in writers]
            listed = json.dumps({"files": [*writers], "gone": gone})
            (new / _LIST).write_text(listed, encoding="utf-8")
            new.rename(folder / _DECIDED)
            _end(folder)


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Let nobody write to the folder meanwhile; what a dead writer had decided is ended first."""
    while True:
        with locked(folder, shared=True):
            if not (folder / _DECIDED).is_dir():
                yield
                return
        with locked(folder):
            _end(folder)


def _end(folder: Path) -> None:
    """Move what was decided to its place; done again from any point, the outcome is the same."""
    try:
        _put_in_place(folder, folder / _DECIDED)
    except OSError as error:
        raise UsageError(
            f"{folder}: new files are there whole and cannot be put in place from here "
            f"({error.filename}: {error.strerror}); mend that, and whoever reads the folder next "
            "and may write there ends it"
        ) from None


def _put_in_place(folder: Path, decided: Path) -> None:
    # Without a list all is in place.
    if (decided / _LIST).is_file():
        listed = json.loads((decided / _LIST).read_text(encoding="utf-8"))
        waiting = [name for name in listed["files"] if (decided / name).exists()]
        first = listed["files"][:1]
        for name in [*listed["gone"], *(name for name in waiting if name not in first)]:
            _remove(folder / name)
        for name in waiting:
            with suppress(FileNotFoundError):  # where there are no locks, another may do the same
                os.replace(decided / name, folder / name)
    if decided.is_dir():
        shutil.rmtree(decided)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
