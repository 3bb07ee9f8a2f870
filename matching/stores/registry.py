"""Where tables come from and plans go to: two protocols, and the choice by URL or path.

An adapter is a module, or any object, with ``open_source`` and ``open_sink``. A package registers
its own under the entry point group ``matching.stores``; the name says what it is chosen for: the
scheme of a URL (``postgresql``), or the end of a file's name (``.xlsx``).
"""

import inspect
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import polars as pl

from matching.errors import UsageError, listed
from matching.guards.doors import door
from matching.guards.extras import needing
from matching.guards.urls import is_url, shown
from matching.schema import Output
from matching.stores.names import Names
from matching.tables.cleaning import Tables
from matching.tables.faults import no_faults

# A table, if it could be read, and its faults.
Read = tuple[pl.DataFrame | None, pl.DataFrame]
GROUP = "matching.stores"
# The options that an adapter whose functions take ``names`` gets as one `Names`.
_NAMED = ("tables", "columns")
# Names with a meaning of their own: frames in memory, folders and other paths, any other scheme.
FRAMES, PATH, REMOTE = "dataframes", "path", "fsspec"

# What is meant by names of files that are none of ours, by the end of the name.
_FOLDER = "name the folder, as {0}, and its format, {1} (--format {1})"
_MEANT = (
    dict.fromkeys((".csv", ".parquet", ".jsonl"), _FOLDER)
    | dict.fromkeys((".xls", ".xlsm", ".xlsb", ".ods", ".et"), "for a workbook write {0}.xlsx")
    | dict.fromkeys((".gz", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz"), "write {0}.zip")
    | dict.fromkeys((".sqlite3", ".duckdb"), "for a database write {0}.sqlite")
    | dict.fromkeys((".json", ".ndjson"), "name the folder, as {0}, and its format, jsonl")
    | dict.fromkeys(
        (".tsv", ".txt", ".html", ".pdf", ".xml", ".toml", ".ics"), "name the folder, as {0}"
    )
)


@runtime_checkable
class Source(Protocol):
    """Where tables come from."""

    def read_tables(self) -> Tables:
        """Read every table of the contract that the store has.

        Cells may be text or typed. A row that cannot be read is no exception: it goes into the
        faults of the `Tables`, in the layout of `DataError`.

        Raises
        ------
        UsageError
            If the store cannot be reached, or has no table of the contract.
        """
        ...


@runtime_checkable
class OwnSource(Protocol):
    """A source that also gives its tables as they are: what a mapping and its draft read."""

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Read tables by the store's own names, with its own columns and cells.

        Parameters
        ----------
        wanted : Collection of str, optional
            Names of the store's tables; all that it has, if absent. As a mapping it also says
            which columns are read and whether their cells are compared as text: see `kinds_in`.
        rows : int, optional
            How many of each are enough.

        Returns
        -------
        Tables
            By the store's names, the faults too. A column ``row`` holds row numbers, where they
            are not simply 1, 2, 3, ...; a column of the store that is called so has another name.

        Raises
        ------
        UsageError
            If the store cannot be reached, or lacks a table that is wanted: the message names
            those it has.
        """
        ...


@runtime_checkable
class Sink(Protocol):
    """Where a plan goes to."""

    def write_result(
        self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]
    ) -> object:
        """Write a plan and what belongs to it, whole or not at all.

        Writing the same again changes nothing; of two writers at once, one has the last word on
        all of it.

        Parameters
        ----------
        tables : Mapping of str to polars.DataFrame
            ``plan``, ``unfilled``, ``prices``, ``faults``, or some of them.
        summary : Mapping
            The figures; ``summary["week"]`` is the Monday.

        Returns
        -------
        object
            What the adapter has to give back, if anything: frames, for instance.
        """
        ...

    def read_result(self) -> Output:
        """Return the tables and the summary that were written last; all empty if none were."""
        ...


@door
def open_source(where: object, **options: Any) -> Source:
    """Choose a source by URL, by path, or by what it is.

    Parameters
    ----------
    where : object
        A URL or a path; a Mapping of dataframes by table name; or a `Source`, which is returned.
    **options
        What the adapter understands.

    Raises
    ------
    UsageError
        If no adapter knows it, or the adapter does not know an option.
    """
    if where is None:
        raise _no_store(where)
    if isinstance(where, Source) and not isinstance(where, type):
        return where
    return _open("open_source", where, options)  # type: ignore[no-any-return]


@door
def open_sink(where: object, **options: Any) -> Sink:
    """Choose a sink by URL, by path, or by what it is; None asks for dataframes.

    Raises
    ------
    UsageError
        If no adapter knows it, or the adapter does not know an option; if the path is a slip (see
        `check_target`).
    """
    if isinstance(where, Sink) and not isinstance(where, type):
        return where
    if isinstance(where, str | Path) and adapter_name(where) in (PATH, REMOTE):
        check_target(where)
    return _open("open_sink", where, options)  # type: ignore[no-any-return]


def check_target(where: str | Path) -> None:
    """Refuse a path to write to that is a slip: it would become a folder that nobody meant.

    That is one with a ``~`` that nobody has expanded, or one named like one file, while a plan is
    several, where no such folder is there.
    """
    path = Path(shown(str(where)).partition("://")[2] or where)
    if not str(where).strip() or (isinstance(where, Path) and where == Path()):
        text = "where to write is empty; name a folder, or Path.cwd() for the working directory"
        raise UsageError(text)
    if str(where).startswith("~"):
        raise UsageError(
            f"{shown(str(where))}: nobody has expanded the ~; write {path.expanduser()}"
        )
    meant = _MEANT.get(path.suffix.lower())
    if meant is not None and not path.is_dir():
        bare = str(path.with_suffix("")).removesuffix(".tar")
        instead = meant.format(bare, path.suffix.lower().removeprefix("."))
        raise UsageError(
            f"{shown(str(where))} would be a folder, and is named like a file: {instead}"
        )


def missing_tables(where: str, missing: Collection[str], there: Collection[str]) -> UsageError:
    """Return the error of a store that lacks tables that are wanted."""
    has = listed(sorted(there), 20) or "none"
    return UsageError(f"{where} has no table {listed(missing)}; it has {has}")


def own_tables(
    where: str,
    there: Collection[str],
    wanted: Collection[str] | None,
    rows: int | None,
    read: Callable[[str], Read],
) -> Tables:
    """Read tables by the store's own names; for ``wanted`` and ``rows`` see `OwnSource`.

    Errors call the store ``where``; it has ``there``, and ``read`` gives a table, or None, and its
    faults.
    """
    missing = [name for name in wanted or () if name not in there]
    if missing:
        raise missing_tables(where, missing, there)
    found = collected(read, there if wanted is None else dict.fromkeys(wanted))
    if rows is None:
        return found
    return Tables({name: frame.head(rows) for name, frame in found.items()}, found.faults)


def collected(read: Callable[[str], Read], names: Iterable[str]) -> Tables:
    """Read one table after the other, each or none of it, and its faults."""
    frames, faults = {}, [no_faults()]
    for name in names:
        frame, found = read(name)
        faults.append(found)
        if frame is not None:
            frames[name] = frame
    return Tables(frames, pl.concat(faults))


def kinds_in(wanted: Collection[str] | None, table: str) -> Mapping[str, bool] | None:
    """Return the columns that are read of a table, and whether they are text; None if not said.

    A store whose cells have kinds of their own, such as errors, tells of those that do not fit.
    """
    return wanted[table] if isinstance(wanted, Mapping) else None


def adapter_name(where: object) -> str:
    """Return the name of the entry point that is responsible."""
    if where is None or isinstance(where, Mapping):
        return FRAMES
    if not isinstance(where, str | Path):
        raise _no_store(where)
    known = _points().names
    text = str(where)
    if not text.strip():
        raise UsageError("the path or URL is empty; name a folder, a .zip, an .xlsx or a URL")
    scheme, colon, rest = text.partition(":")
    if colon and scheme.partition("+")[0] in known and not rest.startswith("//"):
        raise UsageError(f"{shown(text)}: a URL has two slashes after {scheme}:")
    if is_url(where):
        scheme = scheme.partition("+")[0]
        return scheme if scheme in known and "://" in text else REMOTE
    suffix = Path(text).suffix.lower()
    return suffix if suffix in known and not Path(text).is_dir() else PATH


def _no_store(where: object) -> UsageError:
    return UsageError(
        f"{'None' if where is None else f'a {type(where).__name__}'} is no store: give a URL, a "
        "path, a mapping of dataframes by table name, or an object with the methods of "
        "matching.stores.registry.Source or Sink"
    )


def _points() -> EntryPoints:
    """Return what is registered; looked up anew when a folder of packages has changed."""
    folders = (Path(entry) for entry in sys.path)
    return _registered(tuple((path, path.stat().st_mtime) for path in folders if path.is_dir()))


@cache
def _registered(folders: tuple[tuple[Path, float], ...]) -> EntryPoints:
    return entry_points(group=GROUP)


def options_of(function: Callable[..., object]) -> list[str]:
    """Return the options that a function of an adapter takes."""
    parameters = inspect.signature(function).parameters.values()
    takes = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    return [option for name in takes for option in (_NAMED if name == "names" else (name,))]


def _open(method: str, where: object, options: Mapping[str, Any]) -> Any:
    name = adapter_name(where)
    found = list(_points().select(name=name))
    if not found:
        text = f"no installed package has an adapter called {name!r}; install volunteer-matching"
        raise UsageError(f"{text} itself (pip install .), since it registers its stores that way")
    if len({point.value for point in found}) > 1:
        homes = ", ".join(sorted(point.dist.name if point.dist else "?" for point in found))
        raise UsageError(f"several packages have an adapter for {name!r}: {homes}; keep one")
    with needing(f"the adapter {name!r}"):
        chosen = getattr(found[0].load(), method)
    allowed = options_of(chosen)
    unknown = [option for option in options if option not in allowed]
    if unknown:
        raise UsageError(
            f"the store {name!r} has no option {listed(unknown)}; "
            f"it has {', '.join(allowed) or 'none'}"
        )
    if "names" in inspect.signature(chosen).parameters:
        named = {option: options[option] for option in _NAMED if options.get(option) is not None}
        options = {n: o for n, o in options.items() if n not in _NAMED} | {"names": Names(**named)}
    with needing(f"the adapter {name!r}"):  # a driver, say
        return chosen(where, **options)
