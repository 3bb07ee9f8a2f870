"""The bank as the commands are given it: where its ledger is, and under which policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.guards.extras import needing

if TYPE_CHECKING:
    from matching.records.bank.policy import BankPolicy
    from matching.stores.sql.ledger import Ledger

LedgerArgument = Annotated[
    str,
    typer.Argument(
        help="Where the ledger is: a file such as bank.db, or a URL such as "
        "postgresql://host/platform"
    ),
]
PolicyNameOption = Annotated[
    str | None,
    arg.option("nanjing-2019, beijing-2022, or a TOML file; what both share, if absent", "NAME"),
]


def bank_policy(name: str | None) -> BankPolicy:
    """Return the policy that is named, or else the defaults."""
    from matching.records.bank.policy import BankPolicy

    return BankPolicy() if name is None else BankPolicy.named(name)


def ledger_of(where: str) -> Ledger:
    """Open a ledger that is there."""
    with needing("a ledger"):
        from matching.stores.sql.ledger import Ledger
    return Ledger(where, new=False)
