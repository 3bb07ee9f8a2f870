"""The page's template, filled in: whatever is text of the data is escaped."""

from __future__ import annotations

import os
from base64 import b64encode
from bisect import bisect
from datetime import date, timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Any

import polars as pl

from matching.guards.extras import needing
from matching.reports.answers import UNUSED
from matching.reports.contacts import people
from matching.reports.facts import Facts
from matching.reports.page.payload import payload_of
from matching.reports.page.texts import LANGUAGES, texts
from matching.reports.shortages import KINDS
from matching.reports.templates import environment

MOST_SHORTAGES = 12
MOST_NAMES = 12
# Parts of one function, in this order.
SCRIPTS = ("page.js", "week.js", "listings.js", "start.js")


def render(facts: Facts) -> str:
    """Return the page as HTML.

    Raises
    ------
    UsageError
        If the packages of the extra ``report`` are not installed.
    """
    with needing("the page"):
        from matching.reports.page import charts

        page = environment("matching.reports.page")
    # What a script could take for markup is written as \\uXXXX.
    page.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    page.globals["day_of"] = date.fromisoformat
    page.filters["step"] = lambda share: bisect(charts.STEPS, share)
    page.filters["fill"] = _fill
    last_day = facts.week + timedelta(days=6)
    bars = charts.histogram(facts.hours)
    placed = facts.stations.with_row_index("code").drop_nulls(["lat", "lon"])
    # The small dots lie upon the large ones.
    placed = placed.sort("seats", "station_id", descending=[True, False])
    has_map = placed.select("lat", "lon").n_unique() > 1
    script = "".join(_text_of(name) for name in SCRIPTS)
    data = payload_of(facts) | {"dots": placed["code"].to_list(), "texts": _flat(texts())}
    reasons, heat, shortages = _reasons(facts.unfilled), _heat(facts.coverage), _shortages(facts)
    needs = _needs(facts)
    return page.get_template("page.html").render(
        facts=facts,
        figures=facts.figures,
        languages=LANGUAGES,
        texts=texts(),
        last_day=last_day,
        days=sorted({*facts.coverage["day"]}),
        districts=district_names(facts.stations),
        sections=[
            "week",
            *(["needs"] if any(needs.values()) else []),
            *(["unfilled"] if reasons else []),
            *("rosters", "figures", "more"),
        ],
        empty=facts.figures["seats"] - facts.figures["filled"],
        **needs,
        has_places=pl.concat([facts.roster["station_id"], facts.unfilled["station_id"]]).n_unique()
        > 1,
        statuses=facts.roster["status"].unique(maintain_order=True).to_list(),
        heat=heat,
        reasons=reasons,
        shortages=shortages,
        most_shortages=MOST_SHORTAGES,
        bars=bars.to_dicts(),
        histogram=charts.draw_histogram(bars) if facts.hours.height else None,
        map=charts.draw_map(placed) if has_map else None,
        map_km=charts.width_km(placed) if has_map else None,
        without_place=facts.stations.height - placed.height,
        steps=[0.0, *charts.STEPS, 1.0],
        data=data,
        style=_text_of("page.css"),
        script=script,
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
    )


def _text_of(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _fill(text: str, values: list[str]) -> str:
    """Put values into the places of a text."""
    for value in values:
        text = text.replace("{}", value, 1)
    return text


def _needs(facts: Facts) -> dict[str, Any]:
    """Return what waits for somebody: how many orders, posts and people, and who is not used."""
    unserved = facts.unfilled.join(facts.roster, on="request_id", how="anti")
    short = facts.unfilled.join(facts.roster, on="request_id", how="semi")
    asked = facts.roster.filter(pl.col("status") == "proposed")
    unused = []
    if facts.answers is not None:
        every = facts.answers.unused
        for why in UNUSED:
            some = every.filter(pl.col("why") == why)["volunteer_id"]
            if len(some):
                shown = people(some.head(MOST_NAMES), facts.contacts).to_list()
                more = len(some) - len(shown)
                unused.append({"why": why, "people": len(some), "some": shown, "more": more})
    return {
        "nobody": unserved["request_id"].n_unique(),
        "short": short["request_id"].n_unique(),
        "to_confirm": asked["volunteer_id"].n_unique(),
        "unused": unused,
    }


def _flat(every: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """Return the texts as the script wants them: English and Chinese."""
    return {name: [text[language] for language in LANGUAGES] for name, text in every.items()}


def district_names(stations: pl.DataFrame) -> dict[str, str]:
    """Return what the names of each district's stations have in common, if anything."""
    named = stations.filter(pl.col("station") != pl.col("station_id"))
    names = named.drop_nulls("district").group_by("district").agg("station")
    common = {d: os.path.commonprefix(these) for d, these in names.iter_rows()}  # noqa: RUF071
    common = {district: name.strip(" -_·第#0123456789") for district, name in common.items()}
    return {district: name for district, name in common.items() if len(name) > 1}


def _heat(coverage: pl.DataFrame) -> list[dict[str, Any]]:
    """Return a row per district, and one of all: by day and in all, ``filled`` and ``seats``."""
    rows = []
    every = coverage.with_columns(district=pl.lit("")).group_by("district", "day")
    for frame in (coverage, every.agg(pl.col("seats", "filled").sum())):
        for (district,), cells in frame.group_by("district", maintain_order=True):
            by_day = {cell["day"]: cell for cell in cells.iter_rows(named=True)}
            whole = {name: int(cells[name].sum()) for name in ("seats", "filled")}
            row = {"district": district, "all": district == "", "days": by_day, "whole": whole}
            rows.append(row)
    return rows if len(rows) != 2 else rows[:1]


def _reasons(unfilled: pl.DataFrame) -> list[dict[str, Any]]:
    return (
        unfilled.group_by(reason=pl.col("reason").fill_null("none"))
        .agg(posts=pl.len(), empty=pl.col("empty").sum())
        .sort("empty", "reason", descending=[True, False])
        .to_dicts()
    )


def _shortages(facts: Facts) -> list[dict[str, Any]]:
    """Return each kind that tells things apart: its first rows, and how many are left out."""
    found = []
    for kind in KINDS:
        rows = facts.shortages.filter(pl.col("kind") == kind)
        if rows.height > (kind != "quota"):
            first = rows.head(MOST_SHORTAGES).to_dicts()
            found.append({"kind": kind, "rows": first, "more": rows.height - len(first)})
    return found
