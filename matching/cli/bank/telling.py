"""What the terminal says of the time bank, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from matching.cli.language import Language

if TYPE_CHECKING:
    import polars as pl

    from matching.records.bank.policy import BankPolicy
    from matching.stores.records.banking import Banked


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return all texts by name."""
    own = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    return {name: text[language] for name, text in own.items()}


def posted(done: Banked, policy: BankPolicy, language: Language) -> Iterator[str]:
    """Say what was posted and what is assumed; what was refused follows."""
    said = words(language)
    for kind, (count, minutes) in done.posted.items():
        yield said["posted"].format(
            kind=said[kind], transactions=f"{count:,}", time=_time(minutes, language)
        )
    if not done.posted:
        yield said["nothing_posted"]
    if done.again:
        yield said["again"].format(count=f"{done.again:,}")
    if policy.assumed:
        yield said["assumed"].format(name=policy.name, keys=", ".join(policy.assumed))
    if done.refused.height:
        yield said["refused"].format(count=f"{done.refused.height:,}")


def held(balances: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say what accounts hold."""
    said = words(language)
    for row in balances.iter_rows(named=True):
        text = said["held"].format(
            account_id=row["account_id"],
            account=said[row["account"]],
            region=row["region"],
            time=_time(row["minutes"], language),
        )
        if row["next_expiry"] is not None:
            soon = _time(row["next_minutes"], language)
            text += said["runs_out"].format(time=soon, day=row["next_expiry"])
        yield text


def moved(statement: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say what moved on accounts."""
    said = words(language)
    for row in statement.iter_rows(named=True):
        to_id = row["to_id"]
        yield said["moved"].format(
            at=f"{row['at']:%Y-%m-%d %H:%M}",
            time=_time(row["minutes"], language),
            kind=said[row["kind"]],
            transaction_id=row["transaction_id"],
            for_whom="" if to_id is None else said["for_whom"].format(to_id=to_id),
            balance=_time(row["balance"], language),
            account=said[row["account"]],
            region=row["region"],
        )


def broken(found: pl.DataFrame, postings: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say which laws are broken where, or that none is."""
    said = words(language)
    for row in found.iter_rows(named=True):
        yield said["broken"].format(**row)
    if found.is_empty():
        count = postings["transaction_id"].n_unique()
        yield said["kept"].format(transactions=f"{count:,}", postings=f"{postings.height:,}")


def _time(minutes: int, language: Language) -> str:
    text = words(language)["time"].format(
        hours=f"{abs(minutes) // 60:,}", minutes=abs(minutes) % 60
    )
    return f"-{text}" if minutes < 0 else text
