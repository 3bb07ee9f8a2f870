"""The sheets of a plan's workbook as frames: rosters with open seats, and what tells of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from matching.reports import sheets
from matching.reports.contacts import people
from matching.reports.facts import Facts
from matching.reports.locales import Locale
from matching.reports.page.texts import WEEKDAYS, texts
from matching.reports.plain import one_line
from matching.reports.sheets import Words

_SHOWN = ("station", "service", "organisation", "district")
_KEYS = ["request_id", "post"]
# Columns that tell nothing where they have one value alone.
_TELLING = ("station", "station_id", "organisation", "district", "options", "lead", "option")


@dataclass(frozen=True)
class Sheet:
    """A sheet: what it is called, its rows, which columns may be edited.

    A line is drawn where one of the columns ``grouped`` changes.
    """

    name: str
    frame: pl.DataFrame
    editable: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def _clocked(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the times of day alone, since the day has a column of its own."""
    return frame.with_columns(
        pl.col("start", "end").dt.time(), *(one_line(n) for n in _SHOWN if n in frame.columns)
    )


def _telling(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that tell something."""
    same = [name for name in _TELLING if name in frame.columns and frame[name].n_unique() < 2]
    return frame.drop(same)


def _weekday(words: Words) -> pl.Expr:
    days = WEEKDAYS[words.language]
    weekday = pl.col("day").dt.weekday()
    return weekday.replace_strict(range(1, 8), days, return_dtype=pl.String).alias("weekday")


def roster_sheet(facts: Facts, words: Words) -> Sheet:
    """Return the rosters: a row for each who serves, and one for each seat that is open."""
    open_seats = facts.unfilled.select(pl.all().repeat_by("empty").explode())
    every = facts.with_meetings(pl.concat([facts.roster, open_seats], how="diagonal"))
    order = ["station", "station_id", "start", "request_id", "post", "volunteer_id"]
    every = _clocked(every.sort(order, nulls_last=True))
    frame = every.select(
        *("station", "day", _weekday(words), "start", "end", "service", "post"),
        people(every["volunteer_id"], facts.contacts),
        pl.when("lead").then(pl.lit("★")).alias("lead"),
        pl.col("status").replace(words.statuses),
        *("organisation", "request_id", "option", "station_id"),
    )
    grouped = ("station", "station_id", "day")
    return Sheet(words.roster, _telling(frame), sheets.EDITABLE, grouped, words.headers)


def original_sheet(facts: Facts) -> Sheet:
    """Return the rosters as they are, by ids, under plain names."""
    columns = ("request_id", "post", "option", "volunteer_id", "day", "start", "end", "status")
    original = _clocked(facts.with_meetings(facts.roster)).select(
        pl.lit(facts.week).alias("week"), *columns, "station", "station_id", "service"
    )
    if original.is_empty():
        # The week is known of a plan in which nobody serves, too.
        original = pl.DataFrame({"week": [facts.week]}).join(original, on="week", how="left")
    return Sheet(sheets.ORIGINAL, original)


def lists_of(facts: Facts) -> dict[tuple[str, str], list[str]]:
    """Return who could come to each open post, the best first, as the workbook calls them."""
    if facts.answers is None:
        return {}
    could = facts.answers.could_come
    could = could.with_columns(people(could["volunteer_id"], facts.contacts))
    found = could.group_by(_KEYS, maintain_order=True).agg("volunteer_id")
    return {(request, post): some for request, post, some in found.iter_rows()}


def unfilled_sheet(facts: Facts, words: Words) -> Sheet:
    """Return the posts with open seats, why they are, and who could come."""
    language = words.language
    named = {name.removeprefix("reason_"): text[language] for name, text in texts().items()}
    frame = facts.unfilled
    more: list[str] = []
    if facts.answers is not None:
        told = facts.answers.told.group_by(_KEYS).agg(told=pl.col(language).str.join(" "))
        could = facts.answers.could_come
        could = could.with_columns(shown=people(could["volunteer_id"], facts.contacts))
        could = could.group_by(_KEYS, maintain_order=True).agg(
            could_come=pl.col("shown").head(6).str.join(", ")
        )
        for answers in (told, could):
            frame = frame.join(answers, on=_KEYS, how="left", maintain_order="left")
        more = ["told", "could_come"]
    frame = _clocked(frame).select(
        *("station", "day", _weekday(words), "start", "end", "service", "post"),
        *("seats", "filled", "empty"),
        pl.col("reason").replace(named),
        *more,
        *("options", "request_id", "station_id"),
    )
    return Sheet(words.sheets["unfilled"], _telling(frame), headers=words.headers)


def free_sheet(facts: Facts, words: Words, locale: Locale) -> Sheet:
    """Return who is free when, a column for each day, and how often they serve."""
    headers = dict(words.headers)
    frame = pl.DataFrame(schema={"volunteer_id": pl.String})
    if facts.answers is not None and facts.answers.free.height:
        free = facts.answers.free
        from_to = pl.format("{}–{}", locale.times("start"), locale.times("end"))
        whole = pl.col("end") - pl.col("start") == pl.duration(days=1)
        free = free.with_columns(
            when=pl.when(whole).then(pl.lit(words.whole_day)).otherwise(from_to)
        )
        days = sorted(free["day"].unique())
        for day in days:
            weekday = WEEKDAYS[words.language][day.weekday()]
            headers[str(day)] = (
                locale.day(day) if words.language == "en" else f"{weekday} {day.month}/{day.day}"
            )
        of_day = free.group_by("volunteer_id", "day", maintain_order=True)
        frame = of_day.agg(pl.col("when").str.join(", ")).pivot(
            "day", index="volunteer_id", values="when", maintain_order=True
        )
        serving = facts.hours.select("volunteer_id", "services")
        frame = frame.join(serving, on="volunteer_id", how="left", maintain_order="left")
        frame = frame.select(
            people(frame["volunteer_id"], facts.contacts),
            pl.col("services").fill_null(0),
            *(str(day) for day in days),
        )
    return Sheet(words.sheets["free"], frame, headers=headers)


def coverage_sheet(facts: Facts, words: Words) -> Sheet:
    """Return how many seats are filled, by district and day."""
    frame = facts.coverage.select(
        *(one_line("district"), "day", _weekday(words)),
        *("requests", "seats", "filled"),
        empty=pl.col("seats") - pl.col("filled"),
        share=pl.col("share"),
    )
    return Sheet(words.sheets["coverage"], _telling(frame), headers=words.headers)


def stations_sheet(facts: Facts, words: Words) -> Sheet:
    """Return how many seats are filled, by station; nothing where there is one alone."""
    stations = facts.stations if facts.stations.height > 1 else facts.stations.clear()
    frame = stations.select(
        *(one_line("station"), "station_id", one_line("district"), "requests", "seats", "filled"),
        empty=pl.col("seats") - pl.col("filled"),
        share=pl.col("filled") / pl.col("seats"),
    )
    return Sheet(words.sheets["stations"], frame, headers=words.headers)


def volunteers_sheet(facts: Facts, words: Words) -> Sheet:
    """Return how much each does who serves."""
    frame = facts.hours.with_columns(people(facts.hours["volunteer_id"], facts.contacts))
    frame = frame.drop("organisation_id") if frame["organisation_id"].n_unique() < 2 else frame
    return Sheet(words.sheets["volunteers"], frame, headers=words.headers)


def figures_of(facts: Facts, words: Words) -> Iterable[tuple[str, Any, int | None, str]]:
    """Yield the figures: what it is, its number, of how many, what it means."""
    said = {name: text[words.language] for name, text in texts().items()}
    known = facts.figures
    about = said["made_from" if facts.contacts is None else "made_from_names"]
    yield said["title"], facts.week.isoformat(), None, about
    for name, part, whole in (
        ("seats", "filled", "seats"),
        ("requests", "requests_served", "requests"),
        ("volunteers", "volunteers_used", "volunteers"),
    ):
        yield said[name], known[part], known[whole], said[f"{name}_means"]
    proved = "gap_optimal" if known["status"] == "optimal" else "gap_feasible"
    gap = known["gap"]
    yield said["gap"], gap, None, said["gap_none" if gap is None else proved]
    yield said["hours_figure"], known["hours"], None, said["hours_figure_means"]
    for name in ("median", "most"):
        figure = f"{said['hours']}: {said[name]}"
        yield figure, known[f"hours_{name}"], None, said["hours_figure_means"]
    gini = known["gini"]
    yield said["fairness"], gini and round(gini, 3), None, said["fairness_means"]
    for name, figure in (("outside", "requests_outside_week"), ("set_aside", "set_aside")):
        if known[figure]:
            yield said[name].rstrip(": ："), known[figure], None, ""
