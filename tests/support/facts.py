"""A small world of three requests, and the facts of its plan that reports are made of."""

from datetime import date
from typing import Any

import polars as pl

from matching import Policy, Problem, solve
from matching.reports.facts import Facts
from matching.schema import Output
from matching.tables.cleaning import clean

MONDAY = date(2026, 11, 30)
MORNING = ("2026-11-30T09:00", "2026-11-30T11:00")


def rows(*given: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(given), infer_schema_length=None)


def small_world() -> dict[str, pl.DataFrame]:
    """Ann leads a visit with Bo in the north; Cy cooks alone in the south, where two are wanted.

    Nobody can repair: it has no place, and a skill that nobody holds.
    """
    people = [{"volunteer_id": name, "organisation_id": "club"} for name in ("ann", "bo", "cy")]
    return {
        "volunteers": rows(*people),
        "qualifications": rows({"volunteer_id": "ann", "qualification": "role:social_worker"}),
        "availability": rows(
            {"volunteer_id": "ann", "start": MORNING[0], "end": MORNING[1]},
            {"volunteer_id": "bo", "start": MORNING[0], "end": MORNING[1]},
            {"volunteer_id": "cy", "start": "2026-12-01T10:00", "end": "2026-12-01T13:00"},
        ),
        "menu": rows({"menu_item": "visit", "name": "探访", "category": "0017"}),
        "menu_posts": rows({"menu_item": "visit", "post": "visitor", "seats": "2"}),
        "requests": pl.DataFrame(
            {
                "request_id": ["r1", "r2", "r3"],
                "menu_item": ["visit", None, None],
                "name": [None, "lunch", None],
                "category": [None, None, "repair"],
                "station_id": ["n", "s", None],
                "start": [MORNING[0], "2026-12-01T10:00", MORNING[0]],
                "end": [MORNING[1], "2026-12-01T13:00", MORNING[1]],
            }
        ),
        "posts": rows({"request_id": "r2", "post": "cook", "seats": "2"}),
        "post_qualifications": rows(
            {"request_id": "r3", "post": "volunteer", "qualification": "skill:01"}
        ),
        "team_rules": rows(
            {"request_id": "r1", "qualification": "role:social_worker", "min_people": "1"}
        ),
        "organisations": rows({"organisation_id": "club", "name": "The club"}),
        "stations": pl.DataFrame(
            {
                "station_id": ["n", "s"],
                "name": ["North", "South"],
                "lat": ["45.75", "45.74"],
                "lon": ["126.64", "126.63"],
                "region": ["230103001", "230103002"],
            }
        ),
    }


def facts_of(tables: dict[str, pl.DataFrame], output: Output | None = None) -> Facts:
    cleaned, faults = clean(tables, week=MONDAY, time_zone=Policy().time_zone)
    problem = Problem.from_clean(cleaned, faults, MONDAY, Policy())
    return Facts.of(problem, cleaned, output or solve(problem).output())
