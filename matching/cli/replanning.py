"""``matching replan``: something happened to a plan in force; few people are told otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import MAX_ROWS_IN_JSON, say, teaching
from matching.cli.given import print_json, sink_of
from matching.cli.language import LanguageOption, language_of
from matching.cli.rewriting import check_place, say_end, write_changed
from matching.guards.defaults import TIME_LIMIT_SECONDS

if TYPE_CHECKING:
    import polars as pl

    from matching.answers.sentences import Language
    from matching.orders.replanning import Replan
    from matching.reports.saved import Saved

_SHOWN = 40


def replan(
    plan: Annotated[str, typer.Argument(help="Folder or URL that holds a plan with its prices")],
    changes: Annotated[
        list[Path],
        arg.option(
            "A table of events, or a folder, workbook or file of tables that change, as for "
            "what-if; once for each",
            "FILE",
        ),
    ],
    now: Annotated[
        str | None,
        arg.option("The moment, as 2026-12-02T09:30: what began by then stays; or else this", "T"),
    ] = None,
    contacts: arg.ContactsOption = None,
    out: arg.NewPlanOption = None,
    force: arg.ForceOption = False,
    time_limit: Annotated[
        float, arg.search("Seconds of the search", "SECONDS")
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
    """Plan a plan in force anew after something happened, and say who is told what, and why.

    What is past, running, pinned or accepted stays. Nobody is told anything else unless the plan
    gains more than policy.change_cost by it. The new plan remembers what happened; the tables do
    not.
    """
    with teaching(json) as outcome:
        from matching.cli.ticker import Ticker
        from matching.errors import UsageError

        spoken = language_of(language)
        with Ticker(("read", "check", "pair", "solve"), time_limit=time_limit) as ticker:
            from matching.cli.opened import saved_of
            from matching.guards.moments import now_or
            from matching.guards.mondays import monday_of
            from matching.orders.replanning import replan as replanned
            from matching.problem import Problem
            from matching.reports.contacts import read_contacts

            named = None if contacts is None else read_contacts(contacts)
            told = _changes(changes)
            saved = saved_of(ticker, plan, tables, week, policy, mapping, option, out_option)
            moment = now_or(now, saved.policy.time_zone)
            sink = None if out is None else sink_of(out, format, out_option, saved.origin.mapping)
            if sink is not None and not force:
                check_place(sink, out, monday_of(saved.week))
            ticker.announce("validate")
            steps, made = _edited(saved, told, moment)
            problem = Problem.from_tables(made, saved.week, saved.policy, saved.on_error)
            ours = problem.faults.filter(problem.faults["table"].str.starts_with("changes of "))
            if ours.height:
                from matching.errors import DataError

                raise DataError(ours)
            ticker.announce("flow")
            frames, _ = saved.output
            found = replanned(
                problem,
                frames["plan"],
                now=moment,
                prices=frames["prices"],
                time_limit=time_limit,
            )
        if not steps:
            raise UsageError("nothing that changes a plan: none of the events does")
        if sink is not None:
            write_changed(
                sink, str(out), found.result, steps, saved, outcome, {"replan": found.summary()}
            )
        if json:
            tabled = {"changes": found.changes, "open": found.open}
            shown = {n: frame.head(MAX_ROWS_IN_JSON).to_dicts() for n, frame in tabled.items()}
            to_tell = sorted({*found.changes["volunteer_id"]})
            print_json({"plan": plan, "out": out, "now": f"{moment:%Y-%m-%dT%H:%M}",
                        **found.summary(), "to_tell": to_tell, **shown})  # fmt: skip
            return
        for text in _sentences(found, named, spoken, plan, f"{moment:%Y-%m-%d %H:%M}"):
            say(text)
        say_end(found.result, out, spoken)


def _changes(paths: list[Path]) -> dict[str, pl.DataFrame]:
    """Read changes from several places; each table from one."""
    from matching.errors import UsageError
    from matching.stores.changes import read_changes

    tabled: dict[str, pl.DataFrame] = {}
    for path in paths:
        more, policy = read_changes(path)
        if policy:
            raise UsageError(
                f"--changes {path}: a policy changes the whole week; ask matching what-if"
            )
        # Events may be in a file of any name.
        more = {
            "events" if {"event", "request_id"} <= {*frame.columns} else name: frame
            for name, frame in more.items()
        }
        for name in more.keys() & tabled.keys():
            raise UsageError(
                f"--changes {path}: {name} changes in another place too; put it in one"
            )
        tabled |= more
    return tabled


def _edited(
    saved: Saved, told: dict[str, pl.DataFrame], now: datetime
) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
    """Return the changes of tables, those that events say included, and the tables with them."""
    from matching.answers.edited import edited
    from matching.orders.happenings_in_tables import as_changes
    from matching.problem import Problem

    zone = saved.policy.time_zone
    events = told.pop("events", None)
    made, steps = saved.tables, dict(told)
    if told:
        made, _ = edited(made, told, zone)
    if events is not None:
        problem = Problem.from_tables(made, saved.week, saved.policy, saved.on_error)
        said = as_changes(problem, made, events, now)
        made, _ = edited(made, said, zone)
        steps |= {name: _both(steps.get(name), frame) for name, frame in said.items()}
    return steps, made


def _both(first: pl.DataFrame | None, then: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return then if first is None else pl.concat([first, then], how="diagonal_relaxed")


def _sentences(
    found: Replan, contacts: pl.DataFrame | None, language: Language, plan: str, now: str
) -> Iterator[str]:
    """Yield what matters, then who is told what and why, and what stays open."""
    import polars as pl

    from matching.answers.change_sentences import change_sentences
    from matching.answers.sentences import texts_in
    from matching.guards.urls import shown
    from matching.reports.called import requests_called
    from matching.reports.contacts import people

    texts, figures = texts_in(language), found.summary()
    told, left = figures["told"], figures["left_open"]
    first = texts["replanned_told_one" if told == 1 else "replanned_told"].format(number=told)
    number = {0: "replanned_open_none", 1: "replanned_open_one"}.get(left, "replanned_open")
    yield first + texts[number].format(number=left)
    changes = found.changes.head(_SHOWN)
    named = changes.with_columns(
        people(changes["volunteer_id"], contacts).alias("volunteer_id"),
        requests_called(changes["request_id"], found.problem),
        requests_called(changes["from_request_id"], found.problem),
    )
    costs = named["cost"] if len(named) else pl.Series([0])
    for line, cost in zip(change_sentences(named, language), costs, strict=True):
        yield (
            "  " + texts["replanned_cost"].format(sentence=line, cost=cost) if cost else f"  {line}"
        )
    if len(found.changes) > _SHOWN:
        yield f"  ... {len(found.changes) - _SHOWN:,}: --json"
    requests = requests_called(found.open["request_id"], found.problem)
    for row, request in zip(found.open.to_dicts(), requests, strict=True):
        command = shlex.join(("matching", "who", shown(plan), row["request_id"]))
        yield texts["open_left"].format(**row | {"request": request}, command=command)
    everybody = people(found.changes["volunteer_id"].unique(maintain_order=True), contacts)
    if len(everybody):
        separator = "、" if language == "zh" else ", "
        yield texts["to_tell"].format(number=len(everybody), people=separator.join(everybody))
    shown_figures: dict[str, Any] = figures | {"bound": f"{figures['bound']:.0f}"}
    yield texts["replanned_worth"].format(**shown_figures)
    yield texts["replanned_now"].format(now=now)
