"""Raw tables become clean ones; every cell that cannot is collected under a reason.

Clean tables have every column of the schema with its type, times as UTC, and ``row``, the number
of the data row each came from.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Literal, Protocol

import polars as pl

from matching.errors import DataError, DataWarning, UsageError, listed
from matching.guards.doors import constructor
from matching.guards.mondays import Day, monday_of
from matching.guards.showing import Shown
from matching.guards.urls import shown_value
from matching.parallel.memory import give_back
from matching.schema import BESIDE_A_WEEK, NEEDED, TABLES
from matching.tables.faults import (
    WINDOW_SKIPS,
    fault,
    faults_at,
    no_faults,
)
from matching.tables.one_table import (
    UNKNOWN,
    clean_table,
    is_meant,
    meant_by,
    numbered,
    unknown_columns,
)
from matching.tables.recurring import dated
from matching.tables.references import check_references, times_of
from matching.tables.spelling import check_spelling
from matching.tables.start_windows import started
from matching.tables.whereabouts import warn_of_places

OnError = Literal["raise", "quarantine"]


class Words(Protocol):
    """Puts faults of our tables into the words of the store that they came from."""

    def __call__(self, faults: pl.DataFrame) -> pl.DataFrame:
        """Return the faults with the store's tables, rows, columns and values."""
        ...

    def only(self, table: str) -> Words | None:
        """Return what is needed for one of our tables; None if it was not made from a store's."""
        ...


@constructor
class Tables(Shown, dict[str, pl.DataFrame]):
    """Raw tables by name, with the faults their store met while reading them.

    Parameters
    ----------
    frames : Mapping of str to polars.DataFrame
        A column ``row`` holds row numbers, where they are not simply 1, 2, 3, ...
    faults : polars.DataFrame, optional
        What could not be read, in the layout of `DataError`: rows, which are set aside if they are
        in the frames, and where ``row`` is null whole tables, which are not.
    words : Words, optional
        Puts faults of these tables into the words of the store they were made from.
    """

    def __init__(
        self,
        frames: Mapping[str, pl.DataFrame],
        faults: pl.DataFrame | None = None,
        words: Words | None = None,
    ) -> None:
        super().__init__(frames)
        self.faults = no_faults() if faults is None else faults
        self.words = words

    def _figures(self) -> dict[str, object]:
        rows: dict[str, object] = {name: frame.height for name, frame in self.items()}
        return rows | ({"faults": self.faults.height} if self.faults.height else {})


def clean(
    frames: Mapping[str, pl.DataFrame],
    *,
    week: Day,
    time_zone: str,
    option_minutes: int = 15,
    on_error: OnError = "raise",
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Check every rule of every table, and give back what keeps them.

    Parameters
    ----------
    frames : Mapping of str to polars.DataFrame
        Raw tables by name, such as `Tables`.
    week : datetime.date, str or numpy.datetime64
        The Monday to plan from.
    time_zone : str
        Of times without an offset.
    option_minutes : int
        From one start to the next in a window of ``options``.
    on_error : {"raise", "quarantine"}

    Returns
    -------
    tables : dict of str to polars.DataFrame
        All tables of the contract, empty where none was given.
    faults : polars.DataFrame
        What was set aside; empty unless ``on_error`` is ``"quarantine"``.

    Raises
    ------
    DataError
        If anything fails and ``on_error`` is ``"raise"``; it holds every fault of every table.
    """
    if on_error not in ("raise", "quarantine"):
        raise UsageError(f"on_error = {shown_value(on_error)}: write 'raise' or 'quarantine'")
    for name, frame in frames.items():
        if not isinstance(frame, pl.DataFrame):
            raise UsageError(
                f"the table {name} is {shown_value(frame)} and must be a polars.DataFrame; "
                "Problem.from_source takes other dataframes too"
            )
    week = monday_of(week)
    give_back()
    _warn_of_unknown(frames)
    faults = [frames.faults if isinstance(frames, Tables) else no_faults()]
    given, found = _numbered(frames)
    faults += found
    unread = _whole_tables(faults)
    others = [other for other in frames if other not in TABLES]
    faults += [
        fault(
            name,
            "needed_table",
            f"this table is needed and was not given{meant_by(name, others)}",
        )
        for name in NEEDED
        if name not in frames and name not in unread
    ]
    no_rows = faults[0]["row"].clear()
    unread_rows = {name: rows["row"] for (name,), rows in faults[0].group_by("table")}
    tables = {}
    for name, schema in TABLES.items():
        set_aside = unread_rows.get(name, no_rows)
        raw = given.get(name)
        tables[name], found = clean_table(name, schema, raw, set_aside, time_zone)
        faults += found
    tables["options"], twice = started(tables["options"], option_minutes)
    if len(twice):
        text = "a start of this window, or this option, has the name of another; rename one"
        faults.append(faults_at("options", given["options"], twice, ("option",), "unique", text))
    faults += check_spelling(tables, given)
    faults += check_references(tables, given, _whole_tables(faults))
    # Only requests without a fault say how far weekly windows must reach.
    windows, skipped = dated(tables["availability"], times_of(tables), week, time_zone)
    tables["availability"] = windows
    if len(skipped):
        text = WINDOW_SKIPS.format(time_zone=time_zone)
        clock = ("weekday", "start_time", "end_time")
        raw = given["availability"]
        faults.append(faults_at("availability", raw, skipped, clock, "exists_in_time_zone", text))
    every = pl.concat(faults)
    refused = every.height > 0 and on_error == "raise"
    if refused:
        # A row that is only set aside along with a faulty one needs no line of its own.
        every = every.filter(pl.col("rule") != "set_aside")
    ours = every["table"]
    if every.height and isinstance(frames, Tables) and frames.words is not None:
        every = frames.words(every)
    if refused:
        named = zip(every["table"], ours, strict=True) if len(every) == len(ours) else ()
        heights = {theirs: given[name].height for theirs, name in {*named} if name in given}
        raise DataError(every, heights=heights)
    words = frames.words if isinstance(frames, Tables) else None
    warn_of_places(tables, given, week, time_zone, words)
    return tables, every


def _whole_tables(faults: list[pl.DataFrame]) -> frozenset[str]:
    """Return the tables of which nothing could be read."""
    every = pl.concat(faults)
    return frozenset(every.filter(pl.col("row").is_null())["table"])


def _numbered(
    frames: Mapping[str, pl.DataFrame],
) -> tuple[dict[str, pl.DataFrame], list[pl.DataFrame]]:
    """Give every row its number, where the store did not."""
    given, faults = {}, []
    for name in TABLES:
        if name in frames:
            frame, found = numbered(name, frames[name])
            faults.append(found)
            if frame is not None:
                given[name] = frame
    return given, faults


def _warn_of_unknown(frames: Mapping[str, pl.DataFrame]) -> None:
    absent = [name for name in TABLES if name not in frames]
    others = [name for name in frames if name not in TABLES and name not in BESIDE_A_WEEK]
    unknown = [f"{name}{is_meant(name, absent)}" for name in others]
    for name, schema in TABLES.items():
        if name in frames:
            unknown += unknown_columns(name, schema, frames[name])
    if unknown:
        warnings.warn(UNKNOWN.format(listed(unknown)), DataWarning, stacklevel=4)
