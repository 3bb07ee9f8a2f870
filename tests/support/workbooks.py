"""A world of three requests and a plan of it, as a workbook shows them."""

from typing import Any

import polars as pl

from matching import Policy, Problem
from matching.reports.facts import Facts
from matching.reports.sheets import words
from matching.tables.cleaning import clean
from tests.support.facts import MONDAY, rows

WORDS = words("en")
PEOPLE = ("ann", "bo", "cy", "dee", "eve", "1001")
# The roster, by station and time: row 2 of the sheet is the first of it.
PLAN = [
    ("lunch", "volunteer", None, "ann"),  # row 2: Monday 9 to 11
    ("lunch", "volunteer", None, "bo"),  # row 3
    ("walk", "volunteer", "a", "bo"),  # row 4: Tuesday 10 to 12; or at b, on Wednesday
    ("walk", "volunteer", "a", "dee"),  # row 5
    ("choir", "pianist", None, "cy"),  # row 6: Thursday 9 to 10; nobody else plays
    ("choir", "singer", None, "ann"),  # row 7
]


def world(**more: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """All are there from Monday to Friday, but Eve only on Wednesday."""
    days = [(who, day, "08:00", "20:00") for who in PEOPLE for day in range(1, 6) if who != "eve"]
    days.append(("eve", 3, "08:00", "20:00"))
    window = ["volunteer_id", "weekday", "start_time", "end_time"]
    tables = {
        "volunteers": pl.DataFrame({"volunteer_id": PEOPLE}),
        "qualifications": rows({"volunteer_id": "cy", "qualification": "piano"}),
        "availability": pl.DataFrame(days, window, orient="row"),
        "requests": pl.DataFrame(
            {
                "request_id": ["lunch", "walk", "choir"],
                "name": ["Lunch", "Walk", "Choir"],
                "station_id": ["n", "n", "n"],
                "start": ["2026-11-30T09:00", None, "2026-12-03T09:00"],
                "end": ["2026-11-30T11:00", None, "2026-12-03T10:00"],
            }
        ),
        "options": rows(
            *(
                {
                    "request_id": "walk",
                    "option": name,
                    "start": f"2026-12-0{day}T10:00",
                    "end": f"2026-12-0{day}T12:00",
                }
                for name, day in (("a", 1), ("b", 2))
            )
        ),
        "posts": rows(
            {"request_id": "lunch", "post": "volunteer", "seats": "2"},
            {"request_id": "walk", "post": "volunteer", "seats": "2"},
            {"request_id": "choir", "post": "singer", "seats": "2"},
            {"request_id": "choir", "post": "pianist", "seats": "1", "min_seats": "1"},
        ),
        "post_qualifications": rows(
            {"request_id": "choir", "post": "pianist", "qualification": "piano"}
        ),
        "stations": rows({"station_id": "n", "name": "North"}),
    }
    return tables | more


def problem_of(tables: dict[str, pl.DataFrame], on_error: str = "raise") -> Problem:
    return Problem.from_tables(tables, MONDAY, on_error=on_error)  # type: ignore[arg-type]


def facts_of(tables: dict[str, pl.DataFrame], plan: list[tuple[Any, ...]]) -> Facts:
    frame = pl.DataFrame(plan, ["request_id", "post", "option", "volunteer_id"], orient="row")
    cleaned, faults = clean(tables, week=MONDAY, time_zone=Policy().time_zone)
    problem = Problem.from_clean(cleaned, faults, MONDAY, Policy())
    return Facts.of(problem, cleaned, ({"plan": frame}, {}))
