"""``matching bank post | balance | statement | check | export``."""

from __future__ import annotations

import typer

from matching.cli.bank.asking import balance, check, export, statement
from matching.cli.bank.posting import post
from matching.cli.examples import EXAMPLES

bank = typer.Typer(
    no_args_is_help=True,
    help="The time bank: hours that are kept, redeemed, given and moved.",
    epilog=EXAMPLES["bank"],
)
for command in (post, balance, statement, check, export):
    bank.command(epilog=EXAMPLES[f"bank {command.__name__}"])(command)
