"""``matching check``: what an independent reader says of a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import say, teaching
from matching.cli.given import edits_of, options_of, policy_of, print_json, week_of
from matching.cli.language import LanguageOption, language_of

_SECONDS = 60.0


def check(
    tables: arg.TablesArgument,
    plan: Annotated[
        str, typer.Argument(help="Folder, file or URL with a plan, wherever it comes from")
    ],
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    on_error: arg.OnErrorOption = "raise",
    pins: arg.PinsOption = None,
    time_limit: Annotated[
        float, arg.search("Seconds to prove the bound from the prices", "SECONDS")
    ] = _SECONDS,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Audit a plan: which rules hold, what it is worth, and what its prices prove.

    Week and policy are those of the plan's summary.json, unless given.
    A plan that was made with --pins is checked with them; what `replace` changed, the plan knows.
    If the time limit ends the proof, the check tells what is left unproved.
    Exit status 0 if the plan keeps every rule and its summary tells the truth, 1 if not.
    """
    with teaching(json):
        from matching.cli.ticker import Ticker

        with Ticker(("read", "check", "audit", "prove")) as ticker:
            from matching import audit
            from matching.audit.pins import settled
            from matching.bounds.certificate import certified
            from matching.bounds.prices import Prices
            from matching.cli.terminal import show_check, show_zone
            from matching.cli.verdict import Verdict
            from matching.cli.words import words
            from matching.problem import Problem
            from matching.problem.plan import Plan
            from matching.reports.origin import Origin
            from matching.reports.saved import saved_plan

            ticker.announce("read")
            found, mapping = saved_plan(plan, mapping, options_of(out_option))
            tables_of_plan, summary = found
            chosen = policy_of(policy, summary)
            monday = week_of(week or summary.get("week"))
            origin = Origin.from_summary(summary, tables, options_of(option))
            raw = origin.read(mapping, monday, chosen.time_zone)
            ticker.announce("validate")
            problem = Problem.from_tables(raw, monday, chosen, on_error)
            if pins is not None:
                from matching.reports.repinning import repinned

                problem = repinned(problem, edits_of(pins, monday.isoformat())).problem
            problem = settled(problem)
            del raw
            made = Plan.from_frame(problem, tables_of_plan["plan"])
            priced = tables_of_plan.get("prices")
            prices = None if priced is None else Prices.from_frame(problem, priced)
            ticker.announce("audit")
            broken, value = audit.violations(problem, made), audit.value(problem, made)
            ticker.announce("prove")
            proof = None if prices is None else certified(problem, prices, time_limit)
        verdict = Verdict(broken, value, proof, summary)
        changes = len(origin.changes)
        zone = {"time_zone": chosen.time_zone, "time_zone_given": chosen.time_zone_given}
        if json:
            print_json(verdict.to_json() | zone | {"changes": changes})
        else:
            spoken = language_of(language)
            if changes:
                say(words(spoken)["changed_for"].format(changes=f"{changes:,}"))
            show_zone(chosen.time_zone, chosen.time_zone_given, spoken)
            show_check(verdict, spoken)
        if not verdict.passes:
            raise typer.Exit(1)
