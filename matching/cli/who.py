"""``matching who``: who could come to a request."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching, tell
from matching.cli.language import LanguageOption, language_of

if TYPE_CHECKING:
    import polars as pl

    from matching.answers.sentences import Language
    from matching.answers.who_could import WhoCould
    from matching.problem import Problem


def who(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[PLAN] REQUEST",
            help="Folder or URL that holds a plan with its prices, if it is not the only one here; "
            "and the id of a request, or its name",
        ),
    ],
    top: Annotated[int, arg.option("At most so many for each post", "K", min=1)] = 5,
    contacts: arg.ContactsOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    tables: arg.TablesOption = None,
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Say who could come to a request: first those who are free, then who would have to leave what.

    Whoever is named keeps every rule beside the plan. Tables, week and policy are those that the
    plan's summary remembers, unless given.
    """
    with teaching(json) as outcome:
        from matching.cli.meant import plan_and_name
        from matching.cli.ticker import Ticker
        from matching.cli.words import words as texts_of

        check_file(out)
        plan, request, is_found = plan_and_name(words, "who", "REQUEST")
        spoken = language_of(language)
        if is_found:
            tell(texts_of(spoken)["plan_is"].format(plan=plan), "dim")
        with Ticker(("read", "check", "pair")) as ticker:
            from matching.answers.desk import Desk
            from matching.answers.who_could import who_could
            from matching.cli.opened import opened
            from matching.reports.called import request_meant
            from matching.reports.contacts import read_contacts

            named = None if contacts is None else read_contacts(contacts)
            result = opened(ticker, plan, tables, week, policy, mapping, option, out_option)
            found = who_could(Desk(result), request_meant(request, result.problem), top)
        frames = {"people": found.people, "posts": found.posts}
        sentences = _sentences(found, result.problem, named, spoken, plan)
        answer(frames, sentences, "", out, json, outcome, None, spoken)


def _sentences(
    found: WhoCould,
    problem: Problem,
    contacts: pl.DataFrame | None,
    language: Language,
    plan: str,
) -> Iterator[str]:
    """Yield each post, and below it who could come."""
    import polars as pl

    from matching.answers.sentences import texts_in
    from matching.guards.urls import shown
    from matching.reports.called import requests_called
    from matching.reports.contacts import people

    texts = texts_in(language)
    named = people(found.people["volunteer_id"], contacts).alias("person")
    rows = found.people.with_columns(named).to_dicts()
    called = requests_called(found.posts["request_id"], problem)
    for post, request in zip(found.posts.to_dicts(), called, strict=True):
        serve = list(people(pl.Series(post["serve"], dtype=pl.String), contacts))
        by = texts["asked_by"].format(people=", ".join(serve)) if serve else ""
        when = f"{post['start']:%Y-%m-%d %H:%M}-{post['end']:%H:%M}"
        told = {**post, "request": request, "when": when, "filled": len(serve), "who": by}
        yield texts["asked_post"].format(**told)
        keys = ("post", "option")
        mine = [row for row in rows if all(row[key] == post[key] for key in keys)]
        for row in mine:
            yield "  " + _person(row, texts)
        if not mine:
            why = ("matching", "explain", shown(plan), "--request", post["request_id"])
            yield "  " + texts["could_nobody"].format(command=shlex.join(why))


def _person(row: dict[str, Any], texts: Any) -> str:
    km = "" if row["km"] is None else texts["could_km"].format(km=f"{row['km']:.1f}")
    kind = "could_free" if row["busy"] is None else "could_busy"
    return str(texts[kind].format(**{**row, "km": km}))
