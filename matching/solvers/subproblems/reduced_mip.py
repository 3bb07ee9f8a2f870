"""One integer programme over every arc that a better plan could hold.

It is the last step, and where all is small the only one.
"""

from __future__ import annotations

import numpy as np

from matching.bounds.prices import Prices
from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.lagrangian import lagrangian_bound
from matching.solvers.column_generation.linking import with_every_cut
from matching.solvers.subproblems.subproblem import (
    MAX_LINKS_PER_OPTION,
    Subproblem,
    SubproblemBuilder,
)

# HiGHS proves nothing about a larger programme in any time that one would wait.
_MAX_ARCS = 100_000
# Until the root of a large programme is solved HiGHS does not hear the clock: with less time for a
# column it is not begun.
_LARGE_COLUMNS, _SECONDS_PER_COLUMN = 20_000, 1e-4
# The bound where no plan keeps the pins: less than any plan is worth.
_NO_PLAN = -float(2**53)


def solve_whole_mip(generation: ColumnGeneration) -> Prices | None:
    """Find the best plan of all arcs; return the prices of its linear relaxation, if it has an end.

    Where all is small HiGHS needs no columns, no blocks and no plan near by: to make them takes
    longer than what they save.
    """
    incumbent, builder = generation.incumbent, generation.builder
    rows = generation.rows = with_every_cut(generation.rows, generation.pairs, MAX_LINKS_PER_OPTION)
    linked = np.zeros_like(generation.needs_link)
    builder = SubproblemBuilder(
        generation.problem, generation.weeks.arcs, rows, linked, generation.pairs.of_arc
    )
    subproblem = _programme(generation, builder, np.arange(len(generation.weeks.arcs)))
    of_rows, prices = subproblem.mip.duals(incumbent.seconds_left), None
    if of_rows is not None:
        dual = np.zeros(len(rows.low))
        dual[subproblem.row] = of_rows[: len(subproblem.row)]
        incumbent.prove(lagrangian_bound(generation, dual).bound, "linear programme")
        prices = generation.prices(dual)
    _solve(generation, subproblem)
    return prices


def solve_reduced_mip(generation: ColumnGeneration, arcs_after_fixing: c.Longs) -> None:
    """Find the best plan of some arcs, sorted; a plan better than the incumbent holds no others."""
    if len(arcs_after_fixing) <= _MAX_ARCS and generation.incumbent.goes_on():
        subproblem = _programme(generation, generation.builder, arcs_after_fixing)
        start = None
        if generation.incumbent.value:
            chosen = generation.incumbent.chosen
            start = subproblem.start(generation.problem, generation.weeks.arcs, chosen)
        _solve(generation, subproblem, start)


def _programme(
    generation: ColumnGeneration, builder: SubproblemBuilder, arc: c.Longs
) -> Subproblem:
    return builder.build(
        np.arange(len(generation.problem.requests)),
        arc,
        generation.first_shift_value[arc],
        joint_capacity=builder.limit,
    )


def _solve(
    generation: ColumnGeneration,
    subproblem: Subproblem,
    start: tuple[c.Longs, c.Floats] | None = None,
) -> None:
    """Find the best plan of a programme, which no better plan leaves."""
    problem, weeks, incumbent = generation.problem, generation.weeks, generation.incumbent
    # No plan misses a pin: only the linear programme has variables for that.
    subproblem = subproblem.dropping_services(len(generation.rows.value) - len(problem.pins))
    while incumbent.goes_on():
        columns = len(subproblem.mip.gain)
        if columns > _LARGE_COLUMNS and incumbent.seconds_left < _SECONDS_PER_COLUMN * columns:
            incumbent.timed_out = True
            return
        result = subproblem.mip.solve(
            incumbent.seconds_left, incumbent.gap_limit / 2, incumbent.stop, start=start
        )
        # No better plan holds other arcs; of these, none is worth more than the bound.
        least = _NO_PLAN if incumbent.value is None else incumbent.value
        incumbent.prove(max(result.bound, least), "integer programme")
        if result.x is None:
            return
        chosen = subproblem.selected(result.x)
        incumbent.offer(chosen, "integer programme")
        # The roster constraints allow a little too much: the pricing oracle has the last word.
        infeasible_rosters = weeks.infeasible_rosters(chosen)
        if not len(infeasible_rosters):
            return
        subproblem = subproblem.without(
            infeasible_rosters, weeks.arcs.volunteer[infeasible_rosters]
        )
