"""Who runs against whom on the same arcs: this library's flow with its proof, and the raw flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.inputs import Inputs
from benchmarks.peers import raw_flow
from matching.bounds.certificate import bound
from matching.bounds.pricing import Weeks
from matching.flow.relaxation import relax


class Found(NamedTuple):
    """Value of the plan, and what proves it."""

    value: int
    bound: float


def ours(given: Inputs) -> Found:
    """Find clusters, the pruned flow, its prices, and the bound over every arc."""
    weeks = Weeks(given.problem, given.arcs)
    relaxation = relax(given.problem, weeks, given.quality)
    proof = bound(given.problem, weeks, given.quality, relaxation.prices)
    return Found(relaxation.value, proof)


def raw(given: Inputs) -> Found:
    """Solve the whole flow; the solver says that it is the optimum, there is no other proof."""
    value = raw_flow.solve(given.problem, given.arcs, given.quality).value
    return Found(value, value)


CONTENDERS: dict[str, tuple[tuple[str, ...], Callable[[Inputs], Found]]] = {
    "ours": (("quality",), ours),
    "raw": (("quality",), raw),
}
