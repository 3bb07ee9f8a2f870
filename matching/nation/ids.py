"""No volunteer and no order is in two regions: told by hashes, a part of them at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from matching.errors import UsageError
from matching.nation import dataset
from matching.tasks import run_all

Hashes = npt.NDArray[np.uint64]
_COLUMNS = {"volunteers": "volunteer_id", "requests": "request_id"}
# Hashes that one task looks at: 128 MB.
_MOST = 1 << 24


@dataclass(frozen=True)
class _Part:
    """Hashes from ``low`` to below ``high`` of all regions."""

    paths: tuple[Path, ...]
    low: int
    high: int


def note_ids(work: Path, code: str, name: str, frame: pl.DataFrame | None) -> None:
    """Write down the hashes of a region's ids."""
    folder = work / "ids" / name
    folder.parent.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    np.save(folder / f"{code}.npy", np.unique(_hashes(name, frame)))


def _hashes(name: str, frame: pl.DataFrame | None) -> Hashes:
    if frame is None or _COLUMNS[name] not in frame.columns:
        return np.empty(0, np.uint64)
    hashes: Hashes = frame[_COLUMNS[name]].cast(pl.String).drop_nulls().hash(0).to_numpy()
    return hashes


def check_ids(work: Path, folders: Mapping[str, Path], executor: Executor | None) -> None:
    """Refuse ids that stand in two regions: a volunteer would have two weeks at a time.

    Raises
    ------
    UsageError
    """
    for name in _COLUMNS:
        for twice in run_all(executor, _twice, _parts(work / "ids" / name)):
            # Two ids may have one hash: what counts are the ids themselves.
            if len(twice):
                _refuse(name, twice, folders)


def _parts(folder: Path) -> Iterator[_Part]:
    paths = tuple(sorted(folder.iterdir()))
    many = sum(len(np.load(path, mmap_mode="r")) for path in paths)
    parts = many // _MOST + 1
    for part in range(parts):
        yield _Part(paths, (part << 64) // parts, (part + 1 << 64) // parts)


def _twice(part: _Part) -> Hashes:
    """Return the hashes that stand in two regions."""
    found = []
    for path in part.paths:
        hashes = np.load(path, mmap_mode="r")
        begin = np.searchsorted(hashes, np.uint64(part.low))
        end = np.searchsorted(hashes, np.uint64(part.high - 1), "right")
        found.append(hashes[begin:end])
    every: Hashes = np.sort(np.concatenate(found))
    twice: Hashes = every[1:][every[1:] == every[:-1]]
    return twice


def _refuse(name: str, twice: Hashes, folders: Mapping[str, Path]) -> None:
    seen: dict[str, str] = {}
    for code, folder in folders.items():
        frame = dataset.read(folder, name)
        if frame is None or _COLUMNS[name] not in frame.columns:
            continue
        alike = pl.Series(np.isin(_hashes(name, frame.drop_nulls(_COLUMNS[name])), twice))
        ids = frame[_COLUMNS[name]].drop_nulls().cast(pl.String).filter(alike)
        for one in ids.unique(maintain_order=True):
            if one in seen:
                raise UsageError(
                    f"{_COLUMNS[name]} {one!r} stands in region {seen[one]} and in region {code}; "
                    "keep one of them, or write the region before every id"
                )
            seen[one] = code
