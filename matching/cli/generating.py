"""``matching generate``: worlds to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matching.cli.arguments import (
    FormatOption,
    JsonOption,
    OutOptionOption,
    Rules,
    Size,
    WeekOption,
)
from matching.cli.conduct import say, teaching
from matching.cli.given import options_of, print_json, week_of
from matching.guards.urls import shown


def generate(
    size: Annotated[Size, typer.Argument(help="How large a world")],
    out: Annotated[
        str, typer.Option(help="Folder, .zip, .xlsx or URL for the tables", metavar="WHERE")
    ],
    volunteers: Annotated[
        int | None, typer.Option(help="How many; by size, if absent", metavar="N")
    ] = None,
    requests: Annotated[
        int | None, typer.Option(help="How many; by size, if absent", metavar="N")
    ] = None,
    rules: Annotated[Rules, typer.Option(help="Two trees of capacities, or all")] = Rules.network,
    scarcity: Annotated[float, typer.Option(help="Multiplies the seats", metavar="FACTOR")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same world", min=0, metavar="N")] = 0,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Of a nation, as 23; may be repeated; all, if absent", metavar="CODE"),
    ] = None,
    week: WeekOption = None,
    json: JsonOption = False,
    format: FormatOption = None,
    out_option: OutOptionOption = None,
) -> None:
    """Make a world of volunteers and orders, placed on real geography, to try things on.

    A nation is written as Parquet into folders region=CODE, one after the other.
    """
    if size is Size.nation:
        _generate_nation(out, volunteers, requests, rules.value, scarcity, seed, region, week, json)
        return
    with teaching(json) as outcome:
        from matching.cli.terminal import say_next
        from matching.cli.ticker import Ticker
        from matching.errors import UsageError
        from matching.stores.registry import open_sink
        from matching.synthetic import generate as make

        written = {} if format is None else {"format": format.value}
        sink = open_sink(out, **written, **options_of(out_option))
        if not hasattr(sink, "write_tables"):
            raise UsageError(f"{shown(out)} takes plans and no tables; name a folder")
        monday = week_of(week)
        with Ticker(("make", "write")) as ticker:
            ticker.say("make")
            try:
                world = make(
                    size.value,
                    volunteers=volunteers,
                    requests=requests,
                    rules=rules.value,
                    scarcity=scarcity,
                    seed=seed,
                    week=monday,
                )
            except ValueError as error:
                raise UsageError(str(error)) from None
            ticker.say("write")
            with outcome.writing(shown(out)):
                sink.write_tables(world)
        if json:
            print_json({name: frame.height for name, frame in world.items()})
            return
        for name, frame in world.items():
            say(f"{name:22} {frame.height:>10,} rows")
        say_next(("matching", "plan", shown(out), "--week", monday.isoformat(), "--out", "plan"))


def _generate_nation(
    out: str,
    volunteers: int | None,
    requests: int | None,
    rules: str,
    scarcity: float,
    seed: int,
    region: list[str] | None,
    week: str | None,
    json: bool,
) -> None:
    """Write the regions of a nation one after the other."""
    with teaching(json):
        from matching.errors import UsageError
        from matching.stores.registry import check_target, open_sink
        from matching.synthetic import NATION, generate_region, regions

        rows: dict[str, int] = {}
        check_target(out)
        many = volunteers or NATION[0], requests or NATION[1]
        for code in region or regions(*many):
            try:
                tables = generate_region(
                    code,
                    volunteers=many[0],
                    requests=many[1],
                    rules=rules,
                    scarcity=scarcity,
                    seed=seed,
                    week=week_of(week),
                )
            except ValueError as error:
                raise UsageError(str(error)) from None
            sink = open_sink(str(Path(out) / f"region={code}"), format="parquet")
            sink.write_tables(tables)  # type: ignore[attr-defined]
            for name, frame in tables.items():
                rows[name] = rows.get(name, 0) + frame.height
            people, orders = tables["volunteers"].height, tables["requests"].height
            if not json:
                say(f"region {code}: {people:,} volunteers, {orders:,} requests")
        if json:
            print_json(rows)
