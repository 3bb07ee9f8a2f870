"""One region's week, planned from its own tables, and what its neighbours must know of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.value import quality
from matching.bounds.certificate import best_weeks, reward
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.bounds.teams import best_teams
from matching.engine import solve
from matching.parallel.interrupts import unless_heard_already
from matching.policy import Policy
from matching.problem import Problem
from matching.problem import columns as c
from matching.regions import dataset
from matching.regions.cells import cell_of, reached
from matching.regions.ids import NOTED, note_ids
from matching.result import Result

KEYS = ("request_id", "post", "option", "volunteer_id")


@dataclass(frozen=True)
class Terms:
    """What every region is planned with.

    Attributes
    ----------
    week : datetime.date
        The Monday the week starts with.
    time_limit : float
        Seconds for each region.
    """

    week: date
    policy: Policy
    time_limit: float
    gap: float
    seed: int

    def problem(self, tables: dataset.Frames) -> Problem:
        """Return the problem of some tables."""
        return Problem.from_tables(tables, self.week, self.policy)

    def bound(
        self, problem: Problem, arcs: Arcs, prices: Prices, people: c.Bools, requests: c.Bools
    ) -> float:
        """Return the part of the bound that some people's weeks and some requests' teams are.

        A week is priced roughly once the time for a region is over.
        """
        end = time.monotonic() + self.time_limit
        rewards = reward(problem, arcs, quality(problem, arcs), prices)
        weeks = best_weeks(Weeks(problem, arcs), rewards, lambda: time.monotonic() > end)
        teams = best_teams(problem, arcs, prices)
        return float(weeks[people].sum() + teams[requests].sum())

    def solve(self, problem: Problem) -> Result:
        """Plan a problem.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C was pressed: the best plan so far of a part is none of the whole.
        """
        with unless_heard_already() as asked:
            result = solve(
                problem,
                time_limit=self.time_limit,
                gap=self.gap,
                workers=1,  # regions are what is planned side by side
                seed=self.seed,
                interrupted=asked,
            )
            if asked():
                raise KeyboardInterrupt
        return result


@dataclass(frozen=True)
class Survey:
    """Where a region's people can go, and where its orders are.

    Attributes
    ----------
    reach, orders : int64 arrays, sorted
        Cells.
    quotas : list of str
        The organisations that have one.
    """

    code: str
    reach: c.Longs
    orders: c.Longs
    quotas: list[str]


@dataclass(frozen=True)
class Job:
    """A region to plan.

    Attributes
    ----------
    folder, work : pathlib.Path
        Its tables, and where results go.
    border : int64 array, sorted
        The cells of its orders that somebody from elsewhere may reach.
    abroad : Mapping
        By the code of each neighbour, the cells of its orders that somebody from here may reach.
    folders : Mapping
        The tables of each region by its code.
    """

    code: str
    folder: Path
    work: Path
    border: c.Longs
    abroad: Mapping[str, c.Longs]
    folders: Mapping[str, Path]
    terms: Terms

    @property
    def border_name(self) -> str:
        """What the tables of the region and its neighbours are called together."""
        return border_name({self.code, *self.abroad})

    def strip_of(self, code: str) -> Path:
        """Return where a region, this or another, has written what its neighbours must know."""
        return dataset.folder_of(self.work / "borders", code)


def border_name(codes: Iterable[str]) -> str:
    """Return what the tables of neighbours are called together."""
    return f"the border of regions {', '.join(sorted(codes))}"


@dataclass(frozen=True)
class Planned:
    """What is known of a region once it is planned by itself.

    Attributes
    ----------
    value, bound_alone : int
        Of the plan, and what no plan without the neighbours is worth more than.
    bound : float
        The part of the bound that hangs on no border: of everybody who can reach no order there,
        of every other order, and of the quotas.
    figures : dict
        For the summary; ``used`` counts those who can reach no order of a border, ``km`` is that
        of all other orders.
    strip : int
        Volunteers who can reach an order of a border.
    timed_out : bool
        Whether the clock ended its search.
    """

    code: str
    value: int
    bound_alone: int
    bound: float
    figures: dict[str, float]
    strip: int
    timed_out: bool


def survey(code: str, folder: Path, work: Path, travel_km: float) -> Survey:
    """Read where a region's volunteers and orders are, and nothing else; note their ids."""
    dataset.check_files(folder)
    frames = {n: f for n in NOTED if (f := dataset.read(folder, n)) is not None}
    note_ids(work, code, frames)
    stations, organisations = frames.get("stations"), frames.get("organisations")
    people, orders = frames["volunteers"], frames["requests"]
    quotas = []
    if organisations is not None and {"organisation_id", "max_seats"} <= set(organisations.columns):
        limited = pl.col("max_seats").cast(pl.String).str.strip_chars().str.len_chars() > 0
        quotas = organisations.filter(limited)["organisation_id"].cast(pl.String).to_list()
    limit = people["travel_km"] if "travel_km" in people.columns else pl.Series([None])
    km = limit.cast(pl.Float64, strict=False).fill_nan(None).fill_null(travel_km).to_numpy()
    km = np.broadcast_to(km, people.height)
    reach = reached(_cells(people, stations), km)
    cells = np.unique(_cells(orders, stations))
    return Survey(code, reach, cells[cells >= 0], quotas)


