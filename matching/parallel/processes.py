"""Fresh processes for work that threads cannot share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context


@contextmanager
def fresh_processes(workers: int) -> Iterator[Executor]:
    """Give as many processes as there are workers, and end them at once where something fails.

    They are not forked, which would take over the locks of threads, and Ctrl-C is for this process
    to hear: a terminal sends it to all.
    """
    others = set(active_children())
    with ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        try:
            with _deaf():
                for _ in range(workers):
                    pool.submit(int)  # starts a process
            yield pool
        except BaseException:
            for process in set(active_children()) - others:
                process.terminate()
            # Waits for the pool's own thread: Python complains where it ends beside it.
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def _deaf() -> Iterator[None]:
    """Keep Ctrl-C for later, and from the processes that are started: they inherit the mask."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
