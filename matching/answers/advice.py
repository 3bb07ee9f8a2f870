"""Whom to recruit and whom to train: what prices say beside what solving again says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, Literal

import polars as pl

from matching.answers.lacking import Kind, named
from matching.answers.recruits import Recruits
from matching.answers.trainees import Lesson, Trainees
from matching.answers.trials import NOTHING, Gain
from matching.errors import UsageError
from matching.guards.doors import door
from matching.result import Result

PEOPLE = (1, 2, 5)
_Kinds = dict[str, type[pl.DataType]]
_GAINS: _Kinds = {
    "volunteers": pl.Int64,
    "seats_gained": pl.Int64,
    "value_gained": pl.Int64,
    "estimate": pl.Float64,
    "at_least": pl.Int64,
    "at_most": pl.Int64,
    "weeks": pl.Int64,
}
_PLACE = ("region", "station_id", "organisation_id", "half_day")
_RECRUITS: _Kinds = {"qualification": pl.String} | dict.fromkeys(_PLACE, pl.String) | _GAINS
_LESSON: _Kinds = {"qualification": pl.String, "level": pl.Int64}
# What the table has of people who are recruited; null of those who learn.
_ANYWHERE: _Kinds = {"region": pl.String, "half_day": pl.String}
_TRAINEES: _Kinds = _LESSON | {"rank": pl.Int64, "volunteer_id": pl.String} | _GAINS


@door
def advise(
    results: Result | Sequence[Result],
    about: Literal["recruit", "train"] = "recruit",
    *,
    top: int = 5,
    time_limit: float = 10.0,
) -> dict[str, pl.DataFrame]:
    """Return what 1, 2 and 5 more people of a kind, or people who learn something, are worth.

    Somebody new lives at the place of the service (its station), is free for the half day and as
    long as services that start in it last, can do what the empty seat asks for and no more, is of
    the organisation that alone may serve there, if one does, and else goes as far and serves as
    often as the policy says. Half days are the usual ones, in which a service starts.

    Estimates come from the prices of the network: what one more pair of hands gains at each post,
    for somebody's best week; the next person finds the next seat there. They know nothing of
    minimums of teams, nor of people who make way for others. Gains come from solving again: exactly
    under network rules; else from where the plan stands, for as long as ``time_limit`` says, with
    what both bounds leave open.

    Parameters
    ----------
    results : Result or sequence of Result
        One week, or several: gains of weeks are added up, by the day of the week. A week in which
        no such seat is empty counts as nothing gained.
    about : {"recruit", "train"}
    top : int
        How many kinds of people, or qualifications, are tried: those of most by the estimate.
    time_limit : float
        Seconds for each change that has to be planned afresh.

    Returns
    -------
    dict of str to polars.DataFrame
        ``advice``: ``qualification`` (null: none is asked for), and to recruit ``region``,
        ``station_id``, ``organisation_id``, ``half_day``, to train ``level``; ``volunteers`` (to
        train those who gain most alone),
        ``seats_gained``, ``value_gained``, ``estimate``; ``at_least`` and ``at_most`` of what the
        best plans gain; ``weeks`` in which such a seat is empty. By falling gain of one. To train
        also ``trainees``: the volunteers one by one, by gain. ``errors``: by ``volunteers`` the
        mean and the largest of the estimate less the gain, of ``rows`` so many, and
        ``mean_gain``.

    Raises
    ------
    UsageError
        If there is no week, there is no plan in one, or fewer than one kind is asked for.
    """
    weeks = [results] if isinstance(results, Result) else list(results)
    if not weeks or top < 1:
        raise UsageError(
            f"top = {top}: give a whole number of at least 1" if weeks else "results: give a week"
        )
    for result in weeks:
        if result.status in ("infeasible", "unknown"):
            raise UsageError(f"the week {result.problem.week} has no plan to begin from")
    if about == "recruit":
        found = {"advice": _recruits([Recruits(each, time_limit) for each in weeks], top)}
    else:
        found = _trainees([Trainees(each, time_limit) for each in weeks], top)
    return found | {"errors": _errors(found["advice"])}


def _recruits(weeks: list[Recruits], top: int) -> pl.DataFrame:
    estimates: dict[Kind, float] = {}
    for week in weeks:
        for kind, estimate in week.estimates.items():
            estimates[kind] = estimates.get(kind, 0.0) + estimate
    rows = []
    for kind in _most(estimates, top):
        what: dict[str, Any] = {"qualification": named(kind.needs)}
        what |= {name: getattr(kind, name) for name in _PLACE}
        among = sum(kind in week.missing for week in weeks)
        for people in PEOPLE:
            gain = _sum([week.gain(kind, people) for week in weeks])
            estimate = sum(week.estimate(kind, people) for week in weeks)
            rows.append(what | _figures(people, gain, estimate, among))
    return _by_gain(pl.DataFrame(rows, schema=_RECRUITS), ["qualification", *_PLACE])


def _trainees(weeks: list[Trainees], top: int) -> dict[str, pl.DataFrame]:
    estimates: dict[Lesson, dict[str, float]] = {}
    for week in weeks:
        for lesson, people in week.estimates.items():
            known = estimates.setdefault(lesson, {})
            for who, estimate in people.items():
                known[who] = known.get(who, 0.0) + estimate
    first = {lesson: max(people.values()) for lesson, people in estimates.items()}
    rows, single = [], []
    for lesson in _most(first, top):
        alone = {
            who: _sum([week.gain(lesson, [who]) for week in weeks])
            for who in _most(estimates[lesson], max(PEOPLE))
        }
        what = dict(zip(_LESSON, lesson, strict=True))
        among = sum(lesson in week.estimates for week in weeks)
        for who, gain in alone.items():
            row = what | _figures(1, gain, estimates[lesson][who], among)
            single.append(row | {"volunteer_id": who})
        best = sorted(alone, key=lambda who: -alone[who].value)
        for count in (count for count in PEOPLE if count <= len(best)):
            chosen = best[:count]
            gain = _sum([week.gain(lesson, chosen) for week in weeks])
            estimate = sum(estimates[lesson][who] for who in chosen)
            rows.append(what | _figures(count, gain, estimate, among))
    trainees = pl.DataFrame(single, schema=_TRAINEES)
    order = ["value_gained", "estimate"]
    trainees = trainees.sort(order, descending=True, maintain_order=True)
    rank = pl.int_range(1, pl.len() + 1).over(list(_LESSON))
    trainees = trainees.with_columns(rank=rank)
    advice = _by_gain(pl.DataFrame(rows, schema=_LESSON | _ANYWHERE | _GAINS), list(_LESSON))
    return {"advice": advice, "trainees": trainees}


def _most(estimates: dict[Any, float], top: int) -> list[Any]:
    """Return the keys with the largest estimates above 0; of equal ones those first by name."""
    some = [key for key, estimate in estimates.items() if estimate > 0]
    return sorted(some, key=lambda key: (-estimates[key], str(key)))[:top]


def _sum(gains: list[Gain]) -> Gain:
    return reduce(Gain.plus, gains, NOTHING)


def _figures(people: int, gain: Gain, estimate: float, weeks: int) -> dict[str, Any]:
    found = (people, gain.seats, gain.value, estimate, gain.at_least, gain.at_most, weeks)
    return dict(zip(_GAINS, found, strict=True))


def _by_gain(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Sort what belongs together by what one person gains."""
    gain = pl.col("value_gained").first().over(keys)
    frame = frame.with_columns(gain=gain, at=pl.int_range(pl.len()))
    first = pl.col("at").first().over(keys)
    frame = frame.with_columns(group=first)
    return frame.sort(["gain", "group", "at"], descending=[True, False, False]).drop(
        "gain", "group", "at"
    )


def _errors(advice: pl.DataFrame) -> pl.DataFrame:
    error = pl.col("estimate") - pl.col("value_gained")
    worst = error.sort_by(error.abs()).last()
    return (
        advice.group_by("volunteers")
        .agg(
            rows=pl.len().cast(pl.Int64),
            mean_error=error.abs().mean(),
            worst_error=worst,
            mean_gain=pl.col("value_gained").mean(),
        )
        .sort("volunteers")
    )
