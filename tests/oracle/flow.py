"""The optimum as a minimum-cost flow, of worlds whose rules are those of the two trees.

Organisation quota > volunteer (parallel arcs: the load) > day > services at one time > arc > post
(parallel arcs: values that fall). ``optimum(world)`` is the value and a plan (rows); a world with
any other rule is refused.
"""

from itertools import pairwise

import networkx as nx

from tests.oracle.judge import rows_of
from tests.oracle.reading import Row, World

PLENTY = 10**6


def optimum(world: World) -> tuple[int, list[Row]]:
    check(world)
    net = nx.MultiDiGraph()
    organisations = {r["organisation_id"]: r for r in world.rows("organisations")}
    for name, row in organisations.items():
        above = ("o", row["parent_id"]) if row["parent_id"] else "source"
        most, _ = world.quotas.get(name, (PLENTY, None))
        net.add_edge(above, ("o", name), capacity=most, weight=0)
    for v in world.volunteers.values():
        above = ("o", v.organisation) if v.organisation in organisations else "source"
        for k in range(1, v.max_shifts + 1):
            net.add_edge(above, ("v", v.id), capacity=1, weight=world.load(v.id, k))
    net.add_node("source")
    net.add_edge("sink", "source", capacity=PLENTY, weight=0)
    for request in world.requests.values():
        for post in request.posts.values():
            for k, value in enumerate(post.values):
                worth = value + (request.bonus if k == 0 else 0)
                net.add_edge((request.id, post.name), "sink", capacity=1, weight=-worth)
    for n, arc in enumerate(world.arcs):
        v, service = arc.volunteer, arc.service
        day, moment = ("d", v, service.first_day), ("t", v, service.start)
        if day not in net:
            most = min(world.volunteers[v].max_per_day, PLENTY)
            net.add_edge(("v", v), day, capacity=int(most), weight=0)
        if moment not in net:
            net.add_edge(day, moment, capacity=1, weight=0)
        post = (service.request, arc.post)
        net.add_edge(moment, post, key=n, capacity=1, weight=-arc.quality)
    cost, flow = nx.network_simplex(net)
    taken = {
        n
        for node, heads in flow.items()
        if node[0] == "t"
        for edges in heads.values()
        for n, used in edges.items()
        if used
    }
    return -cost, rows_of(arc for n, arc in enumerate(world.arcs) if n in taken)


def check(world: World) -> None:
    """Refuse a world with a rule that is not the trees'."""
    assert world.policy["load_first"] <= world.policy["load_step"]
    assert not world.pairs
    assert not world.groups
    assert not world.pins
    assert not world.rows("limits")
    for request in world.requests.values():
        assert len(request.services) == 1
        assert not request.team_rules
        assert not request.min_people
        assert len(request.posts) == 1 or not request.bonus
        assert not any(post.min_seats for post in request.posts.values())
    for v in world.volunteers.values():
        assert v.max_minutes == float("inf")
        assert v.rest_minutes <= 0
        assert v.max_days == float("inf")
        assert not v.windows
    services = sorted(
        (s for q in world.requests.values() for s in q.services), key=lambda s: s.start
    )
    for a, b in pairwise(services):
        if (a.start, a.end) != (b.start, b.end):
            longest = max(world.way(x, y) for x in services for y in services)
            assert b.start - a.end >= longest
