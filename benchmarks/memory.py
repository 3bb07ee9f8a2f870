"""How much the resident memory grows while something runs, in a process of its own.

Tracing allocations would slow NumPy down and does not see what C++ takes. So a fresh process
prepares the inputs, gives freed memory back to the system, resets the kernel's high-water mark of
resident memory (Linux only), runs the phase and reads the mark: growth is the mark minus what was
resident before.
"""

from __future__ import annotations

import ctypes
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

from benchmarks.against import CONTENDERS
from benchmarks.cases import Case, tables_of
from benchmarks.inputs import Inputs
from benchmarks.registry import PHASES

ROOT = Path(__file__).parent.parent


@cache
def growth_mb(case: Case, names: tuple[str, ...]) -> dict[str, float | None]:
    """Return the growth in megabytes for each phase or contender; None where it is not known."""
    where = [case.rules, case.size, str(tables_of(case))]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *where, *names],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float | None] = json.loads(done.stdout)
    return found


def measure(given: Inputs, names: Iterable[str]) -> dict[str, float | None]:
    """Measure inside this process, which should do nothing else."""
    found: dict[str, float | None] = {}
    for name in names:
        needs, run = (PHASES | CONTENDERS)[name]
        for need in needs:
            getattr(given, need)
        found[name] = _growth(partial(run, given))
    return found


def _growth(run: Callable[[], object]) -> float | None:
    _give_back()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    before = _resident("VmRSS")
    # What it returns stays alive until the mark is read.
    kept = run()
    after = _resident("VmHWM")
    del kept
    return round((after - before) / 1024, 1)


def _give_back() -> None:
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, others need not
    if trim is not None:
        trim(0)


def _resident(name: str) -> int:
    """Return a line of the process's status, in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    rules, size, folder, *wanted = sys.argv[1:]
    print(json.dumps(measure(Inputs(Case(rules, size), Path(folder)), wanted)))
