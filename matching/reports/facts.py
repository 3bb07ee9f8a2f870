"""A plan and the week's tables, joined into the frames that every report shows.

Who and where are opaque ids; services, stations and organisations have the names of the tables.
Times are local wall-clock times, and a day is the one on which a service starts.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from matching.bounds.prices import PRICE_COLUMNS
from matching.errors import DataWarning, UsageError
from matching.problem import Problem
from matching.problem.plan import Plan
from matching.reports.answers import Answers
from matching.reports.figures import figures_of
from matching.reports.leads import led_by
from matching.reports.posts import (
    gathered,
    posts_of,
    requests_of,
    sessions_of,
    stations_of,
    times_of,
)
from matching.reports.shortages import shortages_of
from matching.schema import Output

_COUNTED = ("seats", "filled", "requests", "requests_served", "volunteers", "volunteers_used")


@dataclass(frozen=True, eq=False)
class Facts:
    """What a plan says, joined with the tables it was made from.

    Attributes
    ----------
    week : datetime.date
    figures : dict
        The headline figures; those that the summary has too have its name and its number.
    summary : dict
        The plan's summary as it was read or made.
    roster : polars.DataFrame
        One row per filled seat, by station, day, time and request: ``station_id``, ``station``
        (its name, else its id), ``district``, ``day``, ``start``, ``end``, ``hours``, ``moment``
        (the start, in its time zone), ``request_id``, ``service``, ``category``, ``post``,
        ``option``, ``volunteer_id``, ``organisation_id``, ``organisation``,
        ``lead`` (whether this volunteer leads the team), ``team_lead`` (who does; may be null),
        ``team`` (how many serve the request) and ``status``.
    unfilled : polars.DataFrame
        One row per post with empty seats, the most empty first: station, district, ``day``,
        ``start``, ``end``, ``option``, ``options`` (how many were possible), request, service,
        post, ``seats``, ``filled``, ``empty``, ``reason`` (null where the plan gives none).
    shortages : polars.DataFrame
        See `shortages_of`; without prices there is no ``price``.
    hours : polars.DataFrame
        One row per volunteer who serves, the most hours first: ``volunteer_id``,
        ``organisation_id``, ``services``, ``hours`` (decimal), ``days`` (how many different ones).
    coverage : polars.DataFrame
        One row per district and day with seats: ``district``, ``day``, ``requests``, ``seats``,
        ``filled``, ``share``. A request with several times that is not served counts at its first.
    stations : polars.DataFrame
        One row per station with requests: ``station_id``, ``station``, ``district``, ``lat``,
        ``lon``, ``requests``, ``seats``, ``filled``.
    contact : str
        Whom a volunteer asks, as the policy says; empty for nobody.
    answers : Answers, optional
        Why seats are empty and who could come, where somebody asked.
    sessions : polars.DataFrame, optional
        The meetings of requests that have several; see `posts.sessions_of`.
    contacts : polars.DataFrame, optional
        What people are called, as `contacts.read_contacts` reads it, where somebody gave it.
    """

    week: date
    figures: dict[str, Any]
    summary: dict[str, Any]
    roster: pl.DataFrame
    unfilled: pl.DataFrame
    shortages: pl.DataFrame
    hours: pl.DataFrame
    coverage: pl.DataFrame
    stations: pl.DataFrame
    contact: str = ""
    answers: Answers | None = None
    contacts: pl.DataFrame | None = None
    sessions: pl.DataFrame | None = None

    def by_meeting(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``roster`` or ``unfilled`` once for each meeting, with its time.

        ``session`` is the name of the meeting; null where there is only one.
        """
        frame = frame.with_columns(session=pl.lit(None, pl.String))
        if self.sessions is None or self.sessions.is_empty():
            return frame
        at = ["request_id", "option"]
        times = [c for c in self.sessions.columns if c not in at and c in frame.columns]
        met = frame.drop(times).join(
            self.sessions.select(*at, *times), on=at, nulls_equal=True, maintain_order="left_right"
        )
        once = frame.join(self.sessions, on=at, how="anti", nulls_equal=True, maintain_order="left")
        return pl.concat([once, met.select(frame.columns)])

    def with_meetings(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``roster`` or ``unfilled`` with the times of all meetings in ``service``.

        Of one meeting ``start`` and ``end`` tell.
        """
        if self.sessions is None or self.sessions.is_empty():
            return frame
        at = ["request_id", "option"]
        when = pl.concat_str(
            pl.col("start").dt.strftime("%m-%d %H:%M–"), pl.col("end").dt.strftime("%H:%M")
        )
        spelt = self.sessions.group_by(at, maintain_order=True).agg(when=when.str.join(", "))
        told = frame.join(spelt, on=at, how="left", nulls_equal=True, maintain_order="left")
        service = pl.coalesce(pl.format("{} ({})", "service", "when"), "service")
        return told.with_columns(service=service).select(frame.columns)

    @classmethod
    def of(cls, problem: Problem, tables: Mapping[str, pl.DataFrame], output: Output) -> Facts:
        """Join a plan with the tables of its week.

        Parameters
        ----------
        problem : Problem
        tables : Mapping of str to polars.DataFrame
            The clean tables that the problem was made from, or `Problem.names`.
        output : tuple of (dict of str to polars.DataFrame, dict)
            What `Result.output` gives and what `Sink.read_result` reads: ``plan`` and, where
            there are, ``unfilled`` and ``prices``; and the summary, which may be empty.

        Returns
        -------
        Facts

        Raises
        ------
        DataError
            If the plan names a request, post, option or volunteer that the tables do not have.
        UsageError
            If ``unfilled`` or ``prices`` lacks a column.
        """
        frames, summary = output
        _check_columns(frames)
        plan = Plan.from_frame(problem, frames["plan"])
        requests = requests_of(problem, tables)
        posts = posts_of(problem, plan, requests, frames.get("unfilled"))
        roster = _roster(problem, tables, plan, requests, frames["plan"])
        hours = _hours(roster)
        figures = figures_of(problem, plan, summary, hours)
        _compare(figures, summary)
        return cls(
            week=problem.week,
            figures=figures,
            summary=summary,
            roster=roster,
            unfilled=_unfilled(posts),
            shortages=shortages_of(problem, tables, posts, frames.get("prices")),
            hours=hours,
            coverage=_coverage(posts),
            stations=stations_of(posts, tables),
            contact=problem.policy.contact,
            sessions=sessions_of(problem),
        )


def _roster(
    problem: Problem,
    tables: Mapping[str, pl.DataFrame],
    plan: Plan,
    requests: pl.DataFrame,
    given: pl.DataFrame,
) -> pl.DataFrame:
    option, post = problem.slots.option[plan.slot], problem.slots.post[plan.slot]
    request = problem.slots.request[plan.slot]
    lead = led_by(problem, plan)
    organisation = pl.DataFrame(
        {"organisation_id": gathered(problem.organisations.id, problem.volunteers.organisation)}
    )
    names = tables["organisations"].select("organisation_id", organisation="name")
    organisation = organisation.join(
        names, on="organisation_id", how="left", maintain_order="left"
    )[plan.volunteer]
    times = times_of(problem)[option]
    leader = lead[request]
    frame = pl.DataFrame(
        {
            "post": problem.posts.id.gather(post),
            "option": problem.options.id.gather(option),
            "volunteer_id": problem.volunteers.id.gather(plan.volunteer),
            "lead": leader == plan.volunteer,
            "team_lead": gathered(problem.volunteers.id, leader),
            "team": np.bincount(request, minlength=len(problem.requests))[request],
        }
    )
    status = given["status"].cast(pl.String) if "status" in given.columns else pl.lit(None)
    frame = frame.with_columns(status=pl.coalesce(status, pl.lit("proposed")))
    frame = pl.concat([requests[request], times, organisation, frame], how="horizontal")
    order = ["station", "station_id", "start", "request_id", "post", "volunteer_id"]
    return frame.sort(order, nulls_last=True).select(
        *("station_id", "station", "district", "day", "start", "end", "hours", "moment"),
        *("request_id", "service", "category", "post", "option", "volunteer_id", "organisation_id"),
        *("organisation", "lead", "team_lead", "team", "status"),
    )


def _hours(roster: pl.DataFrame) -> pl.DataFrame:
    return (
        roster.group_by("volunteer_id", "organisation_id")
        .agg(services=pl.len(), hours=pl.col("hours").sum(), days=pl.col("day").n_unique())
        .sort("hours", "volunteer_id", descending=[True, False])
    )


def _unfilled(posts: pl.DataFrame) -> pl.DataFrame:
    return (
        posts.filter(pl.col("filled") < pl.col("seats"))
        .with_columns(empty=pl.col("seats") - pl.col("filled"))
        .sort("empty", "start", "request_id", "post", descending=[True, False, False, False])
        .select(
            *("station_id", "station", "district", "day", "start", "end", "option", "options"),
            *("request_id", "service", "category", "post", "seats", "filled", "empty", "reason"),
        )
    )


def _coverage(posts: pl.DataFrame) -> pl.DataFrame:
    return (
        posts.group_by("district", "day")
        .agg(pl.col("request_id").n_unique().alias("requests"), pl.col("seats", "filled").sum())
        .with_columns(share=pl.col("filled") / pl.col("seats"))
        .sort("district", "day", nulls_last=True)
    )


def _check_columns(frames: Mapping[str, pl.DataFrame]) -> None:
    needed = {"unfilled": ("request_id", "post", "reason"), "prices": PRICE_COLUMNS}
    for table, columns in needed.items():
        if table not in frames:
            continue
        missing = [name for name in columns if name not in frames[table].columns]
        if missing:
            raise UsageError(
                f"the plan's table {table} has no {', '.join(missing)}; plan the week again, or "
                f"take {table} away: the report then goes without"
            )


def _compare(figures: dict[str, Any], summary: dict[str, Any]) -> None:
    """Warn where plan and tables do not give what the summary says."""
    other = [name for name in _COUNTED if summary.get(name, figures[name]) != figures[name]]
    if other:
        text = ", ".join(f"{name} {figures[name]}, not {summary[name]}" for name in other)
        warnings.warn(
            f"plan and tables differ from the plan's summary: {text}; the report shows what plan "
            "and tables say. Plan the week again if the tables have changed since",
            DataWarning,
            stacklevel=3,
        )
