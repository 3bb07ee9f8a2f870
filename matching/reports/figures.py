"""The headline figures: those of the summary, counted anew, and how fairly the work is shared."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from matching import audit
from matching.answers.fairness import gini
from matching.problem import Problem
from matching.problem.plan import Plan
from matching.result import counts


def figures_of(
    problem: Problem, plan: Plan, summary: dict[str, Any], hours: pl.DataFrame
) -> dict[str, Any]:
    """Return the figures by name; what the summary has too has the same name there.

    ``value`` is the summary's, or else the audit's; ``bound``, ``gap`` and ``status`` are None
    where the summary has none. ``set_aside`` counts rows; ``gini`` is that of the hours of those
    who serve.
    """
    value, set_aside = _number(summary.get("value")), summary.get("set_aside")
    rows = set_aside.values() if isinstance(set_aside, dict) else ()
    return {
        "status": summary.get("status"),
        "value": audit.value(problem, plan) if value is None else value,
        "bound": _number(summary.get("bound")),
        "gap": _number(summary.get("gap")),
        **counts(problem, plan),
        "set_aside": sum(int(_number(count) or 0) for count in rows),
        "hours_median": hours["hours"].quantile(0.5, "linear"),
        "hours_most": hours["hours"].max(),
        "gini": gini(hours["hours"].to_numpy()),
    }


def _number(value: object) -> int | float | None:
    """Return what a summary says, if it is a number: anybody may have written it."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number and math.isfinite(value) else None  # type: ignore[arg-type, return-value]
