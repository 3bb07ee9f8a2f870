"""``matching pairings due | roll``."""

from __future__ import annotations

import typer

from matching.cli.examples import EXAMPLES
from matching.cli.pairings.visiting import due, roll

pairings = typer.Typer(
    no_args_is_help=True,
    help="Regular visits by the same people: what is due, and what was done.",
    epilog=EXAMPLES["pairings"],
)
pairings.command(epilog=EXAMPLES["pairings due"])(due)
pairings.command(epilog=EXAMPLES["pairings roll"])(roll)
