"""``matching map``: a first mapping of a store's own words to ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import say, teaching
from matching.cli.given import options_of
from matching.guards.urls import shown


def draft_mapping(
    tables: arg.TablesArgument,
    out: Annotated[Path, arg.option("TOML file to write; one that is there stays", "FILE")],
    option: arg.OptionOption = None,
) -> None:
    """Draft a mapping: guess from names and values which column of a store is which of ours.

    Read what it wrote, mend the guesses, then plan with it. Exit status 1 if something that is
    needed was not found.
    """
    with teaching() as outcome:
        from matching.errors import UsageError
        from matching.stores.files.whole import replacing
        from matching.stores.mapping import draft
        from matching.stores.registry import open_source

        if out.exists():
            text = "is there already, and is never overwritten; give another name"
            raise UsageError(f"{out} {text}")
        made = draft(open_source(tables, **options_of(option)), shown(tables))
        with outcome.writing(out), replacing(out) as part:
            part.write_text(made.text, encoding="utf-8")
        say(f"{out}: a draft to read and mend")
        for title, texts in (("missing", made.missing), ("unsure", made.unsure)):
            for text in texts:
                say(f"{title}: {text}")
        if made.missing:
            raise typer.Exit(1)
