"""The command line: ``python -m benchmarks.vmb list | make | run | compare | record``."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.vmb.best_known import best_known, improve
from benchmarks.vmb.running import append, read_results, run
from benchmarks.vmb.worlds import RULES, VERSION, fingerprint, world_of
from matching.errors import MatchingError, UsageError
from matching.stores import write_tables

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)

Names = Annotated[list[str], typer.Argument(help="Worlds, by name")]


@app.command("list")
def show() -> None:
    """Print every world with the best value and bound that are known of it."""
    known = best_known().select("world", "value", "bound")
    for name, value, bound in known.iter_rows():
        figures = (f"{x:,}" if x is not None else "-" for x in (value, bound))
        typer.echo(f"{name:34}" + "".join(f"{figure:>16}" for figure in figures))


@app.command()
def make(name: str, out: Annotated[Path, typer.Option(metavar="DIR")]) -> None:
    """Write a world's tables as CSV into DIR."""
    world = world_of(name)
    tables = world.make()
    write_tables(out, tables, "csv")
    typer.echo(
        f"{name}: week {world.week}, limit {world.limit} s, fingerprint {fingerprint(tables)}"
    )


@app.command("run")
def run_them(
    names: Names,
    command: Annotated[str, typer.Option(help="With {tables} {out}, {week} {seconds}")],
    out: Annotated[Path, typer.Option(help="Results, CSV; rows are added", metavar="FILE")],
    keep: Annotated[Path | None, typer.Option(help="Keep tables and plans", metavar="DIR")] = None,
) -> None:
    """Run an entrant on worlds, judge its plans, and add a row for each to FILE."""
    for world in [world_of(name) for name in names]:
        row = run(world, command, keep)
        append(out, row)
        said = ", ".join(f"{name} {x}" for name, x in row.items() if x is not None)
        typer.echo(said.removeprefix("world "))


@app.command()
def compare(
    out: Annotated[Path, typer.Option(help="Rows, tables and plots", metavar="DIR")],
    size: Annotated[list[str], typer.Option(help="Sizes of worlds")] = ["town", "district"],  # noqa: B006
    supply: Annotated[list[str], typer.Option(help="Supplies")] = ["balanced", "scarce"],  # noqa: B006
    entrant: Annotated[list[str] | None, typer.Option(help="Who; all, if absent")] = None,
    seconds: Annotated[int, typer.Option(help="Limit of each search", min=1)] = 60,
) -> None:
    """Run this library and its peers on worlds of seed 1; write a table and plots."""
    from benchmarks.vmb import comparing, drawing  # matplotlib is wanted here alone

    chosen = comparing.entrants_of(entrant)
    worlds = [
        world_of(f"vmb{VERSION}-{each}-{rules}-{one}-1")
        for each in size
        for rules in RULES
        for one in supply
    ]
    for line in comparing.measure(worlds, chosen, seconds, out):
        typer.echo(line)
    rows = comparing.collect(out)
    if rows.height:
        rows.write_csv(out / "peers.csv")
        (out / "peers.md").write_text(comparing.table(rows))
        drawing.write(rows, out)


@app.command()
def record(
    results: Annotated[Path, typer.Argument(help="What `run` wrote", exists=True)],
    by: Annotated[
        str, typer.Option(help="Who found them, and how: solver, version, time, machine")
    ],
    on: Annotated[str, typer.Option(help="The day of the runs, as 2026-11-30")],
) -> None:
    """Enter better values and bounds into the table of best-known ones."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise UsageError(f"on = {on!r}: write a day such as 2026-11-30") from None
    changed = improve(read_results(results).iter_rows(named=True), by, day)
    typer.echo("\n".join(changed) or "nothing is better than what is known")


if __name__ == "__main__":
    try:
        app()
    except MatchingError as error:
        typer.secho(f"error: {error}", err=True, fg="red")
        sys.exit(2)
