"""Prices: what a request gains by one more volunteer. With a plan, they are its certificate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from matching.arcs.eligibility import Arcs
from matching.errors import DataError, UsageError
from matching.guards.doors import constructor, door
from matching.guards.showing import Shown
from matching.guards.urls import shown_value
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import held_by, slot_keys
from matching.problem.series import index_in
from matching.tables.faults import faults_of

PRICE_COLUMNS = ("request_id", "post", "option", "volunteer_id", "organisation_id", "price")


def _none() -> c.Longs:
    return np.empty(0, np.int64)


@constructor
@dataclass(frozen=True, eq=False, repr=False)
class Prices(Shown):
    """One price per slot, another for a few arcs, and one per quota.

    Attributes
    ----------
    slot : float64 array, shape (slots,)
    own_key : int64 array, sorted
        The arcs with a price of their own, as ``combine(volunteer, slot)``.
    own : float64 array, shape of ``own_key``
    quota : float64 array, shape (organisations,)
        What each service of the organisation's volunteers is charged; see `charged`.
    """

    slot: c.Floats
    quota: c.Floats
    own_key: c.Longs = field(default_factory=_none)
    own: c.Floats = field(default_factory=lambda: np.empty(0))

    def _figures(self) -> dict[str, object]:
        return {
            "posts": len(self.slot),
            "above 0": int((self.slot > 0).sum()),
            "highest": round(float(self.slot.max(initial=0.0)), 3),
            "of single volunteers": len(self.own),
            "quotas charged": int((self.quota > 0).sum()),
        }

    @classmethod
    @door
    def of(cls, problem: Problem, given: object) -> Prices:
        """Return the prices for this problem from what the caller has.

        Parameters
        ----------
        problem : Problem
        given : Prices, Result, polars.DataFrame or Mapping
            A result may be another problem's: its prices are found by the ids. A frame is the
            table ``prices``; a Mapping holds it under that name.

        Returns
        -------
        Prices

        Raises
        ------
        UsageError
            If it is none of these, or has arrays of other lengths than the problem.
        DataError
            If a price is no finite number, or names what the week does not have.
        """
        held = held_by(given, "prices", problem)
        if isinstance(held, pl.DataFrame):
            return cls.from_frame(problem, held)
        if not isinstance(held, Prices):
            raise UsageError(
                f"prices = {shown_value(given)}: give a matching.Result, matching.Prices, or the "
                "table prices as a polars.DataFrame, by itself or among its tables"
            )
        lengths = len(held.slot), len(held.quota)
        wanted = len(problem.slots), len(problem.organisations)
        if lengths != wanted:
            raise UsageError(
                f"prices of {lengths[0]:,} posts and {lengths[1]:,} organisations are another "
                f"problem's, this one has {wanted[0]:,} and {wanted[1]:,}: give their table, or "
                "the result that they are of"
            )
        return held

    def of_arcs(self, arcs: Arcs) -> c.Floats:
        """Return the price of each arc, shape (arcs,)."""
        price: c.Floats = self.slot[arcs.slot]
        if len(self.own_key):
            # Both are sorted by volunteer and slot.
            at = np.searchsorted(c.combine(arcs.volunteer, arcs.slot), self.own_key)
            there = at < len(arcs)
            there[there] &= (
                c.combine(arcs.volunteer[at[there]], arcs.slot[at[there]]) == self.own_key[there]
            )
            price[at[there]] = self.own[there]
        return price

    def charged(self, problem: Problem) -> c.Floats:
        """Return what each quota charges, shape (organisations,): at least 0, and 0 without one.

        Any other charge would make the bound false.
        """
        charged: c.Floats = np.where(
            problem.organisations.limited, np.maximum(self.quota, 0.0), 0.0
        )
        return charged

    def charge(self, problem: Problem) -> c.Floats:
        """Return what each volunteer's services are charged for quotas, shape (volunteers,)."""
        parent = np.append(problem.organisations.parent, -1)
        total = np.append(self.charged(problem), 0.0)
        # Doubling the jump adds up all levels above in as many steps as their number has bits.
        for _ in range(len(parent).bit_length()):
            total = total + np.where(parent < 0, 0.0, total[parent])
            parent = np.where(parent < 0, -1, parent[parent])
        charge: c.Floats = total[problem.volunteers.organisation]
        return charge

    @door
    def to_frame(self, problem: Problem) -> pl.DataFrame:
        """Return the table ``prices``."""
        keys = slot_keys(problem)
        own_slot = (self.own_key & 0xFFFFFFFF) - 1
        limited = np.flatnonzero(problem.organisations.limited)
        absent = pl.lit(None, dtype=pl.String)
        # Adding zero turns the negative one into the plain one; Polars would leave it out.
        slot, own, quota = (price + 0.0 for price in (self.slot, self.own, self.quota[limited]))
        parts = [
            keys.with_columns(volunteer_id=absent, organisation_id=absent, price=pl.Series(slot)),
            keys[own_slot].with_columns(
                volunteer_id=problem.volunteers.id.gather(self.own_key >> 32),
                organisation_id=absent,
                price=pl.Series(own),
            ),
            pl.DataFrame(
                {
                    "organisation_id": problem.organisations.id.gather(limited),
                    "price": quota,
                }
            ).select(
                *(absent.alias(name) for name in PRICE_COLUMNS[:4]), "organisation_id", "price"
            ),
        ]
        return pl.concat(parts)

    @classmethod
    @door
    def from_frame(cls, problem: Problem, frame: pl.DataFrame) -> Prices:
        """Read the table ``prices``; a slot or quota that has no row has the price 0.

        Raises
        ------
        DataError
            If a price is not a finite number, a quota's is negative, or a row names nothing known
            or no quota.
        """
        frame = frame.with_row_index("row", offset=1).with_columns(
            pl.col("price").cast(pl.Float64, strict=False)
        )
        number = pl.col("price").is_finite().fill_null(False)
        _refuse(frame.filter(~number), ("price",), "type", "must be a finite number")
        of_quota = pl.col("organisation_id").is_not_null()
        negative = frame.filter(of_quota & (pl.col("price") < 0))
        _refuse(negative, ("organisation_id", "price"), "min", "a quota's price is at least 0")
        quotas, rows = frame.filter(of_quota), frame.filter(~of_quota)
        quota = np.zeros(len(problem.organisations))
        at = index_in(quotas["organisation_id"], problem.organisations.id)
        _refuse(quotas.filter(pl.Series(at < 0)), ("organisation_id",), "reference", "not known")
        endless = quotas.filter(pl.Series(~problem.organisations.limited[at], dtype=pl.Boolean))
        _refuse(endless, ("organisation_id",), "reference", "this organisation has no quota")
        quota[at] = quotas["price"].to_numpy()
        keys = slot_keys(problem).with_row_index("slot")
        on = ["request_id", "post", "option"]
        rows = rows.join(keys, on=on, how="left", nulls_equal=True, maintain_order="left")
        _refuse(
            rows.filter(pl.col("slot").is_null()),
            tuple(on),
            "reference",
            "the week has no such post",
        )
        volunteer = index_in(rows["volunteer_id"], problem.volunteers.id)
        unknown = pl.Series(volunteer < 0) & rows["volunteer_id"].is_not_null()
        _refuse(rows.filter(unknown), ("volunteer_id",), "reference", "volunteers has no such id")
        slot_rows, price = rows["slot"].to_numpy(), rows["price"].to_numpy()
        slot = np.zeros(len(problem.slots))
        slot[slot_rows[volunteer < 0]] = price[volunteer < 0]
        key = c.combine(volunteer, slot_rows)[volunteer >= 0]
        order = np.argsort(key)
        return cls(slot, quota, key[order], price[volunteer >= 0][order])


def _refuse(rows: pl.DataFrame, columns: tuple[str, ...], rule: str, message: str) -> None:
    if rows.height:
        raise DataError(faults_of("prices", rows, columns, rule, message))
