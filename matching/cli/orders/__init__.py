"""``matching orders apply | state | due | settle | promote | swap | offer | records``."""

from __future__ import annotations

import typer

from matching.cli.examples import EXAMPLES
from matching.cli.orders.agenda import due
from matching.cli.orders.applying import apply
from matching.cli.orders.offering import offer, records
from matching.cli.orders.queues import promote, swap
from matching.cli.orders.settling import settle
from matching.cli.orders.standing import state

orders = typer.Typer(
    no_args_is_help=True,
    help="The life of orders: what happened to them, where they stand, what needs somebody.",
    epilog=EXAMPLES["orders"],
)
orders.command(epilog=EXAMPLES["orders apply"])(apply)
orders.command(epilog=EXAMPLES["orders state"])(state)
orders.command(epilog=EXAMPLES["orders due"])(due)
orders.command(epilog=EXAMPLES["orders settle"])(settle)
orders.command(epilog=EXAMPLES["orders promote"])(promote)
orders.command(epilog=EXAMPLES["orders swap"])(swap)
orders.command(epilog=EXAMPLES["orders offer"])(offer)
orders.command(epilog=EXAMPLES["orders records"])(records)
