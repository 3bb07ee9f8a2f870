"""Whether the rules in force are those of two trees, so that the flow is the optimum."""

from __future__ import annotations

import numpy as np

from matching.bounds.clusters import Clusters
from matching.errors import PolicyError
from matching.problem import Problem


def refuse_equity(problem: Problem, why: str) -> None:
    """Refuse a policy that serves districts alike, where that cannot be kept.

    Raises
    ------
    PolicyError
    """
    if problem.policy.equity:
        raise PolicyError(
            f"policy equity = {problem.policy.equity}: districts are served alike under network "
            f"rules alone, and {why}; leave equity at 0"
        )


def is_pure_network(problem: Problem, clusters: Clusters) -> bool:
    """Tell whether no rule but capacities on the two trees, and pins, is in force."""
    requests, posts = problem.requests, problem.posts
    posts_of = np.bincount(posts.request, minlength=len(requests))
    # One person needed on the only post is no rule: any volunteer makes a team.
    all_or_nothing = (requests.min_people > 1) | (
        np.bincount(posts.request, posts.min_seats, minlength=len(requests)) > (posts_of == 1)
    )
    return not (
        all_or_nothing.any()
        or len(problem.options) > len(requests)
        or (requests.bonus[posts_of > 1] > 0).any()
        or len(problem.team_rules)
        or len(problem.pairs)
        or problem.policy.load_first > problem.policy.load_step
        or not clusters.tree.all()
    )
