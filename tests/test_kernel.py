"""The flow kernel: OR-Tools' optimum to the unit, potentials that prove it, repair of changes."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matching import Problem
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds.certificate import bound
from matching.bounds.pricing import Weeks
from matching.flow import relaxation, residual
from matching.flow.graph import NONE
from matching.flow.min_cost_flow import solve_flow
from matching.flow.network import Network
from matching.flow.relaxation import relax, seats_are_few
from matching.flow.residual import Residual
from matching.problem import columns as c
from matching.synthetic import generate
from tests.support.words import world
from tests.test_laws import SEEDS, law

WEEK = "2026-11-30"


class Drawn:
    """Edges and nodes of a small world, drawn at random: home (0, 1), quotas, people, posts."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.edges: list[tuple[int, int, int, int]] = []
        self.nodes = 2
        above = [0]
        for _ in range(random.integers(0, 4)):
            parent = int(random.choice(above))
            above.append(self.below(parent, int(random.integers(0, 5))))
        clusters = []
        self.quotas = len(self.edges)
        for _ in range(random.integers(1, 8)):
            person, first = self.node(), int(random.integers(0, 100))
            parent = int(random.choice(above))
            for k in range(random.integers(0, 4)):
                self.edges.append((parent, person, 1, first + 100 * k))
            days = [person, *(self.below(person, int(random.integers(1, 3))) for _ in range(2))]
            clusters += [self.below(int(random.choice(days)), 1) for _ in range(random.integers(4))]
        posts = [self.node() for _ in range(random.integers(1, 6))]
        self.posts = posts
        first = len(self.edges)
        for cluster in clusters:
            for post in random.choice(posts, random.integers(1, len(posts) + 1), replace=False):
                self.edges.append((cluster, int(post), 1, -int(random.integers(-300, 600))))
        self.arcs = slice(first, len(self.edges))
        for post in posts:
            worth = int(random.integers(100, 900))
            for k in range(random.integers(0, 4)):
                self.edges.append((post, 1, 1, -max(0, worth - 150 * k)))
        self.edges.append((0, 1, 1000, 0))

    def node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def below(self, parent: int, capacity: int) -> int:
        self.edges.append((parent, self.node(), capacity, 0))
        return self.nodes - 1

    def network(self) -> Network:
        tail, head, capacity, cost = (np.array(column) for column in zip(*self.edges, strict=True))
        arcs = np.arange(self.arcs.stop - self.arcs.start)
        ints = (np.array(self.posts, np.int32), slice(0, self.quotas))
        whose = np.arange(self.quotas, dtype=np.int32)
        ends = (tail.astype(np.int32), head.astype(np.int32), capacity, cost)
        return Network(*ends, self.nodes, self.arcs, arcs, *ints, whose, 1000)


def optimum(network: Network) -> int:
    return -int(solve_flow(network) @ network.cost)


def by_hand(network: Network) -> int:
    """The kernel's twin in plain Python: cycles that gain, by Bellman and Ford, until none does."""
    rows = zip(network.tail, network.head, network.capacity, network.cost, strict=True)
    room = {e: [int(x) for x in row] for e, row in enumerate(rows)}
    value = 0
    while True:
        # From the source every way to the sink; one that costs less than nothing is used.
        far, via = [math.inf] * network.nodes, [(-1, 0)] * network.nodes
        far[0] = 0
        for _ in range(network.nodes):
            for e, (tail, head, left, cost) in room.items():
                used = int(network.capacity[e]) - left
                there, back = (tail, head, left, cost, 1), (head, tail, used, -cost, -1)
                for a, b, free, more, way in (there, back):
                    if free > 0 and far[a] + more < far[b] and b != 0:
                        far[b], via[b] = far[a] + more, (e, way)
        if far[1] >= 0:
            return value
        value -= int(far[1])
        x = 1
        while x != 0:
            e, way = via[x]
            room[e][2] -= way
            x = room[e][0] if way > 0 else room[e][1]


def used_out_of(residual: Residual) -> dict[int, set[int]]:
    """Return the edges out of each node but home that are listed as having flow."""
    found: dict[int, set[int]] = {}
    for x in range(1, residual.nodes):
        e, found[x] = int(residual.graph.used[x]), set()
        while e != NONE:
            assert e not in found[x]
            found[x].add(e)
            e = int(residual.graph.next_used[e])
    return found


