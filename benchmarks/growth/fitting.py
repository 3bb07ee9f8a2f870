"""Slopes on log-log scales, of the whole and of each phase, with the start-up taken off or not."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.growth.running import AROUND

MEASURES = ("seconds", "cpu_seconds", "memory_mb")
# A phase that takes less than this is noise.
SHORTEST = 0.02
GOAL = 1.1


def slope(x: pl.Series, y: pl.Series) -> float | None:
    """Return the exponent k of the power law ``y = a x^k`` that fits best; None without two points.

    Least squares of log(y) on log(x). Values of y that are not positive say nothing and are left
    out.
    """
    seen = (y > 0).to_numpy()
    across, up = np.log(x.to_numpy()[seen]), np.log(y.to_numpy()[seen])
    if len(np.unique(across)) < 2:
        return None
    return float(np.polyfit(across, up, 1)[0])


def whole(points: pl.DataFrame, start: dict[str, float]) -> pl.DataFrame:
    """Return ``measure``, ``gross`` and ``net`` slopes; net is without what a tiny job takes.

    Parameters
    ----------
    points : polars.DataFrame
        A row per world, with ``volunteers`` and the columns of `MEASURES`.
    start : dict of str to float
        What a tiny world's job takes.
    """
    rows = [
        {
            "measure": name,
            "start": start[name],
            "gross": slope(points["volunteers"], points[name]),
            "net": slope(points["volunteers"], points[name] - start[name]),
        }
        for name in MEASURES
    ]
    return pl.DataFrame(rows)


def by_phase(phases: pl.DataFrame) -> pl.DataFrame:
    """Return ``phase``, its ``slope``, its share of the largest job, and whether it is too steep.

    Parameters
    ----------
    phases : polars.DataFrame
        Columns ``volunteers``, ``phase``, ``seconds``; a row per world and phase.
    """
    largest = phases.filter(pl.col("volunteers") == pl.col("volunteers").max())
    total = float(largest["seconds"].sum())
    rows = []
    for name in phases["phase"].unique(maintain_order=True):
        part = phases.filter(pl.col("phase") == name, pl.col("seconds") >= SHORTEST)
        k = None if name == AROUND else slope(part["volunteers"], part["seconds"])
        last = float(largest.filter(pl.col("phase") == name)["seconds"].sum())
        rows.append({"phase": name, "slope": k, "seconds": last, "share": last / total})
    schema = {"phase": pl.String, "slope": pl.Float64, "seconds": pl.Float64, "share": pl.Float64}
    return pl.DataFrame(rows, schema=schema).with_columns(steep=pl.col("slope") > GOAL)
