"""The whole rulebook as one integer programme in HiGHS, as an entrant.

::

    python -m benchmarks.vmb.whole TABLES OUT WEEK SECONDS

Writes its bound as ``bound`` of ``summary.json``: taken on trust, since HiGHS gives no proof of it.
"""

from __future__ import annotations

import math
import sys
from datetime import date

from benchmarks.peers import whole_milp
from matching import Plan, Problem
from matching.eligibility import eligible
from matching.stores import read_tables, write_result
from matching.value import quality


def main(tables: str, out: str, week: str, seconds: str) -> None:
    problem = Problem.from_tables(read_tables(tables), date.fromisoformat(week))
    arcs = eligible(problem)
    worth = quality(problem, arcs)
    answer = whole_milp.solve(problem, arcs, worth, time_limit=float(seconds))
    if answer.chosen is None:
        sys.exit("no plan was found in this time")
    plan = Plan(arcs.volunteer[answer.chosen], arcs.slot[answer.chosen])
    summary = {"bound": math.floor(answer.bound + 1e-6)}
    write_result(out, {"plan": plan.to_frame(problem, worth[answer.chosen])}, summary)


if __name__ == "__main__":
    main(*sys.argv[1:])
