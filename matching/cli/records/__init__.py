"""``matching records check | hours | stars | certificates | due | indicators | feedback``."""

from __future__ import annotations

import typer

from matching.cli.examples import EXAMPLES
from matching.cli.records.certificates import certificates
from matching.cli.records.checking import check
from matching.cli.records.due import due
from matching.cli.records.feedback import feedback
from matching.cli.records.hours import hours
from matching.cli.records.measuring import indicators
from matching.cli.records.stars import stars

records = typer.Typer(
    no_args_is_help=True,
    help="What was served: hours, stars, certificates of service, indicators.",
    epilog=EXAMPLES["records"],
)
records.command(epilog=EXAMPLES["records check"])(check)
records.command(epilog=EXAMPLES["records hours"])(hours)
records.command(epilog=EXAMPLES["records stars"])(stars)
records.command(epilog=EXAMPLES["records due"])(due)
records.command(epilog=EXAMPLES["records certificates"])(certificates)
records.command(epilog=EXAMPLES["records feedback"])(feedback)
records.command(epilog=EXAMPLES["records indicators"])(indicators)
