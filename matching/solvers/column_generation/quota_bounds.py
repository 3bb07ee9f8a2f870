"""How many can serve at once, given the quotas of a tree of organisations."""

from __future__ import annotations

import numpy as np

from matching.problem import Problem
from matching.problem import columns as c


def depths(parent: c.Ints) -> c.Longs:
    """Return how many are above each organisation; the last entry is of none, -1."""
    depth, above = np.zeros(len(parent) + 1, np.int64), np.append(parent, -1)
    depth[-1] = -1
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, parent[above], -1)
    return depth


def most_people(problem: Problem, volunteer: c.Ints, group: c.Ints | c.Longs, size: int) -> c.Longs:
    """Return how many different volunteers of each group could serve at once within the quotas.

    Parameters
    ----------
    volunteer, group : int arrays of equal length
        Who belongs to which group.
    size : int
        How many groups there are.
    """
    organisations = problem.organisations
    limit = organisations.max_seats
    # Without a quota an organisation lets all pass: only those with one are climbed.
    nearest = organisations.nearest_limited
    parent = nearest[organisations.parent]
    depth = depths(parent)
    person = c.distinct(c.combine(group, volunteer))
    of = (person >> 32).astype(np.int64)
    at = nearest[problem.volunteers.organisation[(person & 0xFFFFFFFF) - 1]]
    held = at >= 0
    most = np.bincount(of[~held], minlength=size)
    of, at = of[held], at[held]
    people = np.ones(len(of), np.int64)
    # From the lowest level up: no more pass on to the organisation above than the quota lets.
    for level in range(int(depth.max()), -1, -1):
        here = depth[at] == level
        key, which = np.unique(c.combine(of[here], at[here]), return_inverse=True)
        at_key = (key & 0xFFFFFFFF) - 1
        passed = np.minimum(np.bincount(which, people[here], len(key)), limit[at_key])
        of, at = np.append(of[~here], key >> 32), np.append(at[~here], parent[at_key])
        people = np.append(people[~here], passed.astype(np.int64))
    most += np.bincount(of, people, minlength=size).astype(np.int64)
    return most
