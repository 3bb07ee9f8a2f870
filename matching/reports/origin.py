"""Where a plan's tables came from, and what was changed in them: what its summary remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from matching.errors import UsageError
from matching.guards.mondays import Day
from matching.guards.urls import is_secret, is_url, remembered
from matching.stores.mapping import mapped_source
from matching.tables.cleaning import OnError, Tables

# Of each table that changes: its rows, whose cells are text or empty.
Changes = dict[str, list[dict[str, str | None]]]


@dataclass(frozen=True)
class Origin:
    """Where tables are and how they were read.

    Attributes
    ----------
    tables : str
        A URL without password, or an absolute path.
    options : dict of str to str
        For the store.
    on_error : {"raise", "quarantine"}
    mapping : pathlib.Path, optional
        The absolute path of the mapping that they were read through, and the plan written.
    changes : tuple of dict
        What happened after the tables were written, one after the other: the changes that the plan
        was made with; see `matching.answers.edited.edited`.
    """

    tables: str
    options: dict[str, str]
    on_error: OnError
    mapping: Path | None = None
    changes: tuple[Changes, ...] = ()

    @classmethod
    def of(
        cls,
        where: str,
        options: Mapping[str, str],
        on_error: OnError,
        mapping: Path | None = None,
    ) -> Origin:
        """Remember where tables were read from; secrets of URL and options are left out."""
        place = remembered(where) if is_url(where) else str(Path(where).absolute())
        kept = {name: text for name, text in options.items() if not is_secret(name)}
        return cls(place, kept, on_error, None if mapping is None else mapping.absolute())

    @classmethod
    def from_summary(
        cls,
        summary: Mapping[str, Any],
        moved: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Origin:
        """Read what the summary of a plan remembers.

        Parameters
        ----------
        summary : Mapping
        moved : str, optional
            Where the tables are now, if not where the summary says.
        options : Mapping of str to str, optional
            For the store; they take the place of those of the same name.

        Raises
        ------
        UsageError
            If it remembers nothing, or a path that is not there.
        """
        found = summary.get("source")
        source: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        on_error: OnError = "quarantine" if source.get("on_error") == "quarantine" else "raise"
        changes = _changes_in(source)
        if moved is not None:
            return cls(moved, dict(options or {}), on_error, changes=changes)
        tables = source.get("tables")
        if not isinstance(tables, str):
            raise UsageError(
                "the plan's summary does not say where its tables are: add --tables WHERE"
            )
        if not is_url(tables) and not Path(tables).exists():
            raise UsageError(
                f"the plan was made from {tables}, which is not there: say with --tables where the "
                "tables are now"
            )
        known = source.get("options")
        kept = {} if not isinstance(known, Mapping) else {str(k): str(v) for k, v in known.items()}
        return cls(tables, kept | dict(options or {}), on_error, changes=changes)

    def read(self, mapping: Path | None, week: Day, time_zone: str) -> Tables:
        """Read the tables as they are now, with the changes that the plan was made with."""
        tables = mapped_source(self.tables, mapping, week, **self.options).read_tables()
        if self.changes:
            from matching.answers.edited import edited
        for change in self.changes:
            frames = {
                name: pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String), orient="row")
                for name, rows in change.items()
            }
            tables = edited(tables, frames, time_zone).tables
        return tables

    def to_json(self) -> dict[str, Any]:
        """Return what a summary holds under ``source``."""
        source = {"tables": self.tables, "options": self.options, "on_error": self.on_error}
        mapping = {} if self.mapping is None else {"mapping": str(self.mapping)}
        return source | mapping | ({"changes": [*self.changes]} if self.changes else {})


def _changes_in(source: Mapping[str, Any]) -> tuple[Changes, ...]:
    """Return the changes that a plan remembers."""
    found = source.get("changes", [])
    try:
        rows = [row for change in found for table in change.values() for row in table]
        whole = all(table for change in found for table in change.values())
        texts = all(isinstance(cell, str | None) for row in rows for cell in row.values())
    except (AttributeError, TypeError):
        whole = texts = False
    if not (whole and texts):
        raise UsageError("the plan's summary does not hold its changes as they were: plan again")
    return tuple(found)


def mapping_of(summary: Mapping[str, Any]) -> Path | None:
    """Return the mapping that a plan's summary remembers.

    Raises
    ------
    UsageError
        If it is not there.
    """
    source = summary.get("source")
    mapping = source.get("mapping") if isinstance(source, Mapping) else None
    if not isinstance(mapping, str):
        return None
    if not Path(mapping).is_file():
        raise UsageError(
            f"the plan was written through the mapping {mapping}, which is not there: say with "
            "--mapping where it is now"
        )
    return Path(mapping)
