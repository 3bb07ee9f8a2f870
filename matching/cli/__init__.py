"""The command line: ``matching start | plan | check | report | explain | recommend | ...``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from matching.cli.advising import advise
from matching.cli.bank import bank
from matching.cli.calendars import availability
from matching.cli.checking import check
from matching.cli.conduct import say
from matching.cli.drafting import draft_mapping
from matching.cli.examples import EXAMPLES
from matching.cli.explaining import explain
from matching.cli.fairness import fairness
from matching.cli.generating import generate
from matching.cli.orders import orders
from matching.cli.pairings import pairings
from matching.cli.planning import plan
from matching.cli.promising import promise
from matching.cli.recommending import recommend
from matching.cli.records import records
from matching.cli.replacing import replace
from matching.cli.replanning import replan
from matching.cli.reporting import report
from matching.cli.simulating import simulate
from matching.cli.standing_by import standby
from matching.cli.starting import start
from matching.cli.summaries import summary_of
from matching.cli.supposing import what_if
from matching.cli.templating import template
from matching.cli.who import who
from matching.guards.harmless import harmless

# What Arrow and Polars free goes back to the system soon (they read this when they are loaded): the
# tables of a province would else stay in memory beside the search. At once would be dear: a step
# mostly asks for as much as the one before has freed, and new memory has to be cleared.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:100,muzzy_decay_ms:0")

# Whatever is heavy is imported where it is used: `matching --help` answers at once, and what takes
# a second to load is loaded when progress is already on the screen.


class _Commands(TyperGroup):
    """The commands; errors in how they were called are shown harmless, too."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None and (summary := summary_of(cmd_name)):
            command.help = summary
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        self.help = summary_of("matching") or self.help
        with _harmless():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        with _harmless():
            return super().invoke(ctx)


@contextmanager
def _harmless() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if isinstance(message := getattr(error, "message", None), str):
            error.message = harmless(message)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    cls=_Commands,
    epilog=EXAMPLES["matching"],
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=EXAMPLES["start"])(start)
app.command(epilog=EXAMPLES["template"])(template)
app.command(epilog=EXAMPLES["plan"])(plan)
app.command(epilog=EXAMPLES["check"])(check)
app.command(epilog=EXAMPLES["report"])(report)
app.command(epilog=EXAMPLES["explain"])(explain)
app.command(epilog=EXAMPLES["recommend"])(recommend)
app.command(epilog=EXAMPLES["who"])(who)
app.command(epilog=EXAMPLES["replace"])(replace)
app.command(epilog=EXAMPLES["replan"])(replan)
app.command(epilog=EXAMPLES["advise"])(advise)
app.command(epilog=EXAMPLES["what-if"], name="what-if")(what_if)
app.command(epilog=EXAMPLES["promise"])(promise)
app.command(epilog=EXAMPLES["standby"])(standby)
app.command(epilog=EXAMPLES["fairness"])(fairness)
app.add_typer(orders, name="orders")
app.add_typer(records, name="records")
app.add_typer(bank, name="bank")
app.add_typer(pairings, name="pairings")
app.command(epilog=EXAMPLES["map"], name="map")(draft_mapping)
app.command(epilog=EXAMPLES["availability"])(availability)
app.command(epilog=EXAMPLES["generate"])(generate)
app.command(epilog=EXAMPLES["simulate"])(simulate)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"volunteer-matching {version('volunteer-matching')}")
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
