"""`timefold_search` under SolverForge's fork of Timefold: ``solverforge-legacy``, with Java 17.

The fork has Timefold's modules under another name, so that model and search are the same.
``solverforge`` itself, a new solver, needs a service for Java 24 that its package does not bring.
"""

from __future__ import annotations

import importlib.util
import sys

from benchmarks.peers.proposal import NoPlan, Proposal
from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem.columns import Longs


def propose(problem: Problem, arcs: Arcs, worth: Longs, seconds: float) -> Proposal:
    """Search for so many seconds."""
    if importlib.util.find_spec("solverforge_legacy") is None:
        raise NoPlan("skipped: solverforge-legacy is missing; install the extra `peers`")
    for part in ("config", "domain", "score"):
        importlib.import_module(f"solverforge_legacy.solver.{part}")
    for name in [name for name in sys.modules if name.startswith("solverforge_legacy")]:
        sys.modules[name.replace("solverforge_legacy", "timefold", 1)] = sys.modules[name]
    from benchmarks.peers import timefold_search

    return timefold_search.propose(problem, arcs, worth, seconds)
