"""``matching advise``: whom to recruit, and whom to train."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching
from matching.cli.language import LanguageOption, language_of

if TYPE_CHECKING:
    import polars as pl

    from matching.answers.sentences import Language


def advise(
    plan: Annotated[
        list[str], typer.Argument(help="Folder or URL with a plan; several weeks, if several")
    ],
    recruit: Annotated[
        bool, arg.option("What more people of a kind are worth; so without either", None)
    ] = False,
    train: Annotated[
        bool, arg.option("Who lacks one qualification alone, and what it is worth", None)
    ] = False,
    top: Annotated[int, arg.option("How many kinds are tried", "N", min=1)] = 5,
    time_limit: Annotated[
        float, arg.search("Seconds for each week that is planned afresh", "SECONDS")
    ] = 10.0,
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
    """Say what 1, 2 and 5 more people of a kind would gain, or people who learn something.

    Somebody new lives where the service is, is free for the half day and can do just what it asks
    for. Each gain is found by solving again, and stands beside what the prices said. Tables, week
    and policy are those that the plan's summary remembers, unless given.
    """
    with teaching(json) as outcome:
        from matching.cli.ticker import Ticker
        from matching.errors import UsageError

        check_file(out)
        if recruit and train:
            raise UsageError("--recruit and --train are two questions: ask one, then the other")
        if len(plan) > 1 and (tables or week):
            raise UsageError("--tables and --week are of one plan: with several leave them out")
        with Ticker(("read", "check", "pair", "solve")) as ticker:
            from matching.answers.advice import advise as advised
            from matching.cli.opened import opened
            from matching.cli.words import words

            weeks = [
                opened(ticker, each, tables, week, policy, mapping, option, out_option)
                for each in plan
            ]
            ticker.announce("flow")
            about: Literal["recruit", "train"] = "train" if train else "recruit"
            found = advised(weeks, about, top=top, time_limit=time_limit)
        spoken = language_of(language)
        sentences = _sentences(found, spoken)
        nothing = words(spoken)["nothing_gained"]
        answer(found, sentences, nothing, out, json, outcome, None, spoken)


def _sentences(tables: dict[str, pl.DataFrame], language: Language) -> Iterator[str]:
    """Yield what is said of the advice, then of the trainees, and how far the prices were out."""
    import polars as pl

    from matching.answers.telling import said, with_half_days

    advice = tables["advice"]
    proof = list(said(advice, _proof, language))
    advice = advice.with_columns(proof=pl.Series(proof, dtype=pl.String))
    if "level" not in advice.columns:
        yield from said(with_half_days(advice, language), _of_recruits, language)
    else:
        yield from said(advice, "advice_train", language)
        yield from said(tables["trainees"], "advice_trainee", language)
    yield from said(tables["errors"], "advice_error", language)


def _proof(row: dict[str, object]) -> str:
    return "advice_proved" if row["at_least"] == row["at_most"] else "advice_between"


def _of_recruits(row: dict[str, object]) -> str:
    return "advice_recruit" if row["qualification"] is not None else "advice_recruit_anybody"
