"""What several commands are told in the same words: where tables are, which week, which store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

OnError = Literal["raise", "quarantine"]
# The headings that options stand under in a command's help.
SEARCH, STORES = "Search", "Stores"

TablesArgument = Annotated[
    str,
    typer.Argument(
        help="Where volunteers, availability, requests, ... are: a folder of files, a .zip, an "
        ".xlsx, or a URL such as postgresql://host/platform"
    ),
]
OptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        help="For the store of the tables, as encoding=gb18030; once for each",
        metavar="NAME=VALUE",
        rich_help_panel=STORES,
    ),
]
OutOptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--out-option",
        help="For the store of the plan, as version=2; once for each",
        metavar="NAME=VALUE",
        rich_help_panel=STORES,
    ),
]
FormatOption = Annotated[
    Literal["csv", "parquet", "jsonl", "xlsx"] | None,
    typer.Option(help="Of the files written; csv, if absent", rich_help_panel=STORES),
]
WeekOption = Annotated[
    str | None,
    typer.Option(help="Monday the week starts with, as 2026-11-30", metavar="DATE"),
]
PolicyOption = Annotated[
    Path | None, typer.Option(help="TOML file with weights and limits", metavar="FILE")
]
MappingOption = Annotated[
    Path | None,
    typer.Option(
        help="TOML file that says the store's own names, units and codes; see matching map",
        metavar="FILE",
        rich_help_panel=STORES,
    ),
]
PinsOption = Annotated[
    Path | None,
    typer.Option(
        help="Workbook of `matching report --format xlsx`, edited: its rosters stay",
        metavar="FILE",
    ),
]
OnErrorOption = Annotated[
    OnError, typer.Option(help="Refuse faulty tables, or set the faulty rows aside")
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Write one JSON object, for machines, errors too"),
]
CountOption = Annotated[int | None, typer.Option(help="How many; by size, if absent", metavar="N")]
