"""``matching orders state``: where orders stand, now or at any moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching
from matching.cli.given import policy_of
from matching.cli.language import Language, LanguageOption, language_of
from matching.cli.orders.opened import StoreArgument, StoreOptionOption, store_options

if TYPE_CHECKING:
    from matching.orders.states import States


def state(
    store: StoreArgument,
    at: Annotated[
        str | None, arg.option("At that moment, as 2026-11-30T09:00; at the end, if absent", "TIME")
    ] = None,
    request: Annotated[
        list[str] | None, arg.option("Of this order alone; once for each", "ID")
    ] = None,
    policy: arg.PolicyOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: StoreOptionOption = None,
) -> None:
    """Say where orders stand, and their offers: what happened is replayed, up to any moment."""
    with teaching(json) as outcome:
        from matching.cli.orders.telling import words
        from matching.errors import UsageError, listed
        from matching.orders import state_at
        from matching.stores.logs import read_events

        check_file(out)
        chosen = policy_of(policy)
        options = store_options(option, "schema", "table", "encoding")
        log = read_events(store, request, **options)
        found = state_at(log, at, policy=chosen)
        missing = sorted({*(request or ())} - {*found.orders["request_id"]})
        if missing:
            when = "" if at is None else f" at {at}"
            raise UsageError(f"no order {listed(missing)}{when}: nothing happened to it by then")
        spoken = language_of(language)
        nothing = words(spoken)["no_orders"]
        answer(vars(found), _sentences(found, spoken), nothing, out, json, outcome, None, spoken)


def _sentences(found: States, language: Language) -> Iterator[str]:
    from matching.cli.orders.telling import counted, lines

    if found.orders.height > 1:
        yield counted(found.orders, language)
    yield from lines(found.orders, found.offers, language)