def _cells(rows: pl.DataFrame, stations: pl.DataFrame | None) -> c.Longs:
    """Return the cell of each row: of its own place, or its station's; -1 if that is no number."""
    names, text = ("lat", "lon"), pl.lit(None, dtype=pl.String)
    own = [pl.col(n) if n in rows.columns else text.alias(n) for n in names]
    at = pl.col("station_id") if "station_id" in rows.columns else text.alias("station_id")
    asked = rows.select(*own, at.cast(pl.String)).with_columns(
        pl.col(n).cast(pl.Float64, strict=False) for n in names
    )
    if stations is not None and {"station_id", "lat", "lon"} <= set(stations.columns):
        known = stations.unique("station_id", maintain_order=True).select(
            pl.col("station_id").cast(pl.String),
            *(pl.col(n).cast(pl.Float64, strict=False).alias(f"s_{n}") for n in names),
        )
        asked = asked.join(known, on="station_id", how="left", maintain_order="left")
        asked = asked.with_columns(pl.col(n).fill_null(pl.col(f"s_{n}")) for n in names)
    lat, lon = (asked[n].fill_null(float("nan")).to_numpy() for n in names)
    return cell_of(lat, lon)


def plan_region(job: Job) -> Planned:
    """Plan a region by itself; write its plan, and what its borders are settled with."""
    tables, terms = dataset.read_all(job.folder), job.terms
    problem = terms.problem(tables)
    result = terms.solve(problem)
    frames, _ = result.output()
    dataset.write_all(dataset.folder_of(job.work / "alone", job.code), frames)
    strip, border = _strip(job, tables, result)
    _write_strip(job, tables, result, frames, strip, border)
    arcs, prices = result.arcs, result.prices
    limited = problem.organisations.limited
    most = problem.organisations.max_seats[limited].astype(np.float64)
    bound = terms.bound(problem, arcs, prices, ~strip, ~border)
    bound += float(prices.charged(problem)[limited] @ most)
    used = np.zeros(len(problem.volunteers), np.bool_)
    used[result.plan.volunteer] = True
    figures: dict[str, float] = {
        "seats": int(problem.posts.seats.astype(np.int64).sum()),
        "requests": len(problem.requests),
        "requests_outside_week": problem.left_out,
        "volunteers": len(problem.volunteers),
        "used": int((used & ~strip).sum()),
        "km": float(np.nansum(result.km[~border[problem.slots.request[result.plan.slot]]])),
    }
    timed_out = result.termination == "time_limit"
    return Planned(
        job.code, result.value, result.bound, bound, figures, int(strip.sum()), timed_out
    )


def _strip(job: Job, tables: dataset.Frames, result: Result) -> tuple[c.Bools, c.Bools]:
    """Tell who can serve an order of a border, and which of the region's orders are such."""
    problem, arcs = result.problem, result.arcs
    at = cell_of(problem.requests.lat, problem.requests.lon)
    border: c.Bools = np.isin(at, job.border)
    # What is served in another week already, nobody from elsewhere may serve.
    settled = problem.other_weeks.request
    border[settled[settled >= 0]] = False
    strip = np.zeros(len(problem.volunteers), np.bool_)
    strip[arcs.volunteer[border[problem.slots.request[arcs.slot]]]] = True
    cells = np.concatenate([np.empty(0, np.int64), *job.abroad.values()])
    if len(cells):
        people = problem.volunteers
        at_home = cell_of(people.lat, people.lon)
        most = people.travel_km[at_home >= 0].max(initial=0.0)
        near = reached(cells, np.full(len(cells), most))
        rows = np.flatnonzero(np.isin(at_home, near))
        ids = people.id.gather(rows)
        ours = dataset.only(tables, ids, pl.Series([], dtype=pl.String))
        theirs = [_border_requests(job.folders[code], at) for code, at in job.abroad.items()]
        with dataset.named(job.border_name, rows=False):
            there = job.terms.problem(dataset.joined([ours, *theirs]))
        # The order of the volunteers is that of their ids, here as there.
        strip[rows[np.unique(eligible(there).volunteer)]] = True
    return strip, border


