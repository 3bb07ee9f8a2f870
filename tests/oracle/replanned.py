"""What it costs to change a plan in force, and the best plan that counts it: by hand, as an integer
programme, and by trying every plan.

A plan in force is rows as `judge` takes them, each with its ``start`` and ``end`` in minutes; those
that their people gave back themselves are left out of it.
"""

from collections import defaultdict
from itertools import product
from math import inf

from tests.oracle import brute, judge
from tests.oracle.milp import Model
from tests.oracle.reading import Arc, Row, World

Key = tuple[str, str, str, str | None]


class Force:
    """A plan in force at a moment."""

    def __init__(self, world: World, rows: list[Row], now: int | None) -> None:
        self.world, self.now, policy = world, now, world.policy
        self.step, self.extra = policy["change_cost"], policy["short_notice_cost"]
        self.hurry = 60 * policy["short_notice_hours"]
        self.of: dict[str, list[tuple[Key, int, int]]] = defaultdict(list)
        for row, key in zip(rows, judge.keys(rows), strict=True):
            self.of[row["volunteer_id"]].append((key, row["start"], row["end"]))
        going = {(key, start, end) for held in self.of.values() for key, start, end in held}
        # What goes on is what there still is, at the same time.
        self.same = {a.key for a in world.arcs if (a.key, a.service.start, a.service.end) in going}
        self.stays = {
            a.key
            for a in world.arcs
            if a.key in self.same
            and (a.status in ("accepted", "pinned") or self.has_begun(a.service.start))
        }
        for *pinned, option in world.pins:
            self.stays |= {
                a.key
                for a in world.arcs
                if [*a.key[:3]] == pinned and option in (None, a.service.option)
            }
        self.closed = {
            a.key for a in world.arcs if self.has_begun(a.service.start) and a.key not in self.stays
        }

    def has_begun(self, start: int) -> bool:
        return self.now is not None and start <= self.now

    def soon(self, start: int) -> bool:
        return self.now is not None and self.now < start < self.now + self.hurry

    def charged(self, arc: Arc) -> bool:
        """Tell whether giving it at short notice costs extra: not in hours that are taken away."""
        now = arc.service
        return self.soon(now.start) and not any(
            self.soon(start) and start < now.end and now.start < end
            for _, start, end in self.of[arc.volunteer]
        )

    def cost(self, arcs: list[Arc]) -> int:
        total = 0
        for v in {*self.of, *(arc.volunteer for arc in arcs)}:
            mine = [arc for arc in arcs if arc.volunteer == v]
            kept = {arc.key for arc in mine} & self.same
            lost = [start for key, start, _ in self.of[v] if key not in kept]
            given = [arc for arc in mine if arc.key not in self.same]
            total += self.step * max(len(lost), len(given))
            total += self.extra * sum(map(self.soon, lost))
            total += self.extra * sum(map(self.charged, given))
        return total


def optimum(force: Force) -> tuple[int, int] | None:
    """Return how much of what has to stay is kept, and the best value less costs beside that."""
    model, big = Model(force.world), 10**6
    constant = 0
    for arc in force.world.arcs:
        i = model.x[arc.key]
        if arc.key in force.closed:
            model.row([(i, 1)], 0, 0)
        if arc.key in force.stays:
            model.gains[i] += big
        if arc.key not in force.same and force.charged(arc):
            model.gains[i] -= force.extra
        if arc.key in force.same and force.soon(arc.service.start):
            model.gains[i] += force.extra
    for held in force.of.values():
        constant += force.extra * sum(force.soon(start) for _, start, _ in held)
    for v in force.world.volunteers:
        arcs = model.arcs(volunteer=v)
        before = len(force.of[v])
        # As many changes as are lost, and as many as are given: units of at most one each.
        units = [model.variable(-force.step, whole=False) for _ in range(before + len(arcs))]
        kept = [(i, 1) for i, arc in arcs if arc.key in force.same]
        model.row([*((u, 1) for u in units), *kept], before, inf)
        given = [(i, -1) for i, arc in arcs if arc.key not in force.same]
        model.row([*((u, 1) for u in units), *given], 0, inf)
    found = model.solve()
    if found is None:
        return None
    plan = {key: arc for arc in force.world.arcs if (key := arc.key)}
    arcs = [plan[key] for key in judge.keys(found[1])]
    kept = sum(arc.key in force.stays for arc in arcs)
    net = found[0] - big * kept - constant
    assert net == net_of(force, arcs)
    return kept, net


def net_of(force: Force, arcs: list[Arc]) -> int:
    return judge.value_of(force.world, arcs) - force.cost(arcs)


def by_trial(force: Force, most: int = 4_000) -> tuple[int, int] | None:
    """Return the same by trying every plan; None where there are too many, or there is none."""
    world = force.world
    weeks = [
        [w for w in brute.weeks_of(world, v) if not any(a.key in force.closed for a in w)]
        for v in world.volunteers
    ]
    count = 1
    for each in weeks:
        count *= len(each)
    if count > most:
        return None
    best: tuple[int, int] | None = None
    for chosen in product(*weeks):
        arcs = [arc for week in chosen for arc in week]
        if not brute.fits(world, arcs):
            continue
        rank = sum(a.key in force.stays for a in arcs), net_of(force, arcs)
        if (best is None or rank > best) and not judge.faults(world, judge.rows_of(arcs)):
            best = rank
    return best
