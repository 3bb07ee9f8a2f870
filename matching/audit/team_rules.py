"""Rules of a request's team, and rules that join volunteers.

A team is all who serve a request at one option; the index of the option names it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.audit.findings import NONE_OF_A_RULE, report
from matching.audit.pair_rules import named_qualification
from matching.audit.services import frame_of, holders, meant, used_by
from matching.problem import Problem
from matching.problem import columns as c


def _teams(services: pl.DataFrame) -> pl.DataFrame:
    """Return ``request``, ``option`` and how many ``people`` serve there, each once."""
    keys = ["request", "option"]
    return services.group_by(keys, maintain_order=True).agg(people=pl.col("volunteer").n_unique())


def one_option(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find requests that are served at more than one option."""
    options = services.group_by("request").agg(count=pl.col("option").n_unique())
    broken = options.filter(pl.col("count") > 1)
    return report(problem, broken, pl.format("is served at {} options, one is allowed", "count"))


def _filled(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return every slot of every team with how many it has ``filled``, and its post's bounds."""
    count = np.bincount(services["slot"].to_numpy(), minlength=len(problem.slots))
    slots = frame_of(problem.slots).with_columns(filled=pl.Series(count))
    slots = slots.join(_teams(services), on="option", how="semi")
    posts = problem.posts.take(slots["post"].to_numpy())
    return slots.with_columns(seats=pl.Series(posts.seats), min_seats=pl.Series(posts.min_seats))


def seats(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find posts with more people than seats."""
    broken = _filled(problem, services).filter(pl.col("filled") > pl.col("seats"))
    return report(problem, broken, pl.format("{} people on {} seats", "filled", "seats"))


def min_seats(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find posts of served requests with fewer people than they need."""
    broken = _filled(problem, services).filter(pl.col("filled") < pl.col("min_seats"))
    return report(problem, broken, pl.format("{} of {} people", "filled", "min_seats"))


def min_people(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find served requests with fewer people than they need in all."""
    teams = _teams(services)
    needed = problem.requests.min_people[teams["request"].to_numpy()]
    teams = teams.with_columns(needed=pl.Series(needed))
    broken = teams.filter(pl.col("people") < pl.col("needed"))
    return report(problem, broken, pl.format("{} of {} people in all", "people", "needed"))


def team(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find teams with too few holders of a qualification."""
    if not len(problem.team_rules):
        return NONE_OF_A_RULE
    rules = frame_of(problem.team_rules).with_row_index("number")
    held = holders(problem, services.join(rules, on="request"))
    counted = held.group_by("number", "option").agg(holding=pl.col("volunteer").n_unique())
    teams = rules.join(_teams(services), on="request")
    teams = teams.join(counted, on=["number", "option"], how="left")
    # For 9 people with one holder for every 4: 3 holders. A rule that asks for nothing has 0.
    share = pl.when(pl.col("per_people") > 0).then(
        (pl.col("people") + pl.col("per_people") - 1) // pl.col("per_people").clip(1)
    )
    teams = teams.with_columns(
        pl.col("holding").fill_null(0),
        needed=pl.max_horizontal("min_people", share.otherwise(0)),
        name=named_qualification(problem, teams["qualification"]),
    )
    broken = teams.filter(pl.col("holding") < pl.col("needed"))
    detail = pl.format(
        "{} of {} holders of {} in a team of {}", "holding", "needed", "name", "people"
    )
    return report(problem, broken, detail)


def quota(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find organisations whose volunteers, and those of all below it, serve too often."""
    size = len(problem.organisations)
    own = problem.volunteers.organisation[services["volunteer"].to_numpy()]
    direct = np.bincount(own[own >= 0], minlength=size)
    total = np.zeros(size, dtype=np.int64)
    # Every organisation's services climb the tree together, one level at a time.
    at, climbing = np.arange(size, dtype=np.int32), direct
    while len(at):
        np.add.at(total, at, climbing)
        above = problem.organisations.parent[at]
        at, climbing = above[above >= 0], climbing[above >= 0]
    limit = problem.organisations.max_seats
    over = np.flatnonzero(total > limit)
    broken = pl.DataFrame(
        {
            "name": problem.organisations.id.gather(pl.Series(over)),
            "total": total[over],
            "limit": limit[over],
        }
    )
    detail = pl.format("{} and all below it: {} services, at most {}", "name", "total", "limit")
    return report(problem, broken, detail)


def _pairs(problem: Problem, services: pl.DataFrame, together: bool) -> c.Pairs:
    """Return the pairs of which one serves, but for those of groups."""
    used, pairs = used_by(problem, services), problem.pairs
    chosen = (pairs.together == together) & (pairs.group < 0)
    return pairs.take(chosen & (used[pairs.a] | used[pairs.b]))


def _present(problem: Problem, services: pl.DataFrame, pairs: c.Pairs) -> list[pl.DataFrame]:
    """Return where the one of each pair serves, then where the other does."""
    there = services.select("volunteer", "request").unique()
    sides = []
    for volunteer, other in ((pairs.a, pairs.b), (pairs.b, pairs.a)):
        names = problem.volunteers.id.gather(pl.Series(other))
        rows = pl.DataFrame({"volunteer": volunteer, "name": names})
        sides.append(rows.with_row_index("pair").join(there, on="volunteer"))
    return sides


def together(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find requests that one of a pair serves without the other."""
    pairs = _pairs(problem, services, together=True)
    if not len(pairs):
        return NONE_OF_A_RULE
    one, other = _present(problem, services, pairs)
    keys = ["pair", "request"]
    alone = [one.join(other, on=keys, how="anti"), other.join(one, on=keys, how="anti")]
    return report(problem, pl.concat(alone), pl.format("serves without {}", "name"))


def apart(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find requests that both of a pair serve who must not."""
    pairs = _pairs(problem, services, together=False)
    if not len(pairs):
        return NONE_OF_A_RULE
    one, other = _present(problem, services, pairs)
    broken = one.join(other, on=["pair", "request"], how="semi")
    return report(problem, broken, pl.format("serves with {}", "name"))


def group(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find requests that some of a group serve, and others do not."""
    if not len(problem.members):
        return NONE_OF_A_RULE
    members = frame_of(problem.members)
    there = services.select("volunteer", "request").unique()
    coming = members.join(there, on="volunteer").select("group", "request").unique()
    wanted = coming.join(members, on="group")
    away = wanted.join(there, on=["volunteer", "request"], how="anti")
    away = away.sort("group", "request", "volunteer")
    away = away.with_columns(name=problem.group_ids.gather(away["group"]))
    return report(problem, away, pl.format("others of the group {} serve here", "name"))


def pinned(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find assignments that had to stay and did not."""
    if not len(problem.pins):
        return NONE_OF_A_RULE
    pins = frame_of(problem.pins).rename({"option": "named"}).with_row_index("pin")
    both = pins.join(services, on=["volunteer", "post"])
    kept = both.filter(meant("option"))
    gone = pins.join(kept, on="pin", how="anti")
    gone = gone.with_columns(
        request=pl.Series(problem.posts.request[gone["post"].to_numpy()]),
        option=pl.when(pl.col("named") >= 0).then(pl.col("named")),
    )
    return report(problem, gone, pl.lit("is pinned here and not in the plan"))


RULES = (
    (one_option, "a request is served at one of its options"),
    (seats, "a post has no more people than seats"),
    (min_seats, "every post of a served request has the people it needs"),
    (min_people, "a served request has the people it needs in all"),
    (team, "a team has the holders of qualifications it needs"),
    (quota, "an organisation's volunteers, with all below it, serve no more than its quota"),
    (together, "who serve together serve a request both or not at all"),
    (group, "of a group all serve a request or none does"),
    (apart, "who are kept apart do not serve the same request"),
    (pinned, "what is pinned is in the plan"),
)
