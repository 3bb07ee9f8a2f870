"""A province's week of events: read from raw columns, judged, folded into states, in one call."""

from __future__ import annotations

import resource
import time

import polars as pl
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from matching import orders

# Of each order: who does what, after how many minutes.
_LIFE = [
    ("ordered", "station", None, 0),
    ("checked", "centre", None, 30),
    ("dispatched", "centre", None, 40),
    *(("offered", "system", k, 45) for k in range(5)),
    ("accepted", "volunteer", 0, 60),
    ("declined", "volunteer", 1, 70),
    ("accepted", "volunteer", 2, 80),
    ("expired", "system", 3, 45 + 24 * 60),
    ("recalled", "centre", 4, 45 + 24 * 60),
    ("cancelled", "volunteer", 2, 1600),
    ("checked_in", "volunteer", 0, 2000),
    ("checked_out", "volunteer", 0, 2090),
    ("done", "organisation", None, 2100),
    ("reviewed", "beneficiary", None, 2200),
    ("reviewed", "station", None, 2300),
    ("closed", "centre", None, 2400),
]
# One order in so many has a seat accepted that was never offered: it and what follows is refused.
_BROKEN = 1_000


def week_of_events(many: int) -> pl.DataFrame:
    """Make so many orders, twenty events each, in no order; times are text, as in a file."""
    names = ("event", "actor_role", "k", "minutes")
    life = pl.DataFrame(
        _LIFE,
        dict(zip(names, (pl.String, pl.String, pl.Int64, pl.Int64), strict=True)),
        orient="row",
    )
    life = life.with_columns(version=pl.int_range(1, pl.len() + 1))
    number = pl.int_range(many, eager=True).alias("number")
    every = number.to_frame().join(life, how="cross")
    start = pl.datetime(2026, 11, 30) + pl.duration(minutes=pl.col("number") % 4000)
    broken = (pl.col("number") % _BROKEN == 1) & (pl.col("version") == 9)
    who = pl.format("v{}", pl.col("number") * 7 % 100_003 + pl.when(broken).then(9).otherwise("k"))
    made = every.select(
        "version",
        "event",
        "actor_role",
        request_id=pl.format("r{}", "number"),
        at=(start + pl.duration(minutes="minutes")).dt.strftime("%Y-%m-%dT%H:%M"),
        volunteer_id=who,
    )
    return made.sample(fraction=1, shuffle=True, seed=1)


@pytest.mark.parametrize(
    "many", [2_500, pytest.param(250_000, marks=pytest.mark.slow)], ids=lambda n: f"{20 * n}"
)
def test_events_become_states(many: int, benchmark: BenchmarkFixture) -> None:
    events = week_of_events(many)
    began = time.process_time()
    found = benchmark.pedantic(orders.apply, (events,), rounds=1)
    benchmark.extra_info["processor_seconds"] = round(time.process_time() - began, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    benchmark.extra_info["peak_gib"] = round(peak, 2)
    broken = len(range(1, many, _BROKEN))
    assert found.refused.height == 12 * broken
    assert found.appended.height == events.height - 12 * broken
    closed = found.states.orders.filter(state="closed").height
    assert closed == many - broken
