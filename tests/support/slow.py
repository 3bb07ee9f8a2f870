"""Cases of which only some are fast."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def first_fast(cases: Iterable[Any], fast: int) -> list[Any]:
    """Return the cases, all after the first few marked slow."""
    return [_slow_unless(number < fast, case) for number, case in enumerate(cases)]


def some_fast(cases: Iterable[Any], step: int) -> list[Any]:
    """Return the cases, all marked slow but the first and every so many after it."""
    return [_slow_unless(number % step == 0, case) for number, case in enumerate(cases)]


def these_fast(cases: Iterable[str], fast: Collection[str]) -> list[Any]:
    """Return the cases, all but some named ones marked slow."""
    return [_slow_unless(case in fast, case) for case in cases]


def _slow_unless(fast: bool, case: Any) -> Any:
    return case if fast else pytest.param(case, marks=pytest.mark.slow)
