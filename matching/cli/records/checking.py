"""``matching records check``: which records count nothing, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching
from matching.cli.language import LanguageOption, language_of
from matching.cli.records.opened import (
    AsOfOption,
    RecordPolicyOption,
    RecordsArgument,
    opened,
    record_policy,
)


def check(
    records: RecordsArgument,
    policy: RecordPolicyOption = None,
    as_of: AsOfOption = None,
    on_error: Annotated[
        arg.OnError, arg.option("Set faulty rows aside and tell them, or refuse them all")
    ] = "quarantine",
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Say which records count nothing, and why: a row with a code and a sentence for each.

    Exit status 0 if nothing is to be mended, 1 if something is; who did not come needs no mending.
    """
    with teaching(json) as outcome:
        from matching.cli.records.telling import to_mend as sentences
        from matching.cli.records.telling import totals, words
        from matching.stores.records.answers import to_mend, told

        check_file(out)
        spoken = language_of(language)
        with opened(records, record_policy(policy), as_of, on_error, option) as credited:
            found = told(credited, spoken)
        bad = to_mend(found)
        said = [*totals(credited.summary, spoken), *sentences(bad, spoken)]
        said += [] if bad.height else [words(spoken)["all_counts"]]
        answer({"refusals": found}, said, "", out, json, outcome, credited.facts, spoken)
    if bad.height:
        raise typer.Exit(1)
