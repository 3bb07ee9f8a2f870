"""A bound taken apart: what every volunteer, team variable and row adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matching.bounds.pricing import Weeks
from matching.problem import columns as c
from matching.solvers.column_generation.generation import (
    ColumnGeneration,
    limits_of,
    sign_feasible,
    teams_of,
)


@dataclass(frozen=True)
class LagrangianBound:
    """A bound and the parts it is the sum of.

    Attributes
    ----------
    reward : float64 array, shape (arcs,)
    week : float64 array, shape (volunteers,)
    team : float64 array, shape (team variables,)
    row, dual : float64 arrays, shape (rows,)
    """

    weeks: Weeks
    reward: c.Floats
    week: c.Floats
    team: c.Floats
    row: c.Floats
    dual: c.Floats

    @property
    def bound(self) -> float:
        """No plan is worth more."""
        return float(self.week.sum() + self.team.sum() + self.row.sum())

    @cached_property
    def reduced_cost_bound(self) -> c.Floats:
        """How far at least any week with an arc falls short of its volunteer's best."""
        return self.weeks.reduced_cost_bound(self.reward, self.week)


def lagrangian_bound(generation: ColumnGeneration, dual: c.Floats) -> LagrangianBound:
    """Return the bound of some duals, shape (rows so far,), over all schedules, part by part."""
    rows = generation.rows
    dual = sign_feasible(rows, np.append(dual, np.zeros(len(rows.low) - len(dual))))
    reward, week = generation.best_weeks(dual)
    return LagrangianBound(
        generation.weeks, reward, week, teams_of(rows, dual), limits_of(rows, dual), dual
    )
