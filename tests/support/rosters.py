"""Random worlds with a reward for each arc, and every week of every volunteer."""

import random
from collections.abc import Iterator

import numpy as np

from matching.arcs.eligibility import Arcs, eligible
from matching.bounds.rosters import Rosters
from matching.problem.columns import Floats
from matching.problem.plan import slot_keys
from tests.oracle.brute import weeks_of
from tests.oracle.reading import World, read
from tests.support.laws import problem_of
from tests.support.worlds import Tables, full_worlds, tree_worlds

# Quarters, so that sums are exact.
REWARDS = (-900.0, -120.0, 0.0, 40.25, 100.0, 100.0, 180.5, 700.0, 2999.75)
WORLDS = full_worlds() | tree_worlds()
# The arcs of a week, and what it is worth.
Ranked = dict[frozenset[int], float]


class Drawn:
    """A world with a reward for every arc, and all the weeks of everybody."""

    def __init__(self, tables: Tables, seed: int) -> None:
        self.problem, self.world = problem_of(tables), read(tables)
        self.arcs = eligible(self.problem)
        self.reward = drawn_rewards(self.arcs, seed)
        self.volunteers = self.problem.volunteers.id.to_list()
        keys = slot_keys(self.problem)[self.arcs.slot].rows()
        who = [self.volunteers[v] for v in self.arcs.volunteer]
        number = {(v, *key): n for n, (v, key) in enumerate(zip(who, keys, strict=True))}
        self.weeks = [self._weeks(self.world, v, number) for v in self.volunteers]

    def _weeks(
        self, world: World, v: str, number: dict[tuple[str, str, str, str | None], int]
    ) -> Ranked:
        weeks = [[number[arc.key] for arc in week] for week in weeks_of(world, v)]
        return {
            frozenset(week): float(self.reward[week].sum())
            - sum(world.load(v, k) for k in range(1, len(week) + 1))
            for week in weeks
        }

    @property
    def best(self) -> Floats:
        return np.array([max(weeks.values()) for weeks in self.weeks])


def drawn_rewards(arcs: Arcs, seed: int) -> Floats:
    draw = random.Random(seed)
    return np.array([draw.choice(REWARDS) for _ in range(len(arcs))])


def listed(found: Rosters) -> Iterator[tuple[int, frozenset[int], float]]:
    """Yield the volunteer, the arcs and the value of each roster."""
    assert (np.diff(found.roster) >= 0).all()
    for n, (v, value) in enumerate(zip(found.volunteer, found.value, strict=True)):
        arcs = found.arc[found.roster == n].tolist()
        assert len(set(arcs)) == len(arcs)
        yield int(v), frozenset(arcs), float(value)
