"""``matching fairness``: how evenly a plan serves places and shares the work."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching
from matching.cli.language import LanguageOption, language_of


def fairness(
    plan: Annotated[str, typer.Argument(help="Folder or URL that holds a plan with its prices")],
    top: Annotated[int, arg.option("Recommendations for each volunteer", "K", min=1)] = 10,
    given: Annotated[
        Literal["plan", "accepted", "nothing"],
        arg.option("What stands: all of the plan, what is pinned or accepted, or nothing of it"),
    ] = "nothing",
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
    """Say how evenly places are served, work is shared, and recommendations reach.

    Tables, week and policy are those that the plan's summary remembers, unless given.
    """
    with teaching(json) as outcome:
        from matching.answers.fairness_sentences import fairness_sentences
        from matching.cli.opened import desk_of

        check_file(out)
        desk = desk_of(plan, tables, week, policy, mapping, option, out_option)
        found = desk.fairness(top, given)
        spoken = language_of(language)
        sentences = fairness_sentences(found, spoken)["sentence"]
        answer({"fairness": found}, sentences, "", out, json, outcome, None, spoken)
