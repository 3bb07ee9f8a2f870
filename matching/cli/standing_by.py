"""``matching standby``: how many of a plan will come, and who stands by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import print_tables
from matching.cli.conduct import say, teaching
from matching.cli.given import print_json
from matching.cli.language import Language, LanguageOption, language_of
from matching.guards.harmless import one_line

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 10


def standby(
    plan: Annotated[str, typer.Argument(help="Folder or URL that holds a plan with its prices")],
    request: Annotated[
        list[str] | None, arg.option("Tell of this request alone; once for each", "ID")
    ] = None,
    top: Annotated[int, arg.option("At most so many for each post", "K", min=1)] = 3,
    language: LanguageOption = None,
    out: Annotated[
        Path | None, arg.option("A folder for the tables odds and standby", "FOLDER")
    ] = None,
    format: arg.FormatOption = None,
    json: arg.JsonOption = False,
    tables: arg.TablesOption = None,
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Say how many will come, and who stands by for those who do not.

    Whoever stands by keeps every rule beside the plan. Tables, week and policy are those that the
    plan's summary remembers, unless given.
    """
    with teaching(json) as outcome:
        import polars as pl

        from matching.answers.names import number_of
        from matching.answers.standby_sentences import standby_sentences
        from matching.cli.opened import desk_of
        from matching.stores.files.writing import write_tables

        desk = desk_of(plan, tables, week, policy, mapping, option, out_option)
        for name in request or ():
            number_of(desk.problem.requests.id, name, "request")
        found = desk.standby(top)
        if request:
            asked = pl.col("request_id").is_in(request)
            found = {name: table.filter(asked) for name, table in found.items()}
        if out is not None:
            with outcome.writing(out):
                write_tables(out, found, format or "csv")
            if json:
                print_json({"written": str(out)})
            else:
                say(f"written to {out}: " + _rows(found))
        elif json:
            print_tables(found)
        else:
            spoken = language_of(language)
            _show(standby_sentences(found, spoken), bool(request), spoken)


def _rows(tables: dict[str, pl.DataFrame]) -> str:
    return ", ".join(f"{table.height:,} rows of {name}" for name, table in tables.items())


def _show(sentences: pl.DataFrame, every: bool, language: Language) -> None:
    from matching.cli.words import words

    texts = words(language)
    requests = sentences.partition_by("request_id", maintain_order=True)
    for request in requests if every else requests[:_SHOWN]:
        first, *rest = request["sentence"]
        say(one_line(first))
        for text in rest:
            say(f"  {one_line(text)}")
    if not requests:
        say(texts["nobody_there" if every else "nobody_planned"])
    if len(requests) > _SHOWN and not every:
        say(texts["more_requests"].format(more=f"{len(requests) - _SHOWN:,}"))
