"""The part of a problem that is about some of its volunteers, in time that grows with that part."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import polars as pl

from matching.problem import columns as c
from matching.problem.build import slots_of
from matching.problem.problem import Problem

Table = TypeVar("Table", bound=c.Columns)
# The tables with rows of volunteers, each in a column of that name.
_TABLES = (
    *("windows", "holdings", "preferences", "limits", "bonds", "earlier", "other_weeks"),
    "affinities",
)


class Parts:
    """Cuts a problem by volunteers.

    Rules of pairs and groups are left out: they are not one volunteer's.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        size = len(problem.volunteers)
        self.rows = {name: c.Groups(getattr(problem, name).volunteer, size) for name in _TABLES}
        self.no_pairs = problem.pairs.take(slice(0))
        self.no_members = problem.members.take(slice(0))

    def of(self, volunteers: c.Longs) -> Problem:
        """Return the problem of some volunteers alone, who are numbered in the order given.

        Parameters
        ----------
        volunteers : int64 array
            Indices, none of them twice.
        """
        tables: dict[str, Any] = {}
        for name, groups in self.rows.items():
            rows = groups.of(volunteers)
            count = groups.start[volunteers + 1] - groups.start[volunteers]
            number = np.repeat(np.arange(len(volunteers), dtype=np.int32), count)
            tables[name] = replace(getattr(self.problem, name).take(rows), volunteer=number)
        holdings = tables["holdings"]
        order = np.argsort(holdings.qualification, kind="stable")
        return replace(
            self.problem,
            volunteers=self.problem.volunteers.take(volunteers),
            pairs=self.no_pairs,
            members=self.no_members,
            **tables | {"holdings": holdings.take(order)},
        )


def together(parts: list[Problem]) -> Problem:
    """Return the problem of the volunteers of several parts; the requests are those of the first.

    Rules of pairs and groups are left out.
    """
    sizes = [len(part.volunteers) for part in parts]
    before = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
    tables: dict[str, Any] = {"volunteers": joined(*(part.volunteers for part in parts))}
    for name in _TABLES:
        of_parts = [getattr(part, name) for part in parts]
        many = [len(table) for table in of_parts]
        # Of most tables most parts have nothing.
        table = joined(*(of_parts[n] for n in np.flatnonzero(many).tolist() or [0]))
        tables[name] = replace(table, volunteer=table.volunteer + np.repeat(before, many))
    holdings = tables["holdings"]
    order = np.argsort(holdings.qualification, kind="stable")
    return replace(parts[0], **tables | {"holdings": holdings.take(order)})


def replaced(
    problem: Problem, volunteer: int, part: Problem, names: tuple[str, ...] = _TABLES
) -> Problem:
    """Return the problem with a volunteer as they are in a part, or with one more.

    Parameters
    ----------
    volunteer : int
        Their number, which may be the next.
    part : Problem
        The volunteer alone.
    names : tuple of str
        The tables in which the volunteer may be another than before.
    """
    people: dict[str, Any] = {}
    for item in fields(c.Volunteers):
        old, new = getattr(problem.volunteers, item.name), getattr(part.volunteers, item.name)
        if volunteer == len(problem.volunteers):
            people[item.name] = _end_to_end([old, new])
        elif not isinstance(old, pl.Series) and not _same(old[[volunteer]], new):
            people[item.name] = old.copy()
            people[item.name][volunteer] = new[0]
    tables: dict[str, Any] = {"volunteers": replace(problem.volunteers, **people)}
    for name in names:
        old, new = getattr(problem, name), getattr(part, name)
        mine = np.flatnonzero(old.volunteer == volunteer)
        new = replace(new, volunteer=np.full(len(new), volunteer, np.int32))
        columns = [item.name for item in fields(old)]
        if all(_same(getattr(old, each)[mine], getattr(new, each)) for each in columns):
            continue
        rest = np.delete(np.arange(len(old)), mine)
        sorted_by = "qualification" if name == "holdings" else "volunteer"
        at = np.searchsorted(getattr(old, sorted_by)[rest], getattr(new, sorted_by), "right")
        order = np.insert(rest, at, len(old) + np.arange(len(new)))
        tables[name] = joined(old, new).take(order)
    return replace(problem, **tables)


