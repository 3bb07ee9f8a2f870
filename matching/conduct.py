"""How every command behaves: what a user can mend becomes a message, and Ctrl-C is heard."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from matching.interrupts import listening

if TYPE_CHECKING:
    from matching.errors import MatchingError

# Faults told at once to a reader of JSON; `faults_in_all` says how many there are.
TOLD = 1_000


@contextmanager
def teaching(as_json: bool = False) -> Iterator[None]:
    """Turn what a user can mend into a message and exit status 2; show warnings as one line.

    Ctrl-C ends with exit status 130, unless `interruptible` hears it first.

    Parameters
    ----------
    as_json : bool
        Also write an object with the key ``error`` to standard output, for machines.
    """
    from matching.errors import DataWarning, MatchingError

    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        tell(f"warning: {message}", "yellow")

    def fail(text: str, error: Exception) -> typer.Exit:
        tell(f"error: {text}", "red")
        if as_json:
            typer.echo(json.dumps({"error": _error(text, error)}, ensure_ascii=False, indent=2))
        return typer.Exit(2)

    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = show
        try:
            yield
        except MatchingError as error:
            raise fail(_advised(error), error) from None
        except BrokenPipeError:
            raise  # whoever read our output has left, as `| head` does: no error of ours
        except OSError as error:
            raise fail(f"{error.filename}: {error.strerror}", error) from None
        except KeyboardInterrupt:
            tell("stopped: nothing was written", "bold")
            raise typer.Exit(130) from None


def tell(text: str, style: str) -> None:
    """Write to standard error, in colour if it is a terminal and NO_COLOR is not set.

    Lines stay whole, so that what is copied from the screen is.
    """
    from rich.console import Console

    console = Console(stderr=True)
    with console.capture() as written:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
    # Not by the console itself: what shows progress stands between it and the screen.
    sys.stderr.write(written.get())


def _advised(error: MatchingError) -> str:
    """Return the message, with what to do next where the library cannot know it."""
    from matching.errors import SHOWN, DataError
    from matching.schema import TABLES

    text = str(error)
    if not isinstance(error, DataError):
        return text
    faults = error.faults
    if faults.height > SHOWN:
        text = text.replace("see DataError.faults", "--json tells more of them")
    tables = set(faults["table"])
    if tables == {"plan"}:
        text += "\nis the plan of these tables, and of the week that --week names?"
    if error.whose:
        return text  # of several sets of tables none can be quarantined
    if faults["row"].null_count() == 0 and tables <= TABLES.keys():
        text += "\nmend these cells, or go on without their rows: --on-error quarantine"
    return text


def _error(text: str, error: Exception) -> dict[str, object]:
    from matching.errors import DataError

    told: dict[str, object] = {"kind": type(error).__name__, "message": text}
    if isinstance(error, DataError):
        told["faults_in_all"] = error.faults.height
        told["faults"] = error.faults.head(TOLD).to_dicts()
    return told


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C ask for the end, and the second force it."""

    def heard() -> None:
        tell("\nfinishing with the best plan so far; Ctrl-C again to abandon", "bold")

    try:
        with listening(heard) as asked:
            yield asked
    except KeyboardInterrupt:
        tell("abandoned: nothing was written", "bold")
        sys.exit(130)
