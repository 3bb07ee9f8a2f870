"""A week from Parquet to a written and certified plan, against the flow an expert would write.

::

    python -m benchmarks.whole_job province --out build/job

makes the world (network rules), and plans it with `matching plan` and with `peers.raw_job` in
turn, each in a process of its own. Both must come to the same value, and the library has to prove
it. Prints seconds, memory and their ratios, and what each phase took; writes `jobs.csv` and
`phases.csv`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.cases import SEED, WEEK
from benchmarks.growth.running import LIMIT, ROOT, job
from benchmarks.vmb import meter
from matching.stores import write_tables
from matching.synthetic import generate

MEASURES = ("seconds", "cpu_seconds", "memory_mb")
WORKERS = 2


def raw(tables: Path, out: Path) -> dict[str, Any]:
    """Do the job with the raw flow; return what it took, by phase too, and the value.

    Raises
    ------
    RuntimeError
        If it failed.
    """
    command = [sys.executable, "-m", "benchmarks.peers.raw_job", str(tables), str(out)]
    # The meter hands on to its standard error what the command says.
    done = subprocess.run(
        [sys.executable, "-S", meter.__file__, str(LIMIT), *command, WEEK.isoformat()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    took = json.loads(done.stdout)
    if took["exit"] != 0:
        raise RuntimeError(f"the raw flow ended with {took['exit']}\n{done.stderr}")
    said = json.loads(done.stderr.splitlines()[-1])
    return {name: took[name] for name in MEASURES} | said


def compare(tables: Path, rounds: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Do the job in turn; return medians by contender, and by contender and phase.

    Raises
    ------
    RuntimeError
        If the two come to different values.
    """
    jobs: list[dict[str, Any]] = []
    phases: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="job-") as there:
        for turn in range(rounds):
            for name in ("ours", "raw"):
                out = Path(there, f"{name}-{turn}")
                took = job(tables, out, WORKERS) if name == "ours" else raw(tables, out)
                each = took.pop("phases")
                jobs.append(
                    {"contender": name, "value": took["value"]} | {m: took[m] for m in MEASURES}
                )
                phases += [{"contender": name, "phase": p, "seconds": s} for p, s in each.items()]
                print(f"{name}: {took['seconds']:.1f} s, {took['memory_mb']} MB", flush=True)
    values = {row["value"] for row in jobs}
    if len(values) > 1:
        raise RuntimeError(f"not the same optimum: {values}")
    by_phase = pl.DataFrame(phases).group_by("contender", "phase", maintain_order=True)
    return (
        pl.DataFrame(jobs)
        .group_by("contender", "value", maintain_order=True)
        .agg(pl.col(*MEASURES).median()),
        by_phase.agg(pl.col("seconds").median()),
    )


def ratios(jobs: pl.DataFrame) -> dict[str, float]:
    """Return ours over theirs, by measure."""
    ours, theirs = (
        jobs.row(by_predicate=pl.col("contender") == n, named=True) for n in ("ours", "raw")
    )
    return {name: ours[name] / theirs[name] for name in MEASURES}


def main(arguments: Sequence[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_job", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("size", choices=["town", "district", "city", "province"])
    parser.add_argument("--rounds", type=int, default=1, help="jobs of each")
    parser.add_argument("--out", type=Path, default=Path("build/job"), help="folder")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="world-") as there:
        write_tables(there, generate(given.size, rules="network", seed=SEED, week=WEEK), "parquet")
        jobs, phases = compare(Path(there), given.rounds)
    given.out.mkdir(parents=True, exist_ok=True)
    jobs.write_csv(given.out / "jobs.csv")
    phases.write_csv(given.out / "phases.csv", float_precision=2)
    with pl.Config(tbl_formatting="ASCII_MARKDOWN", tbl_hide_dataframe_shape=True, tbl_rows=-1):
        print(jobs)
        print(phases.pivot("contender", index="phase", values="seconds"))
    return ratios(jobs)


if __name__ == "__main__":
    for name, ratio in main().items():
        print(f"{name}: ours / raw = {ratio:.2f}")
