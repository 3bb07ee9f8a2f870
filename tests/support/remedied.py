"""A remedy as its table tells it, done to the tables themselves."""

from datetime import timedelta
from typing import Any

import polars as pl

from matching import Problem
from matching.problem.plan import local_times
from tests.support.worlds import Tables


def cell(frame: pl.DataFrame, where: dict[str, str], column: str, value: object) -> pl.DataFrame:
    """Say something else in a column, where others say this."""
    rows = pl.all_horizontal(pl.col(name) == text for name, text in where.items())
    kind = frame.schema[column]
    return frame.with_columns(
        pl.when(rows).then(pl.lit(value, dtype=kind)).otherwise(pl.col(column)).alias(column)
    )


def more(tables: Tables, table: str, **row: object) -> None:
    """Add a row."""
    frame = tables.get(table, pl.DataFrame())
    kinds = {name: frame.schema[name] for name in row if name in frame.columns}
    tables[table] = pl.concat([frame, pl.DataFrame([row], schema_overrides=kinds)], how="diagonal")


def remedied(tables: Tables, problem: Problem, row: dict[str, Any]) -> Tables:
    """Return the tables with one remedy done."""
    tables = dict(tables)
    request, post, who, amount = (
        row[name] for name in ("request_id", "post", "volunteer_id", "amount")
    )
    q = problem.requests.id.to_list().index(request)
    option = problem.options.request.tolist().index(q)
    start, end = local_times(problem).row(option)
    match row["change"]:
        case "move":
            shift = timedelta(minutes=amount)
            for name, time in (("start", start + shift), ("end", end + shift)):
                tables["requests"] = cell(tables["requests"], {"request_id": request}, name, time)
            if (meetings := tables.get("sessions")) is not None:  # all of a course move
                moved = pl.when(pl.col("request_id") == request).then(shift).otherwise(timedelta())
                tables["sessions"] = meetings.with_columns(
                    pl.col("start") + moved, pl.col("end") + moved
                )
        case "travel":
            where = {"volunteer_id": who}
            tables["volunteers"] = cell(tables["volunteers"], where, "travel_km", amount)
        case "window":
            more(tables, "availability", volunteer_id=who, start=start, end=end)
        case "train":
            learned = {"qualification": row["qualification"], "level": int(amount)}
            more(tables, "qualifications", volunteer_id=who, **learned)
        case "level":
            where = {"request_id": request, "post": post, "qualification": row["qualification"]}
            # Where the menu alone asks there may be no such column, nor such a table.
            if (asked := tables.get("post_qualifications")) is not None:
                if "level" not in asked.columns:
                    asked = asked.with_columns(level=pl.lit(None, pl.Int64))
                tables["post_qualifications"] = cell(asked, where, "level", int(amount))
        case "person":
            of = max(problem.requests.organisation[q], problem.requests.menu_organisation[q])
            named = None if of < 0 else problem.organisations.id[int(of)]
            place = (problem.requests.lat[q], problem.requests.lon[q])
            lat, lon = (None if x != x else float(x) for x in place)
            new = {"volunteer_id": "new", "organisation_id": named, "lat": lat, "lon": lon}
            more(tables, "volunteers", **new)
            more(tables, "availability", volunteer_id="new", start=start, end=end)
            n = next(
                n
                for n in range(len(problem.posts))
                if problem.posts.request[n] == q and problem.posts.id[n] == post
            )
            needs = problem.needs.take(problem.needs.post == n)
            for asked, level in zip(needs.qualification, needs.level, strict=True):
                name = problem.qualification_ids[int(asked)]
                more(
                    tables,
                    "qualifications",
                    volunteer_id="new",
                    qualification=name,
                    level=int(level),
                )
    return tables
