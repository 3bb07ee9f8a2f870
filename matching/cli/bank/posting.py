"""``matching bank post``: records become hours in the bank, and movements are done or refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.bank.opened import LedgerArgument, PolicyNameOption, bank_policy
from matching.cli.conduct import teaching, tell
from matching.cli.given import options_of
from matching.cli.language import LanguageOption, language_of
from matching.cli.records.opened import AsOfOption, moment, record_policy, tell_of_projects
from matching.guards.extras import needing

_SHOWN = 200


def post(
    ledger: LedgerArgument,
    tables: Annotated[
        str,
        typer.Argument(
            help="Where records, movements, kin and qualifications are: a folder, a file of "
            "records, a URL, or what records hours --keep left"
        ),
    ],
    policy: PolicyNameOption = None,
    record_policy_file: Annotated[
        Path | None, arg.option("TOML file with rules of hours", "FILE", "--record-policy")
    ] = None,
    as_of: AsOfOption = None,
    on_error: arg.OnErrorOption = "raise",
    language: LanguageOption = None,
    out: Annotated[
        Path | None, arg.option("A file for what is refused: .csv, .parquet, ...", "FILE")
    ] = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Deposit records and do what movements ask; what is not allowed is refused, with the reason.

    What is posted stays: running it again posts what is new. Exit status 1 if a movement or a
    deposit is refused.
    """
    with teaching(json) as outcome:
        from matching.cli.bank.telling import posted
        from matching.records.bank.sentences import with_sentences

        with needing("a ledger"):
            from matching.stores.records.banking import bank
            from matching.stores.sql.ledger import Ledger

        check_file(out)
        spoken, rules = language_of(language), bank_policy(policy)
        now = moment(as_of, rules.time_zone)
        if now > moment(None, rules.time_zone) + timedelta(days=1):
            gone = "hours that run out by then are gone"
            tell(f"warning: {as_of} has not come yet; {gone}", "yellow")
        options = options_of(option)
        credits = record_policy(record_policy_file)
        found = Ledger(ledger)
        with outcome.writing(ledger):
            done = bank(found, tables, rules, credits, now, on_error, **options)
        if not done.projects:
            tell_of_projects()
        refused = with_sentences(done.refused, rules, spoken)
        said = [*posted(done, rules, spoken), *refused["sentence"].head(_SHOWN)]
        kinds = {kind: {"transactions": n, "minutes": m} for kind, (n, m) in done.posted.items()}
        more = {"posted": kinds, "posted_before": done.again, "assumed": rules.assumed}
        answer({"refused": refused}, said, "", out, json, outcome, more, spoken)
    if refused.height:
        raise typer.Exit(1)
