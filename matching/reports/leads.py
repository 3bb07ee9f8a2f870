"""Who leads each team: whom the others look for when they arrive."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan


def led_by(problem: Problem, plan: Plan) -> c.Ints:
    """Return the volunteer who leads each request's team, shape (requests,); -1 for nobody.

    First comes who holds what a rule of the team asks of a fixed number of people, the smallest
    number first (one social worker, say); then who has the only seat of a post, among several
    posts, the one that asks for most. Of equals, the higher level leads, then the first by id.
    A team in which nobody stands out has no lead.
    """
    slots = problem.slots.take(plan.slot)
    team = pl.DataFrame({"request": slots.request, "post": slots.post, "option": slots.option})
    team = team.with_columns(volunteer=pl.Series(plan.volunteer))
    found = pl.concat([_by_rule(problem, team), _by_post(problem, team)])
    found = found.with_columns(id=problem.volunteers.id.gather(found["volunteer"]))
    order = ["request", "rank", "level", "id"]
    first = found.sort(order, descending=[False, False, True, False]).unique(
        "request", keep="first", maintain_order=True
    )
    lead = np.full(len(problem.requests), -1, np.int32)
    lead[first["request"].to_numpy()] = first["volunteer"].to_numpy()
    return lead


def _by_rule(problem: Problem, team: pl.DataFrame) -> pl.DataFrame:
    """Return the members who hold what a rule of their team counts, ranked by its number."""
    asks = problem.team_rules.take(problem.team_rules.min_people > 0)
    rules = {"request": asks.request, "qualification": asks.qualification, "rank": asks.min_people}
    names = ("qualification", "volunteer", "level", "first_day", "last_day")
    holdings = pl.DataFrame({name: getattr(problem.holdings, name) for name in names})
    holdings = holdings.rename({"last_day": "valid_to"})
    days = pl.DataFrame({"day": problem.options.day, "last_day": problem.options.last_day})
    asked = team.hstack(days[team["option"]]).join(pl.DataFrame(rules), on="request")
    asked = asked.join(holdings, on=["qualification", "volunteer"])
    valid = (pl.col("first_day") <= pl.col("day")) & (pl.col("valid_to") >= pl.col("last_day"))
    return asked.filter(valid).select("request", "rank", "level", "volunteer")


def _by_post(problem: Problem, team: pl.DataFrame) -> pl.DataFrame:
    """Return those in the only seat of a post, among several posts, ranked after all rules."""
    posts = problem.posts
    needs = np.bincount(problem.needs.post, minlength=len(posts)).astype(np.int32)
    several = np.bincount(posts.request, minlength=len(problem.requests))[posts.request] > 1
    single = several & (posts.seats == 1) & (needs > 0)
    post = team["post"].to_numpy()
    alone = team.with_columns(rank=pl.Series(c.NO_LIMIT - needs[post]), level=pl.lit(0, pl.Int32))
    return alone.filter(pl.Series(single[post])).select("request", "rank", "level", "volunteer")
