"""A nation's week: region by region, then the borders, then the proof.

Nothing the size of the nation is in one process. A region is read, planned and written by one
task; what goes through here are cells, counts and the names of folders.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, TypeVar

from matching.engine import peak_memory_mb
from matching.errors import UsageError
from matching.guards.defaults import RELATIVE_GAP, TIME_LIMIT_SECONDS
from matching.guards.mondays import Day, monday_of
from matching.parallel.tasks import run_all
from matching.policy import Policy
from matching.regions import dataset
from matching.regions.borders import TURNS, Settled, Tile, settle
from matching.regions.finishing import Finished, finish
from matching.regions.guests import Bounded, bound_with_guests
from matching.regions.ids import check_ids
from matching.regions.neighbours import jobs_of, tiles_of
from matching.regions.regional import (
    Job,
    Planned,
    Survey,
    Terms,
    border_name,
    plan_region,
    survey,
)
from matching.result import kpis, versions
from matching.stores.earlier import check_requests
from matching.stores.registry import check_target

SUMMARY = "summary.json"
_WRITTEN = ("plan.parquet", "unfilled.parquet", "prices.parquet")
_WORK = ".planning"
R = TypeVar("R")


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
    told: Callable[[str], None] = lambda text: None,
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
    executor : concurrent.futures.Executor, optional
        Plans several regions at a time. The plan is the same with any.
    time_limit : float
        Seconds for each region, each stretch of border, and each search with guests.
    told : callable, optional
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
    terms = Terms(monday_of(week), policy or Policy(), time_limit, gap, seed)
    folders = dataset.regions(tables)
    clear(out)
    work = out / _WORK
    work.mkdir(parents=True)
    try:
        nation = _Nation(folders, work.absolute(), terms, executor, told)
        summary = nation.plan()
        outside = summary["requests_outside_week"]
        aside = summary.get("set_aside", {}).get("requests", 0)
        check_requests(terms.week, summary["requests"], outside, aside)
        _put_in_place(work / "plan", out, summary)
    finally:
        clear(out)
    return summary


def clear(out: Path) -> None:
    """Remove what a plan that was given up has left: its workers may have written to the last."""
    shutil.rmtree(out / _WORK, ignore_errors=True)


class _Nation:
    """The steps of one plan."""

    def __init__(
        self,
        folders: dict[str, Path],
        work: Path,
        terms: Terms,
        executor: Executor | None,
        told: Callable[[str], None],
    ) -> None:
        self.folders = {code: folder.absolute() for code, folder in folders.items()}
        self.work, self.terms, self.executor, self.told = work, terms, executor, told
        self.seconds: dict[str, float] = {}
        self.memory: dict[str, float] = {}

    def plan(self) -> dict[str, Any]:
        """Return the summary, once everything else is written."""
        surveys = self._timed("survey", self._survey)
        _check_quotas(surveys)
        jobs = jobs_of(surveys, self.folders, self.work, self.terms)
        planned = self._timed("regions", lambda: self._plan_regions(jobs))
        settled = self._timed("borders", lambda: self._settle(jobs))
        finished = self._timed("certify", lambda: self._finish(jobs))
        value = sum(one.value for one in planned) + sum(one.gained for one in settled)
        from_prices = sum(r.bound for r in planned) + sum(f.bound for f in finished)
        bound = math.floor(from_prices + 1e-6)
        # Rules that no price can express are known to a search.
        if bound - value > self.terms.gap * value:
            bound = min(bound, self._timed("guests", lambda: self._search_bound(planned, jobs)))
        if bound < value:
            raise RuntimeError(
                f"the bound {bound} is below the value {value}: a fault of the library; please "
                "report it"
            )
        return self._summary(planned, settled, finished, from_prices, bound)

    def _timed(self, name: str, step: Callable[[], R]) -> R:
        start = time.perf_counter()
        result = step()
        self.seconds[name] = round(time.perf_counter() - start, 3)
        return result

    def _survey(self) -> list[Survey]:
        km = self.terms.policy.travel_km
        asked = [(code, folder, self.work, km) for code, folder in self.folders.items()]
        found = list(run_all(self.executor, _survey, asked))
        check_ids(self.work, self.folders, self.executor)
        return found

    def _plan_regions(self, jobs: list[Job]) -> list[Planned]:
        done = []
        for planned in run_all(self.executor, _planned, jobs):
            done.append(planned)
            self._saw("regions", planned.memory_mb)
            people = planned.figures["volunteers"]
            self.told(f"region {planned.code}: {people:,} volunteers, value {planned.value:,}")
        return done

    def _settle(self, jobs: list[Job]) -> list[Settled]:
        done: list[Settled] = []
        for turn in range(TURNS):
            tiles = tiles_of(jobs, turn, self.work, self.terms)
            found = list(run_all(self.executor, _settled, tiles))
            gained = sum(one.gained for one in found)
            self.told(f"borders, turn {turn + 1}: {len(tiles)} tiles, value {gained:+,}")
            done += found
        self._saw("borders", *(one.memory_mb for one in done))
        return done

    def _finish(self, jobs: list[Job]) -> list[Finished]:
        done = list(run_all(self.executor, _finished, jobs))
        self._saw("certify", *(one.memory_mb for one in done))
        return done

    def _search_bound(self, planned: list[Planned], jobs: list[Job]) -> int:
        """Return what the searches of all regions prove together; see `guests`."""
        visited = [job for job in jobs if len(job.border)]
        done = list(run_all(self.executor, _bounded, visited))
        self._saw("guests", *(one.memory_mb for one in done))
        found = {job.code: one.bound for job, one in zip(visited, done, strict=True)}
        return sum(found.get(region.code, region.bound_alone) for region in planned)

    def _saw(self, name: str, *memory_mb: float) -> None:
        self.memory[name] = round(max(self.memory.get(name, 0.0), *memory_mb, 0.0))

    def _summary(
        self,
        planned: list[Planned],
        settled: list[Settled],
        finished: list[Finished],
        from_prices: float,
        bound: int,
    ) -> dict[str, Any]:
        gained = sum(tile.gained for tile in settled)
        value = sum(region.value for region in planned) + gained
        rows: list[dict[str, float]] = []
        for region, last in zip(planned, finished, strict=True):
            both = {name: region.figures[name] + last.figures[name] for name in ("used", "km")}
            figures: dict[str, float] = {"value_alone": region.value, "strip": region.strip}
            rows.append(figures | region.figures | last.figures | both)
        total = {name: sum(row[name] for row in rows) for name in rows[0]}
        gap = (bound - value) / max(1, value)
        reached = "gap_limit" if gap <= self.terms.gap else "time_limit"
        return {
            "week": self.terms.week.isoformat(),
            "status": "optimal" if bound <= value else "feasible",
            "termination": "proved" if bound <= value else reached,
            "value": value,
            "bound": bound,
            "bound_from_prices": from_prices,
            "gap": gap,
            "seats": total["seats"],
            "filled": total["filled"],
            "requests": total["requests"],
            "requests_served": total["requests_served"],
            "requests_outside_week": total["requests_outside_week"],
            "volunteers": total["volunteers"],
            "volunteers_used": total["used"],
            "hours": round(total["hours"], 2),
            "km": round(total["km"], 1),
            "kpis": kpis(total | {"volunteers_used": total["used"]}),
            "gained_at_borders": gained,
            "timings": self.seconds,
            "memory_mb": self.memory | {"coordinator": round(peak_memory_mb())},
            "versions": versions(),
            "seed": self.terms.seed,
            "policy": self.terms.policy.to_json(),
            "time_zone_given": self.terms.policy.time_zone_given,
            "regions": {r.code: row for r, row in zip(planned, rows, strict=True)},
        }


def _survey(asked: tuple[str, Path, Path, float]) -> Survey:
    with dataset.named(f"region {asked[0]}"):
        return survey(*asked)


def _planned(job: Job) -> Planned:
    with dataset.named(f"region {job.code}"):
        return plan_region(job)


def _settled(tile: Tile) -> Settled:
    with dataset.named(border_name(tile.codes), rows=False):
        return settle(tile)


def _finished(job: Job) -> Finished:
    with dataset.named(job.border_name, rows=False):
        return finish(job)


def _bounded(job: Job) -> Bounded:
    with dataset.named(job.border_name, rows=False):
        return bound_with_guests(job)


def _check_room(out: Path) -> None:
    """Refuse to put a plan where other tables are: they would go."""
    if out.is_file() or (out.suffix.lower() in (".zip", ".xlsx") and not out.is_dir()):
        raise UsageError(f"{out} is a file; a plan in regions is written to a folder")
    for folder in dataset.regions(out).values() if dataset.is_partitioned(out) else ():
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
    """Put every region where an earlier plan was; the summary, which says it is whole, comes last.

    What an earlier plan has of other regions goes.
    """
    (out / SUMMARY).unlink(missing_ok=True)
    for old in dataset.regions(out).values() if dataset.is_partitioned(out) else ():
        shutil.rmtree(old)
    for folder in dataset.regions(done).values():
        folder.rename(out / folder.name)
    part = out / f".{SUMMARY}.part"
    part.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(out / SUMMARY)
