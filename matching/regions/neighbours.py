"""Who comes to whom: the job of each region, and the tiles of their borders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from matching.problem import columns as c
from matching.regions.borders import Tile, tile_of
from matching.regions.regional import Job, Survey, Terms


def jobs_of(surveys: list[Survey], folders: dict[str, Path], work: Path, terms: Terms) -> list[Job]:
    """Tell every region which orders somebody from elsewhere may reach, its own and others'."""
    codes = [one.code for one in surveys]
    comes, reach = _of_regions([one.reach for one in surveys])
    of, order = _of_regions([one.orders for one in surveys])
    begin, end = np.searchsorted(reach, order), np.searchsorted(reach, order, "right")
    # A row for every region that reaches a cell with orders of another.
    at = c.ranges(begin, end - begin)
    row = np.repeat(np.arange(len(order)), end - begin)
    visitor, host, cell = comes[at], of[row], order[row]
    across = visitor != host
    visitor, host, cell = visitor[across], host[across], cell[across]
    abroad: dict[int, dict[str, c.Longs]] = {number: {} for number in range(len(codes))}
    for one, other, cells in _grouped(visitor, host, cell):
        abroad[one][codes[other]] = cells
        # A neighbour is also who comes here.
        abroad[other].setdefault(codes[one], np.empty(0, np.int64))
    jobs = []
    for number, code in enumerate(codes):
        border = np.unique(cell[host == number])
        near = {other: abroad[number][other] for other in codes if other in abroad[number]}
        jobs.append(Job(code, folders[code], work, border, near, folders, terms))
    return jobs


def tiles_of(jobs: list[Job], turn: int, work: Path, terms: Terms) -> list[Tile]:
    """Cut the border: every tile with the regions that have orders there or may reach them."""
    regions: dict[int, set[str]] = {}
    for job in jobs:
        for cells in (job.border, *job.abroad.values()):
            for number in np.unique(tile_of(cells, turn)).tolist():
                regions.setdefault(number, set()).add(job.code)
    return [
        Tile(number, turn, work, tuple(sorted(codes)), terms)
        for number, codes in sorted(regions.items())
    ]


def _of_regions(cells: list[c.Longs]) -> tuple[c.Longs, c.Longs]:
    """Return the number of a region and a cell in each row, sorted by cell."""
    number = np.repeat(np.arange(len(cells)), [len(some) for some in cells])
    every = np.concatenate([np.empty(0, np.int64), *cells])
    order = np.argsort(every, kind="stable")
    return number[order], every[order]


def _grouped(visitor: c.Longs, host: c.Longs, cell: c.Longs) -> Iterator[tuple[int, int, c.Longs]]:
    """Yield who comes to whom, and the cells."""
    order = np.lexsort((cell, host, visitor))
    pair = c.combine(visitor, host)[order]
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    for rows in np.split(order, starts[1:]) if len(order) else ():
        yield int(visitor[rows[0]]), int(host[rows[0]]), cell[rows]
