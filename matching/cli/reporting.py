"""``matching report``: a plan as people read it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import say, teaching
from matching.cli.given import options_of, policy_of, week_of


def report(
    plan: Annotated[str, typer.Argument(help="Folder or URL with a plan, or its file")],
    out: Annotated[
        Path, arg.option("What to write: a file; for slips and ics a folder or a .zip", "PATH")
    ],
    format: Annotated[
        Literal["html", "xlsx", "slips", "ics"] | None,
        arg.option(
            "html: one page for any browser; xlsx: a workbook to edit; slips: texts to send and "
            "sheets to print; ics: a calendar for each volunteer, station and request; as the "
            "name of the file ends, if absent"
        ),
    ] = None,
    sequence: Annotated[
        int, arg.option("Of calendars: how often the week was sent out before", min=0)
    ] = 0,
    contacts: arg.ContactsOption = None,
    locale: Annotated[
        str | None,
        arg.option(
            "Of workbooks, slips and sheets: language and clock, as zh-CN or en-US; of the "
            "environment, if absent",
        ),
    ] = None,
    tables: arg.TablesOption = None,
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Show a plan to people: figures, what is missing and why, and everybody's roster.

    Tables, week and policy are those that the plan's summary remembers, unless given.
    """
    with teaching() as outcome:
        from matching.cli.ticker import Ticker

        with Ticker(("read", "check", "draw")) as ticker:
            from matching.errors import UsageError
            from matching.problem import Problem
            from matching.reports.asking import answered
            from matching.reports.contacts import addressed, read_contacts
            from matching.reports.facts import Facts
            from matching.reports.origin import Origin
            from matching.reports.saved import saved_plan
            from matching.reports.writing import ASKED, format_of, prepared
            from matching.tables.cleaning import clean

            write = prepared(out, format, sequence, locale)
            named = None if contacts is None else read_contacts(contacts)
            ticker.announce("read")
            (made, summary), mapping = saved_plan(plan, mapping, options_of(out_option))
            origin = Origin.from_summary(summary, tables, options_of(option))
            chosen = policy_of(policy, summary)
            week = week or summary.get("week")
            if week is None:
                raise UsageError(
                    "the plan's summary does not say its week: add --week, as 2026-11-30"
                )
            monday = week_of(week)
            raw = origin.read(mapping, monday, chosen.time_zone)
            ticker.announce("validate")
            cleaned, faults = clean(
                raw,
                week=monday,
                time_zone=chosen.time_zone,
                option_minutes=chosen.option_minutes,
                on_error=origin.on_error,
            )
            problem = Problem.from_clean(cleaned, faults, monday, chosen, origin.on_error)
            ticker.announce("draw")
            facts = Facts.of(problem, cleaned, (made, summary))
            if named is not None:
                facts = addressed(facts, named)
            if format_of(out, format) in ASKED:
                facts = answered(facts, problem, (made, summary))
            with outcome.writing(out):
                write(facts)
        say(f"written to {out}")
