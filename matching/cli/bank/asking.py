"""``matching bank balance | statement | check | export``: what the ledger says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.bank.opened import LedgerArgument, PolicyNameOption, bank_policy, ledger_of
from matching.cli.conduct import say, teaching
from matching.cli.language import LanguageOption, language_of
from matching.cli.records.opened import AsOfOption, moment


def balance(
    ledger: LedgerArgument,
    holder: Annotated[
        list[str] | None, arg.option("Of this holder alone; once for each", "ID", "--holder")
    ] = None,
    policy: PolicyNameOption = None,
    as_of: AsOfOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
) -> None:
    """Say what each account holds, and what of it runs out next."""
    with teaching(json) as outcome:
        import polars as pl

        from matching.cli.bank.telling import held, words
        from matching.records.bank.accounts import balances
        from matching.tables.cells import to_local

        check_file(out)
        spoken, rules = language_of(language), bank_policy(policy)
        utc = pl.lit(moment(as_of, rules.time_zone), pl.Datetime("us"))
        now = pl.select(to_local(utc, rules.time_zone)).item()
        lots = ledger_of(ledger).lots()
        if holder:
            lots = lots.filter(pl.col("account_id").is_in(holder))
        found = balances(lots, rules, now)
        nothing = words(spoken)["no_account"]
        answer({"balances": found}, held(found, spoken), nothing, out, json, outcome, {}, spoken)


def statement(
    ledger: LedgerArgument,
    holder: Annotated[str, typer.Argument(help="Whose: a volunteer, an organisation, a region")],
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
) -> None:
    """Say what moved on the accounts of one holder, and the balance after each movement."""
    with teaching(json) as outcome:
        from matching.cli.bank.telling import moved, words
        from matching.records.bank.accounts import statement

        check_file(out)
        spoken = language_of(language)
        found = statement(ledger_of(ledger).postings(holder))
        nothing = words(spoken)["no_account"]
        said = moved(found, spoken)
        answer({"statement": found}, said, nothing, out, json, outcome, {}, spoken)


def check(
    ledger: LedgerArgument,
    policy: PolicyNameOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
) -> None:
    """See that the ledger keeps its laws: sums of zero, no debts, each record once, the cap.

    Exit status 0 if it does, 1 if not.
    """
    with teaching(json) as outcome:
        from matching.cli.bank.telling import broken
        from matching.records.bank.accounts import broken_laws

        check_file(out)
        spoken = language_of(language)
        rows = ledger_of(ledger).postings()
        found = broken_laws(rows, bank_policy(policy))
        more = {"postings": rows.height}
        answer({"broken": found}, broken(found, rows, spoken), "", out, json, outcome, more, spoken)
    if found.height:
        raise typer.Exit(1)


def export(
    ledger: LedgerArgument,
    out: Annotated[
        Path | None, arg.option("A file for the text; standard output, if absent", "FILE")
    ] = None,
) -> None:
    """Write the ledger as text for Beancount, which checks it by itself."""
    with teaching() as outcome:
        from matching.records.bank.beancount import beancount
        from matching.stores.files.whole import replacing

        rows = ledger_of(ledger).postings()
        if out is None:
            for piece in beancount(rows):
                say(piece, end="")
            return
        with (
            outcome.writing(out),
            replacing(out) as place,
            place.open("w", encoding="utf-8") as file,
        ):
            file.writelines(beancount(rows))
        say(f"{rows.height:,} postings written to {out}")
