"""Pinned assignments that are against the rules: refused, or set aside."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice, product

import numpy as np
import polars as pl

from matching.audit import RULES, violations_of
from matching.audit.friends import left_alone
from matching.errors import DataError
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan, slot_keys
from matching.tables.faults import faults_of

# Rules that others may still satisfy: the rest of the team is not there yet.
_ABOUT_OTHERS = ("pinned", "min_seats", "min_people", "team", "together", "group")
# What one pin breaks by itself: the rules of `eligibility`, in the audit's reading.
_ABOUT_ONE = tuple(rule.name for rule in RULES if rule.about == "pair" and rule.name != "duplicate")
# What depends on the options that are chosen for the pins of one volunteer.
_ABOUT_WEEKS = tuple(rule.name for rule in RULES if rule.about == "week")
_KEYS = ["request_id", "post", "volunteer_id"]
# What pins break together.
_ABOUT_ALL = tuple(rule.name for rule in RULES if rule.name not in _ABOUT_OTHERS + _ABOUT_ONE)
# Ways to choose options for pins that are tied to each other, before they are given up.
_TRIES = 256


def settled(problem: Problem) -> Problem:
    """Return the problem with no pin that breaks a rule by itself or with the other pins.

    Raises
    ------
    DataError
        If there is one, unless the problem sets faults aside.
    """
    if not len(problem.pins):
        return problem
    table = _as_table(problem)
    if _fit_at_once(problem, table):
        return problem
    broken = _broken(problem, table)
    if not broken.height:
        return problem
    faults = pl.concat(
        [
            faults_of(
                "assignments", rows, ("volunteer_id", "request_id", "post"), f"pinned_{rule}", ""
            ).with_columns(
                message=pl.format(
                    "this pin is against the rule {}: {}", pl.lit(rule), rows["detail"]
                )
            )
            for (rule,), rows in broken.group_by("rule", maintain_order=True)
        ]
    ).sort("row")
    worded = faults if problem.words is None else problem.words(faults)
    if problem.on_error == "raise":
        raise DataError(worded)
    return problem.without_earlier(faults["row"].unique().to_numpy(), worded)


def _as_table(problem: Problem) -> pl.DataFrame:
    """Return a row per pin and option it may be kept at: ``row``, the keys, ``slot``."""
    pins, slots = problem.pins, problem.slots
    first = c.starts_of(slots.post, len(problem.posts))
    count = first[pins.post + 1] - first[pins.post]
    pin = np.repeat(np.arange(len(pins)), count)
    slot = c.ranges(first[pins.post], count)
    fits = (pins.option[pin] < 0) | (slots.option[slot] == pins.option[pin])
    pin, slot = pin[fits], slot[fits]
    keys: pl.DataFrame = slot_keys(problem)[slot]
    return keys.with_columns(
        row=pl.Series(pins.row[pin]),
        volunteer_id=problem.volunteers.id.gather(pins.volunteer[pin]),
        volunteer=pl.Series(pins.volunteer[pin]),
        slot=pl.Series(slot.astype(np.int32)),
    )


def _fit_at_once(problem: Problem, table: pl.DataFrame) -> bool:
    """Tell whether all keep the rules at their first options, with no friends who must come."""
    pinned = np.zeros(len(problem.volunteers), np.bool_)
    pinned[problem.pins.volunteer] = True
    friends = problem.pairs.take(problem.pairs.together)
    if (pinned[friends.a] | pinned[friends.b]).any():
        return False
    first = table.unique("row", keep="first", maintain_order=True)
    return not _violations(problem, first, _ABOUT_ONE + _ABOUT_ALL).height


def _broken(problem: Problem, table: pl.DataFrame) -> pl.DataFrame:
    """Return the pins that cannot stay, with ``rule`` and ``detail``: alone, then all together."""
    alone = _violations(problem, table, _ABOUT_ONE)
    keys = [*_KEYS, "option"]
    clean = table.join(alone, on=keys, how="anti", nulls_equal=True)
    hopeless = table.join(clean, on="row", how="anti")
    missing = left_alone(problem, clean, _ABOUT_ONE)
    able = clean.join(missing, on=["row", "option"], how="anti", nulls_equal=True)
    lonely = clean.join(able, on="row", how="anti").unique("row", maintain_order=True)
    lonely = lonely.join(missing.unique("row").select("row", "detail"), on="row")
    lonely = lonely.with_columns(rule=pl.lit("together"))
    chosen = _chosen(problem, able)
    joint = _violations(problem, chosen, _ABOUT_ALL)
    blamed = [_blamed(problem, hopeless, alone), _blamed(problem, chosen, joint)]
    return pl.concat([*blamed, lonely.select(blamed[0].columns)])


def _violations(problem: Problem, rows: pl.DataFrame, rules: Collection[str]) -> pl.DataFrame:
    plan = Plan(rows["volunteer"].to_numpy(), rows["slot"].to_numpy())
    return violations_of(problem, plan, rules)


def _blamed(problem: Problem, pins: pl.DataFrame, broken: pl.DataFrame) -> pl.DataFrame:
    """Return the pins a violation is about, with it: all that agree with what it names.

    A rule of a whole request or organisation cannot say which of its pins is one too many.
    """
    asked = pins.unique("row", maintain_order=True)
    blamed = [asked.clear().with_columns(rule=pl.lit(""), detail=pl.lit(""))]
    for unnamed, found in broken.group_by(
        [pl.col(k).is_null() for k in _KEYS], maintain_order=True
    ):
        keys = [key for key, is_unnamed in zip(_KEYS, unnamed, strict=True) if not is_unnamed]
        found = found.select(*keys, "rule", "detail")
        if keys:
            blamed.append(asked.join(found, on=keys).select(blamed[0].columns))
        else:
            below = _below_full_quotas(problem, asked["volunteer"].to_numpy())
            blamed.append(asked.filter(pl.Series(below)).join(found, how="cross"))
    return pl.concat(blamed).unique(["row", "rule"], maintain_order=True)


def _below_full_quotas(problem: Problem, volunteer: c.Ints) -> c.Bools:
    """Tell which services are of an organisation, or below one, that has too many of them."""
    organisations, own = problem.organisations, problem.volunteers.organisation[volunteer]
    parent = np.append(organisations.parent, -1)
    levels = [own]
    while (levels[-1] >= 0).any():
        levels.append(parent[levels[-1]])
    total = sum(np.bincount(at[at >= 0], minlength=len(organisations)) for at in levels)
    full = np.append(total > organisations.max_seats, False)
    below: c.Bools = np.any([full[at] for at in levels], axis=0)
    return below


# --- pins at any option ---------------------------------------------------------------------------


def _chosen(problem: Problem, clean: pl.DataFrame) -> pl.DataFrame:
    """Return each pin once, at the option of its request at which the pins go together best."""
    at = ["request_id", "option"]
    pins = pl.col("row").n_unique()
    common = (
        clean.group_by(at)
        .agg(here=pins)
        .join(clean.group_by("request_id").agg(all=pins), on="request_id")
        .filter(pl.col("here") == pl.col("all"))
    )
    # Where no option suits all pins of a request, the first of each shows the fault.
    fits = clean.join(common, on=at, how="semi", nulls_equal=True, maintain_order="left")
    fits = pl.concat([fits, clean.join(fits, on="request_id", how="anti")])
    chosen = fits.unique("row", keep="first", maintain_order=True)
    if len(fits) == len(chosen):
        return chosen
    wrong = _wrong_weeks(problem, chosen)
    if not wrong:
        return chosen
    several = fits.join(common, on=at, how="semi").filter(
        pl.col("option").n_unique().over("request_id") > 1
    )
    for people, options in _tied(several, wrong):
        rest = chosen.filter(~pl.col("request_id").is_in(list(options)))
        theirs = rest.filter(pl.col("volunteer_id").is_in(people))
        for picked in islice(product(*options.values()), _TRIES):
            rows = several.join(
                pl.DataFrame({"request_id": list(options), "option": picked}), on=at, how="semi"
            )
            if not _wrong_weeks(problem, pl.concat([theirs, rows])):
                chosen = pl.concat([rest, rows])
                break
    return chosen


def _wrong_weeks(problem: Problem, rows: pl.DataFrame) -> set[str]:
    """Return the volunteers whose own rules these services break."""
    return set(_violations(problem, rows, _ABOUT_WEEKS)["volunteer_id"])


def _tied(
    several: pl.DataFrame, wrong: set[str]
) -> Iterator[tuple[list[str], dict[str, list[str]]]]:
    """Yield volunteers tied by requests that have a choice, some of them wrong, and the choices."""
    options: dict[str, list[str]] = {}
    members: dict[str, set[str]] = {}
    for request, option, volunteer in several["request_id", "option", "volunteer_id"].rows():
        if option not in options.setdefault(request, []):
            options[request].append(option)
        members.setdefault(request, set()).add(volunteer)
    wrong = set(wrong)
    while wrong:
        people, tied, size = {min(wrong)}, set[str](), -1
        while len(people) > size:
            size = len(people)
            tied = {request for request, who in members.items() if who & people}
            people = people.union(*(members[request] for request in tied))
        wrong -= people
        if tied:
            yield sorted(people), {request: options[request] for request in sorted(tied)}
