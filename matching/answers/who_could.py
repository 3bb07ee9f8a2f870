"""Who could come to a request: first those who are free, then those who would have to leave."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from matching.answers.desk import Desk, checked
from matching.answers.names import number_of
from matching.guards.doors import door
from matching.problem.plan import Plan, local_times, slot_keys

_SLOT = ["request_id", "post", "option"]


class WhoCould(NamedTuple):
    """Who could come to a request.

    Attributes
    ----------
    posts : polars.DataFrame
        ``request_id``, ``post``, ``option``, ``start``, ``end``, ``seats``, and ``serve``, a list
        of those whom the plan has there. Where the plan has the request at one of several times,
        only that.
    people : polars.DataFrame
        Of each of these, the best: as the table ``shortlist``, whose ``busy`` is null for those who
        could come beside all of the plan. They come first; the others keep what they accepted. At a
        post that is full, they could come instead of those who serve there.
    """

    posts: pl.DataFrame
    people: pl.DataFrame


@door
def who_could(desk: Desk, request_id: str, top: int = 5) -> WhoCould:
    """Return who could come to a request, beside the plan or instead of what it has them do.

    Parameters
    ----------
    desk : Desk
    request_id : str
    top : int
        At most so many for each post and time.

    Raises
    ------
    UsageError
        If the week has no such request.
    """
    top, problem, plan = checked(top), desk.problem, desk.plan
    number_of(problem.requests.id, request_id, "request")
    slots = slot_keys(problem).hstack(local_times(problem)[problem.slots.option])
    slots = slots.with_columns(seats=pl.Series(problem.posts.seats[problem.slots.post]))
    mine = slots.filter(request_id=request_id)
    there = slot_keys(problem)[plan.slot].with_columns(
        volunteer_id=problem.volunteers.id.gather(plan.volunteer)
    )
    there = there.filter(request_id=request_id)
    if there.height:
        mine = mine.join(there, on="option", how="semi", nulls_equal=True)
    serve = there.group_by(_SLOT, maintain_order=True).agg(serve="volunteer_id")
    posts = mine.join(serve, on=_SLOT, how="left", nulls_equal=True, maintain_order="left")
    posts = posts.with_columns(pl.col("serve").fill_null([]))
    free = _free(desk, posts, request_id, top)
    known = pl.concat([free.select(*_SLOT, "volunteer_id"), there.select(*_SLOT, "volunteer_id")])
    # Whoever serves there already would only leave it for itself.
    busy = desk.shortlist(request_id, top + known.height, "accepted").drop_nulls("busy")
    busy = busy.join(known, on=[*_SLOT, "volunteer_id"], how="anti", nulls_equal=True)
    both = pl.concat([free, busy], how="vertical_relaxed")
    both = both.join(posts, on=_SLOT, how="semi", nulls_equal=True)
    best = both.group_by(_SLOT, maintain_order=True).head(top)
    rank = pl.int_range(1, pl.len() + 1).over(_SLOT).alias("rank")
    return WhoCould(posts, best.with_columns(rank))


def _free(desk: Desk, posts: pl.DataFrame, request_id: str, top: int) -> pl.DataFrame:
    """Return who could come beside the plan; to full posts, beside the rest of it."""
    found = [desk.shortlist(request_id, top, "plan")]
    full = posts.filter(pl.col("serve").list.len() >= pl.col("seats"))
    for post in full.to_dicts():
        others = _without(desk, request_id, post["post"])
        instead = others.shortlist(request_id, top + len(post["serve"]), "plan")
        same = (pl.col("post") == post["post"]) & pl.col("option").eq_missing(post["option"])
        found.append(instead.filter(same, ~pl.col("volunteer_id").is_in(post["serve"])))
    return pl.concat(found, how="vertical_relaxed")


def _without(desk: Desk, request_id: str, post: str) -> Desk:
    """Return the desk of the plan without those who serve at a post."""
    problem, plan = desk.problem, desk.plan
    keys = slot_keys(problem)[plan.slot]
    stays = ~((keys["request_id"] == request_id) & (keys["post"] == post)).to_numpy()
    rest = Plan(plan.volunteer[stays], plan.slot[stays])
    return Desk.of(problem, rest, desk.prices, desk.arcs)
