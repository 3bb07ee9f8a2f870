"""``matching promise``: the menu that a roster can keep."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching, tell
from matching.cli.given import options_of, policy_of, week_of
from matching.cli.language import LanguageOption, language_of


def promise(
    tables: arg.TablesArgument,
    week: arg.WeekOption = None,
    station: Annotated[
        list[str] | None, arg.option("Only at this station; once for each", "ID")
    ] = None,
    item: Annotated[
        list[str] | None, arg.option("Only this item of the menu; once for each", "ID")
    ] = None,
    half_day: Annotated[
        list[str] | None,
        arg.option(
            "Instead of morning=08:00-12:00, afternoon=14:00-18:00 and evening=19:00-21:00; "
            "once for each",
            "NAME=FROM-TO",
        ),
    ] = None,
    most: Annotated[
        int, arg.option("At most so many of an item, at a place and half day", "N", min=1)
    ] = 1_000,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    on_error: arg.OnErrorOption = "raise",
    option: arg.OptionOption = None,
) -> None:
    """Say how many orders of each menu item the volunteers can serve, all at once or fewer.

    An order is the item as the menu states it, at a station, at any time within a half day. What
    the tables order already is left out. Without --week, the week that starts next Monday.
    """
    with teaching(json) as outcome:
        import polars as pl

        from matching.cli.ticker import Ticker

        check_file(out)
        parts = _half_days(half_day)
        with Ticker(("read", "check", "pair")) as ticker:
            from matching.answers.promise import promise as promised
            from matching.answers.telling import said, with_half_days
            from matching.stores.mapping import mapped_source

            ticker.announce("read")
            monday, chosen = week_of(week), policy_of(policy)
            source = mapped_source(tables, mapping, monday, **options_of(option))
            raw = source.read_tables()
            ticker.announce("eligibility")
            found = promised(
                raw,
                monday,
                chosen,
                half_days=parts,
                stations=station,
                menu_items=item,
                most=most,
                on_error=on_error,
            ).tables
        if "faults" in found:
            faults = found["faults"]
            tell(f"set aside: {faults.height:,} faults, which --json tells", "yellow")
        spoken = language_of(language)
        nothing = pl.DataFrame({"row": [1] * found["promise"].is_empty()})
        sentences = chain(
            said(found["not_counted"], lambda row: f"not_counted_{row['reason']}", spoken),
            said(found["not_promised"], lambda row: f"not_promised_{row['reason']}", spoken),
            said(nothing, "promise_nothing", spoken),
            said(with_half_days(found["promise"], spoken), _of_order, spoken),
            said(with_half_days(found["idle"], spoken), _of_idle, spoken),
        )
        answer(found, sentences, "", out, json, outcome, None, spoken)


def _of_order(row: dict[str, object]) -> str:
    return "promise" if row["station_id"] is not None else "promise_anywhere"


def _of_idle(row: dict[str, object]) -> str:
    return "idle" if row["menu_items"] else "idle_new"


def _half_days(given: list[str] | None) -> dict[str, tuple[str, str]] | None:
    """Return half days as the library takes them; the usual ones for None."""
    from matching.errors import UsageError
    from matching.guards.urls import shown_value

    found = {}
    for text in given or []:
        name, equals, times = text.partition("=")
        start, dash, end = times.partition("-")
        if not (name and equals and dash):
            raise UsageError(
                f"--half-day {shown_value(text)}: write it as NAME=FROM-TO, as morning=08:00-12:00"
            )
        if name in found:
            raise UsageError(f"--half-day {shown_value(text)}: {name} is there already")
        found[name] = (start, end)
    return found or None
