"""What is measured: cases (rules x size) x phases, a phase being a function of prepared inputs."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.cases import WEEK
from benchmarks.inputs import Inputs, built_network, found_weeks
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds import certificate
from matching.flow.min_cost_flow import potentials, solve_flow
from matching.flow.relaxation import relax
from matching.problem import Problem
from matching.stores import read_tables, write_result


def _bound(given: Inputs) -> float:
    prices = given.relaxation.prices
    return certificate.bound(given.problem, given.weeks, given.quality, prices)


def _write(given: Inputs) -> None:
    tables, summary = given.result.tables(), given.result.summary()
    write_result(given.folder.parent / f"{given.case}-result", tables, summary, "parquet")


# What a phase needs before, and what it does.
PHASES: dict[str, tuple[tuple[str, ...], Callable[[Inputs], object]]] = {
    "read": ((), lambda given: read_tables(given.folder)),
    "validate": (("tables",), lambda given: Problem.from_tables(given.tables, WEEK)),
    "eligibility": (("problem",), lambda given: eligible(given.problem)),
    "value": (("arcs",), lambda given: quality(given.problem, given.arcs)),
    "clusters": (("arcs",), found_weeks),
    "network": (("candidates",), built_network),
    "solve": (("network",), lambda given: solve_flow(given.network)),
    "prices": (("flow",), lambda given: potentials(given.network, given.flow)),
    "relax": (
        ("weeks", "quality"),
        lambda given: relax(given.problem, given.weeks, given.quality),
    ),
    "bound": (("relaxation",), _bound),
    "certify": (
        ("relaxation",),
        lambda given: certificate.certify(given.problem, given.relaxation.prices),
    ),
    "write": (("result",), _write),
}
