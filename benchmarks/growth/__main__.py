"""How time and memory grow with the number of volunteers, at one density, under network rules.

::

    python -m benchmarks.growth --largest 266000 --out build/growth

makes worlds from 26,600 volunteers on, plans each from Parquet to a written and certified plan in
a process of its own, and writes `points.csv`, `phases.csv`, `slopes.csv`, `phase-slopes.csv` and a
plot. Rounds go through all sizes in turn; what counts is the median.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.growth import drawing, fitting
from benchmarks.growth.running import job, write_apart, write_tiny
from benchmarks.growth.worlds import LARGEST, World, ladder


def measure(worlds: list[World], rounds: int, workers: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a row per job, and a row per job and phase; ``volunteers`` 30 is the tiny world's."""
    jobs: list[dict[str, Any]] = []
    phases: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="growth-") as there:
        tiny, out = Path(there, "tiny"), Path(there, "plan")
        write_tiny(tiny)
        known = [(tiny, {"volunteers": 30, "requests": 5, "arcs": 0})]
        for world in worlds:
            folder = Path(there, f"{world.copies}")
            arcs = write_apart(world, folder)
            people, orders = world.copies * world.volunteers, world.copies * world.requests
            known.append((folder, {"volunteers": people, "requests": orders, "arcs": arcs}))
            print(f"made {people:,} volunteers, {orders:,} requests, {arcs:,} arcs", flush=True)
        for turn in range(rounds):
            for folder, counts in known:
                done = job(folder, out, workers)
                each = done.pop("phases")
                jobs.append(counts | done | {"round": turn})
                phases += [
                    {"volunteers": counts["volunteers"], "phase": name, "seconds": seconds}
                    for name, seconds in each.items()
                ]
                print(
                    f"planned {counts['volunteers']:,} volunteers in {done['seconds']:.1f} s",
                    flush=True,
                )
    return pl.DataFrame(jobs), pl.DataFrame(phases)


def report(jobs: pl.DataFrame, phases: pl.DataFrame, folder: Path) -> dict[str, pl.DataFrame]:
    """Take medians over the rounds, fit, draw, and write; return the tables written."""
    keys = ["volunteers", "requests", "arcs", "value", "seats", "filled"]
    medians = pl.col(*fitting.MEASURES).median()
    every = jobs.group_by(keys, maintain_order=True).agg(medians).sort("volunteers")
    start = every.row(0, named=True)
    points = every[1:].with_columns(
        arcs_per_volunteer=(pl.col("arcs") / pl.col("volunteers")).round(3)
    )
    phases = phases.group_by("volunteers", "phase", maintain_order=True).agg(
        pl.col("seconds").median()
    )
    phases = phases.filter(pl.col("volunteers") > start["volunteers"])
    slopes = fitting.whole(points, {name: start[name] for name in fitting.MEASURES})
    tables = {
        "points": points,
        "phases": phases,
        "slopes": slopes,
        "phase-slopes": fitting.by_phase(phases),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.write_csv(folder / f"{name}.csv", float_precision=4)
    drawing.write(drawing.draw(points, phases, slopes), folder)
    return tables


def main(arguments: Sequence[str] | None = None) -> dict[str, pl.DataFrame]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--largest", type=int, default=LARGEST, help="volunteers, at most")
    parser.add_argument("--per-decade", type=int, default=4, help="worlds to a factor of ten")
    parser.add_argument("--rounds", type=int, default=3, help="jobs for each world")
    parser.add_argument("--workers", type=int, default=2, help="threads")
    parser.add_argument("--out", type=Path, default=Path("build/growth"), help="folder")
    given = parser.parse_args(arguments)
    worlds = ladder(given.largest, given.per_decade)
    return report(*measure(worlds, given.rounds, given.workers), given.out)


if __name__ == "__main__":
    with pl.Config(
        tbl_formatting="ASCII_MARKDOWN",
        tbl_hide_column_data_types=True,
        tbl_hide_dataframe_shape=True,
        tbl_width_chars=160,
        tbl_rows=-1,
        tbl_cols=-1,
        float_precision=3,
    ):
        for name, table in main().items():
            if name != "phases":
                print(table)
