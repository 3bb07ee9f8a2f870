"""What the page's script lists: columns of codes, and a dictionary for each kind of code."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from matching.reports.contacts import people
from matching.reports.facts import Facts

# Of those who could take a seat, so many are shown.
MOST_SHOWN = 6
_REQUEST = ["request_id", "station_id", "service", "start", "end"]


def payload_of(facts: Facts) -> dict[str, Any]:
    """Return the rosters and the empty seats as columns; all of it is JSON.

    ``station`` and ``request`` hold what there is to know of each code; ``service``, ``post``,
    ``volunteer``, ``status`` and ``reason`` the texts of theirs. ``roster`` and ``unfilled`` have
    one array per column, of codes and numbers. Times are minutes of the wall clock since the
    week's Monday; -1 stands for none.
    """
    roster, unfilled = (facts.with_meetings(rows) for rows in (facts.roster, facts.unfilled))
    unfilled = unfilled.with_columns(pl.col("reason").fill_null("none"))
    requests = pl.concat(
        [
            roster.select(*_REQUEST, "team_lead"),
            unfilled.select(*_REQUEST, team_lead=pl.lit(None, pl.String)),
        ]
    ).unique("request_id", keep="first", maintain_order=True)
    stations, answers = facts.stations, facts.answers
    could = None if answers is None else answers.could_come
    asked = [] if could is None else [could["volunteer_id"]]
    volunteers = _texts(roster["volunteer_id"], *asked)
    services, posts = _texts(requests["service"]), _texts(roster["post"], unfilled["post"])
    statuses, reasons = _texts(roster["status"]), _texts(unfilled["reason"])
    texts = {
        "service": services,
        "post": posts,
        "volunteer": volunteers,
        "status": statuses,
        "reason": reasons,
    }
    columns = {
        "station": {
            "id": stations["station_id"],
            "name": stations["station"],
            **{name: stations[name] for name in ("seats", "filled")},
        },
        "request": {
            "id": requests["request_id"],
            "station": _codes(requests["station_id"], stations["station_id"]),
            "service": _codes(requests["service"], services),
            "start": _minutes(requests["start"], facts.week),
            "end": _minutes(requests["end"], facts.week),
            "lead": _codes(requests["team_lead"], volunteers),
        },
        "roster": {
            "request": _codes(roster["request_id"], requests["request_id"]),
            "post": _codes(roster["post"], posts),
            "volunteer": _codes(roster["volunteer_id"], volunteers),
            "status": _codes(roster["status"], statuses),
        },
        "unfilled": {
            "request": _codes(unfilled["request_id"], requests["request_id"]),
            "post": _codes(unfilled["post"], posts),
            "reason": _codes(unfilled["reason"], reasons),
            **{name: unfilled[name] for name in ("seats", "filled", "options")},
        },
    }
    named = facts.contacts is not None
    return {
        "week": facts.week.isoformat(),
        "name": people(volunteers, facts.contacts).to_list() if named else None,
        **(_answers(facts, requests["request_id"], volunteers) if answers is not None else {}),
        **{name: text.to_list() for name, text in texts.items()},
        **{
            table: {name: column.to_list() for name, column in of.items()}
            for table, of in columns.items()
        },
    }


def _answers(facts: Facts, requests: pl.Series, volunteers: pl.Series) -> dict[str, Any]:
    """Return of each row of ``unfilled`` what is told of it, and who could come; null of the rest.

    As ``told`` (sentences by language) and ``could``: volunteer, kilometres, what they would give
    up (the code of a request, or text where it is several), start and end.
    """
    assert facts.answers is not None
    keys = ["request_id", "post"]
    told, could = facts.answers.told, facts.answers.could_come.group_by(keys).head(MOST_SHOWN)
    busy = _codes(could["busy"], requests).replace(-1, None)
    could = could.with_columns(
        pl.col("km").round(1),
        volunteer_id=_codes(could["volunteer_id"], volunteers),
        busy=pl.coalesce(busy.cast(pl.String), "busy"),
        known=busy.is_not_null(),
        start=_minutes(could["start"], facts.week),
        end=_minutes(could["end"], facts.week),
    )
    rows = could.select(*keys, "volunteer_id", "km", "busy", "known", "start", "end")
    first = rows.rows_by_key(keys)
    said = told.rows_by_key(keys)
    posts = facts.unfilled.select(keys).rows()
    asked = len(posts) - facts.answers.left_out
    return {
        "told": [
            [list(two) for two in zip(*said.get(key, ()), strict=True)] for key in posts[:asked]
        ],
        "could": [first.get(key, []) for key in posts[:asked]],
    }


def _texts(*columns: pl.Series) -> pl.Series:
    """Return the different texts of some columns, in order of their first use."""
    return pl.concat([column.rename("text") for column in columns]).unique(maintain_order=True)


def _codes(column: pl.Series, texts: pl.Series) -> pl.Series:
    """Return where each cell stands among the texts; -1 for a null."""
    known = pl.DataFrame({"text": texts}).with_row_index("code")
    cells = pl.DataFrame({"text": column})
    codes = cells.join(known, on="text", how="left", maintain_order="left")["code"]
    return codes.cast(pl.Int64).fill_null(-1)


def _minutes(times: pl.Series, week: date) -> pl.Series:
    elapsed = pl.lit(times) - pl.lit(week).cast(pl.Datetime("us"))
    return pl.select(elapsed.dt.total_minutes()).to_series()
