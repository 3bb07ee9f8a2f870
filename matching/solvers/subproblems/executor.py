"""Solves the many small programmes of a search in threads, or on an executor's workers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from matching.bounds.labelling import never
from matching.parallel.tasks import AHEAD, LOST, warn_of_loss
from matching.problem import columns as c
from matching.solvers.subproblems.mip import MIP, MIPResult

R = TypeVar("R")
T = TypeVar("T")
_POLL_SECONDS = 0.2


class SubproblemExecutor:
    """Threads that build programmes, and solve them too unless there is an executor.

    Parameters
    ----------
    workers : int
        Threads that solve; an executor decides by itself how many do.
    executor : concurrent.futures.Executor, optional
        Solves the programmes. It is given their arrays, and never the problem.
    """

    def __init__(self, workers: int = 1, executor: Executor | None = None) -> None:
        self.workers, self.remote = workers, executor
        self.threads = workers if executor is None else max(workers, AHEAD)

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield what a function makes of each item, in their order; several at once."""
        with ThreadPoolExecutor(self.threads) as pool:
            yield from pool.map(function, items)

    def solve(
        self,
        mip: MIP,
        seconds: float,
        gap: float,
        stop: Callable[[], bool],
        *,
        nodes: int | None = None,
        start: tuple[c.Longs, c.Floats] | None = None,
        sufficient_bound: float = -math.inf,
    ) -> MIPResult:
        """Solve a programme here or elsewhere; see `MIP.solve`.

        One that has not come back when it is time to stop is abandoned: it proves nothing.
        """
        solve = partial(mip.solve, nodes=nodes, start=start, sufficient_bound=sufficient_bound)
        if self.remote is not None:
            try:
                future = self.remote.submit(solve, seconds, gap, never)
                while True:
                    try:
                        return future.result(_POLL_SECONDS)
                    except TimeoutError:
                        if stop():
                            future.cancel()
                            return MIPResult(None, math.inf, False)
            except LOST as error:
                warn_of_loss(error)
        return solve(seconds, gap, stop)
