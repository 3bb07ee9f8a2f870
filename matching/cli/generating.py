"""``matching generate``: worlds to try things on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import say, teaching
from matching.cli.given import print_json, sink_of, week_of
from matching.guards.urls import shown


def generate(
    size: Annotated[
        Literal["town", "district", "city", "province", "nation"],
        typer.Argument(help="How large a world"),
    ],
    out: Annotated[str, arg.option("Folder, .zip, .xlsx or URL for the tables", "WHERE")],
    volunteers: arg.CountOption = None,
    requests: arg.CountOption = None,
    rules: Annotated[
        Literal["network", "full"], arg.option("Two trees of capacities, or all")
    ] = "network",
    scarcity: Annotated[float, arg.option("Multiplies the seats", "FACTOR")] = 1.0,
    seed: Annotated[int, arg.option("Same seed, same world", "N", min=0)] = 0,
    region: Annotated[
        list[str] | None,
        arg.option("Of a nation, as 23; may be repeated; all, if absent", "CODE"),
    ] = None,
    week: arg.WeekOption = None,
    weeks: Annotated[
        int, arg.option("Weeks in a row, of the same people; requests are a week's", "N", min=1)
    ] = 1,
    json: arg.JsonOption = False,
    format: arg.FormatOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Make a world of volunteers and orders, placed on real geography, to try things on.

    A nation is written as Parquet into folders region=CODE, one after the other.
    """
    with teaching(json) as outcome:
        from matching.cli.terminal import say_next
        from matching.cli.ticker import Ticker
        from matching.errors import UsageError
        from matching.synthetic import generate as make

        monday = week_of(week)
        world: dict[str, Any] = {"volunteers": volunteers, "requests": requests, "rules": rules}
        world |= {"scarcity": scarcity, "seed": seed, "week": monday}
        if size == "nation":
            if weeks > 1:
                raise UsageError(f"weeks {weeks}: a nation is made for one week; name a province")
            _generate_nation(out, region, world, json)
            return
        sink = sink_of(out, format, out_option)
        if not hasattr(sink, "write_tables"):
            raise UsageError(f"{shown(out)} takes plans and no tables; name a folder")
        with Ticker(("make", "write")) as ticker:
            ticker.announce("make")
            tables = make(size, **world, weeks=weeks)
            ticker.announce("write")
            with outcome.writing(shown(out)):
                sink.write_tables(tables)
        if json:
            print_json({name: frame.height for name, frame in tables.items()})
            return
        for name, frame in tables.items():
            say(f"{name:22} {frame.height:>10,} rows")
        say_next(("matching", "plan", shown(out), "--week", str(monday), "--out", "plan"))


def _generate_nation(out: str, region: list[str] | None, world: dict[str, Any], json: bool) -> None:
    """Write the regions of a nation one after the other."""
    from matching.stores.registry import check_target, open_sink
    from matching.synthetic import NATION, generate_region, regions

    rows: Counter[str] = Counter()
    check_target(out)
    volunteers, requests = world["volunteers"] or NATION[0], world["requests"] or NATION[1]
    world |= {"volunteers": volunteers, "requests": requests}
    for code in region or regions(volunteers, requests):
        tables = generate_region(code, **world)
        sink = open_sink(str(Path(out) / f"region={code}"), format="parquet")
        sink.write_tables(tables)  # type: ignore[attr-defined]
        rows.update({name: frame.height for name, frame in tables.items()})
        people, orders = tables["volunteers"].height, tables["requests"].height
        if not json:
            say(f"region {code}: {people:,} volunteers, {orders:,} requests")
    if json:
        print_json(rows)
