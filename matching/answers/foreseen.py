"""What can be foreseen of a week before it is planned: who has no time, and what nobody can do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from matching.answers.sentences import Language, texts_in
from matching.arcs.layout import merged_windows, places_of
from matching.arcs.meetings import meetings_of
from matching.arcs.spatial import distance_km
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem import columns as c

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,
    "qualification": pl.String,
    "level": pl.Int64,
    "like": pl.String,
    "number": pl.Int64,
    "ids": pl.List(pl.String),
}
_SHOWN = 5
_WEEK_DAYS = 7
# Of so many who may be near enough the distances are told one by one; among more, somebody is.
_MOST_NEAR = 200


@door
def foreseen(problem: Problem) -> pl.DataFrame:
    """Return what is sure before anything is planned.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    polars.DataFrame
        ``kind``: ``no_time`` (people who have none in the week), ``nobody_holds`` (a
        ``qualification`` that is asked for; ``like`` is one that somebody holds), ``level`` (the
        highest that somebody has is ``level``), ``nobody_free`` (at any time of a request) and
        ``out_of_reach`` (nobody goes as far). ``number`` of people or requests, ``ids`` of the
        first five.
    """
    return pl.DataFrame([*_rows(problem)], schema=SCHEMA, orient="row")


def foreseen_sentences(rows: Iterable[dict[str, Any]], language: Language = "en") -> Iterator[str]:
    """Yield a sentence for each row of `foreseen`."""
    texts = texts_in(language)
    for row in rows:
        more = row["number"] - len(row["ids"])
        name = "names_more" if more else "names_all"
        separator = texts["names_separator"]
        told = dict(row, names=texts[name].format(names=separator.join(row["ids"]), more=more))
        told["like"] = texts["foreseen_like"].format(like=row["like"]) if row["like"] else ""
        yield texts[f"foreseen_{row['kind']}"].format(**told)


def _rows(problem: Problem) -> Iterator[tuple[object, ...]]:
    if not len(problem.requests):
        return
    willing = ~problem.volunteers.refuses
    has_time = np.zeros(len(willing), np.bool_)
    has_time[problem.windows.volunteer] = True
    idle = problem.volunteers.id.filter(pl.Series(willing & ~has_time))
    yield from _row("no_time", idle)
    yield from _unheld(problem)
    ids = problem.requests.id
    yield from _row("nobody_free", ids.filter(pl.Series(~_covered(problem))))
    yield from _row("out_of_reach", ids.filter(pl.Series(~_reached(problem, willing))))


def _row(
    kind: str,
    ids: pl.Series,
    qualification: str | None = None,
    level: int | None = None,
    like: str | None = None,
) -> Iterator[tuple[object, ...]]:
    if len(ids):
        yield kind, qualification, level, like, len(ids), ids.head(_SHOWN).to_list()


def _unheld(problem: Problem) -> Iterator[tuple[object, ...]]:
    """Yield the qualifications that requests ask for, and nobody has in the week."""
    needs, rules, held = problem.needs, problem.team_rules, problem.holdings
    asked = pl.DataFrame(
        {
            "request": np.concatenate([problem.posts.request[needs.post], rules.request]),
            "qualification": np.concatenate([needs.qualification, rules.qualification]),
            "level": np.concatenate([needs.level, np.ones(len(rules), np.int32)]),
        }
    )
    highest = np.zeros(len(problem.qualification_ids), np.int32)
    valid = (held.first_day < _WEEK_DAYS) & (held.last_day >= 0)
    np.maximum.at(highest, held.qualification[valid], held.level[valid])
    best = pl.Series(highest)[asked["qualification"]]
    lacking = asked.with_columns(best=best).filter(pl.col("level") > pl.col("best"))
    names = problem.qualification_ids
    known = names.filter(pl.Series(highest > 0)).to_list()
    for (number, level), rows in lacking.group_by("qualification", "best", maintain_order=True):
        name = names[int(number)]
        requests = problem.requests.id.gather(rows["request"].unique().sort())
        if level:
            yield from _row("level", requests, name, int(level))
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
        yield from _row("nobody_holds", requests, name, like=near[0] if near else None)


def _covered(problem: Problem) -> npt.NDArray[np.bool_]:
    """Tell at which requests somebody has time from beginning to end, at one of its options."""
    windows = problem.windows
    covered = _covered_by(problem, windows.start, windows.end)
    # Windows of one person that touch are one; of most requests one window says enough.
    return covered if covered.all() else _covered_by(problem, *merged_windows(windows)[1:])


def _covered_by(problem: Problem, start: c.Ints, end: c.Ints) -> npt.NDArray[np.bool_]:
    """Tell at which requests one of some windows lasts from beginning to end."""
    options, meetings = problem.options, meetings_of(problem)
    # By minute, how long lasts what begins by then.
    lowest, highest = int(meetings.start.min()), int(meetings.start.max())
    # Of the kind of the ends: to convert each of these takes ten times as long.
    latest = np.full(highest - lowest + 2, -c.NO_LIMIT, end.dtype)
    np.maximum.at(latest, np.clip(start, lowest, highest + 1) - lowest, end)
    latest = np.maximum.accumulate(latest[:-1])
    free = latest[meetings.start - lowest] >= meetings.end
    of = np.repeat(np.arange(len(options)), np.diff(meetings.first))
    every = np.bincount(of[~free], minlength=len(options)) == 0
    covered = np.zeros(len(problem.requests), np.bool_)
    covered[options.request[every]] = True
    return covered


def _reached(problem: Problem, willing: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tell to which requests somebody goes."""
    people, requests = problem.volunteers, problem.requests
    places = places_of(people)
    spots, at = np.unique(np.stack([requests.lat, requests.lon]), axis=1, return_inverse=True)
    near = places.around(*spots)
    before = np.append(0, np.cumsum(willing[places.order]))
    size = np.add.reduceat(np.append(before[near.high] - before[near.low], 0), near.first[:-1]) * (
        near.first[1:] > near.first[:-1]
    )
    reached: npt.NDArray[np.bool_] = np.isnan(spots[0]) | (size > _MOST_NEAR)
    few = np.flatnonzero(~reached & (size > 0))
    stretch = c.ranges(near.first[few], near.first[few + 1] - near.first[few])
    of = np.repeat(few, near.first[few + 1] - near.first[few])
    length = near.high[stretch] - near.low[stretch]
    who, where = places.order[c.ranges(near.low[stretch], length)], np.repeat(of, length)
    who, where = who[willing[who]], where[willing[who]]
    lat, lon = spots[:, where]
    km = distance_km(people.lat[who], people.lon[who], lat, lon)
    reached[where[np.isnan(km) | (km <= people.travel_km[who])]] = True
    return reached[at]
