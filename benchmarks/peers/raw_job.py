"""The whole job with the flow an expert would write: from Parquet to a written plan.

::

    python -m benchmarks.peers.raw_job TABLES OUT WEEK

Reading, checking, eligible arcs and their worth are this library's, with two threads: what an
expert would write for these would hardly be quicker. Prints the value and what each phase took, as
JSON.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date

import numpy as np

from benchmarks.peers import raw_flow
from benchmarks.peers.proposal import of_arcs
from matching import Problem
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.stores import read_tables, write_result

WORKERS = 2


def main(tables: str, out: str, week: str) -> None:
    phases: dict[str, float] = {}
    started = time.perf_counter()

    def done(phase: str) -> None:
        phases[phase] = round(time.perf_counter() - started - sum(phases.values()), 3)

    raw = read_tables(tables)
    done("read")
    problem = Problem.from_tables(raw, date.fromisoformat(week))
    del raw
    done("validate")
    arcs = eligible(problem, WORKERS)
    done("eligibility")
    worth = quality(problem, arcs)
    done("value")
    flow = raw_flow.solve(problem, arcs, worth)
    done("flow")
    plan = of_arcs(arcs, flow.chosen)
    frame = plan.to_frame(problem, worth[flow.chosen].astype(np.int64))
    write_result(out, {"plan": frame}, {"value": flow.value}, format="parquet")
    done("write")
    print(json.dumps({"value": flow.value, "phases": phases}))


if __name__ == "__main__":
    main(*sys.argv[1:])
