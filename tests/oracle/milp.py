"""The full rulebook as one integer programme, for worlds of some dozens of volunteers and requests.

``optimum(world)`` is the value and a plan (rows), or None where no plan keeps the pins;
``feasible(world)`` tells only whether there is a plan.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations, pairwise, permutations
from math import inf

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from tests.oracle.judge import meet, rows_of, week_faults
from tests.oracle.reading import Arc, Request, Row, Service, Volunteer, World


def optimum(world: World) -> tuple[int, list[Row]] | None:
    return Model(world).solve()


def feasible(world: World) -> bool:
    model = Model(world)
    model.gains = [0.0] * len(model.gains)
    return model.solve() is not None


class Model:
    """Every variable is from 0 to 1; every row is low <= sum of coefficient * variable <= high."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.gains: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[list[tuple[int, float]], float, float]] = []
        self.x = {arc.key: self.variable(arc.quality) for arc in world.arcs}
        for request in world.requests.values():
            self.add_request(request)
        for volunteer in world.volunteers.values():
            self.add_volunteer(volunteer)
        self.add_couplings()

    def variable(self, gain: float = 0, whole: bool = True) -> int:
        self.gains.append(gain)
        self.whole.append(whole)
        return len(self.gains) - 1

    def row(self, terms: Iterable[tuple[int, float]], low: float, high: float) -> None:
        self.rows.append((list(terms), low, high))

    def arcs(self, **wanted: str) -> list[tuple[int, Arc]]:
        """Return the arcs of a volunteer or of a request, with their variables."""
        found = self.world.arcs
        if "volunteer" in wanted:
            found = [arc for arc in found if arc.volunteer == wanted["volunteer"]]
        if "request" in wanted:
            found = [arc for arc in found if arc.service.request == wanted["request"]]
        return [(self.x[arc.key], arc) for arc in found]

    def add_request(self, request: Request) -> None:
        z = {service: self.variable(request.bonus) for service in request.services}
        self.row([(i, 1) for i in z.values()], 0, 1)
        arcs = self.arcs(request=request.id)
        for service, chosen in z.items():
            team = [(i, arc) for i, arc in arcs if arc.service == service]
            for i, _ in team:
                self.row([(i, 1), (chosen, -1)], -inf, 0)
            for post in request.posts.values():
                on_post = [(i, 1.0) for i, arc in team if arc.post == post.name]
                self.row([*on_post, (chosen, -post.seats)], -inf, 0)
                self.row([*on_post, (chosen, -post.min_seats)], 0, inf)
            least = max(request.min_people, request.bonus > 0)
            self.row([*((i, 1) for i, _ in team), (chosen, -least)], 0, inf)
            for qualification, least, per in request.team_rules:
                holds = {i: self.world.holds(a.volunteer, qualification, service) for i, a in team}
                self.row([*((i, holds[i]) for i in holds), (chosen, -least)], 0, inf)
                if per:
                    self.row([(i, per * holds[i] - 1) for i in holds], 0, inf)
        # The values fall from seat to seat, so the first units are filled first.
        for post in request.posts.values():
            units = [self.variable(value, whole=False) for value in post.values]
            taken = [(i, 1.0) for i, arc in arcs if arc.post == post.name]
            self.row([*taken, *((unit, -1) for unit in units)], 0, 0)

    def add_volunteer(self, v: Volunteer) -> None:
        arcs = self.arcs(volunteer=v.id)
        most = min(v.max_shifts, len(arcs))
        # A first service may cost more than a second: it comes first, and whole.
        units = [self.variable(-self.world.load(v.id, k + 1)) for k in range(most)]
        for unit, further in pairwise(units):
            self.row([(further, 1), (unit, -1)], -inf, 0)
        self.row([*((i, 1) for i, _ in arcs), *((unit, -1) for unit in units)], 0, 0)
        self.row([(i, arc.service.minutes) for i, arc in arcs], 0, v.max_minutes)
        for day in {meeting.day for _, arc in arcs for meeting in arc.service.meetings}:
            on_day = [(i, sum(m.day == day for m in arc.service.meetings)) for i, arc in arcs]
            self.row(on_day, 0, v.max_per_day)
        for most_of, counted in self.world.counted(v.id):
            self.row([(self.x[arc.key], 1) for arc in counted], 0, most_of)
        self.add_windows(v, arcs)
        takes: dict[Service, list[int]] = defaultdict(list)
        for i, arc in arcs:
            takes[arc.service].append(i)
        for i, arc in arcs:
            if week_faults(self.world, v, [arc]):
                self.row([(i, 1)], 0, 0)
        for a, c in combinations(takes, 2):
            if len(a.meetings) + len(c.meetings) > 2 and not meet(self.world, v, a, c):
                self.row([(i, 1) for i in takes[a] + takes[c]], -inf, 1)
        for several in [service for service in takes if len(service.meetings) > 1]:
            self.row([(i, 1) for i in takes.pop(several)], 0, 1)
        # Of the services that go on when one starts, that one included, one is taken.
        for now in takes:
            going = [s for s in takes if s.start <= now.start < s.end]
            self.row([(i, 1) for s in going for i in takes[s]], 0, 1)
        # Two that do not go together may be taken only with a third in between.
        for a, c in permutations(takes, 2):
            if a.end <= c.start and self.too_close(v, a, c):
                between = [b for b in takes if a.end <= b.start and b.end <= c.start]
                both = [(i, 1) for i in takes[a] + takes[c]]
                self.row([*both, *((i, -1) for b in between for i in takes[b])], -inf, 1)

    def add_windows(self, v: Volunteer, arcs: list[tuple[int, Arc]]) -> None:
        """Count services, or days on which one starts, in the week and in windows over its edge."""
        on: dict[int, list[int]] = defaultdict(list)
        for i, arc in arcs:
            on[self.world.day_of(arc.service)].append(i)
        worked = {day: self.variable() for day in on}
        for day, some in on.items():
            for i in some:
                self.row([(i, 1), (worked[day], -1)], -inf, 0)
        self.row([(i, 1) for i in worked.values()], 0, v.max_days)
        elsewhere = self.world.days_elsewhere(v.id)
        for most, of_days, length in v.windows:
            for first in range(-length + 1, 7):
                window = range(first, first + length)
                there = [day for day in elsewhere if day in window]
                taken = len(set(there) if of_days else there)
                terms = {d: [worked[d]] for d in worked} if of_days else on
                inside = [(i, 1) for day in terms if day in window for i in terms[day]]
                self.row(inside, 0, max(0, most - taken))

    def too_close(self, v: Volunteer, a: Service, c: Service) -> bool:
        minutes = c.start - a.end
        return minutes < self.world.way(a, c) or (
            a.first_day != c.first_day and minutes < v.rest_minutes
        )

    def add_couplings(self) -> None:
        for most, members in self.world.quotas.values():
            self.row([(i, 1) for key, i in self.x.items() if key[0] in members], 0, most)
        for a, b, rule in self.world.pairs:
            for q in self.world.requests:
                sign = -1 if rule == "together" else 1
                terms = [(i, 1) for k, i in self.x.items() if k[:2] == (a, q)]
                terms += [(i, sign) for k, i in self.x.items() if k[:2] == (b, q)]
                self.row(terms, 0, 0 if rule == "together" else 1)
        for members in self.world.groups.values():
            for q in self.world.requests:
                posts = [[(i, 1.0) for k, i in self.x.items() if k[:2] == (v, q)] for v in members]
                for others in posts[1:]:
                    self.row([*posts[0], *((i, -1) for i, _ in others)], 0, 0)
        for *pinned, option in self.world.pins:
            kept = [i for k, i in self.x.items() if [*k[:3]] == pinned and option in (None, k[3])]
            self.row([(i, 1) for i in kept], 1, 1)

    def solve(self) -> tuple[int, list[Row]] | None:
        rows = [row for row in self.rows if row[0]]
        if any(low > 0 for terms, low, _ in self.rows if not terms):
            return None  # a pin that nobody may serve
        if not self.gains:
            return 0, []
        place = [(r, i, c) for r, (terms, _, _) in enumerate(rows) for i, c in terms]
        r, i, c = (np.array(column) for column in zip(*place, strict=True))
        matrix = csr_array((c, (r, i)), shape=(len(rows), len(self.gains)))
        limits = LinearConstraint(matrix, [row[1] for row in rows], [row[2] for row in rows])
        done = milp(
            -np.array(self.gains),
            integrality=np.array(self.whole, dtype=int),
            bounds=Bounds(0, 1),
            constraints=limits,
            options={"mip_rel_gap": 0},
        )
        if done.status == 2:
            return None
        assert done.status == 0, done.message
        plan = rows_of(arc for arc in self.world.arcs if done.x[self.x[arc.key]] > 0.5)
        return round(-done.fun), plan
