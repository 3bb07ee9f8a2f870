"""Large neighbourhood search over rosters: blocks of a plan as linear programmes of their own.

Where many requests compete for the same people, an integer programme over arcs starts from a bound
too weak to find its way. Over rosters, with the cuts there are, the linear programme of a thousand
requests is nearly whole, and is solved within seconds. Diving makes a plan of it.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import sparse

from matching.bounds.labelling import Stopped
from matching.bounds.pricing import Weeks
from matching.bounds.rosters import Rosters
from matching.problem import columns as c
from matching.solvers.column_generation.generation import Generation
from matching.solvers.column_generation.linking import VolunteerOptions
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.column_generation.restricted_master import RestrictedMaster, UnsolvedError
from matching.solvers.column_generation.rows import Rows
from matching.solvers.neighbourhoods.diving import dive
from matching.solvers.neighbourhoods.fixed_plan import FixedPlan, Part
from matching.solvers.subproblems.blocks import Blocks
from matching.solvers.subproblems.subproblem import take_columns

# What a service elsewhere is worth to its volunteer: more than any other use of their time.
_KEPT = 1_000_000
# Values are whole numbers.
_MIN_GAIN = 0.5


def roster_block_search(blocks: Blocks, chosen: c.Longs, turn: int) -> c.Longs:
    """Return a plan in which each block has been planned anew, with the rest as it is.

    Parameters
    ----------
    chosen : int64 array
        The arcs of the plan.
    turn : int
        Rotates who belongs to which block, if they serve in several.
    """
    search = _Search(blocks, chosen, turn)
    numbers = blocks.partition.numbers[::-1]  # the longest first
    return search.plan.replaced(list(blocks.executor.map(search.optimised, numbers)))


class _Search:
    def __init__(self, blocks: Blocks, chosen: c.Longs, turn: int) -> None:
        self.blocks, self.generation = blocks, blocks.generation
        self.plan = FixedPlan(blocks, chosen, turn)
        requests = len(self.generation.problem.requests)
        self.rows_of = c.Groups(self.generation.rows.request, requests)
        self.near = self.generation.pool.near(blocks.lagrangian.reward)

    def optimised(self, number: int) -> tuple[c.Longs, c.Longs]:
        """Return arcs of the plan, and the arcs that replace them."""
        part = self.plan.part(int(number))
        same = part.before, part.before
        if not len(part.free) or not self.generation.incumbent.goes_on():
            return same
        block = _Block(self, part)
        try:
            lp = block.generation.run(lambda bound, solution: None)
            if lp is None:
                return same
            found = dive(block.generation, lp.primal, block.may_drop, block.request, block.value)
        except (Stopped, UnsolvedError):
            return same
        if found is None:
            return same
        after = block.arc[found]
        return same if len(np.setdiff1d(part.elsewhere, after)) else (part.before, after)


class _Block:
    """The linear programme of a block, with the rest of a plan as it is.

    Attributes
    ----------
    arc : int64 array
        The arcs it chooses from, sorted.
    request : int32 array, of equal length
    may_drop : bool array, shape (options of the block,)
        Where nobody serves who stays.
    value : float
        What a better plan of the block is worth more than.
    """

    def __init__(self, search: _Search, part: Part) -> None:
        self.part, self.search, self.whole = part, search, search.generation
        problem, arcs = self.whole.problem, self.whole.weeks.arcs
        self.arc = np.sort(np.append(part.free, part.elsewhere))
        self.arcs = arcs.take(self.arc)
        self.elsewhere = np.isin(self.arc, part.elsewhere)
        self.request = problem.slots.request[self.arcs.slot]
        self.services = np.sort(self.whole.builder.service_of.of(part.requests))
        self.options = self.services[self.services < len(problem.options)]
        stays = np.isin(self.options, problem.slots.option[arcs.slot[part.kept]])
        self.may_drop = self.whole.needs_link[self.options] & ~stays
        weeks = Weeks(problem, self.arcs)
        quality = self.whole.quality[self.arc] + np.where(self.elsewhere, _KEPT, 0)
        pool = ColumnPool(weeks, quality, 0)
        incumbent, rows = self.whole.incumbent, self._rows()
        master = RestrictedMaster(rows, len(problem.volunteers), incumbent.stop)
        master.fix(np.flatnonzero(stays), 1.0)
        constant = float(_KEPT * len(part.elsewhere))
        self.generation = Generation(
            weeks, quality, incumbent, rows, self._pairs, pool, master, constant
        )
        pool.add(self._now())
        serves = self.whole.constraints.service_of(search.plan.chosen)[self.services]
        self.value = float(pool.value.sum() + rows.value @ serves) + _MIN_GAIN
        pool.add(self._known())

    def _rows(self) -> Rows:
        """Return the rows of the block's requests, less what stays, and what it has of joint rows.

        Of the cuts those with nobody who is free are left out.
        """
        rows, builder = self.whole.rows, self.whole.builder
        row = np.sort(self.search.rows_of.of(self.part.requests))
        all_arcs = rows.arc_coefficients[row]
        of_arcs = take_columns(all_arcs, self.arc)
        needed = (row < len(builder.rows.low)) | (np.diff(of_arcs.indptr) > 0)
        row, of_arcs = row[needed], of_arcs[np.flatnonzero(needed)]
        offset = take_columns(all_arcs, self.part.kept).sum(axis=1)[needed]
        joint = builder.joint_of_arc[self.arc].T.tocsr()
        used = np.flatnonzero(np.diff(joint.indptr))
        of_services = take_columns(rows.service_coefficients[row], self.services)
        none = sparse.csr_array((len(used), len(self.services)))
        return Rows(
            sparse.vstack([of_arcs, joint[used]], format="csr"),
            sparse.vstack([of_services, none], format="csr"),
            np.append(rows.low[row] - offset, np.full(len(used), -np.inf)),
            np.append(rows.high[row] - offset, self.part.joint_capacity[used]),
            rows.value[self.services],
            rows.upper[self.services],
            slice(0, 0),
            np.append(rows.request[row], np.full(len(used), -1, np.int32)),
            rows.service_request[self.services],
        )

    @cached_property
    def _pairs(self) -> VolunteerOptions:
        """The block's volunteers and options; those elsewhere need no cut."""
        option = self.whole.constraints.arc_option[self.arc]
        number = np.where(self.elsewhere, len(self.options), np.searchsorted(self.options, option))
        needs = np.append(self.whole.needs_link[self.options], False)
        pairs = VolunteerOptions(self.arcs.volunteer, number.astype(np.int32), needs)
        pairs.option[pairs.option == len(self.options)] = 0
        known = ~self.whole.pairs.needs_cut[self.whole.pairs.of_arc[self.arc]]
        pairs.needs_cut[pairs.of_arc[known]] = False
        return pairs

    def _now(self) -> Rosters:
        """Return the rosters of the plan."""
        arc = np.searchsorted(self.arc, self.part.before)
        who, roster = np.unique(self.arcs.volunteer[arc], return_inverse=True)
        order = np.argsort(roster, kind="stable")
        return Rosters(who, np.zeros(len(who)), roster[order], arc[order])

    def _known(self) -> Rosters:
        """Return rosters of the whole programme, of those who serve nowhere else."""
        pool, at = self.whole.pool, np.full(len(self.whole.weeks.arcs), -1)
        at[self.arc] = np.arange(len(self.arc))
        held = np.ones(len(pool), np.bool_)
        held[pool.roster[at[pool.arc] < 0]] = False
        busy = np.zeros(len(self.whole.problem.volunteers), np.bool_)
        busy[self.arcs.volunteer[self.elsewhere]] = True
        held &= self.search.near & ~busy[pool.volunteer]
        number = np.cumsum(held) - 1
        of = held[pool.roster]
        return Rosters(
            pool.volunteer[held],
            pool.value[held],
            number[pool.roster[of]],
            at[pool.arc[of]],
        )
