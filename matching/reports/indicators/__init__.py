"""Indicators as one page: each against its goal, plots, and a table of each kind of group."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from typing import Any

import polars as pl

from matching.guards.extras import needing
from matching.records.indicators import BY, Period
from matching.records.policy import RecordPolicy
from matching.reports.sheets import Language

# Of a kind of group, so many rows; a file of the table has all.
MOST_ROWS = 60
MOST_BARS = 25
_RATES = ("participation", "mobilisation", "hours_per_head")


def indicator_page(
    found: pl.DataFrame, period: Period, policy: RecordPolicy, language: Language
) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    found : polars.DataFrame
        As `matching.records.indicators.indicators` returns it.
    period : matching.records.indicators.Period
    policy : RecordPolicy
        The goals.
    language : {"en", "zh"}

    Raises
    ------
    UsageError
        If the packages of the extra ``report`` are not installed.
    """
    with needing("the page"):
        from matching.reports.templates import environment

        page = environment("matching.reports.indicators")
        plots = _plots(found, policy)
    text = files(__package__).joinpath("texts.toml").read_text(encoding="utf-8")
    goals = dict(
        zip(
            _RATES,
            (policy.goal_participation, policy.goal_mobilisation, policy.goal_hours),
            strict=True,
        )
    )
    kinds = []
    for by in BY[1:]:
        rows = found.filter(pl.col("by") == by)
        if by != "month":
            rows = rows.sort("hours", "group", descending=[True, False])
        if rows.height:
            shown, more = rows.head(MOST_ROWS).to_dicts(), rows.height - MOST_ROWS
            kinds.append({"by": by, "rows": shown, "more": more, "plots": plots.get(by, {})})
    every = found.filter(pl.col("by") == "all").to_dicts()
    return page.get_template("page.html").render(
        all=every[0] if every else None,
        goals=goals,
        kinds=kinds,
        most_bars=MOST_BARS,
        period=period,
        texts=tomllib.loads(text)[language],
        language={"en": "en", "zh": "zh-CN"}[language],
    )


def _plots(found: pl.DataFrame, policy: RecordPolicy) -> dict[str, dict[str, str]]:
    """Draw, of each kind of group, hours and what is measured against a goal."""
    goals = (policy.goal_participation, policy.goal_mobilisation, policy.goal_hours)
    drawn: dict[str, dict[str, str]] = {}
    for by in BY[1:]:
        rows = found.filter(pl.col("by") == by)
        if by != "month":
            rows = rows.sort("hours", "group", descending=[True, False]).head(MOST_BARS)
        wanted: list[tuple[str, float | None]] = [("hours", None)]
        if by in ("region", "month"):
            wanted += zip(_RATES, goals, strict=True)
        for name, goal in wanted:
            if rows[name].count():
                drawn.setdefault(by, {})[name] = _bars(rows, name, goal)
    return drawn


def _bars(rows: pl.DataFrame, name: str, goal: float | None) -> str:
    from matching.reports.page.charts import drawn

    spec: dict[str, Any] = json.loads(
        files(__package__).joinpath("chart.json").read_text(encoding="utf-8")
    )
    bars, rule = spec["layer"]
    spec["data"]["values"] = rows.select("group", value=pl.col(name)).drop_nulls().to_dicts()
    share = name in ("participation", "mobilisation")
    bars["encoding"]["x"]["axis"]["format"] = "%" if share else "~s"
    rule["encoding"]["x"] = {"datum": goal}
    spec["layer"] = [bars] if goal is None else [bars, rule]
    return drawn(spec)
