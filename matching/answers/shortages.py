"""Shortages: posts, and all the people who could fill them, who are fewer than needed.

Hall's condition, with people who come more than once: each can take only so many turns at the
posts. The limits of a day and of the week, and services that overlap, are counted; whatever else
binds can only make it worse.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from matching.arcs.eligibility import Arcs
from matching.arcs.pinned import pinned_arcs
from matching.bounds.pricing import Weeks
from matching.problem import Problem
from matching.problem import columns as c

SCHEMA = {
    "shortage_id": pl.String,
    "request_id": pl.String,
    "post": pl.String,
    "seats": pl.Int64,
    "volunteer_id": pl.String,
    "turns": pl.Int64,
}


class Shortage(NamedTuple):
    """Posts that are short of people, whoever comes.

    Attributes
    ----------
    posts, volunteers : int32 arrays
    turns : int64 array, shape (volunteers,)
        How often each can serve at these posts at most.
    """

    posts: c.Ints
    volunteers: c.Ints
    turns: c.Longs


class Turns:
    """Counts how often people can serve at some posts, at most.

    Parameters
    ----------
    problem : Problem
    arcs : Arcs
        All eligible arcs.
    """

    def __init__(self, problem: Problem, arcs: Arcs) -> None:
        self.problem, self.arcs = problem, arcs
        self.clusters = Weeks(problem, arcs).clusters
        self.post = problem.slots.post[arcs.slot]
        self.of_post = c.Groups(self.post, len(problem.posts))
        self.pinned = np.unique(pinned_arcs(problem, arcs)[1])

    def at(self, posts: c.Ints) -> Shortage:
        """Return everybody who could serve at some posts, and how often.

        What is pinned elsewhere takes its turn there.
        """
        rows, people = self.of_post.of(posts.astype(np.int64)), self.problem.volunteers
        who = c.distinct(self.arcs.volunteer[rows])
        elsewhere = self.pinned[np.isin(self.arcs.volunteer[self.pinned], who)]
        elsewhere = elsewhere[~np.isin(self.post[elsewhere], posts)]
        # Of services that all overlap one can be served; of a group and a week, as many as may.
        used = c.distinct(self.clusters.of_arc[np.append(rows, elsewhere)])
        volunteer = np.searchsorted(who, self.clusters.volunteer[used])
        group, first, in_group = np.unique(
            c.combine(volunteer, self.clusters.group[used]), return_index=True, return_counts=True
        )
        in_group = np.minimum(in_group, self.clusters.most[used[first]])
        turns = np.bincount(group >> 32, in_group, minlength=len(who)).astype(np.int64)
        turns = np.minimum(turns, people.max_shifts[who])
        busy = np.searchsorted(who, self.arcs.volunteer[elsewhere])
        turns = np.maximum(turns - np.bincount(busy, minlength=len(who)), 0)
        # A request is served at one of its times alone.
        request = self.problem.posts.request[self.post[rows]]
        each = c.distinct(c.combine(np.searchsorted(who, self.arcs.volunteer[rows]), request))
        turns = np.minimum(turns, np.bincount(each >> 32, minlength=len(who)))
        some = turns > 0
        return Shortage(np.sort(posts), who[some], turns[some])


def eligible_people(problem: Problem, arcs: Arcs) -> c.Longs:
    """Return how many people could serve at each post, if at nothing else."""
    arcs = arcs.take(Weeks(problem, arcs).fit_alone(np.arange(len(arcs))))
    pairs = c.distinct(c.combine(problem.slots.post[arcs.slot], arcs.volunteer))
    return np.bincount(pairs >> 32, minlength=len(problem.posts))


def table(problem: Problem, found: dict[str, Shortage]) -> pl.DataFrame:
    """Return the table ``shortages``: of each the posts with their seats, then the people."""
    frames = [pl.DataFrame(schema=SCHEMA)]
    for name, short in found.items():
        request = problem.posts.request[short.posts]
        posts = pl.DataFrame(
            {
                "request_id": problem.requests.id.gather(request),
                "post": problem.posts.id.gather(short.posts),
                "seats": problem.posts.seats[short.posts],
            }
        )
        people = pl.DataFrame(
            {"volunteer_id": problem.volunteers.id.gather(short.volunteers), "turns": short.turns}
        )
        rows = pl.concat([posts, people], how="diagonal").with_columns(shortage_id=pl.lit(name))
        frames.append(rows.select(pl.col(key).cast(kind) for key, kind in SCHEMA.items()))
    return pl.concat(frames)
