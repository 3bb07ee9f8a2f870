"""Fresh processes for work that threads cannot share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Thread
from typing import cast


@contextmanager
def fresh_processes(workers: int) -> Iterator[Executor]:
    """Give as many processes as there are workers, and end them at once where something fails.

    They are not forked, which would take over the locks of threads, and Ctrl-C is for this process
    to hear: a terminal sends it to all.
    """
    with ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        with deaf():
            for _ in range(workers):
                pool.submit(int)  # starts a process, while none is idle
        try:
            yield pool
        except BaseException:
            # Before Python 3.14 a pool has no name for these.
            processes = [*pool._processes.values()]
            manager = cast(Thread, pool._executor_manager_thread)
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            # Python complains where it ends beside the pool's own thread.
            manager.join()
            raise


@contextmanager
def deaf() -> Iterator[None]:
    """Keep Ctrl-C for later, and from the processes that are started: they inherit the mask."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
