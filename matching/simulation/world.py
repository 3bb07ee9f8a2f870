"""The people and the orders of some weeks, as one problem, and any week's problem cut out of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from matching.errors import UsageError
from matching.policy import Policy
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import of_requests


@dataclass(frozen=True, eq=False)
class World:
    """People, and orders by number, in the order of their ids.

    Attributes
    ----------
    folded : Problem
        All the orders, at their hours of one and the same week.
    week : int32 array, shape (orders,)
        The week, from 0, that each is for.
    automatic : bool array, shape (volunteers,)
        Who lets the platform say yes.
    weeks : int
    """

    folded: Problem
    week: c.Ints
    automatic: c.Bools
    weeks: int

    @classmethod
    def of(
        cls, tables: Mapping[str, pl.DataFrame], monday: dt.date, policy: Policy, weeks: int
    ) -> World:
        """Fold the orders of several weeks into the first and index them.

        Parameters
        ----------
        tables : Mapping of str to polars.DataFrame
            As `synthetic.generate` makes them; windows recur.

        Raises
        ------
        UsageError
            If a request has a rule that the simulation does not know.
        """
        number = (pl.col("start").dt.date() - monday).dt.total_days() // 7
        dated = tables["requests"].with_columns(week=number)
        back = pl.duration(weeks=pl.col("week"))
        folded = dated.with_columns(pl.col("start") - back, pl.col("end") - back).drop("week")
        problem = Problem.from_tables({**tables, "requests": folded}, monday, policy)
        _check(problem)
        of = problem.requests.id.to_frame("request_id")
        week = of.join(dated, on="request_id", how="left", maintain_order="left")["week"]
        said = tables["volunteers"].filter(pl.col("consent") == "accept")["volunteer_id"]
        return cls(
            folded=problem,
            week=week.cast(pl.Int32).to_numpy(),
            automatic=problem.volunteers.id.is_in(said.implode()).to_numpy(),
            weeks=weeks,
        )

    def ordered(self, week: int) -> c.Longs:
        """Return the orders of a week."""
        return np.flatnonzero(self.week == week)

    def problem(self, orders: c.Longs, bonds: c.Bonds, recent_hours: c.Floats) -> Problem:
        """Return the problem of some orders.

        Parameters
        ----------
        orders : int64 array, shape (n,)
            Ascending.
        bonds : Bonds
            Who has visited whom so far.
        recent_hours : float64 array, shape (volunteers,)
        """
        part = of_requests(self.folded, orders)
        people = replace(part.volunteers, recent_hours=recent_hours)
        return replace(part, volunteers=people, bonds=bonds)


def _check(problem: Problem) -> None:
    """Refuse what offers, one by one, cannot keep."""
    posts = np.bincount(problem.posts.request, minlength=len(problem.requests))
    least = np.bincount(problem.posts.request, problem.posts.min_seats, len(problem.requests))
    for rule, rows in (
        ("options", posts[np.bincount(problem.options.request, minlength=len(posts)) > 1]),
        ("team_rules", problem.team_rules.request),
        ("pairs", problem.pairs.a),
        ("min_people", np.flatnonzero((problem.requests.min_people > 1) | (least > 1))),
        ("assignments", problem.earlier.volunteer),
    ):
        if len(rows):
            raise UsageError(
                f"{rule}: the simulation makes one offer after another, and does not know this "
                "rule; leave it out of the tables, as matching generate --rules network does"
            )
