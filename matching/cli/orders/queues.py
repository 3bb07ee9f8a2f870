"""``matching orders promote | swap``: who is next on the lists, and a seat that changes hands."""

from __future__ import annotations

from typing import Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer
from matching.cli.conduct import teaching
from matching.cli.given import policy_of
from matching.cli.language import LanguageOption, language_of
from matching.cli.orders.opened import (
    NowOption,
    StoreOptionOption,
    TablesOption,
    add,
    moment_or_now,
    store_options,
    wanted_tables,
)

_Store = Annotated[str, typer.Argument(help="The database that keeps the events")]


def promote(
    store: _Store,
    tables: TablesOption,
    now: NowOption = None,
    policy: arg.PolicyOption = None,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    option: StoreOptionOption = None,
) -> None:
    """Promote the first on each waiting list who can come, for each seat that is free.

    A promotion stands for the policy's offer_hours. Who cannot come, by a rule or beside what they
    have accepted, keeps their place.
    """
    with teaching(json) as outcome:
        from matching.cli.orders.telling import event_sentences, words
        from matching.orders import promotions
        from matching.stores.logs import read_events

        chosen, options = policy_of(policy), store_options(option, "schema", "table")
        moment, week = moment_or_now(now, chosen), wanted_tables(tables) or {}
        log = read_events(store, **options)
        found = promotions(log, week, moment, policy=chosen)
        add(found, store, week, chosen, options, outcome)
        spoken = language_of(language)
        nothing = words(spoken)["nobody_promoted"].format(now=moment)
        told = event_sentences(found, spoken)
        answer({"events": found}, told, nothing, None, json, outcome, {"now": moment}, spoken)


def swap(
    store: _Store,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="REQUEST GIVER TAKER...",
            help="The order, who gives the seat, and who takes it; six of them are a trade",
        ),
    ],
    tables: TablesOption,
    now: NowOption = None,
    policy: arg.PolicyOption = None,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    option: StoreOptionOption = None,
) -> None:
    """Approve a swap, or a trade, if every rule is kept by what it comes to.

    The giver has put up the seat, and the taker applied for it, before.
    """
    with teaching(json) as outcome:
        from matching.cli.orders.telling import event_sentences
        from matching.errors import UsageError
        from matching.orders import swapped
        from matching.stores.logs import read_events

        if len(words) % 3:
            raise UsageError("name the order, who gives and who takes, as in: swap STORE r1 ann bo")
        chosen, options = policy_of(policy), store_options(option, "schema", "table")
        moment, week = moment_or_now(now, chosen), wanted_tables(tables) or {}
        hands = list(zip(words[::3], words[1::3], words[2::3], strict=True))
        log = read_events(store, **options)
        found = swapped(log, week, moment, hands, policy=chosen)
        add(found, store, week, chosen, options, outcome)
        spoken = language_of(language)
        told = event_sentences(found, spoken)
        answer({"events": found}, told, "", None, json, outcome, {"now": moment}, spoken)
