"""``matching fairness``: how evenly a plan serves places and shares the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import say, teaching
from matching.cli.given import options_of, policy_of, print_json, week_of
from matching.cli.language import LanguageOption, language_of


def fairness(
    plan: Annotated[str, typer.Argument(help="Folder or URL that holds a plan with its prices")],
    top: Annotated[int, arg.option("Recommendations for each volunteer", "K", min=1)] = 10,
    given: Annotated[
        Literal["plan", "accepted", "nothing"],
        arg.option("What stands: all of the plan, what is pinned or accepted, or nothing of it"),
    ] = "nothing",
    language: LanguageOption = None,
    out: Annotated[
        Path | None, arg.option("A file to write: .csv, .parquet, .jsonl or .xlsx", "FILE")
    ] = None,
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
        from matching.errors import UsageError
        from matching.reports.saved import open_desk
        from matching.stores.files.formats import FORMATS, format_of, write_file
        from matching.stores.files.whole import replacing

        if out is not None and format_of(out) is None:
            raise UsageError(f"--out {out}: end the name in .{', .'.join(FORMATS)}")
        desk = open_desk(
            plan,
            tables,
            None if week is None else week_of(week),
            None if policy is None else policy_of(policy),
            mapping,
            options_of(option),
            options_of(out_option),
        )
        found = desk.fairness(top, given)
        if out is not None:
            with outcome.writing(out), replacing(out) as place:
                write_file("fairness", found, place, format_of(out) or "csv")
        if json:
            print_json({"fairness": found.to_dicts()} if out is None else {"written": str(out)})
        elif out is not None:
            say(f"written to {out}")
        else:
            for sentence in fairness_sentences(found, language_of(language))["sentence"]:
                say(sentence)
