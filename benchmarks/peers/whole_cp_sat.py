"""The whole rulebook in CP-SAT: the programme of `whole_milp`, as booleans.

At most one of several is said as such, which CP-SAT knows more of than of a row. The plan of the
nearest is given as a hint. Two workers.
"""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from benchmarks.peers import whole_milp
from benchmarks.peers.proposal import NoPlan, Proposal, of_arcs
from benchmarks.vmb.nearest import nearest_first
from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem.columns import Longs

WORKERS = 2
# Beyond any sum of a row: no limit.
_FREE = 2**40


def propose(problem: Problem, arcs: Arcs, worth: Longs, seconds: float) -> Proposal:
    """Solve the programme with no gap allowed."""
    model, variables = written(whole_milp.programme(problem, arcs, worth))
    hint = whole_milp.point(problem, arcs, nearest_first(problem))
    for variable, value in zip(variables, hint.tolist(), strict=True):
        model.add_hint(variable, value)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise NoPlan(f"CP-SAT found no plan in this time ({solver.status_name(status)})")
    chosen = np.array([solver.boolean_value(x) for x in variables[: len(arcs)]], np.bool_)
    return Proposal(of_arcs(arcs, chosen), solver.best_objective_bound)


def written(
    programme: whole_milp.Programme,
) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """Return the programme as a model, and its variables."""
    model = cp_model.CpModel()
    variables = [model.new_int_var(0, int(most), "") for most in programme.most]
    matrix = programme.matrix
    weights = np.rint(matrix.data).astype(np.int64)
    if not np.array_equal(weights, matrix.data):
        raise ValueError("CP-SAT takes whole numbers, and a row has others")
    low = np.clip(np.ceil(programme.low), -_FREE, _FREE).astype(np.int64).tolist()
    high = np.clip(np.floor(programme.high), -_FREE, _FREE).astype(np.int64).tolist()
    first, column, weight = matrix.indptr.tolist(), matrix.indices.tolist(), weights.tolist()
    for row, (least, most) in enumerate(zip(low, high, strict=True)):
        part = slice(first[row], first[row + 1])
        among = [variables[i] for i in column[part]]
        if most == 1 and least <= 0 and set(weight[part]) == {1}:
            model.add_at_most_one(among)
        elif among:
            total = cp_model.LinearExpr.weighted_sum(among, weight[part])
            model.add_linear_constraint(total, least, most)
        elif least > 0 or most < 0:
            model.add_bool_or([])  # nobody could ever keep this rule
    model.maximize(cp_model.LinearExpr.weighted_sum(variables, np.rint(programme.gain).tolist()))
    return model, variables
