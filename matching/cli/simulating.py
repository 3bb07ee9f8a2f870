"""``matching simulate``: what a way of planning comes to in a year, made up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import say, teaching
from matching.cli.given import policy_of, print_json, week_of
from matching.cli.language import LanguageOption, language_of
from matching.guards.defaults import WORKERS


def simulate(
    size: Annotated[
        Literal["town", "district", "city", "province"], typer.Argument(help="How large a world")
    ],
    out: Annotated[Path, arg.option("Folder or .zip for the tables and the page", "PATH")],
    weeks: Annotated[int, arg.option("Weeks in a row", "N", min=1)] = 52,
    seed: Annotated[int, arg.option("The first; same seed, same year", "N", min=0)] = 1,
    seeds: Annotated[int, arg.option("So many, one after the other", "N", min=1, max=1000)] = 1,
    method: Annotated[
        list[str] | None,
        arg.option("engine, even, nearest or first_come; may be repeated; all, if absent", "NAME"),
    ] = None,
    assumptions: Annotated[
        Path | None, arg.option("TOML file of how people behave, as this command writes", "FILE")
    ] = None,
    policy: Annotated[
        Path | None, arg.option("TOML file with the weights of the method engine", "FILE")
    ] = None,
    vary: Annotated[
        bool, arg.option("Also with one assumption changed at a time", None, "--vary")
    ] = False,
    volunteers: arg.CountOption = None,
    requests: arg.CountOption = None,
    scarcity: Annotated[float, arg.option("Multiplies the seats", "FACTOR")] = 1.0,
    week: arg.WeekOption = None,
    workers: Annotated[int, arg.option("Threads", "N", min=1, max=256)] = WORKERS,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
) -> None:
    """Play a year: orders arrive, offers go out, people answer, come or do not.

    The engine, with its default weights and with weights that share the work, beside the nearest
    first and who comes first, on the same people, orders and random draws.
    """
    with teaching(json) as outcome:
        from matching.cli.ticker import Ticker
        from matching.simulation import METHODS, Assumptions, run
        from matching.simulation.choosing import Weights
        from matching.simulation.page import verdicts
        from matching.simulation.texts import texts
        from matching.simulation.varying import check_methods
        from matching.simulation.varying import vary as varied_by
        from matching.simulation.writing import check_place, write_year

        spoken = language_of(language)
        check_place(out)
        if vary:
            check_methods(method or METHODS)
        assumed = None if assumptions is None else Assumptions.from_toml(assumptions)
        world: dict[str, Any] = {"volunteers": volunteers, "requests": requests}
        world |= {"scarcity": scarcity, "weeks": weeks, "workers": workers}
        world |= {} if week is None else {"week": week_of(week)}
        world |= {"seeds": range(seed, seed + seeds), "methods": tuple(method or METHODS)}
        world |= {} if policy is None else {"weights": {"engine": Weights(policy_of(policy))}}
        with Ticker(("make", "solve", "write")) as ticker:

            def on_week(name: str, number: int, at: int) -> None:
                ticker.announce(f"{name}, seed {number}: week {at + 1} of {weeks}")

            world |= {"assumptions": assumed, "on_week": on_week}
            ticker.announce("make")
            year = run(size, **world)
            varied = varied_by(year, size, **world) if vary else None
            ticker.announce("write")
            with outcome.writing(out):
                write_year(year, out, varied, spoken)
        if json:
            print_json({name: frame.to_dicts() for name, frame in _small(year, varied).items()})
            return
        for _, sentence in verdicts(year.targets, spoken):
            say(sentence)
        tables = ", ".join((*year.tables(), *(["varied"] if vary else [])))
        say(texts(spoken)["written"].format(out=out, tables=tables))


def _small(year: Any, varied: Any) -> dict[str, Any]:
    tables = {name: getattr(year, name) for name in ("measures", "comparison", "targets")}
    return tables if varied is None else tables | {"varied": varied}
