"""The part of the model that is a network: capacities on two trees, joined by the arcs.

Supply: quota of an organisation > volunteer (one edge per shift, each dearer than the last) > group
(a day, or what a limit counts) > cluster of overlapping services > arc. Demand: arc > post (one
edge per seat, each worth less).
What the trees cannot express (hours, travel, minimum teams, ...) is left out: the flow's value is
then an upper bound, and the search starts from its prices. What is pinned is left out, too: it
takes a seat, a shift, a place in each quota and the time of all that overlaps (`taken`), and the
flow is what can be added.
"""

from __future__ import annotations

import numpy as np

from matching.arcs.districts import district_value, seats_of
from matching.arcs.eligibility import Arcs
from matching.arcs.value import rising_load, seat_value
from matching.bounds.clusters import Clusters
from matching.flow.network import Edges, Network, once
from matching.flow.taken import Taken
from matching.problem import Problem
from matching.problem import columns as c


def build(
    problem: Problem,
    arcs: Arcs,
    quality: c.Longs,
    clusters: Clusters,
    first_load: c.Longs,
    kept: c.Bools,
    pinned: c.Longs | None = None,
    *,
    every: bool = False,
    seats: bool = True,
) -> Network:
    """Build the network of the arcs that are ``kept``.

    Parameters
    ----------
    pinned : int64 array, optional
        Arcs that have to be in the plan, of volunteers whose rules are those of a tree.
    every : bool
        Also what nobody can use as things are: all quotas, all seats.
    seats : bool
        Whether seats are wanted at all.
    """
    edges = Edges()
    taken = Taken(problem, arcs, clusters, np.empty(0, np.int64) if pinned is None else pinned)
    # Arcs are sorted by volunteer and start: clusters, and whose they are, by volunteer and day.
    arc = clusters.order
    if not kept.all():
        arc = arc[kept[arc]]
    if len(taken.pinned):
        arc = arc[~taken.busy[clusters.of_arc[arc]]]
    first, cluster = c.numbered(clusters.of_arc[arc])
    used_clusters = clusters.of_arc[arc[first]]
    first, volunteer = c.numbered(clusters.volunteer[used_clusters])
    volunteers = clusters.volunteer[used_clusters[first]]
    quota, quota_edges, above = _quotas(problem, edges, volunteers, taken, every)
    node = volunteer_node = edges.node(len(volunteers))
    shift_edges = _shifts(
        problem, edges, above, node, volunteers, np.bincount(volunteer), first_load, taken
    )
    group, most = clusters.group[used_clusters], clusters.most[used_clusters]
    node = _groups(edges, node, volunteers, volunteer, group, most, taken)
    node = once(edges, node, np.bincount(cluster))
    post_node = edges.node(len(problem.posts)).astype(np.int32)
    post = problem.slots.post[arcs.slot[arc]]
    arc_edges = edges.add(node.astype(np.int32)[cluster], post_node[post], 1, -quality[arc])
    del node, cluster, post
    # As many seats as all arcs could fill: the price of a post with few arcs kept is that of the
    # next seat, too.
    amount = 0
    if seats:
        candidates = None if every else arcs.of_posts(problem)
        amount = _seats(problem, edges, post_node, candidates, taken)
    # The bypass is never full: staying at home gains nothing, and the source's price is 0.
    edges.add(np.zeros(1, np.int64), 1, amount + 1, 0)
    return Network(
        edges.take(0),
        edges.take(1),
        edges.take(2),
        edges.take(3),
        edges.nodes,
        arc_edges,
        arc,
        post_node,
        quota_edges,
        quota,
        amount,
        shift_edges,
        volunteers,
        volunteer_node.astype(np.int32),
        taken.pinned,
        taken.value(quality, first_load),
    )


