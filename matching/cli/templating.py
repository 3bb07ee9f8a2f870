"""``matching template``: a blank workbook to begin with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from matching.cli import arguments as arg
from matching.cli.conduct import say, teaching


def template(
    out: Annotated[Path, arg.option("Workbook to write; one that is there stays", "FILE.xlsx")],
    language: Annotated[
        Literal["en", "zh"] | None, arg.option("Of its headings; the system's, if absent")
    ] = None,
) -> None:
    """Write a blank workbook for people and shifts, with drop-downs and examples.

    Fill it in and give it to matching start, which reads it without a question.
    """
    with teaching() as outcome:
        from matching.cli.given import week_of
        from matching.cli.terminal import say_next
        from matching.errors import UsageError
        from matching.stores.files.whole import replacing
        from matching.stores.spreadsheets.template import write_template

        if out.suffix.lower() != ".xlsx":
            raise UsageError(f"{out} must end in .xlsx")
        if out.exists():
            raise UsageError(f"{out} is there already, and is never overwritten; name another")
        spoken = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
        chosen = language or ("zh" if spoken.startswith("zh") else "en")
        with outcome.writing(out), replacing(out) as part:
            write_template(part, chosen, week_of(None))
        say(f"{out}: write over the grey examples")
        say_next(["matching", "start", str(out)])
