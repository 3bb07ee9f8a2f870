"""Readings of spreadsheets, seen through the engine's own eyes: who may serve what."""

from datetime import date
from pathlib import Path
from typing import Any

from matching.arcs.eligibility import eligible
from matching.policy import Policy
from matching.problem import Problem
from matching.stores.spreadsheets import Reading, understand

TODAY = date(2026, 11, 27)


def read(*files: Path, **answers: str) -> Reading:
    """Read files as if it were the Friday before the week of most examples."""
    return understand(list(files), answers, TODAY)


def sheet(folder: Path, text: str, name: str = "sheet.csv") -> Path:
    """Write a small sheet, its cells parted by bars."""
    lines = [line.strip() for line in text.strip().splitlines()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    path = folder / name
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    path.write_text("\n".join(quoted) + "\n", encoding="utf-8")
    return path


def problem_of(reading: Reading) -> Problem:
    policy = Policy(time_zone="Europe/Berlin", only_listed=reading.only_listed)
    assert reading.week is not None
    return Problem.from_tables(reading.tables, reading.week, policy)


def servers(reading: Reading) -> dict[str, set[str]]:
    """Return who may serve each request, by its id: at any of its posts that ask for least."""
    problem = problem_of(reading)
    arcs = eligible(problem)
    found: dict[str, set[str]] = {name: set() for name in reading.services}
    for volunteer, slot in zip(arcs.volunteer.tolist(), arcs.slot.tolist(), strict=True):
        request = problem.requests.id[int(problem.slots.request[slot])]
        found[request].add(problem.volunteers.id[volunteer])
    return found


def by_time(reading: Reading) -> dict[str, set[str]]:
    """Return who may serve, by day and hour: ``Mon 09:00``; for sheets with one service a time."""
    able = servers(reading)
    return {f"{s.start:%a %H:%M}": able[name] for name, s in reading.services.items()}


def asked(reading: Reading) -> set[str]:
    return {question.key for question in reading.questions}


def plain(text: Any) -> str:
    return " ".join(str(text or "").split()).casefold()
