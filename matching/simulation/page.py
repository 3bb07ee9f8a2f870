"""A year as one page: the targets, the charts, the measures and all that is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from matching.guards.extras import needing
from matching.reports.templates import environment
from matching.simulation.measures import MEASURES, TARGETS
from matching.simulation.texts import Language, named, texts

if TYPE_CHECKING:
    from matching.simulation.year import Year


def render(year: Year, varied: pl.DataFrame | None = None, language: Language = "en") -> str:
    """Return the page as HTML, with what changes of assumptions change, if it is given.

    Raises
    ------
    UsageError
        If the packages of the extra ``report`` are not installed.
    """
    with needing("the page"):
        from matching.simulation.charts import COLOURS, Charts

        page = environment("matching.simulation").get_template("page.html")
    said, names = texts(language), named("method", language)
    charts, measures = Charts(language), named("measure", language)
    methods = year.measures["method"].unique(maintain_order=True).to_list()
    seeds, weeks = year.measures["seed"].n_unique(), year.weeks["week"].n_unique()
    drawn = [
        ("course", said["course_text"], charts.over_the_weeks(year.course)),
        ("shares", said["shares_text"], charts.shares_of_hours(year.shares)),
    ]
    if "nearest" in methods and len(methods) > 1:
        drawn.insert(0, ("against", said["against_text"], charts.differences(year.comparison)))
    if varied is not None:
        planned = varied.filter(pl.col("method").is_in(list(year.weights)))
        text = f"{said['varied_text']} {_flips(planned, language)}"
        drawn.append(("varied", text, charts.variations(planned)))
    return page.render(
        language=language,
        said=said,
        title=said["title"].format(
            size=said[f"size_{year.size}"], weeks=weeks, methods=len(methods)
        ),
        about=said["about"].format(
            volunteers=f"{year.volunteers:,}",
            weeks=weeks,
            seeds=seeds,
            scarcity=f"{year.scarcity:g}",
        ),
        verdicts=verdicts(year.targets, language),
        charts=[(said[heading], text, svg) for heading, text, svg in drawn],
        legend=[(COLOURS[name], names[name]) for name in methods],
        methods=[names[name] for name in methods],
        table=[
            (measures[key], _cells(year.comparison, key, methods, said["range"]))
            for key in MEASURES
        ],
        assumptions=year.assumed.told(language),
        weights=[
            said["weights"].format(
                method=names[name], policy=repr(one.policy), hours=f"{one.asked_hours:g}"
            )
            for name, one in year.weights.items()
        ],
    )


def verdicts(targets: pl.DataFrame, language: Language = "en") -> list[tuple[bool, str]]:
    """Return whether each target is met, and a sentence that says so."""
    said = texts(language)
    methods, measures = named("method", language), named("measure", language)
    return [
        (
            bool(row["met"]),
            said["verdict"].format(
                method=methods[row["method"]],
                measure=measures[row["measure"]],
                against=f"{row['against']:+.1%}",
                least=f"{row['against_least']:+.1%}",
                most=f"{row['against_most']:+.1%}",
                target=f"{row['target']:+.0%}" if row["target"] else said["no_loss"],
                met=said["met" if row["met"] else "missed"],
            ),
        )
        for row in targets.drop_nulls("against").sort("method", maintain_order=True).to_dicts()
    ]


def _flips(varied: pl.DataFrame, language: Language) -> str:
    """Say which changes make a better method the worse one, of the measures that matter most."""
    said = texts(language)
    methods, measures = named("method", language), named("measure", language)
    aimed = [*TARGETS, "served", "offers_per_yes"]
    changes = [
        said["flip"].format(
            assumption=row["assumption"],
            value=f"{row['value']:g}",
            method=methods[row["method"]],
            measure=measures[row["measure"]],
            usual=f"{row['usual']:+.1%}",
            against=f"{row['against']:+.1%}",
        )
        for row in varied.filter(pl.col("flips"), pl.col("measure").is_in(aimed)).to_dicts()
    ]
    return said["flips"].format(changes="; ".join(changes)) if changes else said["no_flip"]


def _cells(
    comparison: pl.DataFrame, key: str, methods: list[str], spread: str
) -> list[tuple[str, str]]:
    """Return a mean and a range for each method."""
    of_key = comparison.filter(pl.col("measure") == key)
    rows = [of_key.row(by_predicate=pl.col("method") == name, named=True) for name in methods]
    return [
        ("-", "")
        if row["mean"] is None
        else (
            f"{row['mean']:.4g}",
            spread.format(least=f"{row['least']:.4g}", most=f"{row['most']:.4g}"),
        )
        for row in rows
    ]
