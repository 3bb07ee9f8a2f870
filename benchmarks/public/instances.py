"""The instances by name, where their files are, and what is known of them.

The folder is named by the environment variable ``MATCHING_PUBLIC_DATA``. Nothing of it is copied
here: some of it states no licence.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from benchmarks.public import orlib, reviewers, spatial, workforce
from benchmarks.public.tables import Instance

VARIABLE = "MATCHING_PUBLIC_DATA"
DATA = Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None
needs_data = pytest.mark.skipif(DATA is None, reason=f"{VARIABLE} names no folder of public data")


@dataclass(frozen=True)
class Entry:
    """Where an instance is, how it is read, and whether that takes more than a few seconds."""

    path: str
    read: Callable[[Path], Instance]
    slow: bool = False

    def load(self) -> Instance:
        if DATA is None:
            raise FileNotFoundError(f"{VARIABLE} names no folder of public data")
        return self.read(DATA / self.path)


INSTANCES: dict[str, Entry] = {
    "assign100": Entry("orlib_assign/assign100.txt", partial(orlib.read, known=305)),
    "assign300": Entry("orlib_assign/assign300.txt", partial(orlib.read, known=626)),
    "assign800": Entry("orlib_assign/assign800.txt", partial(orlib.read, known=1552), slow=True),
    "assignp800": Entry("orlib_assign/assignp800.txt", partial(orlib.read, known=2239)),
    "preflib1": Entry(
        "reviewer_assignment/preflib1.npz", partial(reviewers.read, known=124.25, filled=162)
    ),
    "workforce": Entry("gurobi_workforce", partial(workforce.read, known=185.0)),
    "spatial500": Entry(
        "spatial_crowdsourcing/500_500_cap1.txt",
        partial(spatial.read, known=2531.785892, filled=500),
    ),
    "spatial2500": Entry(
        "spatial_crowdsourcing/500_2500_cap2.txt",
        partial(spatial.read, known=6620.262583, filled=1_000),
        slow=True,
    ),
}
FLOWS = {
    "gte_bad.40": 52_099_553_858,
    "netgen_8_08a.min": 142_274_536,
    "transport_40x30.min": 42_667,
}


def parameters() -> list[object]:
    """Return the instances as parameters of a test."""
    return [
        pytest.param(entry, id=name, marks=[pytest.mark.slow] if entry.slow else [])
        for name, entry in INSTANCES.items()
    ]
