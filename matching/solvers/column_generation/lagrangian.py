"""The Lagrangian bound of some duals, volunteer by volunteer and row by row (Geoffrion, 1974)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from matching.bounds.pricing import Weeks
from matching.problem import columns as c
from matching.solvers.column_generation.generation import (
    ColumnGeneration,
    row_shares,
    service_shares,
    sign_feasible,
)
from matching.solvers.column_generation.rows import Rows

# Whose best roster is worth no more is dear to nobody: others would do as well, or nearly.
_MAX_CHEAP_VALUE = 100.0


@dataclass(frozen=True)
class LagrangianBound:
    """A bound and the terms it is the sum of.

    Attributes
    ----------
    reward : float64 array, shape (arcs,)
    roster : float64 array, shape (volunteers,)
        The value of each volunteer's best.
    service : float64 array, shape (service variables,)
    row, dual : float64 arrays, shape (rows,)
    """

    weeks: Weeks
    reward: c.Floats
    roster: c.Floats
    service: c.Floats
    row: c.Floats
    dual: c.Floats

    @property
    def bound(self) -> float:
        """No plan is worth more."""
        return float(self.roster.sum() + self.service.sum() + self.row.sum())

    def over(self, rows: Rows) -> LagrangianBound:
        """Return the same bound over rows of which the last are new: their duals are 0."""
        new = np.zeros(len(rows.low) - len(self.dual))
        return replace(self, row=np.append(self.row, new), dual=np.append(self.dual, new))

    @cached_property
    def reduced_cost_bound(self) -> c.Floats:
        """How far at least any roster with an arc falls short of its volunteer's best."""
        return self.weeks.reduced_cost_bound(self.reward, self.roster)

    @property
    def is_dear(self) -> c.Bools:
        """Whose best roster is worth so much that they are tied to one block of a partition."""
        return self.roster > _MAX_CHEAP_VALUE

    @cached_property
    def copy_cost(self) -> c.Floats:
        """What a block pays for a copy of an arc beyond its reward, shape (arcs,).

        Nothing for those of dear volunteers, else the reduced cost: a roster's arcs together have
        no more of it than what the roster falls short of its volunteer's best, so that nobody's
        term of the bound grows.
        """
        dear = self.is_dear[self.weeks.arcs.volunteer]
        return np.where(dear, 0.0, np.maximum(self.reduced_cost_bound, 0.0))


def lagrangian_bound(generation: ColumnGeneration, dual: c.Floats) -> LagrangianBound:
    """Return the bound of some duals, shape (rows so far,), over all rosters, term by term.

    Geoffrion (1974), Lagrangean relaxation for integer programming.
    """
    rows = generation.rows
    dual = sign_feasible(rows, np.append(dual, np.zeros(len(rows.low) - len(dual))))
    reward, roster = generation.best_rosters(dual)
    return LagrangianBound(
        generation.weeks, reward, roster, service_shares(rows, dual), row_shares(rows, dual), dual
    )