def assert_optimal(residual: Residual) -> None:
    """No edge with room is worth filling, none with flow worth emptying; what enters leaves."""
    graph = residual.graph
    reduced = graph.cost + graph.potential[graph.tail] - graph.potential[graph.head]
    assert (reduced[graph.flow < graph.capacity] >= 0).all()
    assert (reduced[graph.flow > 0] <= 0).all()
    assert ((graph.flow >= 0) & (graph.flow <= graph.capacity)).all()
    assert used_out_of(residual) == {
        x: set(np.flatnonzero((graph.tail == x) & (graph.flow > 0)).tolist())
        for x in range(1, residual.nodes)
    }
    size = len(graph.potential)
    enters = np.bincount(graph.head, graph.flow, minlength=size)
    assert (enters == np.bincount(graph.tail, graph.flow, minlength=size))[1:].all()


def test_one_seat_goes_to_who_costs_least() -> None:
    # Two people, loads 10 and 30, qualities 100 and 150, one seat of 500 at one post:
    # 500 + 150 - 30 = 620 beats 500 + 100 - 10 = 590. One more at the post would cost -90.
    edges = [(0, 2, 1, 10), (0, 3, 1, 30), (2, 4, 1, -100), (3, 4, 1, -150), (4, 1, 1, -500)]
    residual = Residual(network_of(edges, slice(2, 4), posts=[4]))
    assert residual.value == 620
    assert residual.chosen.tolist() == [1]
    # The second seat would be the other person's: 10 - 100.
    assert residual.prices()[0].tolist() == [-120]


def network_of(edges: list[tuple[int, ...]], arcs: slice, posts: list[int]) -> Network:
    columns: list[c.Longs] = [np.array(x) for x in zip(*edges, (0, 1, 99, 0), strict=True)]
    ends = (columns[0].astype(np.int32), columns[1].astype(np.int32), *columns[2:])
    nodes, many = int(columns[1].max()) + 1, arcs.stop - arcs.start
    none = np.empty(0, np.int32)
    return Network(
        *ends, nodes, arcs, np.arange(many), np.array(posts, np.int32), slice(0), none, 99
    )


@law(300, seed=SEEDS)
def test_the_kernel_finds_the_optimum_of_or_tools_and_of_its_twin(seed: int) -> None:
    network = Drawn(seed).network()
    residual = Residual(Drawn(seed).network())
    assert_optimal(residual)
    assert residual.value == optimum(network) == by_hand(network)


@pytest.mark.parametrize("worth", [2**31 - 1, 2**31, 2**40])
def test_costs_beyond_32_bits_are_costs_like_others(worth: int) -> None:
    """One person, load 10, quality 50, one seat: worth that much from the start, or only later."""
    edges = [(0, 2, 1, 10), (2, 3, 1, -50), (3, 1, 1, -worth)]
    assert Residual(network_of(edges, slice(1, 2), posts=[3])).value == worth + 40
    later = Residual(network_of([*edges[:2], (3, 1, 1, -5)], slice(1, 2), posts=[3]))
    later.change(2, cost=-worth)
    assert later.value == worth + 40
    assert later.prices()[0].tolist() == [-40]
    later.change(1, cost=worth)
    assert later.value == 0


@law(200, seed=SEEDS)
def test_a_change_is_repaired_to_the_optimum(seed: int) -> None:
    """Any edge gets another capacity or cost, ten times over: as if solved afresh each time."""
    drawn, random = Drawn(seed), np.random.default_rng(seed)
    residual = Residual(drawn.network())
    arcs = drawn.network().arc_edges
    of_network = np.arange(len(drawn.edges))
    of_network[arcs] = arcs.start + residual.arc
    for _ in range(10):
        edge = int(random.integers(len(drawn.edges) - 1))
        at = int(of_network[edge])
        tail, head, capacity, cost = drawn.edges[at]
        if random.random() < 0.5:
            capacity = int(random.integers(0, 3))
            residual.change(edge, capacity=capacity)
        else:
            cost += int(random.integers(-300, 300))
            residual.change(edge, cost=cost)
        drawn.edges[at] = (tail, head, capacity, cost)
        assert_optimal(residual)
        assert residual.value == optimum(drawn.network())


