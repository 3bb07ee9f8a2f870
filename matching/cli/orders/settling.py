"""``matching orders settle``: grabbing that is over ends in one fair assignment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer
from matching.cli.conduct import teaching
from matching.cli.given import policy_of
from matching.cli.language import Language, LanguageOption, language_of
from matching.cli.orders.opened import (
    NowOption,
    StoreOptionOption,
    TablesOption,
    add,
    moment_or_now,
    store_options,
    wanted_tables,
)

if TYPE_CHECKING:
    from matching.orders.settling import Settled


def settle(
    store: Annotated[str, typer.Argument(help="The database that keeps the events")],
    tables: TablesOption,
    now: NowOption = None,
    seed: Annotated[int, arg.option("Of the lots that decide among equals", "N", min=0)] = 0,
    policy: arg.PolicyOption = None,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    option: StoreOptionOption = None,
) -> None:
    """Assign the seats of orders whose grabbing is over, and add what everybody is told.

    All who were interested are planned at once, with the rules and the fairness of any plan. Who
    said so first counts nothing.
    """
    with teaching(json) as outcome:
        from matching.cli.orders.telling import words
        from matching.orders import settle as settled_at
        from matching.stores.logs import read_events

        chosen, options = policy_of(policy), store_options(option, "schema", "table")
        moment, wanted = moment_or_now(now, chosen), wanted_tables(tables) or {}
        log = read_events(store, **options)
        found = settled_at(log, wanted, moment, policy=chosen, seed=seed)
        add(found.events, store, wanted, chosen, options, outcome)
        spoken = language_of(language)
        nothing = words(spoken)["nothing_over"].format(now=moment)
        summaries = {f"{week}": result.summary() for week, result in found.results.items()}
        more = {"now": moment, "assignments": summaries}
        told = _sentences(found, spoken)
        answer({"events": found.events}, told, nothing, None, json, outcome, more, spoken)


def _sentences(found: Settled, language: Language) -> Iterator[str]:
    from matching.cli.orders.telling import event_sentences, words

    yield from event_sentences(found.events, language)
    for result in found.results.values():
        yield words(language)["assignment"].format(**result.summary())
