"""``matching orders offer | records``: a plan becomes offers, and what was done becomes records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching
from matching.cli.given import policy_of
from matching.cli.language import Language, LanguageOption, language_of
from matching.cli.orders.opened import (
    NowOption,
    StoreArgument,
    StoreOptionOption,
    WantedOption,
    add,
    moment_or_now,
    store_options,
    wanted_tables,
)

if TYPE_CHECKING:
    from matching.orders.offering import Offers

_MAX_TOLD = 20


def offer(
    plan: Annotated[str, typer.Argument(help="Folder or URL that holds a plan")],
    store: Annotated[str, arg.option("The database that keeps the events", "WHERE")],
    now: NowOption = None,
    until: Annotated[
        str | None, arg.option("Until when they stand; offer_hours of the policy, if absent", "T")
    ] = None,
    policy: arg.PolicyOption = None,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    option: StoreOptionOption = None,
) -> None:
    """Offer the seats of a plan to those who are in it: they accept, or they do not.

    Who has been asked, or has declined, is not asked again; orders that were only checked are
    dispatched.
    """
    with teaching(json) as outcome:
        import polars as pl

        from matching.cli.orders.telling import words
        from matching.guards.urls import shown
        from matching.orders import offers
        from matching.reports.saved import saved_plan
        from matching.stores.logs import read_events

        chosen, options = policy_of(policy), store_options(option, "schema", "table")
        wanted = saved_plan(plan, None, {})[0][0]["plan"]
        asked = wanted["request_id"].cast(pl.String).unique().sort()
        log = read_events(store, asked, **options)
        found = offers(wanted, log, moment_or_now(now, chosen), until=until, policy=chosen)
        add(found.events, store, None, chosen, options, outcome)
        spoken = language_of(language)
        said = words(spoken)["offers_made"].format(
            offered=found.events["volunteer_id"].count(),
            orders=found.events["request_id"].n_unique(),
            store=shown(store),
            left_out=found.left_out.height,
        )
        told = _sentences(said, found, spoken)
        answer(found._asdict(), told, said, None, json, outcome, None, spoken)


def _sentences(said: str, found: Offers, language: Language) -> Iterator[str]:
    from matching.cli.orders.telling import words

    text = words(language)
    yield said
    for row in found.left_out.head(_MAX_TOLD).iter_rows(named=True):
        yield text["not_asked"].format(**{**row, "why": text[f"why_{row['why']}"]})
    if (more := found.left_out.height - _MAX_TOLD) > 0:
        yield text["more_not_asked"].format(more=more)


def records(
    store: StoreArgument,
    tables: WantedOption = None,
    policy: arg.PolicyOption = None,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    option: StoreOptionOption = None,
) -> None:
    """Turn what people did into records, from which hours are counted."""
    with teaching(json) as outcome:
        from matching.cli.orders.telling import words
        from matching.orders import records as recorded
        from matching.orders.offering import ENDINGS
        from matching.stores.logs import read_events

        check_file(out)
        chosen = policy_of(policy)
        log = read_events(store, **store_options(option, "schema", "table", "encoding"))
        found = recorded(log, (wanted_tables(tables) or {}).get("requests"), policy=chosen)
        spoken = language_of(language)
        text = words(spoken)
        counts = {name: int((found["status"] == name).sum()) for name in ENDINGS.values()}
        said = text["records_made"].format(records=found.height, **counts)
        told = [said] if found.height else []
        answer({"records": found}, told, text["no_records"], out, json, outcome, None, spoken)