@pytest.mark.parametrize("seats", [0, 1, 3])
def test_prices_are_what_one_more_is_worth(seats: int) -> None:
    # One person, load 0, quality 50, seats of 300, 200 and 100: one is filled for 350; the price
    # is that of the next seat, or of the last where there is no other.
    edges = [(0, 2, 1, 0), (2, 3, 1, -50)]
    edges += [(3, 1, 1, -300 + 100 * k) for k in range(seats)]
    residual = Residual(network_of(edges, slice(1, 2), posts=[3]))
    assert residual.value == (350 if seats else 0)
    assert residual.prices()[0].tolist() == {0: [-50], 1: [-50], 3: [200]}[seats]


_COMPILED = """
from matching import solve
from matching.flow import graph, kernel, relaxation, residual
from tests.support.words import world
relaxation.MOST_PLAIN_ARCS = residual.MOST_PLAIN_ARCS = 0
requests = "request_id start end\\nr Mon@09:00 Mon@10:00"
solve(world(volunteers="volunteer_id\\nann", requests=requests))
for of in (graph, kernel):
    for name, loop in vars(of).items():
        if len(getattr(loop, "signatures", ())) and loop.__module__ == of.__name__:
            print(name, len(loop.signatures))
"""
_NOWHERE = """
from numba.core import caching
caching.CompileResultCacheImpl._locator_classes = []
from matching.parallel.compiled import compiled
print(compiled(lambda x: x + 1)(1))
"""


@pytest.mark.slow
def test_where_nothing_can_be_kept_on_disk_it_is_compiled_each_time() -> None:
    """As in a container whose file system is read-only."""
    done = subprocess.run([sys.executable, "-c", _NOWHERE], capture_output=True, text=True)
    assert done.stdout == "2\n", done.stderr


@pytest.mark.parametrize(
    ("days", "few"), [("Mon Mon Mon", False), ("Mon Tue Wed", True), ("Mon Mon", True)]
)
def test_seats_are_few_beside_what_people_could_do(days: str, few: bool) -> None:
    """Two people, two or three seats: two shifts if all are at once, six (two thirds: 4) if not."""
    rows = "\n".join(f"r{n} {day}@09:00 {day}@10:00" for n, day in enumerate(days.split()))
    problem = world(volunteers="volunteer_id\na\nb", requests=f"request_id start end\n{rows}")
    assert seats_are_few(problem, Weeks(problem, eligible(problem))) == few


def test_a_small_flow_is_the_same_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(20):
        compiled = Residual(Drawn(seed).network())
        with monkeypatch.context() as patch:
            patch.setattr(residual, "is_at_hand", lambda loops: False)
            patch.setattr(residual, "repair_all", Compiled(residual.repair_all))
            plain = Residual(Drawn(seed).network())
        for name in ("flow", "potential", "used", "edge", "into", "slack", "total"):
            one, other = getattr(compiled.graph, name), getattr(plain.graph, name)
            assert one.tolist() == other.tolist()


class Compiled:
    """Loops that nobody may call but as plain Python."""

    def __init__(self, loops: Any) -> None:
        self.py_func = loops.py_func


@pytest.mark.slow
def test_the_loops_of_a_flow_are_compiled_once_each(tmp_path: Path) -> None:
    """An argument of another kind, or a literal, would have a function compiled again."""
    done = subprocess.run(
        [sys.executable, "-c", _COMPILED],
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
    )
    counts = dict(line.split() for line in done.stdout.splitlines())
    assert {"search", "push", "repair_all"} <= counts.keys(), done.stderr
    assert set(counts.values()) == {"1"}, counts


@pytest.mark.slow
def test_what_candidates_leave_out_is_brought_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """With hardly a candidate for each seat some are missed; the value is that of all arcs."""
    solved = []
    monkeypatch.setattr(relaxation, "Residual", lambda *of: solved.append(of) or Residual(*of))
    for seed in range(1, 6):
        problem = Problem.from_tables(generate("town", rules="network", seed=seed, week=WEEK), WEEK)
        arcs = eligible(problem)
        given = problem, Weeks(problem, arcs), quality(problem, arcs)
        whole = relax(*given).value
        with monkeypatch.context() as patch:
            patch.setattr(relaxation, "_MANY_ARCS", 0)
            patch.setattr(relaxation, "_MORE_OF_MANY", -2)
            found = relax(*given)
        assert found.value == whole == round(bound(*given, found.prices))
    assert len(solved) > 5 + 5, "nothing was missed"
