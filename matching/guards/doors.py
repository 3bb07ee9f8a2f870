"""The doors of the library: a wrong call is refused before anything is done.

Two things are checked. Arguments must be of the types that the signature names. And the process
must not be a fork of one whose Polars threads were running: a fork copies the locks of threads but
not the threads, so the first call of Polars would wait for ever.
"""

import difflib
import inspect
import numbers
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from functools import cache, wraps
from pathlib import Path
from types import SimpleNamespace, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from matching.errors import UsageError
from matching.guards.urls import shown_value

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")

# The threads that Polars starts when it first works; those of its import do no harm.
_THREADS = re.compile(r"polars-\d|tokio-rt-|async-exec")
# Whether Polars was used here, as far as we know, and whether its threads are lost.
_state = {"used": False, "lost": False}

FORKED = (
    "this process is a fork of one that had used Polars: the threads of Polars did not come along, "
    "and whatever is asked of it would wait for ever. Start workers with 'spawn', as in "
    "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn')); in a web server read "
    "the first tables after the fork: see 'Use it in a web worker' in the documentation"
)


def door(function: Callable[P, R]) -> Callable[P, R]:
    """Check the process and the arguments whenever the function is called."""

    def check(given: Mapping[str, Any]) -> None:
        if _state["lost"]:
            raise UsageError(FORKED)
        _state["used"] = True
        check_types(function, given)

    return _checked(function, check)


def constructor(kind: type[C]) -> type[C]:
    """Let a class refuse arguments that it does not have; it judges their values itself."""
    kind.__init__ = known_arguments(kind.__init__)  # type: ignore[method-assign]
    return kind


def known_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Refuse arguments that the function does not have, and no others."""
    signature = inspect.signature(function)
    names = signature.parameters.keys() - {"self"}

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        # Whoever names them all, as `replace` does, need not be looked at: it takes its time.
        if len(args) > 1 or kwargs.keys() != names:
            bound(function, signature, *args, **kwargs)
        return function(*args, **kwargs)

    return checked


def _checked(
    function: Callable[P, R], check: Callable[[Mapping[str, Any]], object]
) -> Callable[P, R]:
    signature = inspect.signature(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        check(bound(function, signature, *args, **kwargs).arguments)
        return function(*args, **kwargs)

    return checked


def bound(
    function: Callable[..., Any], signature: inspect.Signature, *args: Any, **kwargs: Any
) -> inspect.BoundArguments:
    """Return the arguments of a call by name; refuse too many, too few and unknown ones."""
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as error:
        every = signature.parameters.values()
        names = [p.name for p in every if p.name not in ("self", "cls") and p.kind != p.VAR_KEYWORD]
        unknown = next((name for name in kwargs if name not in names), "")
        near = difflib.get_close_matches(unknown, names, n=1)
        hint = f"the nearest is {near[0]!r}; " if near else ""
        where = function.__qualname__.removesuffix(".__init__")
        raise UsageError(f"{where}: {error}; {hint}it takes {', '.join(names)}") from None


@cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    # The return value is not checked; its type may name a module that is not loaded yet.
    hints = {name: hint for name, hint in function.__annotations__.items() if name != "return"}
    return get_type_hints(SimpleNamespace(__annotations__=hints), function.__globals__)


def check_types(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Refuse arguments of other types than a function says."""
    hints = _hints(function)
    for name, value in given.items():
        hint = hints.get(name, Any)
        if not _fits(value, hint):
            raise UsageError(f"{name} = {shown_value(value)} must be {_words(hint)}")


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of a type, as far as its outermost shape goes."""
    origin = get_origin(hint) or hint
    if origin in (Any, object) or isinstance(origin, TypeVar):
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if origin is Literal:
        return True  # which words are allowed is for the function to say
    if hint is None or hint is type(None):
        return value is None
    if origin is Callable:
        return callable(value)
    if hint in (int, float):
        return isinstance(value, numbers.Real) and not isinstance(value, bool)
    return isinstance(value, origin) if isinstance(origin, type) else True


def _words(hint: Any) -> str:
    """Put a type into words."""
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_words(one) for one in get_args(hint))
    origin = get_origin(hint) or hint
    if origin is date:
        return "a datetime.date, such as datetime.date(2026, 11, 30)"
    known = {
        int: "a whole number",
        float: "a number",
        str: "a text",
        bool: "true or false",
        type(None): "None",
        Callable: "a function",
        Iterable: "a list",
        Mapping: "a dict",
        Path: "a path",
    }
    if origin in known:
        return known[origin]
    home = origin.__module__.partition(".")[0]
    name = f"{home}.{origin.__name__}" if home in ("matching", "polars") else origin.__name__
    return f"a {name}"


def _before_fork() -> None:
    tasks = Path("/proc/self/task")
    running = _state["used"]
    if tasks.is_dir():
        running = any(_THREADS.match(_name_of(task)) for task in tasks.iterdir())
    _state["running"] = running


def _name_of(task: Path) -> str:
    with suppress(OSError):  # a thread may end meanwhile
        return (task / "comm").read_text()
    return ""


def _in_child() -> None:
    _state["lost"] = _state["lost"] or _state["running"]


if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
