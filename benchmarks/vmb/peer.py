"""A peer of `benchmarks.peers` as an entrant.

::

    python -m benchmarks.vmb.peer PEER TABLES OUT WEEK SECONDS

Tables are read, and eligible arcs and their worth found, by this library: what is compared is what
comes after. Where the peer has a bound it is written as ``bound`` of ``summary.json``: taken on
trust, since none of them gives a proof of it.
"""

from __future__ import annotations

import importlib
import math
import sys
from datetime import date

import numpy as np

from benchmarks.peers.proposal import NoPlan, Proposal
from matching import Problem
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.stores import read_tables, write_result

# By name, the module whose `propose(problem, arcs, worth, seconds)` is asked.
PEERS = {
    "flow": "raw_flow",
    "networkx": "networkx_flow",
    "lemon": "lemon_flow",
    "scipy": "batches",
    "cp-sat": "whole_cp_sat",
    "milp": "whole_milp",
    "timefold": "timefold_search",
    "solverforge": "solverforge_search",
}


def propose(peer: str, problem: Problem, seconds: float) -> Proposal:
    """Ask a peer for a plan; whoever takes a limit gets these seconds for the search."""
    arcs = eligible(problem)
    module = importlib.import_module(f"benchmarks.peers.{PEERS[peer]}")
    proposal: Proposal = module.propose(problem, arcs, quality(problem, arcs), seconds)
    return proposal


def main(peer: str, tables: str, out: str, week: str, seconds: str) -> None:
    problem = Problem.from_tables(read_tables(tables), date.fromisoformat(week))
    try:
        plan, bound = propose(peer, problem, float(seconds))
    except NoPlan as error:
        sys.exit(f"{peer}: {error}")
    frame = plan.to_frame(problem, np.zeros(len(plan), np.int64))
    known = bound is not None and math.isfinite(bound)
    summary = {"bound": math.floor(bound + 1e-6)} if known else {}
    columns = ["request_id", "post", "option", "volunteer_id"]
    write_result(out, {"plan": frame.select(columns)}, summary)


if __name__ == "__main__":
    main(*sys.argv[1:])
