"""The loops that complete and improve plans: compiled, and as plain Python, they are the same."""

import numpy as np
import pytest

from matching import Policy, Problem, solve
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds.pricing import Weeks
from matching.solvers.construction import construct
from matching.solvers.construction.book import Book
from matching.solvers.construction.opening import open_book
from matching.solvers.construction.plain import run_plain
from matching.solvers.construction.rounds import serve_and_improve
from tests.oracle.reading import WEEK
from tests.support.worlds import SMALL, full_world


def problem_of(seed: int) -> Problem:
    return Problem.from_tables(full_world(seed, **SMALL), WEEK, Policy())


def empty_book(problem: Problem) -> Book:
    """Open a book with all arcs and nobody serving."""
    arcs, nobody = eligible(problem, 1), np.empty(0, np.int64)
    weeks, worth = Weeks(problem, arcs), quality(problem, arcs)
    rows = construct.Construction(problem, weeks, worth)._could_join(nobody)
    book = open_book(problem, weeks, worth, rows, nobody)
    book.one.ways = 1_000
    return book


@pytest.mark.slow
def test_plain_python_does_what_the_compiled_loops_do() -> None:
    people = 0
    for seed in range(12):
        problem = problem_of(seed)
        compiled, plain = empty_book(problem), empty_book(problem)
        requests = np.arange(len(problem.requests))
        scratch = len(requests), 2 * len(compiled.items)
        outcomes = [
            run(
                book,
                requests,
                requests[np.bincount(problem.slots.request, minlength=len(requests)) > 0],
                requests[::-1].copy(),
                *(np.empty(size, np.int64) for size in scratch),
                500,
            )
            for run, book in (
                (serve_and_improve, compiled),
                (lambda *given: run_plain(serve_and_improve, *given), plain),
            )
        ]
        assert outcomes[0] == outcomes[1]
        for one, other in zip(compiled, plain, strict=True):
            assert one.tobytes() == other.tobytes()
        people += int(plain.people.shifts.sum())
    assert people > 100


def test_a_small_world_waits_for_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(construct, "serve_and_improve", None)
    monkeypatch.setattr(
        construct, "run_plain", lambda _, *given: run_plain(serve_and_improve, *given)
    )
    assert solve(problem_of(3), time_limit=0).value > 0
