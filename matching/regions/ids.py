"""What regions may share: no volunteer and no order, and of all else only rows that are the same.

Told by hashes, of which each process holds a few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from matching.errors import UsageError
from matching.parallel.tasks import run_all
from matching.regions import dataset
from matching.schema import TABLES

Hashes = npt.NDArray[np.uint64]
# Hashes that one task looks at: 256 MB.
_MOST = 1 << 24


class _Kind(NamedTuple):
    """A table, its id, and the other tables whose rows belong to it."""

    table: str
    key: str
    shared: bool
    more: tuple[str, ...] = ()


_SAID = {"id": pl.String, "said": pl.UInt64}
_KINDS = (
    _Kind("volunteers", "volunteer_id", shared=False),
    _Kind("requests", "request_id", shared=False),
    _Kind("stations", "station_id", shared=True),
    _Kind("organisations", "organisation_id", shared=True),
    _Kind("menu", "menu_item", True, ("menu_posts", "menu_qualifications", "team_rules")),
)
# What `note_ids` looks at.
NOTED = tuple(name for kind in _KINDS for name in (kind.table, *kind.more))


@dataclass(frozen=True)
class _Part:
    """Hashes of ids from ``low`` to below ``high``, of all regions."""

    paths: tuple[Path, ...]
    low: int
    high: int


def note_ids(work: Path, code: str, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write a region's ids and their contents, as pairs of hashes."""
    for kind in _KINDS:
        names = [name for name in (kind.table, *kind.more) if name in frames]
        found = [_said(frames[name], name, kind.key, kind.shared) for name in names]
        rows = pl.concat([pl.DataFrame(schema=_SAID), *found]).sort("id", "said")
        # All that is said of an id, in any order; of what no two may share, where it stands.
        all_said = pl.col("said").cast(pl.String).str.join(",") if kind.shared else pl.lit(code)
        each = rows.group_by("id", maintain_order=True).agg(said=all_said)
        out = work / "ids" / kind.table
        out.parent.mkdir(exist_ok=True)
        out.mkdir(exist_ok=True)
        pairs = np.stack([each[name].hash(0).to_numpy() for name in ("id", "said")], axis=1)
        np.save(out / f"{code}.npy", pairs[np.argsort(pairs[:, 0])])


def _said(frame: pl.DataFrame, name: str, key: str, whole: bool = False) -> pl.DataFrame:
    """Return the id of each row, and a hash of what the row says, all of it or the id alone."""
    nothing = pl.lit(None, dtype=pl.String)
    texts = frame.select(
        (pl.col(n).cast(pl.String, strict=False) if _plain(frame, n) else nothing).alias(n)
        for n in (TABLES[name].columns() if whole else [key])
    )
    said = texts.with_columns(pl.lit(name).alias("(table)")).hash_rows(0)
    return pl.DataFrame({"id": texts[key], "said": said}).drop_nulls("id")


def _plain(frame: pl.DataFrame, column: str) -> bool:
    """Tell whether a column is there and can be text; what else it holds its region will tell."""
    kind = frame.schema.get(column)
    return not (kind is None or kind.is_nested() or kind in (pl.Binary, pl.Object))


def check_ids(work: Path, folders: Mapping[str, Path], executor: Executor | None) -> None:
    """Refuse ids of which two regions say different things, and people and orders of two regions.

    Raises
    ------
    UsageError
    """
    for kind in _KINDS:
        for clashing in run_all(executor, _clashing, _parts(work / "ids" / kind.table)):
            if len(clashing):
                _refuse(kind, clashing, folders)


def _parts(folder: Path) -> Iterator[_Part]:
    paths = tuple(sorted(folder.iterdir()))
    count = sum(len(np.load(path, mmap_mode="r")) for path in paths)
    parts = count // _MOST + 1
    for part in range(parts):
        yield _Part(paths, (part << 64) // parts, (part + 1 << 64) // parts)


def _clashing(part: _Part) -> Hashes:
    """Return the hashes of ids of which two regions say different things."""
    found = []
    for path in part.paths:
        pairs = np.load(path, mmap_mode="r")
        begin = np.searchsorted(pairs[:, 0], np.uint64(part.low))
        end = np.searchsorted(pairs[:, 0], np.uint64(part.high - 1), "right")
        found.append(pairs[begin:end])
    every = np.concatenate(found)
    every = every[np.lexsort((every[:, 1], every[:, 0]))]
    same = every[1:] == every[:-1]
    clashing: Hashes = every[1:, 0][same[:, 0] & ~same[:, 1]]
    return clashing


def _refuse(kind: _Kind, clashing: Hashes, folders: Mapping[str, Path]) -> None:
    """Name an id: of two that have one hash neither is in two regions."""
    seen: dict[str, list[str]] = {}
    for code, folder in folders.items():
        frame = dataset.read(folder, kind.table)
        if frame is None:
            continue
        ids = _said(frame, kind.table, kind.key)["id"].unique(maintain_order=True)
        alike = pl.Series(np.isin(ids.hash(0).to_numpy(), clashing), dtype=pl.Boolean)
        for one in ids.filter(alike):
            seen.setdefault(one, []).append(code)
    for one, codes in seen.items():
        if len(codes) > 1:
            what = " with different rows; let them be the same" if kind.shared else "; keep one"
            raise UsageError(
                f"{kind.key} {one!r} stands in the regions {', '.join(codes)}{what}, "
                "or write the region before every id"
            )