def _quotas(
    problem: Problem, edges: Edges, volunteers: c.Ints, taken: Taken, every: bool
) -> tuple[c.Ints, slice, c.Longs]:
    """Give every organisation with a quota a node below the nearest one above that has one.

    A quota that nobody in the network can use has none: nothing would give it a price.
    """
    organisations = problem.organisations
    used = np.full(len(organisations), every)
    people = problem.volunteers
    serving = (people.max_shifts > 0) & (people.max_shifts_per_day > 0)
    at = people.organisation[volunteers[serving[volunteers]]]
    while len(at) and not every:
        found = np.zeros(len(organisations), np.bool_)
        found[at[at >= 0]] = True
        used |= found
        at = organisations.parent[found]
    quota = np.flatnonzero(organisations.limited & used).astype(np.int32)
    node = np.append(np.zeros(len(organisations), np.int64), 0)
    node[quota] = edges.node(len(quota))
    nearest = organisations.nearest_limited
    parent = organisations.parent[quota]
    above = node[np.where(parent < 0, -1, nearest[parent])]
    room = np.maximum(organisations.max_seats[quota] - taken.quotas[quota], 0)
    rows = edges.add(above, node[quota], room, 0)
    return quota, rows, node[nearest[problem.volunteers.organisation[volunteers]]]


def _shifts(
    problem: Problem,
    edges: Edges,
    above: c.Longs,
    node: c.Longs,
    volunteers: c.Ints,
    clusters: c.Longs,
    first_load: c.Longs,
    taken: Taken,
) -> slice:
    """Give every volunteer one edge per possible shift."""
    done = taken.shifts(volunteers)
    count = np.clip(problem.volunteers.max_shifts[volunteers] - done, 0, clusters)
    volunteer_of = np.repeat(np.arange(len(volunteers)), count)
    k = c.ranges(done, count)
    cost = first_load[volunteers[volunteer_of]] + rising_load(problem, k)
    return edges.add(above[volunteer_of], node[volunteer_of], 1, cost)


def _groups(
    edges: Edges,
    node: c.Longs,
    volunteers: c.Ints,
    volunteer: c.Longs,
    group: c.Ints,
    most: c.Ints,
    taken: Taken,
) -> c.Longs:
    """Put a node between the volunteer and the clusters of a group, where its limit can bind."""
    size = int(group.max(initial=0)) + 1
    key = volunteer * size + group
    # In order already where the groups are days.
    order = np.argsort(key, kind="stable")
    first, of_cluster = c.numbered(key[order])
    groups, clusters = key[order[first]], np.bincount(of_cluster)
    done = taken.of_groups(volunteers[groups // size], groups % size)
    limit = np.maximum(most[order[first]] - done, 0)
    binding = limit < clusters
    above = node[groups // size]
    below = above.copy()
    below[binding] = edges.node(int(binding.sum()))
    edges.add(above[binding], below[binding], limit[binding], 0)
    of = np.empty_like(volunteer)
    of[order] = below[of_cluster]
    return of


def _seats(
    problem: Problem,
    edges: Edges,
    post_node: c.Ints,
    candidates: c.Longs | None,
    taken: Taken,
) -> int:
    """Give every post one edge per seat that can be filled; return how many there are."""
    count = np.maximum(problem.posts.seats - taken.seats, 0)
    if candidates is not None:
        count = np.minimum(count, candidates)
    post = np.repeat(np.arange(len(count), dtype=np.int32), count)
    k = c.ranges(taken.seats + 1, count)
    head = _districts(problem, edges, post, taken) if problem.policy.equity else 1
    edges.add(post_node[post], head, 1, -seat_value(problem, post, k))
    return len(post) + 1


def _districts(problem: Problem, edges: Edges, post: c.Ints, taken: Taken) -> c.Longs:
    """Put a node between the seats of a district and the sink, whose edges are worth less and less.

    Returns
    -------
    int64 array, shape (seats,)
        The node of each seat's district, or the sink where it has none.
    """
    done = seats_of(problem, taken.seats)
    district = problem.requests.district[problem.posts.request[post]]
    count = np.bincount(district[district >= 0], minlength=len(done))
    node = edges.node(len(done))
    of = np.repeat(np.arange(len(done)), count)
    j = c.ranges(done + 1, count)
    edges.add(node[of], 1, 1, -district_value(problem, of, j))
    return np.where(district >= 0, np.append(node, 1)[district], 1)
