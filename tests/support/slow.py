"""Cases of which only some are fast."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def first_fast(cases: Iterable[Any], fast: int) -> list[Any]:
    """Return the cases, all after the first few marked slow."""
    return [
        case if number < fast else pytest.param(case, marks=pytest.mark.slow)
        for number, case in enumerate(cases)
    ]


def some_fast(cases: Iterable[Any], step: int) -> list[Any]:
    """Return the cases, all marked slow but the first and every so many after it."""
    return [
        pytest.param(case, marks=pytest.mark.slow) if number % step else case
        for number, case in enumerate(cases)
    ]


def these_fast(cases: Iterable[str], fast: Collection[str]) -> list[Any]:
    """Return the cases, all but some named ones marked slow."""
    return [case if case in fast else pytest.param(case, marks=pytest.mark.slow) for case in cases]
