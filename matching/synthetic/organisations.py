"""Organisations: a federation per county, a branch per town, teams of about forty volunteers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic.draws import NONE, Ints, identifiers, name_by, only, pick, weighted
from matching.synthetic.geography import Towns

VOLUNTEERS_PER_ORGANISATION = 40
QUOTA_SHARE = 0.04
# Most volunteers are in a team; some belong to the branch or the federation itself, or to nobody.
_MEMBER_WEIGHTS = (0.78, 0.06, 0.02, 0.14)


@dataclass(frozen=True)
class Organisations:
    """The tree, numbered federations first, then branches, then teams grouped by town.

    ``ids`` and ``names`` are strings by organisation; ``parent`` (int) is -1 at the top;
    ``federation`` and ``branch`` (int, by town); ``first_team`` and ``teams`` (int, by town).
    """

    ids: pl.Series
    names: pl.Series
    parent: Ints
    federation: Ints
    branch: Ints
    first_team: Ints
    teams: Ints


def organise(towns: Towns, volunteers_by_town: Ints) -> Organisations:
    """Return the organisations of the towns, about one to forty volunteers."""
    counties = int(towns.county.max()) + 1
    count = towns.county.size
    teams = np.maximum(1, np.round(volunteers_by_town / VOLUNTEERS_PER_ORGANISATION)).astype(
        np.int64
    )
    first_team = counties + count + np.cumsum(teams) - teams
    town_of_team = np.repeat(np.arange(count), teams)
    branch = counties + np.arange(count)
    number = np.arange(teams.sum()) - np.repeat(np.cumsum(teams) - teams, teams) + 1
    # Some counties share a name, so the name is taken from the first town of each.
    first_town = np.unique(towns.county, return_index=True)[1]
    county_names = towns.county_name.gather(first_town) + "志愿服务联合会"
    team_names = name_by(town_of_team, towns.name) + "第" + pl.Series(number).cast(pl.String)
    names = [county_names, towns.name + "志愿服务总队", team_names + "志愿服务队"]
    return Organisations(
        ids=identifiers("o", counties + count + int(teams.sum())),
        names=pl.concat(names),
        parent=np.concatenate([np.full(counties, NONE), towns.county, branch[town_of_team]]),
        federation=towns.county,
        branch=branch,
        first_team=first_team,
        teams=teams,
    )


def join(rng: Generator, tree: Organisations, town: Ints) -> Ints:
    """Return each volunteer's organisation by the town they live in, -1 for none."""
    # The square makes the first teams of a town larger than the last ones.
    team = tree.first_team[town] + (rng.random(town.size) ** 2 * tree.teams[town]).astype(np.int64)
    choices = [team, tree.branch[town], tree.federation[town], np.full(town.size, NONE)]
    return np.choose(weighted(rng, _MEMBER_WEIGHTS, town.size), choices)


def organisation_table(
    rng: Generator, tree: Organisations, member_of: Ints, seats_per_volunteer: float
) -> pl.DataFrame:
    """Return the table `organisations`; a few have a quota of seats in the week that can bind.

    The quota is between half and the whole of what its members would serve if all seats were
    spread evenly over all volunteers.
    """
    count = tree.parent.size
    members = np.bincount(member_of[member_of != NONE], minlength=count)
    branches, teams = tree.branch[0], tree.first_team[0]
    for level in (slice(teams, count), slice(branches, teams)):
        members = members + np.bincount(tree.parent[level], members[level], minlength=count)
    fair = members * seats_per_volunteer
    quota = np.maximum(1, np.round(fair * rng.uniform(0.5, 1.0, count))).astype(np.int64)
    limited = np.zeros(count, dtype=np.bool_)
    limited[pick(rng, np.arange(branches, count), QUOTA_SHARE)] = True
    return pl.DataFrame(
        {
            "organisation_id": tree.ids,
            "name": tree.names,
            "parent_id": name_by(tree.parent, tree.ids),
            "max_seats": only(quota, limited),
        }
    )
