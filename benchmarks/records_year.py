"""A year of records from Parquet to credited hours, and from these to indicators.

::

    python -m benchmarks.records_year --volunteers 2660000 --out build/records

makes the records (six for each volunteer, mistakes and all), their requests, the volunteers and
stations, unless they are there, and asks the two commands one after the other, each in a process
of its own. Prints seconds, seconds of the processors and the most memory of each; writes
`records.csv`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.cases import SEED
from benchmarks.vmb import meter
from matching.synthetic.records import as_of, stations, year_of_records

LIMIT = 3600


def made(volunteers: int, folder: Path) -> int:
    """Write a year's tables, and return how many records there are."""
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        for name in ("records", "requests", "volunteers"):
            (part / name).mkdir(parents=True)
        for number, tables in enumerate(year_of_records(volunteers, SEED)):
            for name, frame in zip(("records", "requests", "volunteers"), tables, strict=True):
                frame.write_parquet(part / name / f"{number:04}.parquet")
        stations(volunteers).write_parquet(part / "stations.parquet")
        part.rename(folder)
    return int(pl.scan_parquet(folder / "records/*.parquet").select(pl.len()).collect().item())


def measured(name: str, *arguments: object) -> dict[str, Any]:
    """Run a command of records, and return what it took."""
    command = [sys.executable, "-m", "matching", "records", name, *map(str, arguments)]
    done = subprocess.run(
        [sys.executable, "-S", meter.__file__, str(LIMIT), *command],
        capture_output=True,
        text=True,
        check=True,
    )
    took = json.loads(done.stdout)
    if took["exit"] != 0:
        raise RuntimeError(f"{name} ended with {took['exit']}\n{done.stderr}")
    return {"command": name} | {key: took[key] for key in ("seconds", "cpu_seconds", "memory_mb")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--volunteers", type=int, default=26_600)
    parser.add_argument("--out", type=Path, default=Path("build/records"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    year, kept = asked.out / f"year-{asked.volunteers}", asked.out / "credited"
    records = made(asked.volunteers, year)
    moment = as_of().isoformat(timespec="minutes")
    hours = asked.out / "hours.parquet"
    rows = [
        measured("hours", year, "--as-of", moment, "--keep", kept, "--out", hours),
        measured("indicators", kept, "--tables", year, "--out", asked.out / "indicators.parquet"),
    ]
    found = pl.DataFrame([{"records": records} | row for row in rows])
    found.write_csv(asked.out / "records.csv")
    total = pl.read_parquet(hours)["hours"].sum()
    print(f"{records:,} records of {asked.volunteers:,} volunteers, {total:,.0f} hours")
    for row in rows:
        print(
            f"  {row['command']:<12}{row['seconds']:>8.1f} s {row['cpu_seconds']:>8.1f} s of "
            f"processors {row['memory_mb']:>8,.0f} MB"
        )


if __name__ == "__main__":
    main()
