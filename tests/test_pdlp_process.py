"""PDLP's own process: it finds the same, ends when told to, and may be lost."""

import itertools
import pickle

import numpy as np
import pytest
from ortools.pdlp import solvers_pb2
from scipy import sparse

from matching.solvers.column_generation import pdlp_process
from matching.solvers.column_generation.pdlp_process import PDLPProcess, Programme, Solved, solved


def knapsacks(rows: int) -> Programme:
    """Fill each row's room of 2 with three things worth 1, 2 and 3: 3 + 2, and 1 stays out."""
    size = 3 * rows
    matrix = sparse.kron(sparse.eye(rows), np.ones((1, 3)), format="csc")
    return Programme(
        objective=-np.tile([1.0, 2.0, 3.0], rows),
        matrix=sparse.csc_matrix(matrix),
        low=np.full(rows, -np.inf),
        high=np.full(rows, 2.0),
        upper=np.ones(size),
        primal=np.zeros(size),
        dual=np.zeros(rows),
    )


def parameters(tolerance: float) -> bytes:
    message = solvers_pb2.PrimalDualHybridGradientParams()
    message.termination_criteria.simple_optimality_criteria.eps_optimal_relative = tolerance
    message.termination_criteria.simple_optimality_criteria.eps_optimal_absolute = tolerance
    message.termination_criteria.iteration_limit = 2**31 - 1
    return message.SerializeToString()


def is_best(found: Solved | None, rows: int) -> bool:
    return found is not None and np.allclose(found.primal, np.tile([0, 1, 1], rows), atol=1e-4)


def test_it_finds_the_same_again_and_again() -> None:
    process, given = PDLPProcess(lambda: False), parameters(1e-6)
    for rows in (1, 5):
        found, here = process.solve(knapsacks(rows), given), solved(knapsacks(rows), given)
        assert found is not None
        assert is_best(found, rows)
        assert (found.primal == here.primal).all()
        assert (found.dual == here.dual).all()
        assert found.primal_weight == here.primal_weight


def test_it_ends_in_the_middle_of_a_solve() -> None:
    told = False
    asked = itertools.count()
    process = PDLPProcess(lambda: told and next(asked) > 3)
    assert is_best(process.solve(knapsacks(1), parameters(1e-6)), 1)  # it has begun its work
    told = True
    # Random worths have no exact solution in floating point: it would go on for hours.
    endless = knapsacks(1_000)
    worth = np.random.default_rng(0).random(len(endless.objective))
    matrix = sparse.csc_matrix(endless.matrix.multiply(1 + worth))
    assert process.solve(endless._replace(matrix=matrix, objective=-worth), parameters(0.0)) is None
    assert process.solve(knapsacks(1), parameters(1e-6)) is None
    assert process._process.wait() != 0


def test_what_is_lost_is_done_here() -> None:
    process = PDLPProcess(lambda: False)
    assert is_best(process.solve(knapsacks(2), parameters(1e-6)), 2)
    process._process.kill()
    with pytest.warns(RuntimeWarning, match="lost a task"):
        assert is_best(process.solve(knapsacks(2), parameters(1e-6)), 2)


def test_it_ends_without_a_word_where_nobody_waits_any_more() -> None:
    process = pdlp_process._started()
    assert process is not None
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    pickle.dump((knapsacks(2), parameters(1e-6)), process.stdin)
    process.stdin.close()
    assert process.wait() == 0


def test_where_no_process_can_be_started_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdlp_process.sys, "executable", "")
    with pytest.warns(RuntimeWarning, match="no Python to start"):
        process = PDLPProcess(lambda: False)
    assert is_best(process.solve(knapsacks(2), parameters(1e-6)), 2)
    process.end()
