"""What a plan would take the place of: at a terminal one may say that it shall."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import typer

from matching.cli.ticker import Ticker
from matching.stores.earlier import PlaceTaken, check_place


def make_room(ticker: Ticker, sink: object, where: str, week: date, **more: Any) -> bool:
    """Check that a plan takes the place of nothing, or ask whether it shall; see `check_place`.

    Returns
    -------
    bool
        Whether somebody said that it shall.

    Raises
    ------
    UsageError
        If it does, and nobody is asked or says yes.
    """
    try:
        check_place(sink, where, week, **more)
        return False
    except PlaceTaken as taken:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        with ticker.paused():
            try:
                what, _, _ = str(taken).partition("; ")
                if typer.confirm(f"{what}. Replace it?", default=False, err=True):
                    return True
            except typer.Abort:
                pass
        raise
