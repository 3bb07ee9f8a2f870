"""A data set in parts: a folder of folders ``region=CODE``, each with the tables of one region."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread

import polars as pl

from matching.errors import DataError, DataWarning, PolicyError, UsageError
from matching.schema import NEEDED, TABLES
from matching.tables.faults import fault

Frames = dict[str, pl.DataFrame]
_KEY = "region="
_PEOPLE = ("volunteer_id", "volunteer_a", "volunteer_b")


def is_partitioned(path: object) -> bool:
    """Tell whether a path is a folder of regions."""
    return isinstance(path, str | Path) and bool(folders(Path(path)))


def folders(path: Path) -> list[Path]:
    """Return the folders of regions that are there, if any."""
    found = path.glob(f"{_KEY}*") if path.is_dir() else ()
    return sorted(folder for folder in found if folder.is_dir())


def regions(path: Path) -> dict[str, Path]:
    """Return the folder of each region by its code.

    Raises
    ------
    UsageError
        If there is none.
    """
    found = {folder.name.removeprefix(_KEY): folder for folder in folders(path)}
    if not found:
        raise UsageError(f"{path} has no folders {_KEY}CODE, such as {_KEY}23, with tables in them")
    return found


def folder_of(path: Path, code: str) -> Path:
    """Return where a region is."""
    return path / f"{_KEY}{code}"


@contextmanager
def named(whose: str, *, rows: bool = True) -> Iterator[None]:
    """Say of an error which region's it is.

    Parameters
    ----------
    whose : str
    rows : bool
        Whether the numbers of rows are those of a file. Where tables were put together, nothing is
        warned of either: each region is warned of by itself.
    """
    try:
        if rows or current_thread() is not main_thread():  # filters are the whole process's
            yield
        else:
            with warnings.catch_warnings(action="ignore", category=DataWarning):
                yield
    except DataError as error:
        faults = error.faults
        if not rows:
            faults = faults.with_columns(row=pl.lit(None, dtype=pl.Int64))
        raise DataError(faults, error.whose or whose) from None
    except (PolicyError, UsageError) as error:
        raise type(error)(f"{whose}: {error}") from None


def read(folder: Path, name: str) -> pl.DataFrame | None:
    """Read one table of a region; None if it has none.

    Raises
    ------
    DataError
        If the file is broken.
    """
    path = folder / f"{name}.parquet"
    if not path.is_file():
        return None
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).partition("\n")[0]
        text = f"not a Parquet file, or a broken one ({reason}); write it anew"
        whose = f"region {folder.name.removeprefix(_KEY)}"
        raise DataError(fault(name, "parquet", text, value=path.name), whose) from None
    # Ids that are numbers or categories are text all the same.
    columns = TABLES[name].columns() if name in TABLES else {}
    return frame.with_columns(
        pl.col(column).cast(pl.String)
        for column, kind in frame.schema.items()
        if column in columns
        and columns[column].dtype == pl.String
        and (kind.is_integer() or isinstance(kind, pl.Categorical | pl.Enum))
    )


def read_own(folder: Path, name: str) -> pl.DataFrame:
    """Read a table that this run wrote."""
    frame = read(folder, name)
    if frame is None:
        raise FileNotFoundError(2, "was written by this run and is gone", folder / name)
    return frame


def read_all(folder: Path) -> Frames:
    """Read every table of the contract that is there, in the contract's columns.

    Where nothing is known of stations or organisations, their ids stand there by themselves: put
    together with a neighbour's they must be known.
    """
    found = {name: frame for name in TABLES if (frame := read(folder, name)) is not None}
    for name, key in (("stations", "station_id"), ("organisations", "organisation_id")):
        named = _named([found[n] for n in ("volunteers", "requests", "menu") if n in found], key)
        if name not in found and len(named):
            found[name] = named.rename(key).to_frame()
    return found


def read_meeting(folder: Path) -> Frames:
    """Read all of a region whose people meet others: what holds for all of them is said of each."""
    frames = read_all(folder)
    if "limits" in frames:
        ids = frames["volunteers"]["volunteer_id"]
        frames["limits"] = _of_each(frames["limits"], ids)
    return frames


def check_files(folder: Path) -> None:
    """Refuse files that would not be read, and a region without a table that each needs.

    Raises
    ------
    UsageError
    """
    for path in sorted(folder.glob("*.*")):
        stray = path.stem in TABLES or path.suffix == ".parquet"
        if stray and (path.suffix, path.stem in TABLES) != (".parquet", True):
            raise UsageError(
                f"{path} is not read: a region's tables are Parquet files with the names of the "
                "contract, such as pairs.parquet; write it so, or take it away"
            )
    for name in NEEDED:
        if not (folder / f"{name}.parquet").is_file():
            wanted = ", ".join(f"{needed}.parquet" for needed in NEEDED)
            raise UsageError(f"{folder} has no {name}.parquet; every region needs {wanted}")


def write_all(folder: Path, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write tables for others of this run to read.

    The run's own folder, two levels up, must be there: who still works for a run that was given
    up finds it gone, and leaves nothing behind.
    """
    folder.parent.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")


