"""Rows too many for the memory, in files by volunteer: all of one volunteer are in one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

# Of a province's year each file holds a quarter of a million records.
FILES = 64
_HELD = 1 << 20


class Spill:
    """Frames that are kept in memory while they are few, and by volunteer on disk when not.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder, for as long as the rows are needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[pl.DataFrame] = []
        self._rows, self._files = 0, 0
        self._ids: list[np.ndarray[tuple[int], np.dtype[np.uint64]]] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows; ``record_id`` and ``volunteer_id`` are among their columns."""
        self._held.append(rows)
        self._rows += rows.height
        self._ids.append(rows["record_id"].hash().to_numpy())
        if self._rows >= _HELD:
            self._write()

    def parts(self) -> Iterator[pl.DataFrame]:
        """Give all rows, those of one volunteer together."""
        if not self._files:
            if self._held:
                yield pl.concat(self._held)
            return
        self._write()
        for number in range(FILES):
            paths = sorted(self._folder.glob(f"{number:02}-*"))
            if paths:
                yield pl.concat([pl.read_ipc(path) for path in paths])

    def contested(self) -> pl.Series:
        """Return the ids of which two rows say different things, wherever they are.

        Ids are told apart by 64 bits: of 16 million, with odds of one in a hundred thousand, two
        different ones would be taken for one, and then neither counts and both are told.
        """
        empty = pl.Series("record_id", [], pl.String)
        if not self._files:
            return empty  # one part, which sees for itself
        every = np.sort(np.concatenate(self._ids))
        twice = pl.Series(np.unique(every[1:][every[1:] == every[:-1]]), dtype=pl.UInt64)
        if not len(twice):
            return empty
        found = []
        for part in self.parts():
            said = [name for name in part.columns if name != "row"]
            some = part.filter(part["record_id"].hash().is_in(twice.implode()))
            found.append(some.select("record_id", said=pl.struct(said).hash()).unique())
        told = pl.concat(found).unique()
        return told.filter(pl.col("record_id").is_duplicated())["record_id"].unique()

    def _write(self) -> None:
        if not self._held:
            return
        rows = pl.concat(self._held)
        self._held, self._rows = [], 0
        keyed = rows.with_columns(_file=pl.col("volunteer_id").hash() % FILES)
        parts = keyed.partition_by("_file", include_key=False, as_dict=True)
        for (number,), part in parts.items():
            part.write_ipc(self._folder / f"{number:02}-{self._files:04}", compression="lz4")
        self._files += 1
