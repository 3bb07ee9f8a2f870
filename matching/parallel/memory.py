"""Memory: what this process took at most, and giving back what it has freed."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path


def give_back() -> None:
    """Give freed memory back to the system, where the C library keeps it (glibc does).

    Arrays of some megabytes come and go by the hundred where tables are read; of a province a third
    of a gigabyte would stay.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process so far; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():
        # The figure of getrusage outlives exec: it may be that of the program before.
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / (1 << 10)
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)
