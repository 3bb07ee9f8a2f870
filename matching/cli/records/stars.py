"""``matching records stars``: who has which star, by hours and by what reviews say."""

from __future__ import annotations

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching, tell
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


def stars(
    records: RecordsArgument,
    policy: RecordPolicyOption = None,
    as_of: AsOfOption = None,
    on_error: arg.OnErrorOption = "raise",
    tables: BesideOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Give stars by hours, and the higher ones by quality too.

    Hours and quality are the policy's star_hours, quality_from and quality; by default 100, 300,
    600, 1000 and 1500 hours, each included, and a mean of 3 of 5 from the fourth star on. Who was
    not reviewed is not held back.
    """
    with teaching(json) as outcome:
        from matching.cli.records.telling import stars as sentences
        from matching.records.people import hours_of
        from matching.records.stars import national, quality_of
        from matching.records.stars import stars as starred
        from matching.stores.records.beside import quality

        check_file(out)
        spoken, chosen = language_of(language), record_policy(policy)
        source = beside(records, tables, option)
        with opened(records, chosen, as_of, on_error, option) as credited:
            hours = hours_of(credited.parts(), credited.time_zone)
            reviewed = quality(source, chosen, on_error)
            facts = credited.facts
        if reviewed is None and chosen.quality_from:
            tell("warning: no table reviews: stars are given by hours alone", "yellow")
        rule = national(chosen)
        found = starred(hours, quality_of([], 1) if reviewed is None else reviewed, rule)
        said = sentences(found, rule, spoken)
        answer({"stars": found}, said, "", out, json, outcome, facts, spoken)
