"""A b-matching of people and posts: so many of each at most, and so many of each post at least."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.flow.network import Edges, Network, once
from matching.flow.residual import Residual
from matching.problem import columns as c


class Bipartite(NamedTuple):
    """Pairs that may be matched, sorted by volunteer and request.

    Attributes
    ----------
    volunteer, request, post : int32 arrays, shape (pairs,)
        Nobody is matched to a request twice.
    score : int64 array, shape (pairs,)
    """

    volunteer: c.Ints
    request: c.Ints
    post: c.Ints
    score: c.Longs


def b_matching(pairs: Bipartite, budget: c.Longs, layers: c.Longs, most: c.Longs) -> c.Longs:
    """Return the pairs that are worth most together, after the floors of the posts.

    First as many of the first layer are had as can be, then of the second, and so on; what the
    pairs are worth together decides among the matchings that have these. What a floor of a post
    takes is taken whatever it is worth, and all else only with a gain.

    Parameters
    ----------
    budget : int64 array, shape (volunteers,)
        How many pairs of each volunteer there may be.
    layers : int64 array, shape (layers, posts)
        How many pairs each post should have, layer upon layer.
    most : int64 array, shape (posts,)
        How many pairs it may have in all.
    """
    if not len(pairs.score):
        return np.empty(0, np.int64)
    edges = Edges()
    branch = c.combine(pairs.volunteer, pairs.request)
    first, of_branch = c.numbered(branch)
    who, of_volunteer = c.numbered(pairs.volunteer[first])
    volunteers = pairs.volunteer[first][who]
    node = edges.node(len(volunteers))
    edges.add(0, node, np.minimum(budget[volunteers], np.bincount(of_volunteer)), 0)
    node = once(edges, node[of_volunteer], np.bincount(of_branch))
    post_node = edges.node(len(most))
    tail, head = node[of_branch], post_node[pairs.post]
    arc_edges = edges.add(tail, head, 1, -pairs.score)
    # A way through the network changes no more pairs than this: no score outweighs a floor.
    longest = 2 * min(len(volunteers), len(most)) + 2
    weight = longest * int(np.abs(pairs.score).max()) + 1
    for at, wanted in enumerate(layers):
        some = np.flatnonzero(wanted > 0)
        edges.add(post_node[some], 1, wanted[some], -weight * (len(layers) - at))
    some = np.flatnonzero(most > layers.sum(axis=0))
    edges.add(post_node[some], 1, (most - layers.sum(axis=0))[some], 0)
    edges.add(np.zeros(1, np.int64), 1, 0, 0)
    network = Network(
        tail=edges.take(0),
        head=edges.take(1),
        capacity=edges.take(2),
        cost=edges.take(3),
        nodes=edges.nodes,
        arc_edges=arc_edges,
        arc=np.arange(len(pairs.score), dtype=np.int32),
        post_node=post_node.astype(np.int32),
        quota_edges=slice(0),
        quota=np.empty(0, np.int32),
        amount=0,
    )
    chosen: c.Longs = np.sort(Residual(network).chosen)
    return chosen
