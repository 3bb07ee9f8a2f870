"""Loops that NumPy cannot express, compiled by Numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function when it is first called, and keep it on disk where there is a place.

    Threads run it side by side.
    """
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)


def is_loaded(function: Callable[P, R]) -> bool:
    """Tell whether this process has loaded a compiled function; code is kept on disk."""
    return bool(function.signatures)  # type: ignore[attr-defined]