def _border_requests(folder: Path, cells: c.Longs) -> dataset.Frames:
    """Read a neighbour's orders in some cells, and nobody of its volunteers."""
    names = (
        *("requests", "options", "sessions", "posts", "post_qualifications", "team_rules"),
        *("stations", "organisations", "menu", "menu_posts", "menu_qualifications"),
    )
    frames = {n: f for n in names if (f := dataset.read(folder, n)) is not None}
    at = _cells(frames["requests"], frames.get("stations"))
    ids = frames["requests"]["request_id"].filter(pl.Series(np.isin(at, cells), dtype=pl.Boolean))
    return dataset.only(frames, None, ids)


def _write_strip(
    job: Job,
    tables: dataset.Frames,
    result: Result,
    frames: Mapping[str, pl.DataFrame],
    strip: c.Bools,
    border: c.Bools,
) -> None:
    """Write the volunteers of the strip, all orders they may serve here, and what was decided."""
    problem, arcs = result.problem, result.arcs
    seen = border.copy()
    seen[problem.slots.request[arcs.slot[strip[arcs.volunteer]]]] = True
    ids, requests = problem.volunteers.id.filter(strip), problem.requests.id.filter(seen)
    pairs = problem.pairs.take(problem.pairs.together)
    tied, friends = np.zeros((2, len(strip)), np.bool_)
    for one, other in ((pairs.a, pairs.b), (pairs.b, pairs.a)):
        tied[one[~strip[other]]] = True
        friends[other[strip[one]]] = True
    # Friends need not be of the strip, but who judges the plan must see them.
    seen_people = problem.volunteers.id.filter(strip | friends)
    beyond, tables = _other_weeks(problem, tables, strip | friends)
    written = dataset.only(tables, seen_people, pl.concat([requests, beyond]).unique())
    at_border = pl.col("request_id").is_in(problem.requests.id.filter(border).implode())
    held = pl.col("volunteer_id").is_in(seen_people.implode()) | at_border
    own = pl.col("volunteer_id").is_null() | pl.col("volunteer_id").is_in(ids.implode())
    own &= pl.col("request_id").is_in(requests.implode())
    quota = pl.col("organisation_id").is_not_null()
    at = cell_of(problem.volunteers.lat, problem.volunteers.lon)[strip]
    where = cell_of(problem.requests.lat, problem.requests.lon)
    roams = np.zeros(len(strip), np.bool_)
    roams[arcs.volunteer[where[problem.slots.request[arcs.slot]] < 0]] = True
    # Where stations say how far apart they are, any service may be a way around.
    roams[arcs.volunteer] |= len(problem.travel) > 0
    homes = {"volunteer_id": ids, "cell": at, "tied": tied[strip], "roams": roams[strip]}
    orders = {"request_id": requests, "cell": where[seen], "border": border[seen]}
    known = {
        "held": frames["plan"].filter(held).select(KEYS),
        "prices": frames["prices"].filter(quota | own),
        "beyond": beyond.to_frame(),
        "homes": pl.DataFrame(homes),
        "orders": pl.DataFrame(orders),
    }
    dataset.write_all(job.strip_of(job.code), written | known)


def _other_weeks(
    problem: Problem, tables: dataset.Frames, people: c.Bools
) -> tuple[pl.Series, dataset.Frames]:
    """Return the requests that some people are held to in other weeks, and tables to tell it with.

    Of such a request there is no time in this week there: it is served, but perhaps by others.
    """
    there = problem.other_weeks
    held = np.flatnonzero(people[there.volunteer])
    beyond = there.request_id.gather(held).unique(maintain_order=True)
    served = np.isin(problem.options.request, there.request)
    gone = pl.select(
        request_id=problem.requests.id.gather(problem.options.request[served]),
        option=problem.options.id.filter(served),
    )
    # Who named no option spoke of those that go, too.
    anyhow = gone.select("request_id", option=pl.lit(None, dtype=pl.String)).unique()
    gone = pl.concat([gone, anyhow])
    timed = {name for name in ("options", "assignments") if "option" in tables.get(name, ())}
    left = {
        name: tables[name].join(
            gone, on=gone.columns, how="anti", nulls_equal=True, maintain_order="left"
        )
        for name in sorted(timed)
    }
    return beyond, tables | left
