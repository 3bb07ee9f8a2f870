"""A plan that was saved, as the result that answers are asked of."""

from __future__ import annotations

from collections.abc import Callable

from matching import audit
from matching.arcs.eligibility import eligible
from matching.arcs.unfilled import unfilled
from matching.arcs.value import quality
from matching.bounds.prices import Prices
from matching.bounds.unsettled import unsettled
from matching.errors import UsageError
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.result import Result
from matching.schema import Output


def reopened(
    problem: Problem, output: Output, announce: Callable[[str], None] = lambda step: None
) -> Result:
    """Return the result of a saved plan, which must keep every rule.

    Parameters
    ----------
    problem : Problem
        The week, with what is pinned settled.
    output : tuple of (dict of str to polars.DataFrame, dict)
        The tables ``plan`` and ``prices``, and the summary.
    announce : callable
        Is told of the step that takes longest.

    Raises
    ------
    UsageError
        If the plan breaks a rule.
    DataError
        If plan or prices name what the week does not have.
    """
    made, summary = output
    plan = Plan.from_frame(problem, made["plan"])
    broken = audit.violations(problem, plan)
    if broken.height:
        raise UsageError(
            f"the plan breaks the rule {broken['rule'][0]}: {broken['detail'][0]}; matching check "
            "shows all of it. A plan made with --pins has them in its workbook alone: plan from "
            "tables that hold them"
        )
    announce("eligibility")
    arcs = eligible(problem)
    fit, keys = quality(problem, arcs), c.combine(arcs.volunteer, arcs.slot)
    rows = c.lookup(keys, c.combine(plan.volunteer, plan.slot))
    prices = Prices.from_frame(problem, made["prices"])
    value = audit.value(problem, plan)
    is_best = summary.get("status") == "optimal" and summary.get("value") == value
    left_open = None if is_best else unsettled(problem, arcs, prices, plan)
    return Result(
        problem=problem,
        arcs=arcs,
        status="optimal" if is_best else "feasible",
        termination="proved" if is_best else "exhausted",
        plan=plan,
        quality=fit[rows],
        km=arcs.km[rows],
        prices=prices,
        value=value,
        bound=value if is_best else int(summary.get("bound", value)),
        bound_from_prices=float(summary.get("bound_from_prices", value)),
        unfilled=unfilled(problem, arcs, fit, plan, unsettled=left_open),
        phases=(),
        seed=0,
    )
