"""Phases against a stored baseline, as multiples of one peer's time: figures that travel.

::

    python -m benchmarks.comparing            # measure, compare, print; exit status 1 if slower
    python -m benchmarks.comparing --update   # measure, and store as the new baseline

Seconds are of one machine and one moment. So each round runs the raw flow (`peers/raw_flow.py`:
OR-Tools over every eligible arc of the same world, which no change of ours touches) and then each
phase; what counts is the median, over the rounds, of the phase's processor time as a multiple of
the flow's of the same round. (Processor time: what else the machine does is not ours. And one
thread: threads that wait for each other take processor time, and more of it on a quiet machine.)

A phase that looks slower than the baseline by more than the threshold is measured once more, with
more rounds, before it is called so.
"""

from __future__ import annotations

import os

if __name__ == "__main__":
    # Before anything loads Polars.
    os.environ["POLARS_MAX_THREADS"] = "1"

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from benchmarks.against import raw
from benchmarks.cases import ROUNDS, Case
from benchmarks.inputs import Inputs, inputs_of
from benchmarks.registry import PHASES
from matching import solve
from matching.result import versions

BASELINE = Path(__file__).parent / "baseline.json"
THRESHOLD = 1.25
PEER = "raw flow"
CASES = (Case("network", "district"), Case("full", "district"))
# A shorter run is repeated until it takes so long (s): clocks and caches are no finer.
_AT_LEAST = 0.05
# How many times the rounds, where a phase looks slower.
_AGAIN = 2

Ratios = dict[str, dict[str, float]]


def _whole(given: Inputs) -> object:
    return solve(given.problem, gap=0.0, time_limit=60.0, workers=1)


# All of the phases, and the whole search: what `solve` does with a problem.
WORK: dict[str, tuple[tuple[str, ...], Callable[[Inputs], object]]] = {
    **PHASES,
    "whole search": (("problem",), _whole),
}


def measure(case: Case, names: Iterable[str], rounds: int) -> dict[str, float]:
    """Return the processor time of each phase as a multiple of the peer's."""
    given = inputs_of(case)
    runs = {PEER: partial(raw, given)}
    _ = given.quality
    for name in names:
        needs, run = WORK[name]
        for need in needs:
            getattr(given, need)
        runs[name] = partial(run, given)
    # Once beforehand: it loads what is loaded once, and tells how often to repeat.
    first = {name: max(1e-4, _seconds(run, 1)) for name, run in runs.items()}
    times = {name: max(1, round(_AT_LEAST / seconds)) for name, seconds in first.items()}
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        took = {name: _seconds(run, times[name]) for name, run in runs.items()}
        for name, seconds in took.items():
            found[name].append(seconds / took[PEER])
    return {name: median(ratios) for name, ratios in found.items() if name != PEER}


def _seconds(run: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - start) / times


def compared(then: Ratios, now: Ratios, threshold: float) -> pl.DataFrame:
    """Return a row per case and phase: ``then``, ``now``, ``ratio``, and whether it is slower.

    What only one side has is null on the other, and not slower: a new phase has no past.
    """
    rows = [
        (case, phase, then.get(case, {}).get(phase), now[case].get(phase))
        for case in now
        for phase in dict.fromkeys([*then.get(case, {}), *now[case]])
    ]
    schema = {"case": pl.String, "phase": pl.String, "then": pl.Float64, "now": pl.Float64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    table = table.with_columns(ratio=pl.col("now") / pl.col("then"))
    return table.with_columns(slower=(pl.col("ratio") > threshold).fill_null(False))


def again(then: Ratios, now: Ratios, threshold: float, rounds: int | None) -> Ratios:
    """Measure once more what looks slower; keep the quicker of both."""
    slower = compared(then, now, threshold).filter("slower")
    for case in CASES:
        names = slower.filter(pl.col("case") == str(case))["phase"].to_list()
        if names:
            print(f"{case}: once more {', '.join(names)}", flush=True)
            more = measure(case, names, _AGAIN * (rounds or ROUNDS[case.size]))
            mine = now[str(case)]
            now[str(case)] = mine | {name: min(mine[name], more[name]) for name in names}
    return now


def text_of(table: pl.DataFrame) -> str:
    """Return the comparison as lines, the slower ones marked."""
    lines = [f"{'case':18} {'phase':14} {'then':>9} {'now':>9} {'now/then':>9}"]
    for row in table.iter_rows(named=True):
        figures = " ".join(
            f"{'-' if row[name] is None else format(row[name], '.4g'):>9}"
            for name in ("then", "now", "ratio")
        )
        mark = "  slower" if row["slower"] else ""
        lines.append(f"{row['case']:18} {row['phase']:14} {figures}{mark}")
    return "\n".join(lines)


def stored(ratios: Ratios) -> dict[str, Any]:
    return {
        "peer": PEER,
        "unit": "processor time / the peer's in the same round, median of the rounds",
        "versions": versions(),
        "processors": os.cpu_count(),
        "ratios": {
            case: {name: float(f"{ratio:.4g}") for name, ratio in phases.items()}
            for case, phases in ratios.items()
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and compare; return 1 if a phase is slower, 0 if none is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.comparing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rounds", type=int, help="of all phases in turn; by size, if absent")
    parser.add_argument(
        "--threshold", type=float, default=THRESHOLD, help="now/then that is slower"
    )
    parser.add_argument("--phase", action="append", choices=list(WORK), help="only these")
    parser.add_argument("--baseline", type=Path, default=BASELINE, help="where it is stored")
    parser.add_argument("--update", action="store_true", help="store what is measured")
    parser.add_argument("--out", type=Path, help="also write what is measured here")
    given = parser.parse_args(arguments)
    if not given.update and not given.baseline.exists():
        parser.error(f"{given.baseline} is not there; --update measures and stores one")
    then: Ratios = json.loads(given.baseline.read_text())["ratios"] if not given.update else {}
    names = given.phase or list(WORK)
    now: Ratios = {}
    for case in CASES:
        print(f"{case}: {len(names)} phases against the {PEER}", flush=True)
        now[str(case)] = measure(case, names, given.rounds or ROUNDS[case.size])
    then = {case: {p: r for p, r in of.items() if p in names} for case, of in then.items()}
    if not given.update:
        now = again(then, now, given.threshold, given.rounds)
    for path in filter(None, (given.baseline if given.update else None, given.out)):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(stored(now), indent=2) + "\n")
        beside.replace(path)
    table = compared(then, now, given.threshold)
    print(text_of(table))
    slower = int(table["slower"].sum())
    if not given.update:
        print(f"slower than {given.threshold:g} times the baseline: {slower or 'none'}")
    return int(slower > 0)


if __name__ == "__main__":
    raise SystemExit(main())
