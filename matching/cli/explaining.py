"""``matching explain``: why seats are empty, who could nearly come, and what would fill them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import MAX_ROWS_IN_JSON, say, teaching
from matching.cli.given import print_json
from matching.guards.harmless import one_line

if TYPE_CHECKING:
    import polars as pl

_SHOWN_POSTS = 20
_SECONDS = 10.0


def explain(
    plan: Annotated[str, typer.Argument(help="Folder or URL with a plan, or its file")],
    request: Annotated[
        list[str] | None,
        arg.option("Tell of this request, and look for what would fill it; once for each", "ID"),
    ] = None,
    volunteer: Annotated[
        str | None, arg.option("Tell which rule keeps this volunteer from the posts", "ID")
    ] = None,
    remedies: Annotated[
        bool, arg.option("Look for what would fill every empty seat", None, "--remedies")
    ] = False,
    time_limit: Annotated[
        float, arg.search("Seconds for each remedy that is planned afresh", "SECONDS")
    ] = _SECONDS,
    language: Annotated[Literal["en", "zh"], arg.option("Of the sentences")] = "en",
    tables: arg.TablesOption = None,
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Explain empty seats: the reason, who could nearly come, and what would fill them.

    Tables, week and policy are those that the plan's summary remembers, unless given.
    """
    with teaching(json):
        from matching.cli.ticker import Ticker

        with Ticker(("read", "check", "pair")) as ticker:
            from matching.answers.explanation import explain as explained
            from matching.answers.refusals import refusals
            from matching.answers.sentences import sentences
            from matching.cli.opened import opened
            from matching.errors import UsageError

            result = opened(ticker, plan, tables, week, policy, mapping, option, out_option)
            ids = {
                "request": (result.problem.requests.id, request or []),
                "volunteer": (result.problem.volunteers.id, [volunteer] if volunteer else []),
            }
            for name, (known, asked) in ids.items():
                for each in asked:
                    if each not in known:
                        raise UsageError(
                            f"--{name} {one_line(each)!r}: the week of this plan has no such {name}"
                        )
            if volunteer:
                found = {"refusals": refusals(result, volunteer, request or None)}
            else:
                searched = remedies or request is not None
                found = explained(result, request, with_remedies=searched, time_limit=time_limit)
                found["sentences"] = sentences(found, language)
        if json:
            rows = {name: frame.height for name, frame in found.items()}
            shown = {name: frame.head(MAX_ROWS_IN_JSON) for name, frame in found.items()}
            print_json({name: frame.to_dicts() for name, frame in shown.items()} | {"rows": rows})
        elif volunteer:
            _show_refusals(found["refusals"])
        else:
            _show(found["sentences"], bool(request))


def _show_refusals(refusals: pl.DataFrame) -> None:
    for row in refusals.to_dicts():
        keys = ("request_id", "post", "option")
        where = " ".join(one_line(row[key]) for key in keys if row[key])
        rule = "serves there" if row["serves"] else row["rule"] or "could serve there"
        if row["rule"] == "distance" and row["km"] is not None:
            rule += f": {row['km']:.1f} km, and goes {row['travel_km']:g} km"
        say(f"{where}: {rule}")


def _show(sentences: pl.DataFrame, every: bool) -> None:
    posts = sentences.partition_by("request_id", "post", maintain_order=True)
    for post in posts if every else posts[:_SHOWN_POSTS]:
        first, *rest = post["sentence"]
        say(one_line(first))
        for text in rest:
            say(f"  {one_line(text)}")
    if not posts:
        say("no seat is empty")
    if len(posts) > _SHOWN_POSTS and not every:
        say(f"... {len(posts) - _SHOWN_POSTS:,} more posts: --request ID, or --json for all")