def _same(one: Any, other: Any) -> bool:
    """Tell whether two columns are the same, what is unknown included."""
    if isinstance(one, pl.Series):
        return one.equals(other, null_equal=True)
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def alone(problem: Problem, volunteer: int) -> Problem:
    """Return the problem of one volunteer alone, as `Parts` would; it reads all tables once."""
    mine, none = dict[str, Any](), slice(0)
    for name in _TABLES:
        table = getattr(problem, name)
        table = table.take(np.flatnonzero(table.volunteer == volunteer))
        mine[name] = replace(table, volunteer=0 * table.volunteer)
    return replace(
        problem,
        volunteers=problem.volunteers.take(slice(volunteer, volunteer + 1)),
        pairs=problem.pairs.take(none),
        members=problem.members.take(none),
        **mine,
    )


def of_requests(problem: Problem, chosen: c.Longs) -> Problem:
    """Return the problem of some requests, with all volunteers; codes stay as they are.

    What was said of single requests (`earlier`, `affinities`) is left out.

    Parameters
    ----------
    chosen : int64 array
        Indices, ascending.
    """
    request, post = (np.full(len(rows), -1, np.int32) for rows in (problem.requests, problem.posts))
    request[chosen] = np.arange(len(chosen), dtype=np.int32)
    of_posts = np.flatnonzero(request[problem.posts.request] >= 0)
    post[of_posts] = np.arange(len(of_posts), dtype=np.int32)
    posts = problem.posts.take(of_posts)
    posts = replace(posts, request=request[posts.request])
    of_options = np.flatnonzero(request[problem.options.request] >= 0)
    options = problem.options.take(of_options)
    options = replace(options, request=request[options.request])
    needs = problem.needs.take(np.flatnonzero(post[problem.needs.post] >= 0))
    rules = problem.team_rules.take(np.flatnonzero(request[problem.team_rules.request] >= 0))
    return replace(
        problem,
        requests=problem.requests.take(chosen),
        options=options,
        sessions=_sessions_of(problem, _renumbered(len(problem.options), of_options)),
        posts=posts,
        needs=replace(needs, post=post[needs.post]),
        slots=slots_of(posts, options),
        team_rules=replace(rules, request=request[rules.request]),
        earlier=problem.earlier.take(slice(0)),
        affinities=problem.affinities.take(slice(0)),
    )


def of_posts(problem: Problem, chosen: c.Longs) -> Problem:
    """Return the problem of some posts and the requests that they are of, with all volunteers.

    What was said of other posts and requests is left out; codes stay as they are.

    Parameters
    ----------
    chosen : int64 array
        Indices, ascending.
    """
    of_options = np.flatnonzero(np.isin(problem.options.request, problem.posts.request[chosen]))
    option = _renumbered(len(problem.options), of_options)
    request = _renumbered(len(problem.requests), np.unique(problem.posts.request[chosen]))
    post = _renumbered(len(problem.posts), chosen)
    posts, options = problem.posts.take(chosen), problem.options.take(of_options)
    posts = replace(posts, request=request[posts.request])
    options = replace(options, request=request[options.request])
    needs = problem.needs.take(np.flatnonzero(post[problem.needs.post] >= 0))
    rules = problem.team_rules.take(np.flatnonzero(request[problem.team_rules.request] >= 0))
    earlier = problem.earlier.take(np.flatnonzero(post[problem.earlier.post] >= 0))
    scores = problem.affinities
    of_any = (scores.post < 0) & (request[scores.request] >= 0)
    scores = scores.take(np.flatnonzero(of_any | (post[scores.post] >= 0)))
    return replace(
        problem,
        requests=problem.requests.take(np.flatnonzero(request[:-1] >= 0)),
        options=options,
        sessions=_sessions_of(problem, option),
        posts=posts,
        needs=replace(needs, post=post[needs.post]),
        slots=slots_of(posts, options),
        team_rules=replace(rules, request=request[rules.request]),
        earlier=replace(earlier, post=post[earlier.post], option=option[earlier.option]),
        other_weeks=replace(problem.other_weeks, request=request[problem.other_weeks.request]),
        affinities=replace(scores, request=request[scores.request], post=post[scores.post]),
    )


