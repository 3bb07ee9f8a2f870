"""The steps of ``matching plan`` for one week: read, check, solve, write."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from matching.cli.conduct import Outcome, tell
from matching.cli.language import Language
from matching.cli.room import make_room
from matching.cli.ticker import Ticker
from matching.parallel.ahead import load_ahead
from matching.policy import Policy
from matching.stores.earlier import check_place, check_requests

if TYPE_CHECKING:
    from matching.problem import Problem
    from matching.reports.edits import Edits
    from matching.reports.origin import Origin
    from matching.schema import Output
    from matching.stores.registry import Sink, Source

# To load these takes a second, most of it while tables are read.
_HEAVY = "matching.problem", "matching.answers.foreseen", "matching.engine"


def plan_week(
    source: Source,
    sink: Sink,
    monday: date,
    policy: Policy,
    origin: Origin,
    edits: Edits | None,
    *,
    where: str,
    force: bool,
    ticker: Ticker,
    outcome: Outcome,
    warns: bool = True,
    language: Language = "en",
    **search: Any,
) -> Output:
    """Plan a week and write it; return what was written.

    The summary remembers the ``origin``, which says what becomes of faulty rows; the rosters of the
    ``edits`` stay. ``where`` is the sink, fit to be shown; with ``force`` the plan takes the place
    of any that is there. Where tables, edits or stores do not allow a plan, nothing is written.
    What is sure before it is planned is warned of, and stands in the summary, unless it ``warns``
    of nothing; it is said in the ``language``.
    """
    ticker.announce("read")
    if not force:
        force = make_room(ticker, sink, where, monday)
    load_ahead(*_HEAVY)
    problem = _read_problem(source, monday, policy, origin, ticker)
    edited = None
    if edits is not None:
        from matching.reports.repinning import repinned

        edited = repinned(problem, edits)
        problem = edited.problem
    from matching.answers.foreseen import foreseen, foreseen_sentences

    known = foreseen(problem).to_dicts() if warns else []
    for text in foreseen_sentences(known, language):
        tell(f"warning: {text}", "yellow")
    from matching.engine import solve

    result = solve(problem, on_progress=ticker.on_progress, **search)
    if edited is not None and result.status in ("infeasible", "unknown"):
        edited.check_served()
    ticker.announce("tables")
    frames, summary = result.output()
    ticker.announce("write")
    if not force:
        check_place(sink, where, monday, summary["filled"])
    if edited is not None:
        summary["pins"] = edited.counts()
    summary["timings"] |= ticker.timings
    summary["foreseen"] = known
    summary["source"] = origin.to_json()
    with outcome.writing(where):
        sink.write_result(frames, summary)
    return frames, summary


def _read_problem(
    source: Source, monday: date, policy: Policy, origin: Origin, ticker: Ticker
) -> Problem:
    """Read the tables, as `Problem.from_tables` does; each form is let go for the next."""
    raw = source.read_tables()
    ticker.announce("validate")
    from matching.problem import Problem
    from matching.tables.cleaning import clean

    cleaned, faults = clean(
        raw,
        week=monday,
        time_zone=policy.time_zone,
        option_minutes=policy.option_minutes,
        on_error=origin.on_error,
    )
    words = raw.words
    del raw
    problem = Problem.from_clean(cleaned, faults, monday, policy, origin.on_error)
    if words is not None:
        problem = replace(problem, words=words.only("assignments"))
    aside = problem.set_aside().get("requests", 0)
    check_requests(monday, len(problem.requests), problem.left_out, aside)
    return problem
