"""The worlds of the benchmark, each a name and a recipe: ``vmb1-district-full-scarce-2``.

A released version never changes: a world that is made in another way gets another version, and
`fingerprint` tells whether two machines made the same tables.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from benchmarks.vmb import hostile
from matching.errors import UsageError
from matching.synthetic import generate

VERSION = 1
WEEK = dt.date(2026, 11, 30)
# How many seats there are for the same people, as a multiple of the generator's usual number.
SUPPLIES = {"abundant": 0.25, "balanced": 1.0, "scarce": 4.0}
RULES = ("network", "full")
SEEDS = (1, 2, 3)
# Seconds from the start of the command to its end, reading and writing included.
LIMITS = {"town": 60, "district": 300, "city": 1_200, "province": 3_600}
HOSTILE_LIMIT = 120

Tables = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class World:
    """A week to plan, made anew whenever it is asked for."""

    name: str
    family: str  # a size, or "hostile"
    week: dt.date
    limit: int  # seconds
    make: Callable[[], Tables]


def _usual() -> list[World]:
    return [
        World(
            f"vmb{VERSION}-{size}-{rules}-{supply}-{seed}",
            size,
            WEEK,
            limit,
            partial(generate, size, rules=rules, scarcity=scarcity, seed=seed, week=WEEK),
        )
        for size, limit in LIMITS.items()
        for rules in RULES
        for supply, scarcity in SUPPLIES.items()
        for seed in SEEDS
    ]


# Every one is hard to another part of a method; its function says to which.
_HOSTILE: dict[str, Callable[[], Tables]] = {
    "one-town": partial(hostile.one_town, 2_000, 300, seed=1),
    "one-skill": partial(hostile.one_skill, 2_000, seed=1),
    "chain": partial(hostile.chain, 60, seed=1),
    "chain-of-hours": partial(hostile.chain, 168, seed=1),
    "one-for-all": partial(hostile.one_for_all, 5_000, seed=1),
    "one-crowd": partial(hostile.one_crowd, 3_000, seed=1),
    "one-crowd-or-none": partial(hostile.one_crowd, 3_000, whole=True, seed=1),
    "one-crowd-to-spare": partial(hostile.one_crowd, 3_000, whole=True, spare=4, seed=1),
    "all-equal": partial(hostile.all_equal, 200),
    "nobody-eligible": partial(hostile.nobody_eligible, 3_000, seed=1),
    "all-or-nothing": partial(hostile.all_or_nothing, 300, seed=1),
}


def _hard() -> list[World]:
    return [
        World(f"vmb{VERSION}-hostile-{name}", "hostile", hostile.WEEK, HOSTILE_LIMIT, make)
        for name, make in _HOSTILE.items()
    ]


WORLDS: dict[str, World] = {world.name: world for world in _usual() + _hard()}


def world_of(name: str) -> World:
    """Return the world of this name.

    Raises
    ------
    UsageError
        If there is none; the nearest name is given.
    """
    if name not in WORLDS:
        near = difflib.get_close_matches(name, WORLDS, n=1, cutoff=0.0)[0]
        raise UsageError(
            f"the benchmark has no world {name!r}; the nearest is {near!r}; "
            "`python -m benchmarks.vmb list` names all"
        )
    return WORLDS[name]


def fingerprint(tables: Tables) -> str:
    """Return twelve hexadecimal digits that tell tables apart, from their text as CSV."""
    digest = hashlib.sha256()
    for name in sorted(tables):
        digest.update(f"{name}\n{tables[name].write_csv()}".encode())
    return digest.hexdigest()[:12]