def _sessions_of(problem: Problem, option: c.Ints) -> c.Sessions:
    """Return the meetings of the options that have a new number."""
    sessions = problem.sessions.take(np.flatnonzero(option[problem.sessions.option] >= 0))
    return replace(sessions, option=option[sessions.option])


def _renumbered(size: int, chosen: c.Longs) -> c.Ints:
    """Return the new number of each row, -1 where it is not chosen, and for -1 itself."""
    number = np.full(size + 1, -1, np.int32)
    number[chosen] = np.arange(len(chosen), dtype=np.int32)
    return number


def with_copy(problem: Problem, request: int, **changes: Any) -> Problem:
    """Return the problem with one more request, like another but for some columns.

    Parameters
    ----------
    request : int
        The one to copy, with its posts, options and rules of the team.
    **changes
        Columns of `columns.Requests` and `columns.Options`.
    """
    number, of_post = len(problem.requests), np.flatnonzero(problem.posts.request == request)
    posts = problem.posts.take(of_post)
    of_options = np.flatnonzero(problem.options.request == request)
    options = problem.options.take(of_options)
    option = np.full(len(problem.options) + 1, -1, np.int32)
    option[of_options] = len(problem.options) + np.arange(len(of_options), dtype=np.int32)
    rules = problem.team_rules.take(problem.team_rules.request == request)
    needs = problem.needs.take(np.isin(problem.needs.post, of_post))
    shift = np.int32(len(problem.posts) - of_post[0])
    posts = _with(posts, {"request": number})
    values = {name: value for name, value in changes.items() if name != "id"}
    options = _with(options, values | {"request": number})
    slots = slots_of(_with(posts, {"request": 0}), _with(options, {"request": 0}))
    slots = c.Slots(
        slots.post + np.int32(len(problem.posts)),
        slots.option + np.int32(len(problem.options)),
        slots.request + np.int32(number),
    )
    copied = problem.requests.take(np.array([request]))
    return replace(
        problem,
        requests=joined(problem.requests, _with(copied, changes)),
        options=joined(problem.options, options),
        sessions=joined(problem.sessions, _sessions_of(problem, option)),
        posts=joined(problem.posts, posts),
        needs=joined(problem.needs, replace(needs, post=needs.post + shift)),
        slots=joined(problem.slots, slots),
        team_rules=joined(problem.team_rules, _with(rules, {"request": number})),
    )


def joined(*tables: Table) -> Table:
    """Return the rows of several tables, one after the other."""
    columns = {}
    for item in fields(tables[0]):
        all_ = [getattr(table, item.name) for table in tables]
        columns[item.name] = _end_to_end(all_)
    return type(tables[0])(**columns)


def _end_to_end(columns: list[Any]) -> Any:
    return pl.concat(columns) if isinstance(columns[0], pl.Series) else np.concatenate(columns)


def _with(table: Table, values: dict[str, Any]) -> Table:
    """Return the rows of a table with other values in some columns, where it has them."""
    columns = {}
    for item in fields(table):
        if item.name in values:
            column = getattr(table, item.name)
            value = [values[item.name]] * len(table)
            kind = pl.Series if isinstance(column, pl.Series) else np.array
            columns[item.name] = kind(value, dtype=column.dtype)
    return replace(table, **columns)
