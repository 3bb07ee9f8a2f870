"""The one seam of parallel work: tasks for any executor, with the same results from each.

The tasks depend on the problem alone, never on who runs them, and results are taken in the order
of the tasks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from itertools import islice
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

# Tasks submitted before the first of them is back: more would only take up memory.
AHEAD = 32

LOST = (BrokenExecutor, CancelledError)


def warn_of_loss(error: BaseException) -> None:
    """Warn that the executor is broken: its work takes longer here, with the same result."""
    text = (
        f"the executor lost a task ({type(error).__name__}: {error}); it is done in this process. "
        "Look for a worker that was killed, as where memory ran out"
    )
    warnings.warn(text, RuntimeWarning, stacklevel=3)


def both(workers: int, first: Callable[[], R], second: Callable[[], T]) -> tuple[R, T]:
    """Do two things that know nothing of each other, side by side unless there is one worker.

    The second is done in the caller's thread.
    """
    if workers == 1:
        return first(), second()
    with ThreadPoolExecutor(1) as pool:
        try:
            other = pool.submit(first)
        except RuntimeError:  # a place without threads
            return first(), second()
        here = second()
        return other.result(), here


def run_all(
    executor: Executor | None,
    function: Callable[[T], R],
    tasks: Iterable[T],
    ahead: int = AHEAD,
) -> Iterator[R]:
    """Yield what a function makes of each task, in their order.

    Parameters
    ----------
    executor : concurrent.futures.Executor or None
        Without one, and where it lost a task, the task is done in this process.
    function : callable
        Found by its name in a module, if the executor has other processes.
    tasks : iterable
        Taken up a few at a time.
    ahead : int
        At most this many before the first of them is back.
    """
    if executor is None:
        yield from map(function, tasks)
        return
    coming = iter(tasks)
    waiting: list[tuple[T, Future[R] | None]] = []
    try:
        while True:
            for task in islice(coming, ahead - len(waiting)):
                waiting.append((task, _given(executor, function, task)))
            if not waiting:
                return
            task, future = waiting.pop(0)
            yield _done(future, function, task)
    finally:
        # After an error, tasks that have not begun are cancelled.
        for _, future in waiting:
            if future is not None:
                future.cancel()


def _given(executor: Executor, function: Callable[[T], R], task: T) -> Future[R] | None:
    """Submit a task; None if the executor takes no more."""
    try:
        return executor.submit(function, task)
    except BrokenExecutor as error:
        warn_of_loss(error)
        return None


def _done(future: Future[R] | None, function: Callable[[T], R], task: T) -> R:
    if future is not None:
        try:
            return future.result()
        except LOST as error:
            warn_of_loss(error)
    return function(task)
