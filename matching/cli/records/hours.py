"""``matching records hours``: what each volunteer's records come to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

KeepOption = Annotated[
    Path | None,
    arg.option("Keep each record with what it counts in this folder, for other commands", "FOLDER"),
]


def hours(
    records: RecordsArgument,
    policy: RecordPolicyOption = None,
    as_of: AsOfOption = None,
    on_error: arg.OnErrorOption = "raise",
    keep: KeepOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Say how many hours count, of each volunteer.

    What counts nothing is in the totals, by reason; check tells it record by record.
    """
    with teaching(json) as outcome:
        from matching.cli.records.telling import people, totals
        from matching.records.people import hours_of

        check_file(out)
        spoken = language_of(language)
        with opened(records, record_policy(policy), as_of, on_error, option, keep) as credited:
            found = hours_of(credited.parts(), credited.time_zone)
        said = [*totals(credited.summary, spoken), *people(found, spoken)]
        answer({"hours": found}, said, "", out, json, outcome, credited.facts, spoken)
