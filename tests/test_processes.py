"""Fresh processes: deaf to Ctrl-C from their start, and gone at once where something fails."""

import multiprocessing
import signal
import threading
import time

import pytest

from matching.parallel.processes import fresh_processes


def test_they_never_hear_ctrl_c() -> None:
    with fresh_processes(2) as pool:
        heard = pool.submit(signal.getsignal, signal.SIGINT).result()
        # Blocked when they started, before their first line could ignore it.
        blocked = pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
    assert heard is signal.SIG_IGN
    assert signal.SIGINT in blocked
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_failure_ends_them_and_the_thread_that_watches_them() -> None:
    threads, others = set(threading.enumerate()), set(multiprocessing.active_children())
    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert set(multiprocessing.active_children()) <= others
    assert set(threading.enumerate()) <= threads


def break_off() -> None:
    with fresh_processes(2) as pool:
        for asked in [pool.submit(time.sleep, 600) for _ in range(8)]:
            asked.cancel()  # those that wait
        raise KeyboardInterrupt
