"""PDLP in a process of its own, which Ctrl-C can end.

OR-Tools' binding holds the interpreter's lock for all of a solve, which takes seconds: in this
process nobody would hear anything meanwhile.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from ortools.pdlp import solvers_pb2
from ortools.pdlp.python import pdlp
from scipy import sparse

from matching.parallel.tasks import warn_of_loss
from matching.problem import columns as c

_POLL_SECONDS = 0.05


class Programme(NamedTuple):
    """Minimise objective @ x where low <= matrix @ x <= high and 0 <= x <= upper.

    Attributes
    ----------
    primal, dual : float64 arrays
        Where to begin.
    """

    objective: c.Floats
    matrix: sparse.csc_matrix
    low: c.Floats
    high: c.Floats
    upper: c.Floats
    primal: c.Floats
    dual: c.Floats


class Solved(NamedTuple):
    """Where PDLP ended, and how far it steps in the dual for each step in the primal."""

    primal: c.Floats
    dual: c.Floats
    primal_weight: float


def solved(programme: Programme, parameters: bytes) -> Solved:
    """Solve a programme here; the parameters are a message PrimalDualHybridGradientParams."""
    given = pdlp.QuadraticProgram()
    given.resize_and_initialize(len(programme.objective), len(programme.low))
    given.objective_vector = programme.objective
    given.constraint_matrix = programme.matrix
    given.variable_lower_bounds = 0 * programme.upper
    given.variable_upper_bounds = programme.upper
    given.constraint_lower_bounds = programme.low
    given.constraint_upper_bounds = programme.high
    start = pdlp.PrimalAndDualSolution()
    start.primal_solution, start.dual_solution = programme.primal, programme.dual
    message = solvers_pb2.PrimalDualHybridGradientParams.FromString(parameters)
    found = pdlp.primal_dual_hybrid_gradient(given, message, start)
    weight = found.solve_log.solution_stats.primal_weight
    return Solved(found.primal_solution, found.dual_solution, weight)


class PDLPProcess:
    """A process that solves one programme after another; it ends with this object, if not before.

    Parameters
    ----------
    stop : callable
        Tells when to end it in the middle of a solve. Once true, it stays so.

    Attributes
    ----------
    end : callable
        Ends it.
    """

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self._thread = ThreadPoolExecutor(1)
        # A script need not guard its main module, as it must with multiprocessing.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,  # a terminal sends Ctrl-C to all of a session
        )
        self.end = weakref.finalize(self, _end, self._process)

    def solve(self, programme: Programme, parameters: bytes) -> Solved | None:
        """Solve a programme, here where the process is lost; None when told to stop."""
        if self._stop():
            return None
        answer = self._thread.submit(_exchange, self._process, (programme, parameters))
        try:
            while not self._stop():
                try:
                    return answer.result(_POLL_SECONDS)
                except TimeoutError:
                    pass
        except (EOFError, OSError) as error:
            warn_of_loss(error)
            return solved(programme, parameters)
        except BaseException:
            self._process.kill()
            raise
        self._process.kill()
        return None


def _exchange(process: subprocess.Popen[bytes], task: tuple[Programme, bytes]) -> Solved:
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump(task, process.stdin, protocol=5)
    process.stdin.flush()
    answer: Solved = pickle.load(process.stdout)
    return answer


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def serve() -> None:
    """Solve what comes in until nothing comes any more."""
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            task = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(solved(*task), answers, protocol=5)
        answers.flush()
