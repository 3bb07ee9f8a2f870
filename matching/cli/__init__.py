"""The command line: ``matching plan | check | report | map | availability | generate``."""

from __future__ import annotations

from typing import Annotated

import typer

from matching import examples
from matching.cli.calendars import availability
from matching.cli.checking import check
from matching.cli.drafting import draft_mapping
from matching.cli.generating import generate
from matching.cli.planning import plan
from matching.cli.reporting import report

# Whatever is heavy is imported where it is used: `matching --help` answers at once, and what takes
# a second to load is loaded when progress is already on the screen.

app = typer.Typer(
    epilog=examples.ALL,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=examples.PLAN)(plan)
app.command(epilog=examples.CHECK)(check)
app.command(epilog=examples.REPORT)(report)
app.command(epilog=examples.MAP, name="map")(draft_mapping)
app.command(epilog=examples.AVAILABILITY)(availability)
app.command(epilog=examples.GENERATE)(generate)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"volunteer-matching {version('volunteer-matching')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Match volunteers to what communities order: the best weekly plan, with a proof."""
