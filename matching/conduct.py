"""How every command behaves: what a user can mend becomes a message, and Ctrl-C is heard."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer


@contextmanager
def teaching() -> Iterator[None]:
    """Turn what a user can mend into a message and exit status 2; show warnings as one line."""
    from matching.errors import DataWarning, MatchingError

    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        typer.secho(f"warning: {message}", err=True, fg="yellow")

    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = show
        try:
            yield
        except MatchingError as error:
            typer.secho(f"error: {error}", err=True, fg="red")
            raise typer.Exit(2) from None
        except OSError as error:
            typer.secho(f"error: {error.filename}: {error.strerror}", err=True, fg="red")
            raise typer.Exit(2) from None


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C ask for the end, and the second force it."""
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        typer.echo("\nfinishing with the best plan so far; Ctrl-C again to abandon", err=True)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    except KeyboardInterrupt:
        typer.echo("abandoned: nothing was written", err=True)
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, before)
