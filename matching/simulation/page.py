"""A year as one page: the targets, the charts, the measures and all that is assumed."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import polars as pl

from matching.guards.extras import needing
from matching.reports.templates import environment
from matching.simulation.measures import MEASURES
from matching.simulation.names import NAMES

if TYPE_CHECKING:
    from matching.simulation.year import Year


def render(year: Year, varied: pl.DataFrame | None = None) -> str:
    """Return the page as HTML, with what changes of assumptions change, if it is given.

    Raises
    ------
    UsageError
        If the packages of the extra ``report`` are not installed.
    """
    with needing("the page"):
        from matching.simulation import charts

        page = environment("matching.simulation").get_template("page.html")
    methods = year.measures["method"].unique(maintain_order=True).to_list()
    seeds, weeks = year.measures["seed"].n_unique(), int(year.weeks["week"].n_unique())
    drawn = [
        (
            "Week by week",
            "Each measure of all weeks up to then: the mean over the seeds, in the band from the "
            "least to the most.",
            charts.over_the_weeks(year.course),
        ),
        (
            "Who has the hours",
            "The nearer the line to the dashed one, the more evenly the hours are shared; Gini's "
            "coefficient is twice the area between them.",
            charts.shares_of_hours(year.shares),
        ),
    ]
    if "nearest" in methods and len(methods) > 1:
        drawn.insert(
            0,
            (
                "Against the nearest first",
                "How each measure differs from the nearest first's: points are means over the "
                "seeds, lines go from the least to the most. Gini, km and offers are better when "
                "they fall.",
                charts.differences(year.comparison),
            ),
        )
    if varied is not None:
        drawn.append(
            (
                "What would change the conclusion",
                "The difference to the nearest first with one assumption changed at a time. "
                + _flips(varied.filter(pl.col("method").is_in(list(year.weights)))),
                charts.variations(varied, [name for name in methods if name in year.weights]),
            )
        )
    return page.render(
        title=f"{year.size.capitalize()}: {weeks} weeks under {len(methods)} methods",
        about=f"{year.volunteers:,} volunteers, {weeks} weeks, {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'}, scarcity {year.scarcity:g}. All methods have the "
        "same people, orders and random draws. People and orders are made up: what differs between "
        "methods is worth more than any figure by itself.",
        verdicts=[*verdicts(year.targets)],
        charts=drawn,
        legend=[(charts.COLOURS[name], NAMES[name]) for name in methods],
        methods=[NAMES[name] for name in methods],
        table=[_row(year.comparison, key, methods) for key in MEASURES],
        assumptions=[
            {"name": item.name, "value": f"{getattr(year.assumed, item.name):g}"}
            | {"doc": item.metadata["doc"], "source": item.metadata["source"]}
            for item in fields(year.assumed)
        ],
        weights=" ".join(
            f"{NAMES[name]}: {weights.policy!r}, and an offer lately counts as "
            f"{weights.asked_hours:g} recent hours."
            for name, weights in year.weights.items()
        ),
    )


def verdicts(targets: pl.DataFrame) -> list[tuple[bool, str]]:
    """Return whether each target is met, and a sentence that says so."""
    return [
        (
            bool(row["met"]),
            f"{NAMES[row['method']]}, {MEASURES[row['measure']].name}: {row['against']:+.1%} "
            f"({row['against_least']:+.1%} to {row['against_most']:+.1%}) against the nearest "
            f"first, target {_goal(row['target'])}: {'met' if row['met'] else 'missed'}",
        )
        for row in targets.drop_nulls("against").sort("method", maintain_order=True).to_dicts()
    ]


def _flips(varied: pl.DataFrame) -> str:
    """Say which changes make a better method the worse one, of the measures that matter most."""
    aimed = [key for key, one in MEASURES.items() if one.target is not None]
    aimed += ["served", "offers_per_yes"]
    rows = varied.filter(pl.col("flips"), pl.col("measure").is_in(aimed)).to_dicts()
    said = [
        f"{row['assumption']} = {row['value']:g} ({NAMES[row['method']]}, "
        f"{MEASURES[row['measure']].name}: {row['usual']:+.1%} becomes {row['against']:+.1%})"
        for row in rows
    ]
    return f"The order flips with {'; '.join(said)}." if said else "None flips the order."


def _goal(target: float) -> str:
    return f"{target:+.0%}" if target else "no loss"


def _row(comparison: pl.DataFrame, key: str, methods: list[str]) -> dict[str, Any]:
    of_key = comparison.filter(pl.col("measure") == key)
    cells = [of_key.row(by_predicate=pl.col("method") == name, named=True) for name in methods]
    return {"name": MEASURES[key].name, "cells": [_cell(cell) for cell in cells]}


def _cell(cell: dict[str, Any]) -> dict[str, str]:
    if cell["mean"] is None:
        return {"mean": "-", "range": ""}
    return {
        "mean": f"{cell['mean']:.4g}",
        "range": f"{cell['least']:.4g} to {cell['most']:.4g}",
    }
