"""A folder of files as tables, and what a plan left there."""

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from matching.errors import DataError, NoTables, UsageError, listed
from matching.guards.likeness import near_path
from matching.schema import NEEDED, TABLES, Output
from matching.stores.files import writing
from matching.stores.files.encoding import check_encoding
from matching.stores.files.formats import FORMATS, SUMMARY, format_of, read_file
from matching.stores.files.switch import reading
from matching.stores.files.writing import Format
from matching.stores.names import AS_OURS, RESULT_TABLES, Names, check_file_names
from matching.stores.registry import Read, collected, kinds_in, own_tables
from matching.stores.results import summary_of, time_zone_of, typed
from matching.tables.cleaning import Tables
from matching.tables.faults import fault

_OTHER_WORKBOOKS = (".xls", ".xlsm", ".xlsb", ".ods", ".et", ".numbers")


def read_tables(
    folder: Path | str, names: Names | None = None, encoding: str | None = None
) -> Tables:
    """Read every table of the contract that stands in a folder.

    Files named for no table are ignored; those whose format is known are handed on as empty
    tables, so that whoever checks the tables can warn of them.

    Parameters
    ----------
    folder : pathlib.Path or str
        Holds ``volunteers.csv``, ``requests.parquet`` and so on, in any of `FORMATS`.
    names : Names, optional
        What files and columns are called, where it is not as in the contract.
    encoding : str, optional
        Of CSV files, as Python calls it; found by looking, if absent.

    Returns
    -------
    Tables
        The tables, and the faults met while reading. A table that could not be read at all is
        absent and has a fault whose ``row`` is null.

    Raises
    ------
    UsageError
        If this is no folder, or holds no table.
    """
    names = names or Names()
    folder = _folder_of(folder, encoding, _wanted_files(names))
    with reading(folder):
        files = _files_of(folder, names)
        if not any(name in TABLES for name in files):
            seen = listed(sorted(path.name for path in folder.iterdir())) or "nothing"
            raise NoTables(
                f"{folder} holds no table: it has {seen}; wanted are {_wanted_files(names)}", folder
            )

        def read(name: str) -> Read:
            return _read_one(name, files[name], encoding, names.kinds(name))

        found = collected(read, (name for name in files if name in TABLES))
    others = {n: pl.DataFrame() for n in files if n not in (*TABLES, *RESULT_TABLES)}
    return Tables({n: names.read(n, f) for n, f in found.items()} | others, found.faults)


def read_plan(path: Path | str) -> pl.DataFrame:
    """Read the table ``plan`` from a folder or from a file of any name.

    Returns
    -------
    polars.DataFrame
        The columns that are there; ``start`` and ``end`` as local times, ``quality`` as a number,
        all else as text.

    Raises
    ------
    UsageError
        If there is no such file.
    DataError
        If it cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        frame = _read_result("plan", path)
        if frame is None:
            wanted = " or ".join(f"plan.{format}" for format in FORMATS)
            raise UsageError(f"{path} holds no plan; wanted is {wanted}")
        return frame
    missing = f"{path} does not exist; name a plan's file, or the folder that holds it"
    missing += near_path(path)
    if not path.parent.is_dir():
        raise UsageError(missing)
    with reading(path.parent):
        if not path.is_file():
            raise UsageError(missing)
        if format_of(path) is None:
            wanted = " or ".join(f".{format}" for format in FORMATS)
            raise UsageError(f"{path} is not a plan; its name must end in {wanted}")
        return typed("plan", *_read_one("plan", [path]), _time_zone(path.parent))


def read_prices(folder: Path | str) -> pl.DataFrame | None:
    """Read the table ``prices`` from the folder of a result; None if it has none.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    return _read_result("prices", Path(folder))


