"""What the commands of orders are given: events, where they are kept, what orders want."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import Outcome
from matching.cli.given import options_of

if TYPE_CHECKING:
    import polars as pl

    from matching.policy import Policy

StoreArgument = Annotated[
    str,
    typer.Argument(
        help="Where the events are: an SQLite file, a URL such as postgresql://host/platform, or "
        "files: events.csv, or a folder that holds it"
    ),
]
StoreOptionOption = Annotated[
    list[str] | None,
    arg.of_stores(
        "For the store of the events: schema=, table=, encoding=; once for each",
        "NAME=VALUE",
        "--option",
    ),
]
NowOption = Annotated[
    str | None, arg.option("As of that moment, as 2026-11-30T09:00; this one, if absent", "TIME")
]
TablesOption = Annotated[
    str, arg.option("Where the tables of the week are: volunteers, requests, ...", "WHERE")
]
WantedOption = Annotated[
    str | None,
    arg.option("Where the tables of the week are: requests, posts, menu, ...", "WHERE", "--tables"),
]


def store_options(given: list[str] | None, *known: str) -> dict[str, Any]:
    """Return the options of the store of events by name."""
    from matching.errors import UsageError, listed

    options = options_of(given)
    unknown = [name for name in options if name not in known]
    if unknown:
        raise UsageError(f"a log has no option {listed(unknown)} here; it has {', '.join(known)}")
    return options


def wanted_tables(where: str | None) -> dict[str, pl.DataFrame] | None:
    """Read the tables that say what orders want."""
    from matching.errors import DataError
    from matching.stores.registry import open_source

    if where is None:
        return None
    tables = open_source(where).read_tables()
    if tables.faults.height:
        raise DataError(tables.faults)
    return dict(tables)


def moment_or_now(given: str | None, policy: Policy) -> str:
    """Return the moment that is named, or else this one, on the policy's clock."""
    return given or f"{datetime.now(ZoneInfo(policy.time_zone)):%Y-%m-%dT%H:%M}"


def add(
    events: pl.DataFrame,
    store: str,
    tables: dict[str, pl.DataFrame] | None,
    policy: Policy,
    options: dict[str, Any],
    outcome: Outcome,
) -> None:
    """Add events of ours to the log; tell where somebody else wrote in between."""
    from matching.errors import FAULT_SCHEMA, DataError
    from matching.guards.urls import shown
    from matching.stores.logs import append

    if events.is_empty():
        return
    with outcome.writing(shown(store)):
        refused = append(events, store, tables=tables, policy=policy, **options).refused
    if refused.height:
        raise DataError(refused.select(*FAULT_SCHEMA))
