"""``matching orders apply``: new events into a store, those that are legal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import check_file, print_tables, write_table
from matching.cli.conduct import say, teaching
from matching.cli.given import policy_of
from matching.cli.language import Language, LanguageOption, language_of
from matching.cli.orders.opened import (
    StoreOptionOption,
    WantedOption,
    store_options,
    wanted_tables,
)
from matching.guards.harmless import one_line

if TYPE_CHECKING:
    from matching.stores.logs import Appended

_SHOWN = 40


def apply(
    events: Annotated[
        str, typer.Argument(help="New events: a file such as events.csv, or a folder that holds it")
    ],
    store: Annotated[
        str, arg.option("The database that keeps them; an SQLite file is made if new", "URL")
    ] = "orders.sqlite",
    tables: WantedOption = None,
    policy: arg.PolicyOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: StoreOptionOption = None,
) -> None:
    """Judge new events by what is known of their orders, and add those that are legal.

    All that is legal is added, or nothing where a cell cannot be read or the store refuses. What is
    refused is told with what would be legal, and stands in --out. With --tables no more people
    accept than there are seats. Giving the same again changes nothing.

    Exit status 0 if nothing was refused, 1 if something was.
    """
    with teaching(json) as outcome:
        from matching.guards.urls import shown
        from matching.stores.logs import append, read_events

        check_file(out)
        chosen, options = policy_of(policy), store_options(option, "schema", "table")
        new = read_events(events)
        wanted = wanted_tables(tables)
        with outcome.writing(shown(store)):
            found = append(new, store, tables=wanted, policy=chosen, **options)
        write_table("refused", found.refused, out, outcome)
        if json:
            rows = {"appended": found.appended, "repeated": found.repeated}
            told = {"refused": found.refused, **rows, **vars(found.states)}
            print_tables(told, store=shown(store), tries=found.tries)
        else:
            for line in _sentences(found, shown(store), language_of(language)):
                say(one_line(line))
    if found.refused.height:
        raise typer.Exit(1)


def _sentences(found: Appended, store: str, language: Language) -> Iterator[str]:
    """Yield what was added, what became of each order, and what was refused."""
    import polars as pl

    from matching.cli.orders.telling import lines, words
    from matching.errors import describe

    said = words(language)
    numbers = {
        name: f"{frame.height:,}"
        for name, frame in vars(found).items()
        if name in ("appended", "repeated", "refused")
    }
    yield said["applied"].format(store=store, **numbers)
    if found.tries > 1:
        yield said["tries"].format(tries=found.tries)
    changed = pl.col("request_id").is_in(found.appended["request_id"].unique().implode())
    yield from lines(found.states.orders.filter(changed), found.states.offers, language, _SHOWN)
    for row in found.refused.head(_SHOWN).iter_rows(named=True):
        yield describe(row)
    if found.refused.height > _SHOWN:
        yield said["more_refused"].format(more=f"{found.refused.height - _SHOWN:,}")
