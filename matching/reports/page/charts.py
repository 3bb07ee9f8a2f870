"""The two drawn charts, as SVG: no text of the data is in them, and colours are the page's."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import polars as pl
import vl_convert

from matching.arcs.spatial import RADIUS_KM

# Where the colours of a share change: most plans fill most seats, so the steps are finer there.
STEPS = (0.5, 0.7, 0.85, 0.95)
MOST_BARS = 40
MOST_CIRCLES = 3_000
FEW_STATIONS = 20
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_ROLES = re.compile(r' (role|aria-[a-z]+)="[^"]*"')


def histogram(hours: pl.DataFrame) -> pl.DataFrame:
    """Return how many volunteers have from ``low`` to below ``high`` hours: ``people``.

    Bars are whole hours wide, and as narrow as so few bars allow.
    """
    width = 1 + int(float(hours.select(pl.col("hours").max().fill_null(0)).item()) // MOST_BARS)
    bar = (pl.col("hours") // width).cast(pl.Int64)
    counts = hours.group_by(bar=bar).agg(people=pl.len().cast(pl.Int64))
    last = int(counts.select(pl.col("bar").max().fill_null(0)).item())
    bars = pl.DataFrame({"bar": range(last + 1)})
    bars = bars.join(counts, on="bar", how="left").with_columns(pl.col("people").fill_null(0))
    return bars.select(low=pl.col("bar") * width, high=(pl.col("bar") + 1) * width, people="people")


def draw_histogram(bars: pl.DataFrame) -> str:
    """Draw the bars."""
    # Between 0 and 1 there are no people to count.
    ticks = min(6, int(bars.select(pl.col("people").max()).item()))
    edges = min(12, bars.height)
    spec = _spec("histogram")
    spec["data"]["values"] = bars.to_dicts()
    spec["encoding"]["x"]["axis"]["tickCount"] = edges
    spec["encoding"]["y"]["axis"]["tickCount"] = ticks
    return drawn(spec)


def draw_map(placed: pl.DataFrame) -> str:
    """Draw a dot per station (``lat``, ``lon``, ``seats``, ``filled``), in the given order."""
    dots = placed.select("lat", "lon", "seats", share=pl.col("filled") / pl.col("seats"))
    spec = _spec("map") | {"height": _height(placed)}
    spec["data"]["values"] = dots.to_dicts()
    spec["mark"]["shape"] = "circle" if placed.height <= MOST_CIRCLES else "square"
    spec["encoding"]["size"]["scale"]["range"] = [30, 300 if placed.height < 300 else 120]
    spec["encoding"]["fill"]["scale"]["domain"] = STEPS
    return drawn(spec)


def width_km(placed: pl.DataFrame) -> float:
    """Return how far the stations reach from west to east, at their middle latitude."""
    middle = float(placed.select((pl.col("lat").max() + pl.col("lat").min()) / 2).item())
    spread = pl.col("lon").max() - pl.col("lon").min()
    degrees = placed.select(spread.radians() * pl.lit(middle).radians().cos()).item()
    return float(degrees) * RADIUS_KM


def _height(placed: pl.DataFrame) -> int:
    """Return a height in the proportion of the stations' extent, neither flat nor tall."""
    north_south = placed.select((pl.col("lat").max() - pl.col("lat").min()).radians()).item()
    wide = width_km(placed)
    tall = float(north_south) * RADIUS_KM
    highest = 1.0 if placed.height > FEW_STATIONS else 0.5
    return round(640 * min(highest, max(0.4, tall / wide if wide else 0.5)))


def _spec(name: str) -> dict[str, Any]:
    """Return a chart of Vega-Lite as its file has it, with what all charts share."""
    every = json.loads(files(__package__).joinpath("charts.json").read_text(encoding="utf-8"))
    chart: dict[str, Any] = every[name] | {"config": every["config"]}
    return chart


def drawn(spec: dict[str, Any]) -> str:
    """Draw a chart of Vega-Lite as one image, which the page describes."""
    svg = vl_convert.vegalite_to_svg(spec)
    svg = _ROLES.sub("", svg)
    return _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.2f}", svg)
