"""PDLP in a process of its own, which Ctrl-C can end.

OR-Tools' binding holds the interpreter's lock for all of a solve, which takes seconds: in this
process nobody would hear anything meanwhile.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import warnings
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from ortools.pdlp import solvers_pb2
from ortools.pdlp.python import pdlp
from scipy import sparse

from matching.parallel.processes import deaf
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
        self._process = _started()
        self.end = weakref.finalize(self, _end, self._process)

    def solve(self, programme: Programme, parameters: bytes) -> Solved | None:
        """Solve a programme, here where there is no process; None when told to stop."""
        if self._stop():
            return None
        if self._process is None:
            return solved(programme, parameters)
        answer = self._thread.submit(_exchange, self._process, (programme, parameters))
        try:
            while not self._stop():
                try:
                    return answer.result(_POLL_SECONDS)
                except TimeoutError:
                    pass
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            if self._stop():
                return None
            warn_of_loss(error)
            return solved(programme, parameters)
        except BaseException:
            self._process.kill()
            raise
        self._process.kill()
        return None


def _started() -> subprocess.Popen[bytes] | None:
    """Start a process; None where there can be none, as in a program that is frozen.

    A script need not guard its main module for it, as it must with multiprocessing.
    """
    try:
        if not sys.executable or getattr(sys, "frozen", False):
            raise FileNotFoundError("no Python to start")
        with deaf():
            return subprocess.Popen(
                [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows
            )
    except OSError as error:
        warnings.warn(
            f"PDLP has no process of its own ({error}): Ctrl-C waits for the end of each solve",
            RuntimeWarning,
            stacklevel=2,
        )
        return None


def _exchange(process: subprocess.Popen[bytes], task: tuple[Programme, bytes]) -> Solved:
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump(task, process.stdin, protocol=5)
    process.stdin.flush()
    answer: Solved = pickle.load(process.stdout)
    return answer


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.communicate()


def serve() -> None:
    """Solve what comes in until nothing comes any more, or nobody waits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(EOFError, BrokenPipeError):
        while True:
            pickle.dump(solved(*pickle.load(sys.stdin.buffer)), answers, protocol=5)
            answers.flush()
    os._exit(0)  # what nobody reads is not written again
