"""Neighbourhoods around what blocks want otherwise than the plan, and ever more around it."""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c
from matching.solvers.neighbourhoods.large_neighbourhood_search import NEAR_REDUCED_COST
from matching.solvers.subproblems.blocks import Blocks
from matching.solvers.subproblems.differences import differences, first_component
from matching.solvers.subproblems.partition import Partition

# Of requests; a larger neighbourhood grows no further.
_MAX_REQUESTS = 300


def difference_neighbourhoods(blocks: Blocks, chosen: c.Longs, rings: int) -> Blocks:
    """Return a block for each difference between blocks and a plan, with some rings around it.

    A ring is the requests where those serve who could come in at little cost. Where two
    neighbourhoods meet, the one with the larger share of the gap has the request.
    """
    generation, arcs = blocks.generation, blocks.generation.weeks.arcs
    request = generation.problem.slots.request[arcs.slot]
    found = differences(blocks, chosen)
    requests, volunteers = len(generation.problem.requests), len(generation.problem.volunteers)
    first = first_component(found, request[found.arc], requests)
    # The larger its share of the gap, the lower a neighbourhood's number; the last is none.
    gap = np.zeros(int(found.component.max(initial=-1)) + 1)
    gap[found.component] = found.gap
    number = np.append(np.argsort(np.argsort(-gap, kind="stable")), len(gap))
    of_request = number[first]
    near = np.flatnonzero(blocks.lagrangian.reduced_cost_bound <= NEAR_REDUCED_COST)
    for _ in range(rings):
        size = np.bincount(of_request, minlength=len(number))
        grows = np.where(size > _MAX_REQUESTS, len(gap), np.arange(len(number)))
        wanted_by = np.full(volunteers, len(gap))
        np.minimum.at(wanted_by, arcs.volunteer[near], grows[of_request[request[near]]])
        ring = np.full(requests, len(gap))
        np.minimum.at(ring, request[chosen], wanted_by[arcs.volunteer[chosen]])
        of_request = np.where(of_request < len(gap), of_request, ring)
    of_request = np.where(of_request < len(gap), of_request, -1).astype(np.int32)
    partition = Partition(generation, blocks.lagrangian, of_request)
    return Blocks(generation, blocks.lagrangian, partition, blocks.executor)
