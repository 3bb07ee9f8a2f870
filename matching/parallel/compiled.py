"""Loops that NumPy cannot express, compiled by Numba, or as the Python they are written in."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from inspect import isgeneratorfunction
from pathlib import Path
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit

P = ParamSpec("P")
R = TypeVar("R")

# Options that Numba has, and its types do not name.
_WITHOUT_DOORS: Any = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_plain: dict[Any, Any] = {}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function when it is first called, and keep it on disk where there is a place.

    Threads run it side by side.

    Raises
    ------
    TypeError
        If it is a generator: one that is loaded from disk cannot be compiled into a further caller.
    """
    if isgeneratorfunction(function):
        raise TypeError(f"{function.__name__} is a generator: let it be `inner`")
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


def inner(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function for compiled ones alone, in half the time: it has no door for Python.

    It makes no arrays, so that Numba need not count who holds one. Python calls its `plain` form.
    """
    made: Callable[P, R] = njit(nogil=True, **_WITHOUT_DOORS)(function)
    return made


def whole(value: int) -> int:
    """Return a constant for compiled loops: a function is compiled anew for every literal."""
    return cast("int", np.int64(value))


def is_loaded(function: Callable[P, R]) -> bool:
    """Tell whether this process has loaded a compiled function; code is kept on disk."""
    return bool(function.signatures)  # type: ignore[attr-defined]


def is_at_hand(function: Callable[P, R]) -> bool:
    """Tell whether a compiled function is loaded, or kept on disk: to compile it takes seconds."""
    kept = getattr(getattr(function, "_cache", None), "_cache_file", None)
    return is_loaded(function) or (kept is not None and bool(kept._load_index()))


def plain(function: Callable[P, R]) -> Callable[P, R]:
    """Return a compiled function, and all that it calls, as the Python that it is written in."""
    source = function.py_func  # type: ignore[attr-defined]
    if source not in _plain:
        made: dict[Any, Any] = {}
        _write(source, made)
        # Whole by now: other threads may call them, and Ctrl-C leaves none half done.
        _plain.update(made)
    return cast("Callable[P, R]", _plain[source])


def _write(source: FunctionType, made: dict[Any, Any]) -> FunctionType:
    """Make the plain form of a function, and of all that it calls; it may call itself."""
    if source not in made:
        scope: dict[str, Any] = {"__builtins__": builtins}
        made[source] = FunctionType(source.__code__, scope, source.__name__)
        for name in set(source.__code__.co_names) & set(source.__globals__):
            found = source.__globals__[name]
            if hasattr(found, "py_func"):
                found = _write(found.py_func, made)
            scope[name] = found.item() if isinstance(found, np.generic) else found
    return cast("FunctionType", made[source])
