"""The search under the full rulebook, from the flow's plan and prices to a proof.

A branch-and-price in spirit, without the tree: column generation gives a bound and a plan near it;
block bounds and large neighbourhood search bring the two together; reduced-cost fixing leaves one
integer programme that HiGHS can finish.
"""

from __future__ import annotations

import numpy as np

from matching.bounds.labelling import Stopped
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.flow.relaxation import Relaxation
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.block_search import block_search, improve_by_rosters
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from matching.solvers.incumbent import Incumbent
from matching.solvers.linear_programme import offer_heuristic_plan, solve_lp
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.reduced_mip import solve_reduced_mip, solve_whole_mip

# Where there are no more, HiGHS alone is quickest.
_MAX_ARCS_FOR_WHOLE_MIP = 10_000


def search(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    relaxation: Relaxation,
    incumbent: Incumbent,
    seed: int,
    executor: SubproblemExecutor,
) -> Prices:
    """Improve the incumbent and its bound until proved, near enough, or told to stop.

    Returns
    -------
    Prices
        Those of the linear programme; of the flow, if Ctrl-C or the clock came before its end.
    """
    prices = relaxation.prices
    if not incumbent.goes_on():
        return prices
    generation = ColumnGeneration(problem, weeks, quality, seed, incumbent, executor.workers)
    try:
        lp = solve_lp(generation, relaxation, executor)
        if lp is None:
            solve_reduced_mip(generation, np.arange(len(weeks.arcs)))
            return prices
        if incumbent.interrupted():
            return prices
        prices = generation.prices(lp.dual)
        offer_heuristic_plan(generation, lp, executor)
        if incumbent.goes_on():
            lp = improve_by_rosters(generation, lp, executor)
            prices = generation.prices(lp.dual)
            block_search(generation, lp, executor)
    except Stopped:  # the incumbent has the best plan and bound so far
        pass
    finally:
        if isinstance(generation.master, PDLPMaster):
            generation.master.process.end()
    return prices


def is_one_programme(weeks: Weeks) -> bool:
    """Tell whether HiGHS solves all at once, without columns or a plan to begin at."""
    return not weeks.are_long and len(weeks.arcs) <= _MAX_ARCS_FOR_WHOLE_MIP


def search_at_once(
    weeks: Weeks, quality: c.Longs, incumbent: Incumbent, seed: int
) -> Prices | None:
    """Find the best plan of all by one integer programme.

    Returns
    -------
    Prices, optional
        Those of its linear relaxation, if there was time for it.
    """
    try:
        return solve_whole_mip(ColumnGeneration(weeks.problem, weeks, quality, seed, incumbent, 1))
    except Stopped:
        return None
