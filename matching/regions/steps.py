"""A step of a nation's plan as a task for any executor."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import current_thread, main_thread
from typing import Any, Generic, TypeVar

from matching.errors import DataWarning
from matching.parallel.memory import peak_memory_mb
from matching.regions import dataset

R = TypeVar("R")


@dataclass(frozen=True)
class Done(Generic[R]):
    """What came of a step.

    Attributes
    ----------
    result : object
    memory_mb : float
        Peak resident memory of the process that did it.
    whose : str
        The region or regions.
    warned : list of (type, str)
        Warnings by category and text, for the process that asked: it knows where they are shown.
    """

    result: R
    memory_mb: float
    whose: str
    warned: list[tuple[type[Warning], str]]


@dataclass(frozen=True)
class Step(Generic[R]):
    """A function that is called with the arguments of each task; errors say whose the task is.

    Attributes
    ----------
    function : callable
    rows : bool
        See `dataset.named`.
    """

    function: Callable[..., R]
    rows: bool = True

    def __call__(self, task: tuple[str, tuple[Any, ...]]) -> Done[R]:
        """Do the task: whose it is, and the arguments."""
        whose, arguments = task
        with _heard() as heard, dataset.named(whose, rows=self.rows):
            result = self.function(*arguments)
        warned = [(warning.category, str(warning.message)) for warning in heard]
        return Done(result, peak_memory_mb(), whose, warned)


@contextmanager
def _heard() -> Iterator[list[warnings.WarningMessage]]:
    """Collect warnings; beside other threads they go their usual way, since they are the process's.

    An executor's processes work in their main threads.
    """
    if current_thread() is not main_thread():
        yield []
        return
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", DataWarning)
        yield heard
