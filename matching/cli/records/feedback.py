"""``matching records feedback``: what records and reviews say of the week that comes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching
from matching.cli.language import LanguageOption, language_of
from matching.cli.records.opened import (
    AsOfOption,
    BesideOption,
    RecordPolicyOption,
    RecordsArgument,
    beside,
    opened,
    record_policy,
)


def feedback(
    records: RecordsArgument,
    policy: RecordPolicyOption = None,
    as_of: AsOfOption = None,
    on_error: arg.OnErrorOption = "raise",
    tables: BesideOption = None,
    into: Annotated[
        Path | None,
        arg.option("Write volunteers with show_up, and affinities with ratings, into it", "FOLDER"),
    ] = None,
    format: arg.FormatOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Estimate who comes, who serves to the end, and how they are reviewed.

    The less is known of somebody, and the longer ago it was, the nearer they are to the mean of
    all, where newcomers are. To decline or to cancel in time says nothing of anybody.
    """
    with teaching(json) as outcome:
        from matching.cli.records.telling import expected
        from matching.stores.records.feeding import feed, feedback_of

        check_file(out)
        spoken, chosen = language_of(language), record_policy(policy)
        source = beside(records, tables, option)
        with opened(records, chosen, as_of, on_error, option) as credited:
            found = feedback_of(credited, source, chosen, on_error)
            facts = {**credited.facts, "means": found.means}
        if into is not None:
            with outcome.writing(into):
                facts["fed"] = feed(source, found, chosen, into, format or "csv")
        said = expected(found, facts.get("fed"), into, spoken)
        people = {"feedback": found.people, "categories": found.categories}
        answer(people, said, "", out, json, outcome, facts, spoken)
