"""The cases: synthetic worlds, rules x size."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from matching.stores import write_tables
from matching.synthetic import generate

WEEK = dt.date(2026, 11, 30)
SEED = 1
# From benign to slow: how often a phase is repeated when it is measured.
ROUNDS = {"town": 20, "district": 7, "city": 3, "province": 1}
SLOW = ("city", "province")


@dataclass(frozen=True)
class Case:
    """One synthetic world."""

    rules: str
    size: str

    def __str__(self) -> str:
        return f"{self.rules}-{self.size}"


CASES = tuple(Case(rules, size) for size in ROUNDS for rules in ("network", "full"))


def parameter(case: Case) -> object:
    """Return the case as a test's parameter; large ones are left to full runs."""
    marks = [pytest.mark.slow] if case.size in SLOW else []
    return pytest.param(case, id=str(case), marks=marks)


_FOLDERS = tempfile.TemporaryDirectory(prefix="matching-benchmarks-")


@cache
def tables_of(case: Case) -> Path:
    """Return the folder with the case's tables, made once and removed when the process ends."""
    folder = Path(_FOLDERS.name, str(case))
    write_tables(folder, generate(case.size, rules=case.rules, seed=SEED, week=WEEK), "parquet")
    return folder
