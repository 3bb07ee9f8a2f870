"""``matching replace``: somebody cannot come; who comes instead, and who is to be told."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import MAX_ROWS_IN_JSON, say, teaching, tell
from matching.cli.given import print_json, sink_of
from matching.cli.language import LanguageOption, language_of
from matching.cli.rewriting import check_place, say_end, write_changed
from matching.guards.defaults import TIME_LIMIT_SECONDS

if TYPE_CHECKING:
    import polars as pl

    from matching.answers.replacing import Replaced
    from matching.answers.sentences import Language
    from matching.problem import Problem
    from matching.reports.saved import Saved

_SHOWN = 40


def replace(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[PLAN] VOLUNTEER",
            help="Folder or URL that holds a plan with its prices, if it is not the only one here; "
            "and an id, or with --contacts a name",
        ),
    ],
    day: Annotated[
        list[str] | None,
        arg.option("A day they cannot come on, as tue, 周二 or 2026-12-01; once for each", "DAY"),
    ] = None,
    request: Annotated[
        str | None, arg.option("The request they do not come to, and no more than that", "ID")
    ] = None,
    contacts: arg.ContactsOption = None,
    out: arg.NewPlanOption = None,
    force: arg.ForceOption = False,
    time_limit: Annotated[
        float, arg.search("Seconds of each of two searches", "SECONDS")
    ] = TIME_LIMIT_SECONDS,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    tables: arg.TablesOption = None,
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    format: arg.FormatOption = None,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Replace somebody who cannot come, for the week, a day or a request, and say who is told what.

    As few others as possible are moved. Without --out nothing is written. The new plan remembers
    what happened, and so does whatever is made from it; the tables do not: `matching plan` knows
    of it when they do.
    """
    with teaching(json) as outcome:
        from matching.cli.meant import day_meant, plan_and_name
        from matching.cli.ticker import Ticker
        from matching.cli.words import taught
        from matching.cli.words import words as texts_of

        if day and request is not None:
            raise taught("day_or_request")
        plan, name, is_found = plan_and_name(words, "replace", "VOLUNTEER")
        spoken = language_of(language)
        if is_found:
            tell(texts_of(spoken)["plan_is"].format(plan=plan), "dim")
        with Ticker(("read", "check", "pair", "solve"), time_limit=2 * time_limit) as ticker:
            from matching.answers.replacing import replaced
            from matching.cli.opened import saved_of
            from matching.guards.mondays import monday_of
            from matching.reports.called import id_called, request_meant
            from matching.reports.contacts import read_contacts
            from matching.reports.reopening import reopened

            named = None if contacts is None else read_contacts(contacts)
            saved = saved_of(ticker, plan, tables, week, policy, mapping, option, out_option)
            days = [day_meant(text, saved.week) for text in day or ()] or None
            sink = None if out is None else sink_of(out, format, out_option, saved.origin.mapping)
            if sink is not None and not force:
                check_place(sink, out, monday_of(saved.week))
            ticker.announce("validate")
            result = reopened(saved.problem(), saved.output, ticker.announce)
            who = id_called(name, result.problem.volunteers.id, named)
            request = None if request is None else request_meant(request, result.problem)
            ticker.announce("flow")
            found = replaced(result, saved.tables, who, days, request, time_limit=time_limit)
        if sink is not None:
            write_changed(sink, str(out), found.result, found.changes, saved, outcome)
        if json:
            shown = {
                n: frame.head(MAX_ROWS_IN_JSON).to_dicts() for n, frame in found.tables.items()
            }
            told = sorted({*found.tables["changes"]["volunteer_id"]})
            print_json({"volunteer_id": who, "plan": plan, "out": out, "to_tell": told, **shown})
            return
        event = _event(who, days, request, saved, result.problem, named, spoken)
        for text in (event, *_sentences(found, named, spoken, plan)):
            say(text)
        say_end(found.result, out, spoken)


def _event(
    who: str,
    days: list[date] | None,
    request: str | None,
    saved: Saved,
    problem: Problem,
    contacts: pl.DataFrame | None,
    language: Language,
) -> str:
    """Say what happened."""
    import polars as pl

    from matching.answers.sentences import texts_in
    from matching.reports.called import requests_called
    from matching.reports.contacts import people

    kind = "cannot_week" if days is None else "cannot_days"
    told = {
        "person": people(pl.Series([who]), contacts)[0],
        "week": saved.week,
        "days": ", ".join(f"{day}" for day in sorted({*(days or ())})),
    }
    if request is not None:
        kind, told["request"] = "cannot_request", requests_called(pl.Series([request]), problem)[0]
    return texts_in(language)[kind].format(**told)


def _sentences(
    found: Replaced, contacts: pl.DataFrame | None, language: Language, plan: str
) -> Iterator[str]:
    """Yield who is told what, what stays open, and all who are to be told."""
    from matching.answers.change_sentences import change_sentences
    from matching.answers.sentences import texts_in
    from matching.guards.urls import shown
    from matching.reports.called import requests_called
    from matching.reports.contacts import people

    texts, problem = texts_in(language), found.result.problem
    changes, left = found.tables["changes"], found.tables["open"]
    ids = changes["volunteer_id"]
    named = changes.with_columns(
        people(ids, contacts).alias("volunteer_id"), requests_called(changes["request_id"], problem)
    )
    lines = list(change_sentences(named, language))
    yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  ... {len(lines) - _SHOWN:,}: --json"
    requests = requests_called(left["request_id"], problem)
    for row, request in zip(left.to_dicts(), requests, strict=True):
        command = shlex.join(("matching", "who", shown(plan), row["request_id"]))
        yield texts["left_open"].format(**row, request=request, command=command)
    told = people(ids.unique(maintain_order=True), contacts)
    if len(told):
        separator = "、" if language == "zh" else ", "
        yield texts["to_tell"].format(number=len(told), people=separator.join(told))
