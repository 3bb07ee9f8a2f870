"""What the phases start from, prepared so that each can be timed without those before it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.cases import SEED, WEEK, Case, tables_of
from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.unfilled import unfilled
from matching.arcs.value import quality
from matching.bounds.pricing import Weeks
from matching.flow.capacities import build
from matching.flow.min_cost_flow import solve_flow
from matching.flow.network import Network
from matching.flow.relaxation import Relaxation, best_candidates, relax
from matching.problem import Problem
from matching.problem.columns import Bools, Longs
from matching.problem.plan import Plan
from matching.result import Result
from matching.stores import read_tables
from matching.tables.cleaning import Tables


class Inputs:
    """What the phases of one case start from, each prepared when it is first asked for."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder

    @cached_property
    def tables(self) -> Tables:
        return read_tables(self.folder)

    @cached_property
    def problem(self) -> Problem:
        return Problem.from_tables(self.tables, WEEK)

    @cached_property
    def arcs(self) -> Arcs:
        return eligible(self.problem)

    @cached_property
    def quality(self) -> Longs:
        return quality(self.problem, self.arcs)

    @cached_property
    def weeks(self) -> Weeks:
        """With the clusters found."""
        return found_weeks(self)

    @cached_property
    def candidates(self) -> Bools:
        return best_candidates(self.problem, self.weeks, self.quality)

    @cached_property
    def network(self) -> Network:
        return built_network(self)

    @cached_property
    def flow(self) -> Longs:
        return solve_flow(self.network)

    @cached_property
    def relaxation(self) -> Relaxation:
        return relax(self.problem, self.weeks, self.quality)

    @cached_property
    def result(self) -> Result:
        """The flow as a result: with the full rules it breaks some, but is as long as a plan."""
        chosen, problem = self.relaxation.chosen, self.problem
        plan = Plan(self.arcs.volunteer[chosen], self.arcs.slot[chosen])
        return Result(
            problem=problem,
            arcs=self.arcs,
            status="feasible",
            termination="interrupted",
            plan=plan,
            quality=self.quality[chosen],
            km=self.arcs.km[chosen],
            prices=self.relaxation.prices,
            value=self.relaxation.value,
            bound=self.relaxation.value,
            bound_from_prices=float(self.relaxation.value),
            unfilled=unfilled(problem, self.arcs, self.quality, plan),
            phases=(),
            seed=SEED,
        )

    def counts(self) -> dict[str, int]:
        """Return how large the case is."""
        problem = self.problem
        return {
            "volunteers": len(problem.volunteers),
            "requests": len(problem.requests),
            "seats": int(problem.posts.seats.sum(dtype=np.int64)),
            "arcs": len(self.arcs),
        }


_KEPT: dict[Case, Inputs] = {}


def inputs_of(case: Case) -> Inputs:
    """Return the prepared inputs; only those of the last case are kept, a province is large."""
    if case not in _KEPT:
        _KEPT.clear()
        _KEPT[case] = Inputs(case, tables_of(case))
    return _KEPT[case]


def found_weeks(given: Inputs) -> Weeks:
    weeks = Weeks(given.problem, given.arcs)
    _ = weeks.clusters
    return weeks


def built_network(given: Inputs) -> Network:
    weeks = given.weeks
    return build(
        given.problem,
        given.arcs,
        given.quality,
        weeks.clusters,
        weeks.first_load,
        given.candidates,
    )
