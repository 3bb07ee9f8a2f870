"""Worlds where nearly everything is open: each request may begin at a hundred times.

``python -m benchmarks.many_options NAME`` plans one and prints how plan and bound come about.

* ``technicians``: exact teams of people with skills at levels, seven days, a start every quarter of
  an hour, people who are there all day: the shape of the ROADEF challenge of 2007.
* ``home_care``: visits of one person, with start windows of some hours, places and travel.
"""

import argparse
import datetime as dt
import time
from typing import Any

import numpy as np
import polars as pl

from matching import Policy, Problem, Progress, solve

Tables = dict[str, pl.DataFrame]
WEEK = dt.date(2026, 3, 2)
_MONDAY = np.datetime64(WEEK, "us")
_STEP, _HOUR, _DAY = 15, 60, 24 * 60


def _moments(minutes: Any) -> Any:
    return _MONDAY + np.asarray(minutes, np.int64).astype("timedelta64[m]")


def _named(letter: str, index: Any) -> Any:
    return np.char.add(letter, np.asarray(index).astype(str))


def _options(request: Any, first: Any, last: Any, minutes: Any) -> pl.DataFrame:
    """Let each row's request begin at every quarter of an hour from first to last."""
    many = (last - first) // _STEP + 1
    row = np.repeat(np.arange(len(request)), many)
    start = first[row] + _STEP * (np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many))
    return pl.DataFrame(
        {
            "request_id": _named("r", request[row]),
            "option": _named("t", start),
            "start": _moments(start),
            "end": _moments(start + minutes[row]),
        }
    )


def technicians(requests: int, people: int, seed: int, days: int = 7) -> Tables:
    draw = np.random.default_rng(seed)
    domains, levels = 5, 3
    who, day = np.divmod(np.arange(people * days), days)
    skill = draw.integers(0, levels + 1, (people, domains))
    holder, domain = np.nonzero(skill)
    minutes = draw.choice([60, 120, 180, 240, 360], requests)
    asks = draw.random((requests, domains)) < 0.35
    asks[np.arange(requests), draw.integers(0, domains, requests)] = True
    request, asked = np.nonzero(asks)
    seats = draw.integers(1, 3, len(request))
    each, at = np.divmod(np.arange(requests * days), days)
    opens = at * _DAY + 8 * _HOUR
    post = {"request_id": _named("r", request), "post": _named("d", asked)}
    return {
        "volunteers": pl.DataFrame(
            {"volunteer_id": _named("v", np.arange(people)), "max_shifts": np.full(people, 40)}
        ),
        "availability": pl.DataFrame(
            {
                "volunteer_id": _named("v", who),
                "start": _moments(day * _DAY + 8 * _HOUR),
                "end": _moments(day * _DAY + 18 * _HOUR),
            }
        ),
        "qualifications": pl.DataFrame(
            {
                "volunteer_id": _named("v", holder),
                "qualification": _named("d", domain),
                "level": skill[holder, domain],
            }
        ),
        "requests": pl.DataFrame(
            {
                "request_id": _named("r", np.arange(requests)),
                "priority": draw.integers(1, 5, requests),
            }
        ),
        "options": _options(each, opens, opens + 10 * _HOUR - minutes[each], minutes[each]),
        "posts": pl.DataFrame(post | {"seats": seats, "min_seats": seats}),
        "post_qualifications": pl.DataFrame(
            post | {"qualification": post["post"], "level": draw.integers(1, 3, len(request))}
        ),
    }


def home_care(requests: int, people: int, seed: int, options: int = 100) -> Tables:
    draw = np.random.default_rng(seed)
    who, day = np.nonzero(draw.random((people, 7)) < 0.6)
    opens = draw.choice([7, 8, 12], len(who)) * _HOUR
    hours = draw.choice([5, 8], len(who)) * _HOUR
    visited = np.arange(requests)
    minutes = draw.choice([30, 45, 60, 90], requests)
    first = draw.integers(0, 7, requests) * _DAY + 7 * _HOUR
    # Four days of twenty-five starts each, where there are a hundred.
    spread = np.arange(max(1, options // 25))
    each = np.repeat(visited, len(spread))
    begin = (first[each] + np.tile(spread, requests) * _DAY) % (7 * _DAY)
    begin += draw.integers(0, 17, len(each)) * _STEP
    last = begin + (min(options, 25) - 1) * _STEP
    return {
        "volunteers": pl.DataFrame(
            {
                "volunteer_id": _named("v", np.arange(people)),
                "lat": 45.75 + draw.normal(0, 0.04, people),
                "lon": 126.64 + draw.normal(0, 0.05, people),
                "max_shifts": draw.integers(2, 9, people),
            }
        ),
        "availability": pl.DataFrame(
            {
                "volunteer_id": _named("v", who),
                "start": _moments(day * _DAY + opens),
                "end": _moments(day * _DAY + opens + hours),
            }
        ),
        "requests": pl.DataFrame(
            {
                "request_id": _named("r", visited),
                "priority": draw.integers(1, 6, requests),
                "lat": 45.75 + draw.normal(0, 0.04, requests),
                "lon": 126.64 + draw.normal(0, 0.05, requests),
            }
        ),
        "options": _options(each, begin, last, minutes[each]),
    }


WORLDS = {
    "technicians": lambda seed: technicians(50, 20, seed),
    "technicians-large": lambda seed: technicians(200, 40, seed),
    "home_care": lambda seed: home_care(500, 150, seed),
    "home_care-scarce": lambda seed: home_care(500, 60, seed),
}


def main() -> None:
    """Plan one of the worlds."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name", choices=WORLDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=60.0)
    asked = parser.parse_args()
    begin = time.perf_counter()
    problem = Problem.from_tables(WORLDS[asked.name](asked.seed), WEEK, Policy())
    print(f"{time.perf_counter() - begin:7.2f} s  tables: {len(problem.slots):,} slots")

    def told(progress: Progress) -> None:
        print(f"{progress.seconds:7.2f} s  {progress.phase}: {progress.value} <= {progress.bound}")

    result = solve(problem, time_limit=asked.time_limit, on_improvement=told)
    phases = ", ".join(f"{phase.name} {phase.seconds:.1f}" for phase in result.phases)
    print(f"{len(result.arcs):,} arcs; {phases}")
    print(f"{result.termination}, gap {result.gap:.3%}, {time.perf_counter() - begin:.1f} s in all")


if __name__ == "__main__":
    main()
