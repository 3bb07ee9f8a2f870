"""How every command behaves: what a user can mend becomes a message, and Ctrl-C is heard."""

from __future__ import annotations

import errno
import json
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer

from matching.cli.language import spoken_here
from matching.cli.spoken import in_language, marked
from matching.guards.harmless import harmless
from matching.parallel.interrupts import listening, raise_from_now_on

if TYPE_CHECKING:
    from matching.errors import MatchingError

# Faults or violations that a reader of JSON gets at once; `faults_in_all` counts all.
MAX_ROWS_IN_JSON = 1_000

# What to do about a file that cannot be written, by what the system says.
_ADVICE = {
    errno.ENOSPC: "make room there, or name another place",
    errno.EDQUOT: "make room there, or name another place",
    errno.EFBIG: "the system limits how large a file may get; name another place",
    errno.EROFS: "nothing can be written there; name another place",
    errno.EACCES: "this user must not; name another place, or ask for the right to it",
    errno.EPERM: "this user must not; name another place, or ask for the right to it",
}
# Exit statuses: as shells have them of programs that Ctrl-C or a closed pipe ended.
_INTERRUPTED, _BROKEN_PIPE = 130, 141


class Outcome:
    """What a command has done so far to the place it writes to, told where it is cut short."""

    def __init__(self) -> None:
        self.text = "nothing was written"
        self.begun = False

    @contextmanager
    def writing(self, where: object) -> Iterator[None]:
        """Say what is there during and after a write that is whole or not at all."""
        self.begun = True
        self.text = f"{where} holds what it held before, or all that was to be written"
        try:
            yield
        except Exception:
            self.begun, self.text = False, "nothing was written"
            raise
        self.text = f"all was written to {where}"


@contextmanager
def teaching(as_json: bool = False) -> Iterator[Outcome]:
    """Turn what a user can mend into a message and exit status 2; show warnings as one line.

    Ctrl-C ends with exit status 130, unless `interruptible` hears it first, and a reader of the
    output who has left, as `| head` does, with 141. ``as_json`` also writes an object with the key
    ``error`` to standard output, for machines. The outcome is to be told of what is written.
    """
    outcome = Outcome()

    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        tell(marked("warning", str(message), spoken_here()), "yellow")

    def fail(text: str, error: Exception) -> typer.Exit:
        tell(marked("error", text, spoken_here()), "red")
        if as_json:
            with suppress(OSError):
                say(json.dumps({"error": _error(text, error)}, ensure_ascii=False, indent=2))
        return typer.Exit(2)

    with warnings.catch_warnings():
        try:
            raise_from_now_on()
            from matching.errors import DataWarning, MatchingError

            warnings.simplefilter("always", DataWarning)
            warnings.showwarning = show
            yield outcome
            sys.stdout.flush()
        except KeyboardInterrupt:
            tell(marked("stopped", outcome.text, spoken_here()), "bold")
            raise typer.Exit(_INTERRUPTED) from None
        except (BrokenPipeError, SystemExit) as end:
            # Rich ends the program by itself where nobody reads any more.
            if isinstance(end, SystemExit) and not isinstance(end.__context__, BrokenPipeError):
                raise
            raise typer.Exit(_BROKEN_PIPE) from end
        except MatchingError as error:
            raise fail(_advised(error), error) from None
        except OSError as error:
            raise fail(_trouble(error, outcome), error) from None


def _trouble(error: OSError, outcome: Outcome) -> str:
    """Say what could not be read or written, why, and what to do."""
    why = error.strerror or str(error)
    if error.filename is not None:
        advice = f"; {_ADVICE[error.errno]}" if error.errno in _ADVICE else ""
        return f"{error.filename}: {why}{advice}"
    # Files bear their names; what has none is the output.
    return f"standard output: {why}" + (f"; {outcome.text}" if outcome.begun else "")


def tell(text: str, style: str) -> None:
    """Write to standard error; see `screen.tell`."""
    from matching.cli.screen import tell

    tell(text, style)


def say(text: str, *, end: str = "\n", err: bool = False) -> None:
    """Write a line, harmless for a terminal; JSON stays JSON and means the same."""
    typer.echo(harmless(text) + end, nl=False, err=err)


def _advised(error: MatchingError) -> str:
    """Return the message, with what to do next where the library cannot know it."""
    from matching.errors import SHOWN, DataError, NoTables
    from matching.records.tables import RECORD_TABLES
    from matching.schema import TABLES

    text = harmless(in_language(error, spoken_here()))
    if isinstance(error, NoTables):
        return text + reads_sheets(error.where)
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
        text += (
            "\nmend these cells, or go on without their rows: --on-error quarantine, of plan, "
            "check, promise and records"
        )
    elif {table.partition("/")[0] for table in tables} <= {*TABLES, *RECORD_TABLES}:
        text += "\nmend these cells, or go on without their rows: --on-error quarantine, of records"
    return text


def reads_sheets(where: str) -> str:
    """Return the command that reads sheets with headings of their own."""
    return f"\nsheets with headings of their own are read by: matching start {shlex.quote(where)}"


def _error(text: str, error: Exception) -> dict[str, object]:
    from matching.errors import DataError

    content: dict[str, object] = {"kind": type(error).__name__, "message": text}
    if isinstance(error, DataError):
        content["faults_in_all"] = error.faults.height
        content["faults"] = error.faults.head(MAX_ROWS_IN_JSON).to_dicts()
    return content


def interruptible() -> AbstractContextManager[Callable[[], bool]]:
    """Let the first Ctrl-C ask for the end, and the second force it."""
    # What speaks must be loaded by then: Ctrl-C may come while a module half is.
    import rich.console  # noqa: F401

    def heard() -> None:
        tell("\nfinishing with the best plan so far; Ctrl-C again to abandon", "bold")

    return listening(heard)
