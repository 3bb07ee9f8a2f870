"""A nation's week: region by region, then the borders, then the proof.

Nothing the size of the nation is in one process. A region is read, planned and written by one
task; what goes through here are cells, counts and the names of folders.
"""

from __future__ import annotations

import json
import math
import shutil
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from matching.errors import PolicyError, UsageError, listed
from matching.guards.defaults import RELATIVE_GAP, TIME_LIMIT_SECONDS
from matching.guards.mondays import Day, monday_of
from matching.parallel.interrupts import unless_heard_already
from matching.parallel.memory import peak_memory_mb
from matching.parallel.tasks import run_all
from matching.policy import Policy
from matching.regions import dataset
from matching.regions.borders import TURNS, settle
from matching.regions.finishing import Finished, finish
from matching.regions.guests import bound_with_guests
from matching.regions.ids import check_ids
from matching.regions.neighbours import jobs_of, tiles_of
from matching.regions.regional import Job, Planned, Survey, Terms, plan_region, survey
from matching.regions.steps import Step
from matching.result import kpis, versions
from matching.stores.earlier import check_requests
from matching.stores.files.switch import Writer, replace_files
from matching.stores.registry import check_target

SUMMARY = "summary.json"
_WRITTEN = ("plan.parquet", "unfilled.parquet", "prices.parquet")
_WORK = ".planning"
_COUNTS = (
    *("seats", "filled", "requests", "requests_served", "requests_outside_week"),
    *("volunteers", "volunteers_used"),
)
R = TypeVar("R")
# Whose it is, and what the step is called with.
_Task = tuple[str, tuple[Any, ...]]


class _Each(Protocol):
    """Runs a step for each task, in their order."""

    def __call__(self, step: Step[R], tasks: Iterable[_Task]) -> Iterator[R]: ...


