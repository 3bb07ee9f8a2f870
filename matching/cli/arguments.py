"""Arguments that several commands share: where tables are, which week, which store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

OnError = Literal["raise", "quarantine"]


def option(help: str, metavar: str | None = None, *names: str, **more: Any) -> Any:
    """Declare an option; what has no name of its own is called as its parameter."""
    return typer.Option(*names, help=help, metavar=metavar, **more)


def search(help: str, metavar: str, **more: Any) -> Any:
    """Declare an option of the search: a number of at least 0, unless told otherwise."""
    return option(help, metavar, rich_help_panel="Search", **({"min": 0} | more))


def of_stores(help: str, metavar: str | None = None, *names: str) -> Any:
    """Declare an option of how stores are read and written."""
    return option(help, metavar, *names, rich_help_panel="Stores")


TablesArgument = Annotated[
    str,
    typer.Argument(
        help="Where volunteers, availability, requests, ... are: a folder of files, a .zip, an "
        ".xlsx, or a URL such as postgresql://host/platform"
    ),
]
TablesOption = Annotated[
    str | None, option("Where the tables are, if not where the plan says", "WHERE")
]
NewPlanOption = Annotated[
    str | None, option("Where the new plan is written; nowhere, if absent", "WHERE", "--out")
]
ForceOption = Annotated[bool, option("Take the place of another week's plan, too", None, "--force")]
OptionOption = Annotated[
    list[str] | None,
    of_stores(
        "For the store of the tables, as encoding=gb18030; once for each", "NAME=VALUE", "--option"
    ),
]
OutOptionOption = Annotated[
    list[str] | None,
    of_stores(
        "For the store of the plan, as version=2; once for each", "NAME=VALUE", "--out-option"
    ),
]
FormatOption = Annotated[
    Literal["csv", "parquet", "jsonl", "xlsx"] | None,
    of_stores("Of the files written; csv, if absent"),
]
WeekOption = Annotated[str | None, option("Monday the week starts with, as 2026-11-30", "DATE")]
PolicyOption = Annotated[Path | None, option("TOML file with weights and limits", "FILE")]
MappingOption = Annotated[
    Path | None,
    of_stores(
        "TOML file that says the store's own names, units and codes; see matching map", "FILE"
    ),
]
PinsOption = Annotated[
    Path | None,
    option("Workbook of `matching report --format xlsx`, edited: its rosters stay", "FILE"),
]
OnErrorOption = Annotated[OnError, option("Refuse faulty tables, or set the faulty rows aside")]
JsonOption = Annotated[
    bool, option("Write one JSON object, for machines, errors too", None, "--json")
]
ContactsOption = Annotated[
    Path | None,
    option(
        "Table of what people are called: volunteer_id, name, phone, language; nothing else reads "
        "it, and without it people are ids",
        "FILE",
    ),
]
OutFileOption = Annotated[
    Path | None, option("A file to write: .csv, .parquet, .jsonl or .xlsx", "FILE", "--out")
]
CountOption = Annotated[int | None, option("How many; by size, if absent", "N")]
