"""Loops that NumPy cannot express, compiled by Numba."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function when it is first called, and keep it on disk where there is a place.

    Threads run it side by side.
    """
    try:
        dispatcher = njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)
    # Numba compiles anew when a function's own file has changed. Those it calls are compiled into
    # it, and may stand in the files beside: so these count, too.
    kept = dispatcher._cache._cache_file  # type: ignore[attr-defined]
    beside = Path(function.__code__.co_filename).parent.glob("*.py")
    kept._source_stamp = (*kept._source_stamp, max(path.stat().st_mtime for path in beside))
    return dispatcher


def is_loaded(function: Callable[P, R]) -> bool:
    """Tell whether this process has loaded a compiled function; code is kept on disk."""
    return bool(function.signatures)  # type: ignore[attr-defined]
