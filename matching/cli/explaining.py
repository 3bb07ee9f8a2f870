"""``matching explain``: why seats are empty, what would fill them, and why her and not me."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import print_tables
from matching.cli.conduct import say, teaching
from matching.cli.language import Language, LanguageOption, language_of
from matching.guards.harmless import one_line

if TYPE_CHECKING:
    import polars as pl

    from matching.answers.desk import Desk

_SHOWN_POSTS = 20
_SECONDS = 10.0


def explain(
    plan: Annotated[str, typer.Argument(help="Folder or URL with a plan, or its file")],
    request: Annotated[
        list[str] | None,
        arg.option("Tell of this request, and look for what would fill it; once for each", "ID"),
    ] = None,
    volunteer: Annotated[
        str | None,
        arg.option("Tell what keeps this volunteer from the posts, or from --request", "ID"),
    ] = None,
    remedies: Annotated[
        bool, arg.option("Look for what would fill every empty seat", None, "--remedies")
    ] = False,
    time_limit: Annotated[
        float, arg.search("Seconds for each remedy that is planned afresh", "SECONDS")
    ] = _SECONDS,
    language: LanguageOption = None,
    tables: arg.TablesOption = None,
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Explain empty seats: the reason, who could nearly come, and what would fill them.

    Of a volunteer and a request, tell why they serve it, or why not.

    Tables, week and policy are those that the plan's summary remembers, unless given.
    """
    with teaching(json):
        import polars as pl

        from matching.cli.ticker import Ticker

        spoken_in = language_of(language)
        with Ticker(("read", "check", "pair")) as ticker:
            from matching.answers.desk import Desk
            from matching.answers.explanation import explain as explained
            from matching.answers.refusals import refusals
            from matching.answers.sentences import sentences
            from matching.answers.spoken import spoken
            from matching.cli.opened import opened

            result = opened(ticker, plan, tables, week, policy, mapping, option, out_option)
            if volunteer is not None and request:
                found = _compared(Desk(result), volunteer, request)
            elif volunteer is not None:
                found = {"refusals": refusals(result, volunteer)}
            else:
                searched = remedies or request is not None
                found = explained(result, request, with_remedies=searched, time_limit=time_limit)
            if volunteer is None:
                found["sentences"] = sentences(found, spoken_in)
            else:
                found["sentences"] = pl.concat(spoken(table, spoken_in) for table in found.values())
        if json:
            print_tables(found)
        elif volunteer is not None:
            _show_each(found["sentences"])
        else:
            _show(found["sentences"], bool(request), spoken_in)


def _compared(desk: Desk, volunteer: str, requests: list[str]) -> dict[str, pl.DataFrame]:
    """Return why a volunteer serves these requests, or why not."""
    import polars as pl

    not_there = [desk.why_not(volunteer, request) for request in requests]
    found = {"why_not": pl.concat(not_there)}
    served = found["why_not"].filter(kind="serves")["request_id"].unique(maintain_order=True)
    if len(served):
        found["why"] = pl.concat(desk.why(volunteer, request) for request in served)
        found["why_not"] = found["why_not"].filter(pl.col("kind") != "serves")
    return found


def _show_each(sentences: pl.DataFrame) -> None:
    for row in sentences.to_dicts():
        where = " ".join(one_line(row[key]) for key in ("request_id", "post", "option") if row[key])
        say(f"{where}: {one_line(row['sentence'])}")


def _show(sentences: pl.DataFrame, every: bool, language: Language) -> None:
    from matching.cli.words import words

    texts = words(language)
    posts = sentences.partition_by("request_id", "post", maintain_order=True)
    for post in posts if every else posts[:_SHOWN_POSTS]:
        first, *rest = post["sentence"]
        say(one_line(first))
        for text in rest:
            say(f"  {one_line(text)}")
    if not posts:
        say(texts["no_seat_empty"])
    if len(posts) > _SHOWN_POSTS and not every:
        say(texts["more_posts"].format(more=f"{len(posts) - _SHOWN_POSTS:,}"))
