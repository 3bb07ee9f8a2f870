"""``matching records due``: what is to be recorded, and until when."""

from __future__ import annotations

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching, tell
from matching.cli.language import LanguageOption, language_of
from matching.cli.records.opened import (
    AsOfOption,
    RecordPolicyOption,
    RecordsArgument,
    opened,
    record_policy,
)


def due(
    records: RecordsArgument,
    policy: RecordPolicyOption = None,
    as_of: AsOfOption = None,
    on_error: arg.OnErrorOption = "raise",
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """List the services that are done and not entered, with the last day for it.

    That is the policy's due_days (10) working days after the service. Those that were entered too
    late are listed, too. Days off are those of China unless the policy says another calendar.
    """
    with teaching(json) as outcome:
        from matching.cli.records.telling import due as sentences
        from matching.stores.records.beside import due_records

        check_file(out)
        spoken, chosen = language_of(language), record_policy(policy)
        with opened(records, chosen, as_of, on_error, option) as credited:
            found, working = due_records(credited, chosen)
            facts = credited.facts | {"calendar": chosen.calendar, "unknown": working.unknown}
        if (found["state"] == "unknown").any():
            years = ", ".join(map(str, working.unknown))
            tell(
                f"warning: the days off of {years} are not known to the package chinesecalendar; "
                "what may be due in that year is told as unknown. Update the package, or set "
                "calendar = 'weekdays' and holidays in the policy",
                "yellow",
            )
        if chosen.calendar == "weekdays":
            named = len(chosen.holidays) + len(chosen.worked)
            tell(
                f"working days are Monday to Friday, with {named} days that the policy names",
                "bold",
            )
        said = sentences(found, chosen, spoken)
        answer({"due": found}, said, "", out, json, outcome, facts, spoken)
