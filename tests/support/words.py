"""Problems written in words: a line per row, `Tue@09:30` for a time of the week."""

import math
from datetime import date, timedelta

import polars as pl

from matching import Week
from matching.arcs.eligibility import eligible
from matching.policy import Policy
from matching.problem import Problem

MONDAY = date(2026, 11, 30)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Along a meridian the distance is the radius times the angle: 0.09 degrees are 10.0075... km.
KM = 6371.0088 * math.radians(0.09)


def table(text: str, week: date = MONDAY) -> pl.DataFrame:
    """Read words: the first line names the columns, `-` is an empty cell, `Tue@09:30` a time."""
    head, *lines = [line.split() for line in text.strip().splitlines()]

    def cell(word: str) -> str | None:
        if "@" in word:
            day, clock = word.split("@")
            return f"{week + timedelta(days=DAYS.index(day))}T{clock}"
        return None if word == "-" else word

    rows = [[cell(word) for word in line] for line in lines]
    return pl.DataFrame(rows, schema=dict.fromkeys(head, pl.String), orient="row")


def world(week: date = MONDAY, policy: dict[str, object] | None = None, **texts: str) -> Problem:
    """Make a problem; who has no row in `availability` can always come."""
    tables = {name: table(text, week) for name, text in texts.items()}
    given = tables.get("availability")
    everybody = tables["volunteers"].select("volunteer_id")
    always = everybody.with_columns(
        start=pl.lit(f"{week - timedelta(days=1)}T00:00"),
        end=pl.lit(f"{week + timedelta(days=9)}T00:00"),
    )
    if given is not None:
        always = always.join(given, on="volunteer_id", how="anti")
        always = pl.concat([given, always], how="diagonal")
    tables["availability"] = always
    return Problem.from_tables(tables, week, Policy.from_dict(policy or {}))


def eligible_pairs(week: Week) -> dict[tuple[str, str], float]:
    """Return volunteers and requests with their distance in km."""
    problem: Problem = week.problem()
    arcs = eligible(problem)
    who = problem.volunteers.id.gather(arcs.volunteer)
    where = problem.requests.id.gather(problem.slots.request[arcs.slot])
    return dict(zip(zip(who, where, strict=True), arcs.km.tolist(), strict=True))
