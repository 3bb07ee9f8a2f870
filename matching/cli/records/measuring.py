"""``matching records indicators``: who is active, by region, team, category and month."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import say, teaching, tell
from matching.cli.language import LanguageOption, language_of
from matching.cli.records.opened import (
    AsOfOption,
    BesideOption,
    RecordPolicyOption,
    RecordsArgument,
    beside,
    day_of,
    opened,
    record_policy,
)

if TYPE_CHECKING:
    from matching.records.indicators import Period

_MISSING = {
    "volunteers": "rates: how many volunteers and teams there are",
    "stations": "the regions of volunteers and orders",
    "requests": "orders matched",
    "events": "response times",
}


def indicators(
    records: RecordsArgument,
    since: Annotated[str | None, arg.option("First day; the year's, if absent", "DATE")] = None,
    until: Annotated[
        str | None, arg.option("Last day; the year's so far, if absent", "DATE")
    ] = None,
    digits: Annotated[
        int, arg.option("Of a region: by how many it is told apart; all, if 0", "N", min=0, max=200)
    ] = 0,
    policy: RecordPolicyOption = None,
    as_of: AsOfOption = None,
    on_error: arg.OnErrorOption = "raise",
    tables: BesideOption = None,
    language: LanguageOption = None,
    out: Annotated[
        Path | None,
        arg.option("A file to write: .html for a page, or .csv, .parquet, .jsonl, .xlsx", "FILE"),
    ] = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Say how many teams and volunteers were active, hours a head, and orders matched.

    By region, organisation, category and month; goals are the policy's, by default 60 % of teams,
    60 % of volunteers, 10 hours a head and year. Rates need the table volunteers, regions of
    volunteers the table stations, orders the table requests, response times the table events.
    """
    with teaching(json) as outcome:
        from matching.cli.records.telling import indicators as sentences
        from matching.errors import UsageError
        from matching.stores.records.measuring import measured, period_of

        page = out is not None and out.suffix.lower() == ".html"
        if not page:
            check_file(out)
        spoken, chosen = language_of(language), record_policy(policy)
        days = day_of("--since", since), day_of("--until", until)
        source = beside(records, tables, option)
        with opened(records, chosen, as_of, on_error, option) as credited:
            period = period_of(credited, *days, digits)
            if period.since > period.until:
                raise UsageError(f"from {period.since} to {period.until} there is no day")
            found, missing, notes = measured(credited, source, chosen, period, on_error)
            facts = credited.facts | _facts(period)
        for name in missing:
            tell(f"warning: no table {name}, and so nothing is said of {_MISSING[name]}", "yellow")
        for note in notes:
            tell(f"warning: {note}", "yellow")
        if page and out is not None:
            from matching.reports.indicators import indicator_page
            from matching.stores.files.whole import replacing

            text = indicator_page(found, period, chosen, spoken)
            with outcome.writing(out), replacing(out) as place:
                place.write_text(text, encoding="utf-8")
            if not json:
                say(str(out))
                return
        said = sentences(found, period, chosen, spoken)
        answer({"indicators": found}, said, "", None if page else out, json, outcome, facts, spoken)


def _facts(period: Period) -> dict[str, object]:
    return {"since": period.since.isoformat(), "until": period.until.isoformat()}