def only(frames: Frames, volunteers: pl.Series | None, requests: pl.Series | None) -> Frames:
    """Return the rows about some volunteers and some requests, and what they refer to.

    Parameters
    ----------
    volunteers, requests : polars.Series or None
        Ids; None keeps all.
    """
    kept = {}
    for name, frame in frames.items():
        if name == "limits" and volunteers is not None:
            frame = _of_each(frame, volunteers)
        for ids, columns in ((volunteers, _PEOPLE), (requests, ("request_id",))):
            for column in columns:
                if ids is not None and column in frame.columns:
                    known = pl.col(column).is_in(ids.implode())
                    if name == "team_rules":
                        known |= pl.col(column).is_null()
                    frame = frame.filter(known)
        kept[name] = frame
    if "groups" in kept:
        kept["groups"] = kept["groups"].filter(pl.col("group_id").is_duplicated())
    return _referred(kept)


def _of_each(limits: pl.DataFrame, volunteers: pl.Series) -> pl.DataFrame:
    """Say of each volunteer what holds for all of their region: soon they meet others."""
    if "volunteer_id" not in limits.columns:
        limits = limits.with_columns(volunteer_id=pl.lit(None, dtype=pl.String))
    for_all = limits.filter(pl.col("volunteer_id").is_null())
    if for_all.is_empty():
        return limits
    each = volunteers.cast(pl.String).rename("volunteer_id").to_frame()
    each = each.join(for_all.drop("volunteer_id"), how="cross").select(limits.columns)
    rows = pl.concat([limits.filter(pl.col("volunteer_id").is_not_null()), each])
    # The lowest of equal ones: a table says each only once.
    said = [name for name in ("volunteer_id", "subject", "value") if name in rows.columns]
    most = pl.col("max_shifts").cast(pl.Float64, strict=False)
    return rows.sort(most, maintain_order=True).unique(said, keep="first", maintain_order=True)


def _referred(frames: Frames) -> Frames:
    """Leave out stations, their ways, and organisations that no row names; those above one stay."""
    tables = [frames[name] for name in ("volunteers", "requests", "menu") if name in frames]
    if "stations" in frames:
        named = _named(tables, "station_id")
        rows = frames["stations"].filter(pl.col("station_id").is_in(named.implode()))
        frames["stations"] = rows
        if "travel" in frames:
            known = pl.col("from_station", "to_station").cast(pl.String).is_in(named.implode())
            frames["travel"] = frames["travel"].filter(pl.all_horizontal(known))
    if "organisations" in frames:
        every, named = frames["organisations"], _named(tables, "organisation_id")
        while True:
            rows = every.filter(pl.col("organisation_id").is_in(named.implode()))
            above = _named([rows], "parent_id")
            more = pl.concat([named, above]).unique()
            if len(more) == len(named):
                break
            named = more
        frames["organisations"] = rows
    return frames


def _named(tables: Iterable[pl.DataFrame], column: str) -> pl.Series:
    found = [frame[column].cast(pl.String) for frame in tables if column in frame.columns]
    return pl.concat([pl.Series([], dtype=pl.String), *found]).drop_nulls().unique()


def joined(parts: Iterable[Frames]) -> Frames:
    """Put the tables of several regions together; what all of them share stands there once."""
    every: dict[str, list[pl.DataFrame]] = {}
    for frames in parts:
        for name, frame in frames.items():
            every.setdefault(name, []).append(frame)
    return {
        name: pl.concat(_alike(name, frames), how="diagonal_relaxed").unique(maintain_order=True)
        for name, frames in every.items()
    }


def _alike(name: str, frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Leave out what is no column of the contract; write times as text if only some have a zone."""
    columns = TABLES[name].columns()
    known = [frame.select(n for n in frame.columns if n in columns) for frame in frames]
    for column in columns:
        kinds = [frame.schema[column] for frame in known if column in frame.columns]
        zones = {kind.time_zone for kind in kinds if isinstance(kind, pl.Datetime)}
        if len(zones) > 1:
            known = [_with_text(frame, column) for frame in known]
    return known


def _with_text(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    kind = frame.schema.get(column)
    if not isinstance(kind, pl.Datetime):
        return frame
    offset = "%:z" if kind.time_zone else ""
    return frame.with_columns(pl.col(column).dt.to_string(f"%Y-%m-%dT%H:%M{offset}"))
