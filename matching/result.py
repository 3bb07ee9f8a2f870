"""The result of a search: a plan, its prices, a bound, and how it came about."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from matching.arcs.eligibility import Arcs
from matching.bounds.prices import Prices
from matching.errors import UsageError, listed
from matching.guards.doors import door
from matching.guards.showing import Shown
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.schema import Output

if TYPE_CHECKING:
    from matching.reports.facts import Facts

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
Termination = Literal["proved", "gap_limit", "exhausted", "time_limit", "interrupted"]
_LIBRARIES = ("dataframely", "highspy", "numpy", "ortools", "polars", "scipy", "volunteer-matching")


@dataclass(frozen=True)
class Phase:
    """One phase of the work.

    Attributes
    ----------
    name : str
    seconds : float
    memory_mb : float
        Peak resident memory of the process by the end of the phase.
    """

    name: str
    seconds: float
    memory_mb: float


@dataclass(frozen=True, eq=False, repr=False)
class Result(Shown):
    """A plan and its proof.

    Attributes
    ----------
    problem : Problem
    arcs : Arcs
        Every eligible pair.
    status : {"optimal", "feasible", "infeasible", "unknown"}
        ``optimal`` only if ``bound`` equals ``value``.
    termination : {"proved", "gap_limit", "exhausted", "time_limit", "interrupted"}
        Why the search ended.
    plan : Plan
    quality, km : arrays, one per row of the plan
    prices : Prices
    value, bound : int
        If the status is ``infeasible`` there is nothing to bound, and the bound is that of the
        prices: what a plan would be worth at most if it might leave the pins.
    bound_from_prices : float
        What `certify` makes of the prices; more, if a search that was stopped had no time for all.
    unfilled : polars.DataFrame
        The table ``unfilled``.
    phases : tuple of Phase
    seed : int
    """

    problem: Problem
    arcs: Arcs
    status: Status
    termination: Termination
    plan: Plan
    quality: c.Longs
    km: c.Floats
    prices: Prices
    value: int
    bound: int
    bound_from_prices: float
    unfilled: pl.DataFrame
    phases: tuple[Phase, ...]
    seed: int

    @property
    def gap(self) -> float:
        """``(bound - value) / max(1, value)``."""
        return (self.bound - self.value) / max(1, self.value)

    def _figures(self) -> dict[str, object]:
        problem, number = self.problem, counts(self.problem, self.plan)
        return {
            "week": problem.week,
            "status": self.status,
            "value": self.value,
            "bound": self.bound,
            "gap": f"{self.gap:.4%}",
            "ended": self.termination.replace("_", " "),
            "seats filled": f"{number['filled']:,} of {number['seats']:,}",
            "requests served": f"{number['requests_served']:,} of {number['requests']:,}",
            "volunteers": f"{number['volunteers_used']:,} of {number['volunteers']:,}",
            "rows set aside": problem.faults.height,
            "seconds": round(sum(phase.seconds for phase in self.phases), 1),
        }

    @door
    def facts(self) -> Facts:
        """Return what reports show of the plan, joined with the names in its tables.

        Raises
        ------
        UsageError
            If no plan was found.
        """
        from matching.reports.facts import Facts

        return Facts.of(self.problem, self.problem.names, self.output())

    @door
    def report(
        self,
        out: str | os.PathLike[str],
        format: str | None = None,
        sequence: int = 0,
        contacts: str | os.PathLike[str] | None = None,
    ) -> None:
        """Write a report for people, whole or not at all.

        Parameters
        ----------
        out : str or os.PathLike
            A file; for ``slips`` and ``ics`` a folder or a ``.zip``.
        format : {"html", "xlsx", "slips", "ics"}, optional
            A page, a workbook to edit, texts to send, or calendars; if absent, the end of the name
            says it.
        sequence : int
            Of texts and calendars: how often the week was sent out before.
        contacts : str or os.PathLike, optional
            A table of what people are called, which nothing but the report will hold; see
            `reports.contacts.read_contacts`.

        Raises
        ------
        UsageError
            If no plan was found, the format is not known, a package that it needs is not
            installed, or something else than a report stands there.
        """
        from matching.reports.writing import write_report

        write_report(self.facts(), out, format, sequence, self, contacts)

    @door
    def tables(self) -> dict[str, pl.DataFrame]:
        """Return ``plan``, ``unfilled`` and ``prices`` as tables of the contract."""
        return {
            "plan": self.plan.to_frame(self.problem, self.quality),
            "unfilled": self.unfilled,
            "prices": self.prices.to_frame(self.problem),
        }

    @door
    def output(self) -> Output:
        """Return what a store is given: the tables, with ``faults`` if there are, and the summary.

        Raises
        ------
        UsageError
            If no plan was found: there is nothing to write over an earlier one.
        """
        if self.status in ("unknown", "infeasible"):
            pinned = listed(sorted(self.pinned_requests()))
            raise UsageError(
                "no plan was found that keeps every pinned assignment and every rule; "
                f"look at the requests {pinned}: a pin may ask for a team that cannot be had, "
                "or for somebody to come along who is needed elsewhere"
            )
        tables = self.tables()
        if self.problem.faults.height:
            tables["faults"] = self.problem.faults
        return tables, self.summary()

    @door
    def to(
        self, sink: object = None, mapping: object = None, force: bool = False, **options: Any
    ) -> Any:
        """Write the plan and what belongs to it to any store; see `matching.write`.

        Parameters
        ----------
        sink : object, optional
        mapping : path, dict or mapping.Mapping, optional
        force : bool
        **options

        Returns
        -------
        object

        Raises
        ------
        UsageError
            If there is no plan, the store cannot be written, or it holds what would be lost.
        """
        from matching.stores.weeks import write

        return write(self, sink, mapping, force, **options)

    @door
    def summary(self) -> dict[str, Any]:
        """Return the figures of the contract's ``summary``; all of it is JSON."""
        problem, figures = self.problem, counts(self.problem, self.plan)
        return {
            "week": problem.week.isoformat(),
            "status": self.status,
            "termination": self.termination,
            "value": self.value,
            "bound": self.bound,
            "bound_from_prices": self.bound_from_prices,
            "gap": self.gap,
            **figures,
            "km": round(float(np.nansum(self.km)), 1),
            "kpis": kpis(figures),
            "set_aside": problem.set_aside(),
            "timings": {phase.name: round(phase.seconds, 3) for phase in self.phases},
            "memory_mb": {phase.name: round(phase.memory_mb) for phase in self.phases},
            "versions": versions(),
            "seed": self.seed,
            "policy": problem.policy.to_json(),
            "time_zone_given": problem.policy.time_zone_given,
        }

    def pinned_requests(self) -> list[str]:
        """Return the requests that have pinned assignments."""
        pins, posts = self.problem.pins, self.problem.posts
        return self.problem.requests.id.gather(posts.request[pins.post]).unique().to_list()


def counts(problem: Problem, plan: Plan) -> dict[str, float]:
    """Return the counts of the contract's ``summary``, and the hours."""
    option = problem.slots.option[plan.slot]
    minutes = problem.options.minutes[option]
    return {
        "seats": int(problem.posts.seats.astype(np.int64).sum()),
        "filled": len(plan),
        "requests": len(problem.requests),
        "requests_served": len(np.unique(problem.slots.request[plan.slot])),
        "requests_outside_week": problem.left_out,
        "volunteers": len(problem.volunteers),
        "volunteers_used": len(np.unique(plan.volunteer)),
        "hours": round(float(minutes.sum()) / 60, 2),
    }


def kpis(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the shares of the contract's ``summary`` from its counts."""
    return {
        "seats_filled_share": _share(figures["filled"], figures["seats"]),
        "requests_served_share": _share(figures["requests_served"], figures["requests"]),
        "mobilisation_share": _share(figures["volunteers_used"], figures["volunteers"]),
        "hours_per_volunteer_used": _share(figures["hours"], figures["volunteers_used"]),
    }


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that make the plan."""
    found = {"python": python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
