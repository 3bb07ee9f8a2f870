"""A week's problem from any store, and its plan to any."""

from dataclasses import replace
from typing import Any

from matching.guards.doors import door
from matching.guards.mondays import Day, monday_of
from matching.guards.urls import shown
from matching.policy import Policy
from matching.problem import Problem
from matching.result import Result
from matching.stores.earlier import check_place, check_requests
from matching.stores.mapping import mapped_sink, mapped_source
from matching.tables.cleaning import OnError


@door
def read(
    source: object,
    week: Day,
    policy: Policy | None = None,
    on_error: OnError = "raise",
    mapping: object = None,
    **options: Any,
) -> Problem:
    """Read the tables from any store, check and index them.

    Parameters
    ----------
    source : object
        A URL or a path; a Mapping of dataframes by table name; or an object with the method
        ``read_tables`` (see `registry`).
    week : datetime.date, str or numpy.datetime64
        The Monday to plan from; see `mondays`.
    policy : Policy, optional
        Weights and limits; the model's defaults, if absent.
    on_error : {"raise", "quarantine"}
        Refuse faulty tables, or set the faulty rows aside and go on with the rest.
    mapping : path, dict or mapping.Mapping, optional
        How the store says what our tables say: a TOML file, what such a file holds, or either
        one checked already. Faults then speak in the store's own names.
    **options
        What the store understands, such as ``encoding`` for files or ``schema`` for databases.

    Returns
    -------
    Problem

    Raises
    ------
    DataError
        With every fault of every table, unless they are to be set aside.
    UsageError
        If the store cannot be read, the mapping makes no sense, or ``week`` is not a day or
        not a Monday.
    """
    week = monday_of(week)
    opened = mapped_source(source, mapping, week, **options)
    problem = Problem.from_tables(opened.read_tables(), week, policy, on_error)
    return replace(problem, kind=getattr(opened, "kind", problem.kind))


@door
def write(
    result: Result, sink: object = None, mapping: object = None, force: bool = False, **options: Any
) -> Any:
    """Write the plan and what belongs to it to any store, whole or not at all.

    A week without requests is written to no store, and a plan takes the place of another
    week's, or an empty one of one that fills seats, only if forced.

    Parameters
    ----------
    result : Result
    sink : object, optional
        A URL or a path, or an object with the methods of `registry.Sink`. If absent, the plan
        comes back as dataframes of the kind that the tables came in.
    mapping : path, dict or mapping.Mapping, optional
        As in `read`: results that it has a section for are written in the
        store's own names, codes and formats.
    force : bool
        Whether to take the place of what is there in any case.
    **options
        What the store understands, such as ``format`` for folders or ``version`` for
        databases; ``kind`` asks for another kind of dataframes.

    Returns
    -------
    object
        What the store gives back: a dict of dataframes by table name, if it is memory.

    Raises
    ------
    UsageError
        If there is no plan, the store cannot be written, or it holds what would be lost.
    """
    problem = result.problem
    if sink is None:
        options = {"kind": problem.kind} | options
    opened = mapped_sink(sink, mapping, **options)
    output = result.output()
    if sink is not None:
        aside = problem.set_aside().get("requests", 0)
        check_requests(problem.week, len(problem.requests), problem.left_out, aside)
        if not force:
            check_place(opened, shown(sink), problem.week, len(result.plan))
    return opened.write_result(*output)