def read_summary(folder: Path | str) -> dict[str, Any] | None:
    """Read the summary from the folder of a result; None if it has none.

    Raises
    ------
    DataError
        If it is not a JSON object in UTF-8, or a value that a plan is checked against is none.
    """
    path = Path(folder) / SUMMARY
    if not path.parent.is_dir():
        return None
    with reading(path.parent):
        if not path.is_file():
            return None
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            text = f"{path} is not a summary: {error}; plan again to write it anew"
            raise DataError(fault("summary", "json", text)) from None
    return summary_of(text, path)


class Folder:
    """A folder of files: a source and a sink."""

    def __init__(
        self, path: Path, names: Names, *, format: Format = "csv", encoding: str | None = None
    ) -> None:
        check_file_names(names)
        self.path, self.names, self.format, self.encoding = path, names, format, encoding

    def read_tables(self) -> Tables:
        """Read every table; see `read_tables`."""
        return read_tables(self.path, self.names, self.encoding)

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Read the files by their own names; see `registry.OwnSource`."""
        folder = _folder_of(self.path, self.encoding, "the tables")
        with reading(folder):
            files = _files_of(folder, AS_OURS)

            def read(name: str) -> Read:
                return _read_one(name, files[name], self.encoding, kinds_in(wanted, name))

            return own_tables(str(folder), files, wanted, rows, read)

    def read_result(self) -> Output:
        """Read what a plan left here."""
        if not self.path.is_dir():
            return {}, {}
        with reading(self.path):
            found = {name: _read_result(name, self.path, self.names) for name in RESULT_TABLES}
            tables = {name: frame for name, frame in found.items() if frame is not None}
            return tables, read_summary(self.path) or {}

    def read_summary(self, week: date | None = None) -> Mapping[str, Any]:
        """Read the summary alone; see `earlier.Remembering`."""
        return read_summary(self.path) or {}

    def write_result(self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> None:
        """Write a plan and what belongs to it; see `writing.write_result`."""
        writing.write_result(self.path, tables, summary, self.format, self.names)

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write tables of the contract; see `writing.write_tables`."""
        writing.write_tables(self.path, tables, self.format, self.names)


def _folder_of(folder: Path | str, encoding: str | None, wanted: str) -> Path:
    folder = Path(folder)
    check_encoding(encoding)
    if folder.is_file() and folder.suffix.lower() in _OTHER_WORKBOOKS:
        instead = folder.with_suffix(".xlsx").name
        text = f"is a workbook of another kind; save it as .xlsx and name that file, {instead}"
        raise NoTables(f"{folder} {text}", folder)
    if folder.is_file():
        raise NoTables(
            f"{folder} is a file, not a folder; name the folder that holds {wanted}", folder
        )
    if not folder.is_dir():
        text = f"does not exist; name the folder that holds {wanted}{near_path(folder)}"
        raise UsageError(f"{folder} {text}")
    return folder


def _wanted_files(names: Names) -> str:
    wanted = ", ".join(f"{names.theirs(name)}.csv" for name in NEEDED)
    return f"{wanted} and the other tables (or .{', .'.join(FORMATS[1:])})"


def _files_of(folder: Path, names: Names) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith((".", "~$"))
        if format_of(path) and path.is_file() and not hidden:
            files.setdefault(names.ours(path.stem), []).append(path)
    return files


def _read_one(
    table: str,
    paths: list[Path],
    encoding: str | None = None,
    kinds: Mapping[str, bool] | None = None,
) -> Read:
    if len(paths) > 1:
        both = listed(path.name for path in paths)
        text = "the folder has several files of this table; keep one and take the others out"
        return None, fault(table, "one_file", text, value=both)
    return read_file(table, paths[0], encoding, kinds)


def _read_result(table: str, folder: Path, names: Names | None = None) -> pl.DataFrame | None:
    if not folder.is_dir():
        return None
    with reading(folder):
        paths = _files_of(folder, names or Names()).get(table, [])
        return typed(table, *_read_one(table, paths), _time_zone(folder)) if paths else None


def _time_zone(folder: Path) -> str:
    try:
        return time_zone_of(read_summary(folder))
    except DataError:  # whoever wants the summary is told
        return time_zone_of(None)
