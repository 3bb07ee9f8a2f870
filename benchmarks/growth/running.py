"""The whole job in a process of its own: `matching plan`, from Parquet to a certified plan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.growth.worlds import SEED, WEEK, World
from benchmarks.vmb import meter
from matching import Problem
from matching.arcs.eligibility import eligible
from matching.stores import read_tables, write_tables
from matching.synthetic import generate

PLAN = [sys.executable, "-c", "from matching.cli import app; app()", "plan"]
ROOT = Path(__file__).parent.parent.parent
# Seconds after which a job is given up: ten hours.
LIMIT = 36_000
# What the phases leave: starting Python, loading libraries, printing.
AROUND = "start and end"


def write_tiny(folder: Path) -> None:
    """Make a world so small that the time of its job is that of starting."""
    tables = generate("town", volunteers=30, requests=5, seed=SEED, week=WEEK)
    write_tables(folder, tables, "parquet")


def write_apart(world: World, folder: Path) -> int:
    """Make a world in a process of its own, whose memory goes with it; return its arcs."""
    counts = [str(world.copies), str(world.volunteers), str(world.requests)]
    command = [sys.executable, "-m", "benchmarks.growth.running", str(folder), *counts]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout)


def job(tables: Path, out: Path, workers: int) -> dict[str, Any]:
    """Plan the tables of a folder; return what it took, by phase too, and what came out.

    Raises
    ------
    RuntimeError
        If there is no plan, or it is not proved optimal.
    """
    command = [*PLAN, str(tables), "--week", WEEK.isoformat(), "--out", str(out)]
    command += ["--format", "parquet", "--gap", "0", "--workers", str(workers), "--json"]
    # The meter hands on to its standard error what the command says.
    done = subprocess.run(
        [sys.executable, "-S", meter.__file__, str(LIMIT), *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    took = json.loads(done.stdout)
    if took["exit"] != 0:
        raise RuntimeError(f"{tables}: exit status {took['exit']}\n{done.stderr}")
    # Warnings come before.
    summary = json.loads(done.stderr[done.stderr.index("{\n") :])
    if summary["status"] != "optimal":
        raise RuntimeError(f"{tables}: the plan is {summary['status']}, not proved optimal")
    phases: dict[str, float] = summary["timings"]
    around = max(0.0, took["seconds"] - sum(phases.values()))
    known = {name: took[name] for name in ("seconds", "cpu_seconds", "memory_mb")}
    known |= {name: summary[name] for name in ("value", "seats", "filled")}
    return known | {"phases": phases | {AROUND: around}}


if __name__ == "__main__":
    where, *counts = sys.argv[1:]
    World(*map(int, counts)).write(Path(where))
    print(len(eligible(Problem.from_tables(read_tables(where), WEEK), 2)))