def plan_nation(
    tables: Path | str,
    out: Path | str,
    week: Day,
    policy: Policy | None = None,
    *,
    executor: Executor | None = None,
    time_limit: float = TIME_LIMIT_SECONDS,
    gap: float = RELATIVE_GAP,
    seed: int = 0,
    on_progress: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Plan a data set of regions, and write a plan in the same regions with one summary.

    Whoever or whatever has no place stays in its region, and an organisation's quota counts in the
    region that has its row.

    Parameters
    ----------
    tables : pathlib.Path or str
        A folder of folders ``region=CODE``, each with the tables of the contract as Parquet. Ids
        are unique over all of them.
    out : pathlib.Path or str
        Where ``region=CODE/plan.parquet``, ``unfilled``, ``prices`` and ``summary.json`` go. An
        executor's workers must see both folders under the same names.
    week : datetime.date, str or numpy.datetime64
        The Monday the week starts with.
    policy : Policy, optional
        Weights and limits; the model's defaults, if absent.
    executor : concurrent.futures.Executor, optional
        Plans several regions at a time. The plan is the same with any.
    time_limit : float
        Seconds for each region, each stretch of border, and each search with guests.
    gap : float
        Relative gap at which each search may end.
    seed : int
        The same seed gives the same plan, if no search is stopped by the clock.
    on_progress : callable, optional
        Receives a line whenever something is done.

    Returns
    -------
    dict
        The summary: the keys of a plan's, and a row per region.

    Raises
    ------
    UsageError
        If there are no regions or no requests in the week, a table that each needs is missing or a
        file would not be read, an id stands in two of them, an organisation has a quota in two of
        them, somebody goes further than 60 km, or something else than a plan stands where the plan
        is to go.
    PolicyError
        If the weights are so large that values would not be exact.
    DataError
        If the tables of a region have faults.
    KeyboardInterrupt
        If Ctrl-C is pressed. Nothing is written then, and an earlier plan stays as it was.
    """
    check_target(out)
    tables, out = Path(tables), Path(out)
    _check_room(out)
    if policy is not None and policy.equity:
        raise PolicyError(
            f"policy equity = {policy.equity}: a nation is planned region by region, and serves no "
            "districts alike; leave equity at 0"
        )
    terms = Terms(monday_of(week), policy or Policy(), time_limit, gap, seed)
    folders = {code: folder.absolute() for code, folder in dataset.regions(tables).items()}
    clear(out)
    work = out / _WORK
    work.mkdir(parents=True)
    try:
        nation = _Nation(folders, work.absolute(), terms, executor, on_progress)
        summary = nation.plan()
        check_requests(terms.week, summary["requests"], summary["requests_outside_week"])
        with unless_heard_already():  # a first Ctrl-C is too late now
            _put_in_place(work / "plan", out, summary)
    finally:
        clear(out)
    return summary


def clear(out: Path) -> None:
    """Remove what a plan that was given up has left: its workers may have written to the last."""
    shutil.rmtree(out / _WORK, ignore_errors=True)


@dataclass
class _Nation:
    """The steps of one plan."""

    folders: dict[str, Path]
    work: Path
    terms: Terms
    executor: Executor | None
    on_progress: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def plan(self) -> dict[str, Any]:
        """Return the summary, once everything else is written."""
        with self._phase("survey") as each:
            km = self.terms.policy.travel_km
            asked = [(code, folder, self.work, km) for code, folder in self.folders.items()]
            surveys = [*each(Step(survey), [(f"region {one[0]}", one) for one in asked])]
            check_ids(self.work, self.folders, self.executor)
        _check_quotas(surveys)
        jobs = jobs_of(surveys, self.folders, self.work, self.terms)
        planned = []
        with self._phase("regions") as each:
            for one in each(Step(plan_region), [(f"region {job.code}", (job,)) for job in jobs]):
                planned.append(one)
                people = one.figures["volunteers"]
                self.on_progress(f"region {one.code}: {people:,} volunteers, value {one.value:,}")
        with self._phase("borders") as each:
            gained = sum(self._settle(each, jobs, turn) for turn in range(TURNS))
        joined = [(job.border_name, (job,)) for job in jobs]
        with self._phase("certify") as each:
            finished = [*each(Step(finish, rows=False), joined)]
        value = sum(one.value for one in planned) + gained
        from_prices = sum(one.bound for one in planned) + sum(one.bound for one in finished)
        bound = math.floor(from_prices + 1e-6)
        # Rules that no price can express are known to a search.
        if bound - value > self.terms.gap * value:
            with self._phase("guests") as each:
                visited = [(whose, job) for whose, job in joined if len(job[0].border)]
                bounds = each(Step(bound_with_guests, rows=False), visited)
                found = {job.code: one for (_, (job,)), one in zip(visited, bounds, strict=True)}
            bound = min(bound, sum(found.get(one.code, one.bound_alone) for one in planned))
        if bound < value:
            raise RuntimeError(
                f"the bound {bound} is below the value {value}: a fault of the library; please "
                "report it"
            )
        proof: dict[str, float] = {"value": value, "bound": bound, "bound_from_prices": from_prices}
        return self._summary(proof, gained, planned, finished)

    def _settle(self, each: _Each, jobs: list[Job], turn: int) -> int:
        """Settle the borders once; return what was gained."""
        tiles = tiles_of(jobs, turn, self.work, self.terms)
        gained = sum(each(Step(settle, rows=False), [(tile.name, (tile,)) for tile in tiles]))
        self.on_progress(f"borders, turn {turn + 1}: {len(tiles)} tiles, value {gained:+,}")
        return gained

    @contextmanager
    def _phase(self, name: str) -> Iterator[_Each]:
        """Measure a phase, and give what runs a step for each task; pass on what they warn of.

        Of several regions with one warning it is said once.
        """
        start, heard = time.perf_counter(), dict[tuple[type[Warning], str], list[str]]()

        def each(step: Step[R], tasks: Iterable[_Task]) -> Iterator[R]:
            for done in run_all(self.executor, step, tasks):
                self.memory[name] = round(max(self.memory.get(name, 0.0), done.memory_mb))
                for warning in done.warned:
                    heard.setdefault(warning, []).append(done.whose)
                yield done.result

        yield each
        self.seconds[name] = round(time.perf_counter() - start, 3)
        for (category, text), whose in heard.items():
            warnings.warn(f"{listed(dict.fromkeys(whose))}: {text}", category, stacklevel=5)

    def _summary(
        self,
        proof: dict[str, float],
        gained: int,
        planned: list[Planned],
        finished: list[Finished],
    ) -> dict[str, Any]:
        rows = {
            region.code: {"value_alone": region.value, "strip": region.strip}
            | _added([region.figures, last.figures])
            for region, last in zip(planned, finished, strict=True)
        }
        total = _added(rows.values())
        total["volunteers_used"] = total["used"]
        value, bound = proof["value"], proof["bound"]
        gap = (bound - value) / max(1, value)
        timed_out = any(region.timed_out for region in planned)
        ended = "time_limit" if timed_out else "exhausted"
        ended = "gap_limit" if gap <= self.terms.gap else ended
        return {
            "week": self.terms.week.isoformat(),
            "status": "optimal" if bound <= value else "feasible",
            "termination": "proved" if bound <= value else ended,
            **proof,
            "gap": gap,
            **{name: total[name] for name in _COUNTS},
            "hours": round(total["hours"], 2),
            "km": round(total["km"], 1),
            "kpis": kpis(total),
            "gained_at_borders": gained,
            "timings": self.seconds,
            "memory_mb": self.memory | {"coordinator": round(peak_memory_mb())},
            "versions": versions(),
            "seed": self.terms.seed,
            "policy": self.terms.policy.to_json(),
            "time_zone_given": self.terms.policy.time_zone_given,
            "regions": rows,
        }


def _added(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Add up figures by name."""
    total: dict[str, float] = {}
    for row in rows:
        for name, figure in row.items():
            total[name] = total.get(name, 0) + figure
    return total


def _check_room(out: Path) -> None:
    """Refuse to put a plan where other tables are: they would go."""
    if out.is_file() or (out.suffix.lower() in (".zip", ".xlsx") and not out.is_dir()):
        raise UsageError(f"{out} is a file; a plan in regions is written to a folder")
    for folder in dataset.folders(out):
        for path in sorted(folder.iterdir()):
            if path.name not in _WRITTEN:
                raise UsageError(
                    f"{path} is no part of a plan, and would be removed; give another folder"
                )


def _check_quotas(surveys: list[Survey]) -> None:
    seen: dict[str, str] = {}
    for one in surveys:
        for organisation in one.quotas:
            if organisation in seen:
                raise UsageError(
                    f"organisation {organisation!r} has max_seats in region {seen[organisation]} "
                    f"and in region {one.code}; give it a row in one of them, where its volunteers "
                    "are"
                )
            seen[organisation] = one.code


def _put_in_place(done: Path, out: Path, summary: dict[str, Any]) -> None:
    """Let a plan take the place of an earlier one, of which no region stays; see `switch`."""
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    writers: dict[str, Writer] = {SUMMARY: lambda path: path.write_text(text, encoding="utf-8")}
    for folder in dataset.regions(done).values():
        writers[folder.name] = folder.rename
    replace_files(out, writers, {*dataset.folders(out)}.__contains__)
