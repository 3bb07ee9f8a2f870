"""The charts of a year as SVG: what it comes to week by week, who has the hours, what differs."""

from __future__ import annotations

from typing import Any

import polars as pl
import vl_convert

from matching.simulation.measures import MEASURES, TARGETS
from matching.simulation.texts import Language, named, texts

# Told apart by colour-blind readers.
COLOURS = {
    "engine": "#0072b2",
    "even": "#009e73",
    "nearest": "#d55e00",
    "first_come": "#777777",
}
_WEEKLY = ("at_once", "filled", "participation", "gini_hours", "km", "offers_per_yes")
_VARIED = ("at_once", "filled", "gini_hours", "km")
_CONFIG = {
    "font": "sans-serif",
    "background": "white",
    "view": {"stroke": "#ccc"},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "gridColor": "#e5e5e5"},
    "header": {"labelFontSize": 12, "labelFontWeight": "bold"},
}


class Charts:
    """Draws in one language."""

    def __init__(self, language: Language = "en") -> None:
        self.said, self.measures = texts(language), named("measure", language)

    def over_the_weeks(self, course: pl.DataFrame) -> str:
        """Draw the measures of all weeks up to each, the mean over seeds and their range."""
        long = course.unpivot(_WEEKLY, index=["method", "seed", "week"], variable_name="measure")
        spread = _spread(long.drop_nulls("value"), "measure", "method", "week")
        rows = spread.with_columns(
            pl.col("measure").replace_strict(self.measures),
            pl.col("week") + 1,
        )
        titles = [self.measures[key] for key in _WEEKLY]
        x = {
            "field": "week",
            "type": "quantitative",
            "axis": {"title": self.said["week"], "tickMinStep": 1},
        }
        layers = _band(x, {"scale": {"zero": False}})
        return _drawn(
            {
                "facet": {"field": "measure", "type": "nominal", "sort": titles, "title": None},
                "columns": 3,
                "spec": {"width": 250, "height": 150, "layer": layers},
                "resolve": {"scale": {"y": "independent"}},
            },
            rows,
        )

    def shares_of_hours(self, shares: pl.DataFrame) -> str:
        """Draw which share of the hours those with the fewest have."""
        long = shares.rename({"hours": "value"})
        x = {
            "field": "people",
            "type": "quantitative",
            "axis": {"title": self.said["shares_people"], "format": ".0%"},
        }
        y = {"axis": {"title": self.said["shares_hours"], "format": ".0%"}}
        layers = _band(x, y)
        even = {
            "data": {"values": [{"people": 0, "mean": 0}, {"people": 1, "mean": 1}]},
            "mark": {"type": "line", "color": "#999", "strokeDash": [4, 4]},
            "encoding": {"x": x, "y": {"field": "mean", "type": "quantitative"}},
        }
        chart = {"width": 380, "height": 300, "layer": [even, *layers]}
        return _drawn(chart, _spread(long, "method", "people"))

    def differences(self, comparison: pl.DataFrame) -> str:
        """Draw how the methods differ from the nearest first, with the range over seeds."""
        rows = comparison.filter(pl.col("method") != "nearest").drop_nulls("against")
        rows = rows.with_columns(pl.col("measure").replace_strict(self.measures))
        goals = [{"measure": self.measures[key], "target": TARGETS[key]} for key in TARGETS]
        y = {
            "field": "measure",
            "type": "nominal",
            "sort": [self.measures[key] for key in MEASURES],
            "axis": {"title": None, "labelLimit": 300, "grid": True},
        }
        title = self.said["against_axis"]
        x = {"type": "quantitative", "axis": {"title": title, "format": "+.0%"}}
        offset = {"field": "method", "sort": list(COLOURS)}
        chart = {
            "width": 560,
            "height": {"step": 11},
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.4},
                    "encoding": {
                        "x": x | {"field": "against_least"},
                        "x2": {"field": "against_most"},
                        "y": y,
                        "yOffset": offset,
                        "color": _colour(),
                    },
                },
                {
                    "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                    "encoding": {
                        "x": x | {"field": "against"},
                        "y": y,
                        "yOffset": offset,
                        "color": _colour(),
                    },
                },
                {
                    "data": {"values": goals},
                    "mark": {"type": "tick", "color": "black", "thickness": 2, "size": 28},
                    "encoding": {"x": x | {"field": "target"}, "y": y},
                },
            ],
        }
        return _drawn(chart, rows)

    def variations(self, varied: pl.DataFrame) -> str:
        """Draw how methods differ from the nearest first when one assumption is another."""
        change = pl.format(
            "{} = {}", "assumption", pl.col("value").cast(pl.String).str.strip_suffix(".0")
        )
        rows = varied.filter(pl.col("measure").is_in(_VARIED)).drop_nulls("against")
        usual = rows.unique(["measure", "method"], keep="first", maintain_order=True).select(
            "measure",
            "method",
            pl.col("usual").alias("against"),
            change=pl.lit(self.said["as_assumed"]),
        )
        rows = pl.concat([usual, rows.select("measure", "method", "against", change=change)])
        titles = [self.measures[key] for key in _VARIED]
        rows = rows.with_columns(
            pl.col("measure").replace_strict(dict(zip(_VARIED, titles, strict=True)))
        )
        y = {
            "field": "change",
            "type": "nominal",
            "sort": rows["change"].unique(maintain_order=True).to_list(),
            "axis": {"title": None, "labelLimit": 300, "grid": True},
        }
        axis = {"title": None, "format": "+.0%", "tickCount": 4, "labelOverlap": True}
        x = {"field": "against", "type": "quantitative", "axis": axis}
        zero = {
            "mark": {"type": "rule", "color": "#555"},
            "encoding": {"x": {"datum": 0}},
        }
        points = {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {"x": x, "y": y, "color": _colour()},
        }
        return _drawn(
            {
                "facet": {"column": {"field": "measure", "sort": titles, "title": None}},
                "spec": {"width": 180, "height": {"step": 20}, "layer": [zero, points]},
                "resolve": {"scale": {"x": "independent"}},
            },
            rows,
        )


def _spread(long: pl.DataFrame, *keys: str) -> pl.DataFrame:
    value = pl.col("value")
    grouped = long.group_by(keys, maintain_order=True)
    return grouped.agg(mean=value.mean(), least=value.min(), most=value.max())


def _band(x: dict[str, Any], more: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a line of means in the band of the seeds."""
    y = {"type": "quantitative", "axis": {"title": None}} | more
    return [
        {
            "mark": {"type": "area", "opacity": 0.2},
            "encoding": {
                "x": x,
                "y": y | {"field": "least"},
                "y2": {"field": "most"},
                "color": _colour(),
            },
        },
        {
            "mark": {"type": "line", "strokeWidth": 2},
            "encoding": {"x": x, "y": y | {"field": "mean"}, "color": _colour()},
        },
    ]


def _colour() -> dict[str, Any]:
    scale = {"domain": list(COLOURS), "range": list(COLOURS.values())}
    # Browsers have other widths of letters than what draws: the page has the legend.
    return {"field": "method", "type": "nominal", "scale": scale, "legend": None}


def _drawn(chart: dict[str, Any], rows: pl.DataFrame) -> str:
    padding = {"left": 60, "top": 8, "right": 20, "bottom": 8}
    spec = {"data": {"values": rows.to_dicts()}, "config": _CONFIG, "padding": padding} | chart
    svg: str = vl_convert.vegalite_to_svg(spec)
    return svg
