"""``matching pairings due`` and ``roll``: visits become orders, and pairings move on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import check_file, print_tables, write_table
from matching.cli.conduct import say, teaching
from matching.cli.given import options_of, week_of
from matching.cli.language import Language, LanguageOption, language_of

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 40
_WORDS = {
    "en": {
        "visits": "{week}: {visits:,} visits are due, {late:,} of them were missed before.",
        "late": "{request_id}: missed on {was_due}, {late_days} days late",
        "hand_over": "{request_id}: a hand-over; both are to go",
        "nobody": "{request_id}: no helper is there any more",
        "more": "... and {more:,} more; --json tells all",
        "written": "{rows:,} visits written to {out}, beside the tables of the week; {there:,} "
        "were there already",
        "rolled": "{moved:,} of {rows:,} pairings had a visit; written to {out}",
    },
    "zh": {
        "visits": "{week}：到期探访 {visits:,} 次，其中 {late:,} 次此前漏访。",
        "late": "{request_id}：{was_due} 漏访，已迟 {late_days} 天",
        "hand_over": "{request_id}：交接探访，两人同去",
        "nobody": "{request_id}：已无结对志愿者",
        "more": "……另有 {more:,} 条；--json 给出全部",
        "written": "{rows:,} 次探访已写入 {out}，与本周各表并列；{there:,} 次此前已有",
        "rolled": "{rows:,} 个结对中 {moved:,} 个有探访；已写入 {out}",
    },
}

TablesArgument = Annotated[
    str,
    typer.Argument(help="Where pairings are: a folder with pairings.csv, a workbook or a URL"),
]


def due(
    tables: TablesArgument,
    week: arg.WeekOption = None,
    out: Annotated[
        Path | None, arg.option("A folder for the week's tables with the visits in them", "FOLDER")
    ] = None,
    format: arg.FormatOption = None,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Say which visits are due in a week, which were missed, and where one hands over.

    With --out the visits become requests: requests, options, posts and affinities are written, with
    what TABLES has of them. What is there already is not added again.
    """
    with teaching(json) as outcome:
        import polars as pl

        from matching.orders.pairings import due
        from matching.stores.visiting import read_pairings, write_visits

        monday, spoken = week_of(week), language_of(language)
        given = read_pairings(tables, **options_of(option))
        made = due(given["pairings"], monday)
        visits, written = made["visits"], {}
        if out is not None:
            with outcome.writing(out):
                written = write_visits(given, made, out, format or "csv")
        if json:
            print_tables(made, **({"written": str(out), **written} if out else {}))
            return
        texts = _WORDS[spoken]
        late = visits.filter(pl.col("late_days") > 0)
        say(texts["visits"].format(week=monday, visits=visits.height, late=late.height))
        told = [
            *(texts["late"].format(**row) for row in late.head(_SHOWN).to_dicts()),
            *_named(visits.filter("hand_over"), "hand_over", spoken),
            *_named(visits.filter(helpers=0), "nobody", spoken),
        ]
        for text in told[:_SHOWN]:
            say(f"  {text}")
        if len(told) > _SHOWN or late.height > _SHOWN:
            say(texts["more"].format(more=max(len(told), late.height) - _SHOWN))
        if out is not None:
            say(texts["written"].format(out=out, **written))


def roll(
    tables: TablesArgument,
    records: Annotated[str, typer.Argument(help="Where the records of the visits are")],
    out: Annotated[Path, arg.option("A file for the pairings as they are then", "FILE")],
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Move pairings on by the visits that were done; what was not done is due at once."""
    with teaching(json) as outcome:
        from matching.orders.pairings import checked_pairings, roll
        from matching.stores.visiting import read_pairings, served_visits

        check_file(out)
        given = read_pairings(tables, **options_of(option))["pairings"]
        served = served_visits(records, **options_of(option))
        after = roll(given, served)
        before = checked_pairings(given)
        changed = (before["last_visit"].ne_missing(after["last_visit"])).to_list()
        moved = after.filter(changed)["pairing_id"].n_unique()
        write_table("pairings", after, out, outcome)
        if json:
            print_tables({"pairings": after}, moved=moved, written=str(out))
            return
        rows = after["pairing_id"].n_unique()
        say(_WORDS[language_of(language)]["rolled"].format(moved=moved, rows=rows, out=out))


def _named(visits: pl.DataFrame, text: str, language: Language) -> list[str]:
    return [_WORDS[language][text].format(**row) for row in visits.head(_SHOWN).to_dicts()]
