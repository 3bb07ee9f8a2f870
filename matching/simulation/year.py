"""Weeks in a row under each method, on the same people with the same moods."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import polars as pl

from matching.answers.fairness import gini
from matching.errors import UsageError, listed
from matching.guards.defaults import WORKERS
from matching.guards.doors import door
from matching.guards.mondays import Day, monday_of
from matching.guards.showing import Shown
from matching.policy import READ_WITH
from matching.problem import columns as c
from matching.simulation.assumptions import Assumptions
from matching.simulation.choosing import METHODS, PLANNED, Weights, method_of
from matching.simulation.measures import comparison_of, course_of, last_of, targets_of
from matching.simulation.people import People
from matching.simulation.state import State
from matching.simulation.texts import Language
from matching.simulation.weekly import play_week
from matching.simulation.world import World
from matching.synthetic import generate

TABLES = ("measures", "comparison", "targets", "weeks", "course", "shares")
# Of the line that shows how hours are shared.
_POINTS = 101


@dataclass(frozen=True, eq=False, repr=False)
class Year(Shown):
    """What the weeks came to.

    Attributes
    ----------
    size : str
    volunteers : int
    scarcity : float
    assumed : Assumptions
    weights : dict of str to Weights
        What each method of the engine weighed.
    weeks : polars.DataFrame
        One row a method, seed and week: the counts of `weekly.Figures`; and up to then
        ``participation``, ``gini_hours`` (of all people) and ``gini_served``.
    course : polars.DataFrame
        One row a method, seed and week: the measures of all weeks up to then.
    measures : polars.DataFrame
        One row a method and seed.
    comparison : polars.DataFrame
        One row a measure and method, beside the nearest first; see `measures.comparison_of`.
    targets : polars.DataFrame
    shares : polars.DataFrame
        ``method``, ``seed``, ``people``: a share of the people, those with the fewest hours first,
        and ``hours``, their share.
    """

    size: str
    volunteers: int
    scarcity: float
    assumed: Assumptions
    weights: Mapping[str, Weights]
    weeks: pl.DataFrame
    course: pl.DataFrame
    measures: pl.DataFrame
    comparison: pl.DataFrame
    targets: pl.DataFrame
    shares: pl.DataFrame

    @door
    def to(
        self,
        out: str | os.PathLike[str],
        varied: pl.DataFrame | None = None,
        language: Language = "en",
    ) -> None:
        """Write tables, page and assumptions into a folder; see `writing.write_year`."""
        from matching.simulation.writing import write_year

        write_year(self, out, varied, language)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return all tables by name."""
        return {name: getattr(self, name) for name in TABLES}

    def _figures(self) -> dict[str, object]:
        means = self.measures.group_by("method", maintain_order=True).mean().drop("seed")
        return {
            row.pop("method"): ", ".join(
                f"{name} {value:.3g}" for name, value in row.items() if value is not None
            )
            for row in means.iter_rows(named=True)
        }


@door
def run(
    size: str = "district",
    *,
    weeks: int = 52,
    seeds: Sequence[int] = (1,),
    methods: Sequence[str] = tuple(METHODS),
    assumptions: Assumptions | None = None,
    weights: Mapping[str, Weights] | None = None,
    volunteers: int | None = None,
    requests: int | None = None,
    scarcity: float = 1.0,
    week: Day = dt.date(2026, 11, 30),
    workers: int = WORKERS,
    on_week: Callable[[str, int, int], object] = lambda method, seed, week: None,
) -> Year:
    """Play weeks in a row under several methods.

    The same arguments give the same year, for any number of workers.

    Parameters
    ----------
    size, volunteers, requests, scarcity, week
        Of the world; see `synthetic.generate`: as many requests a week, under network rules.
    weeks : int
    seeds : sequence of int
        Each makes a world and its people; all methods have the same.
    methods : sequence of str
        Some of `choosing.METHODS`.
    assumptions : Assumptions, optional
        How people behave; the defaults, if absent.
    weights : Mapping of str to Weights, optional
        What methods of the engine weigh, instead of their own.
    workers : int
        Threads.
    on_week : callable, optional
        Told of each week that is over: method, seed, number of the week from 0.

    Returns
    -------
    Year

    Raises
    ------
    UsageError
        If an argument is not allowed; the message names the value and what is allowed.
    """
    assumed, monday = assumptions or Assumptions(), monday_of(week)
    _check(seeds, methods, weights or {})
    planned = _planned(weights or {})
    made: list[pl.DataFrame] = []
    shares: list[pl.DataFrame] = []
    for seed in seeds:
        tables = generate(
            size,
            volunteers=volunteers,
            requests=requests,
            scarcity=scarcity,
            seed=seed,
            week=monday,
            weeks=weeks,
        )
        world = World.of(tables, monday, planned["engine"].policy, weeks)
        people = People.of(world, assumed, seed)
        for name in methods:
            method = method_of(name, planned.get(name))
            state, rows = State.first(world), []
            for at in range(weeks):
                figures, _ = play_week(world, people, state, at, method, workers)
                rows.append(asdict(figures) | _so_far(state.hours))
                on_week(name, seed, at)
            keys = pl.lit(name).alias("method"), pl.lit(seed).alias("seed")
            made.append(pl.DataFrame(rows).select(*keys, pl.all()))
            shares.append(_lorenz(state.hours).select(*keys, pl.all()))
    whole, count = pl.concat(made), len(people.keenness)
    course = course_of(whole, count)
    measures = last_of(course)
    comparison = comparison_of(measures)
    return Year(
        size=size,
        volunteers=count,
        scarcity=scarcity,
        assumed=assumed,
        weights={name: planned[name] for name in methods if name in planned},
        weeks=whole,
        course=course,
        measures=measures,
        comparison=comparison,
        targets=targets_of(comparison, PLANNED),
        shares=pl.concat(shares),
    )


def _planned(weights: Mapping[str, Weights]) -> dict[str, Weights]:
    """Return what each method of the engine weighs; tables are read alike for all of them."""
    planned = PLANNED | dict(weights)
    read = {name: getattr(planned["engine"].policy, name) for name in READ_WITH}
    return {
        name: one if name in weights else one._replace(policy=replace(one.policy, **read))
        for name, one in planned.items()
    }


def _check(seeds: Sequence[int], methods: Sequence[str], weights: Mapping[str, Weights]) -> None:
    for name in (*methods, *weights):
        if name not in METHODS:
            raise UsageError(f"method {name!r} is unknown; allowed: {listed(METHODS)}")
    for what, some in (("methods", methods), ("seeds", seeds)):
        if not some or len(set(some)) < len(some):
            raise UsageError(f"{what} = {list(some)!r}: name at least one, and none twice")


def _so_far(hours: c.Floats) -> dict[str, float | None]:
    return {
        "participation": float(np.mean(hours > 0)),
        "gini_hours": gini(hours),
        "gini_served": gini(hours[hours > 0]),
    }


def _lorenz(hours: c.Floats) -> pl.DataFrame:
    """Return which share of the hours some shares of the people have, the least first."""
    people = np.linspace(0, 1, _POINTS)
    total = np.append(0, np.cumsum(np.sort(hours)))
    at = np.interp(people * len(hours), np.arange(len(total)), total)
    return pl.DataFrame({"people": people, "hours": at / max(total[-1], 1e-9)})
