"""A saved plan, as the result that answers are asked of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matching.cli.given import options_of, policy_of, week_of

if TYPE_CHECKING:
    from matching.cli.ticker import Ticker
    from matching.result import Result


def opened(
    ticker: Ticker,
    plan: str,
    tables: str | None,
    week: str | None,
    policy: Path | None,
    mapping: Path | None,
    option: list[str] | None,
    out_option: list[str] | None,
) -> Result:
    """Read a plan, and its tables from where its summary says; it must keep every rule."""
    from matching import audit
    from matching.arcs.eligibility import eligible
    from matching.arcs.unfilled import unfilled
    from matching.arcs.value import quality
    from matching.bounds.prices import Prices
    from matching.bounds.unsettled import unsettled
    from matching.errors import UsageError
    from matching.problem import columns as c
    from matching.problem.plan import Plan
    from matching.reports.saved import saved_week
    from matching.result import Result

    problem, (made, summary) = saved_week(
        plan,
        tables,
        None if week is None else week_of(week),
        None if policy is None else policy_of(policy),
        mapping,
        options_of(option),
        options_of(out_option),
        ticker.announce,
    )
    chosen_plan = Plan.from_frame(problem, made["plan"])
    broken = audit.violations(problem, chosen_plan)
    if broken.height:
        raise UsageError(
            f"the plan breaks the rule {broken['rule'][0]}: {broken['detail'][0]}; matching check "
            "shows all of it. A plan made with --pins has them in its workbook alone: plan from "
            "tables that hold them"
        )
    ticker.announce("eligibility")
    arcs = eligible(problem)
    fit, keys = quality(problem, arcs), c.combine(arcs.volunteer, arcs.slot)
    rows = c.lookup(keys, c.combine(chosen_plan.volunteer, chosen_plan.slot))
    prices = Prices.from_frame(problem, made["prices"])
    value = audit.value(problem, chosen_plan)
    is_best = summary.get("status") == "optimal" and summary.get("value") == value
    left_open = None if is_best else unsettled(problem, arcs, prices, chosen_plan)
    return Result(
        problem=problem,
        arcs=arcs,
        status="optimal" if is_best else "feasible",
        termination="proved" if is_best else "exhausted",
        plan=chosen_plan,
        quality=fit[rows],
        km=arcs.km[rows],
        prices=prices,
        value=value,
        bound=value if is_best else int(summary.get("bound", value)),
        bound_from_prices=float(summary.get("bound_from_prices", value)),
        unfilled=unfilled(problem, arcs, fit, chosen_plan, unsettled=left_open),
        phases=(),
        seed=0,
    )
