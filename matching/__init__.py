"""Match volunteers to what communities order: the best weekly plan, with a proof.

Tables become a `Problem`, `solve` makes a `Result` of it, `audit` and `certify` check any plan and
any prices without the solver.

Data flows stores, tables, problem, arcs, bounds, flow, solvers, result, reports. What each room is
for, and where a new thing goes, is in ``docs/explanation/architecture.md``.
"""

from __future__ import annotations

from importlib import import_module

# Not `typing`, which takes longer to load than all the rest: the command begins here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from matching import audit
    from matching.answers.desk import Desk
    from matching.bounds.certificate import certify
    from matching.bounds.prices import Prices
    from matching.engine import solve
    from matching.errors import (
        DataError,
        DataWarning,
        MatchingError,
        PolicyError,
        StoreError,
        UsageError,
    )
    from matching.policy import Policy
    from matching.problem import Problem
    from matching.problem.plan import Plan
    from matching.reports.saved import open_desk
    from matching.result import Result
    from matching.solvers.incumbent import Progress
    from matching.stores.weeks import read, write
    from matching.tables.cleaning import Tables
    from matching.week import Post, Week

__all__ = [
    "DataError",
    "DataWarning",
    "Desk",
    "MatchingError",
    "Plan",
    "Policy",
    "PolicyError",
    "Post",
    "Prices",
    "Problem",
    "Progress",
    "Result",
    "StoreError",
    "Tables",
    "UsageError",
    "Week",
    "audit",
    "certify",
    "open_desk",
    "read",
    "solve",
    "write",
]

# Loaded when they are first asked for: `matching --help` needs none of them.
_HOMES = {
    "DataError": "errors",
    "DataWarning": "errors",
    "Desk": "answers.desk",
    "MatchingError": "errors",
    "Plan": "problem.plan",
    "Policy": "policy",
    "PolicyError": "errors",
    "Post": "week",
    "Prices": "bounds.prices",
    "Problem": "problem",
    "Progress": "solvers.incumbent",
    "Result": "result",
    "StoreError": "errors",
    "Tables": "tables.cleaning",
    "UsageError": "errors",
    "Week": "week",
    "certify": "bounds.certificate",
    "open_desk": "reports.saved",
    "read": "stores.weeks",
    "solve": "engine",
    "write": "stores.weeks",
}


def __getattr__(name: str) -> Any:
    if name == "audit":
        return import_module("matching.audit")
    if name not in _HOMES:
        raise AttributeError(f"module 'matching' has no attribute {name!r}")
    return globals().setdefault(name, getattr(import_module(f"matching.{_HOMES[name]}"), name))


def __dir__() -> list[str]:
    return __all__
