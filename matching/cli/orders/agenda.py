"""``matching orders due``: what needs somebody."""

from __future__ import annotations

from typing import Annotated

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching
from matching.cli.given import policy_of
from matching.cli.language import LanguageOption, language_of
from matching.cli.orders.opened import (
    NowOption,
    StoreArgument,
    StoreOptionOption,
    WantedOption,
    moment_or_now,
    store_options,
    wanted_tables,
)


def due(
    store: StoreArgument,
    now: NowOption = None,
    soon: Annotated[
        float, arg.option("An offer that ends within so many hours is told of", "HOURS", min=0)
    ] = 2.0,
    tables: WantedOption = None,
    policy: arg.PolicyOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: StoreOptionOption = None,
) -> None:
    """Say what needs somebody, the most urgent first, and which event would see to it.

    Offers that have expired or soon will, grabbing that is over, orders that nobody took, services
    to end and to review. Open seats, and people who should have come by now, are known with
    --tables.
    """
    with teaching(json) as outcome:
        from matching.cli.orders.telling import due_sentences, words
        from matching.orders import due as due_now
        from matching.stores.logs import read_events

        check_file(out)
        chosen = policy_of(policy)
        moment = moment_or_now(now, chosen)
        options = store_options(option, "schema", "table", "encoding")
        log = read_events(store, **options)
        found = due_now(log, moment, tables=wanted_tables(tables), soon_hours=soon, policy=chosen)
        spoken = language_of(language)
        nothing = words(spoken)["nothing_due"].format(now=moment)
        more = {"now": moment}
        answer(
            {"due": found}, due_sentences(found, spoken), nothing, out, json, outcome, more, spoken
        )
