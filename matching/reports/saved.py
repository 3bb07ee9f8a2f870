"""A plan as it was saved, and the desk of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from matching.answers.desk import Desk
from matching.audit.pins import settled
from matching.errors import UsageError
from matching.guards.doors import door
from matching.guards.likeness import near_path
from matching.guards.mondays import Day
from matching.guards.urls import is_url, shown
from matching.policy import Policy
from matching.problem import Problem
from matching.reports.origin import Origin, mapping_of
from matching.schema import Output
from matching.stores import read_plan
from matching.stores.earlier import summary_in
from matching.stores.mapping import mapped_sink
from matching.stores.registry import PATH, adapter_name, open_sink
from matching.tables.cleaning import OnError, Tables


@door
def open_desk(
    plan: str | Path,
    tables: str | None = None,
    week: Day | None = None,
    policy: Policy | None = None,
    mapping: Path | None = None,
    options: dict[str, str] | None = None,
    plan_options: dict[str, str] | None = None,
) -> Desk:
    """Open the desk of a saved plan.

    Parameters
    ----------
    plan : str or pathlib.Path
        A folder or URL that a plan was written to, with its prices and its summary.
    tables : str, optional
        Where the tables are, if not where the summary remembers them.
    week : datetime.date, str or numpy.datetime64, optional
    policy : Policy, optional
    mapping : pathlib.Path, optional
        These three, too, are remembered.
    options, plan_options : dict of str to str, optional
        For the store of the tables, and for that of the plan.

    Returns
    -------
    Desk

    Raises
    ------
    UsageError
        If there is no plan, it has no prices, or it does not say where its tables are.
    DataError
        If the tables are faulty, or another week's than the plan.
    """
    saved = saved_tables(
        str(plan), tables, week, policy, mapping, options or {}, plan_options or {}
    )
    made, _ = saved.output
    return Desk.of(saved.problem(), made["plan"], made["prices"])


class Saved(NamedTuple):
    """A plan as it was saved, and what it was made from.

    Attributes
    ----------
    tables : Tables
        As the store has them now.
    week : Day
    policy : Policy
    on_error : {"raise", "quarantine"}
    output : Output
        The tables of the plan, and its summary.
    origin : Origin
        Where the tables are, and the mapping of both.
    """

    tables: Tables
    week: Day
    policy: Policy
    on_error: OnError
    output: Output
    origin: Origin

    def problem(self) -> Problem:
        """Return the week that it was made for."""
        made = Problem.from_tables(self.tables, self.week, self.policy, self.on_error)
        return settled(made)


def saved_tables(
    plan: str,
    tables: str | None,
    week: Day | None,
    policy: Policy | None,
    mapping: Path | None,
    options: dict[str, str],
    plan_options: dict[str, str],
    announce: Callable[[str], None] = lambda step: None,
) -> Saved:
    """Read a plan with its prices, and the tables that it was made from; see `open_desk`."""
    announce("read")
    (made, summary), mapping = saved_plan(plan, mapping, plan_options)
    if "prices" not in made:
        raise UsageError(
            f"{shown(plan)} holds no prices, from which answers are made; name the folder or "
            "the store that `matching plan` wrote"
        )
    origin = Origin.from_summary(summary, tables, options)
    monday = week or summary.get("week")
    if monday is None:
        raise UsageError("the plan's summary does not say its week: add --week, as 2026-11-30")
    chosen = Policy.from_summary(summary) if policy is None else policy
    raw = origin.read(mapping, monday, chosen.time_zone)
    origin = replace(origin, mapping=mapping)
    return Saved(raw, monday, chosen, origin.on_error, (made, summary), origin)


def saved_plan(
    plan: str, mapping: Path | None, options: dict[str, str]
) -> tuple[Output, Path | None]:
    """Read the tables of a plan, and its summary: empty, if a file holds the plan alone.

    Also return the mapping: the one that is given, or else the one that the summary remembers.
    """
    local = adapter_name(plan) == PATH
    if not is_url(plan) and not Path(plan).exists():
        raise UsageError(
            f"{shown(plan)} does not exist; name a plan's file, or the folder that holds it"
            f"{near_path(Path(plan))}"
        )
    if local and not Path(plan).is_dir():
        return ({"plan": read_plan(plan)}, {}), mapping
    if local and (regions := sorted(Path(plan).glob("region=*/"))):
        raise UsageError(
            f"{plan} is a plan in regions, which was judged and proved while it was made; name one "
            f"region, such as {regions[0]}, with the tables of that region"
        )
    if mapping is None:
        mapping = mapping_of(summary_in(open_sink(plan, **options)))
    tables, summary = mapped_sink(plan, mapping, **options).read_result()
    if "plan" not in tables and local:
        return ({"plan": read_plan(plan)}, summary), mapping  # raises, and says what it looked for
    if "plan" not in tables:
        raise UsageError(f"{shown(plan)} holds no plan; plan the week to write one")
    return (tables, summary), mapping
