"""Runs a command and writes how it ended, its seconds and its peak memory: a process of its own.

The kernel hands on the memory mark of whoever starts a program. This one is small (it imports
nothing but the standard library), so that the mark it reads is the command's.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress


def measure(limit: float, command: list[str]) -> dict[str, object]:
    """Run the command for at most so many seconds; then end it and all that it started."""
    start = time.monotonic()
    process = subprocess.Popen(command, start_new_session=True, stdout=sys.stderr)
    stopped = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        stopped = True
        with suppress(ProcessLookupError):  # it may have ended this moment
            os.killpg(process.pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit)
    _, status, used = os.wait4(process.pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return {
        "exit": os.waitstatus_to_exitcode(status),
        "stopped": stopped,
        "seconds": round(time.monotonic() - start, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "memory_mb": round(kilobytes / 1024),
    }


if __name__ == "__main__":
    print(json.dumps(measure(float(sys.argv[1]), sys.argv[2:])))
