"""The steps of ``matching plan`` for a data set in regions, in as many processes as are asked."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from matching.cli.conduct import Outcome, say
from matching.cli.given import print_json
from matching.cli.language import Language
from matching.cli.terminal import show_nation
from matching.errors import UsageError
from matching.guards.urls import shown
from matching.parallel.processes import fresh_processes
from matching.policy import Policy
from matching.regions import clear, plan_nation
from matching.stores.earlier import check_place
from matching.stores.registry import PATH, adapter_name, open_sink


def plan_regions(
    tables: str,
    out: str,
    monday: date,
    policy: Policy,
    workers: int,
    *,
    json: bool,
    force: bool,
    search: dict[str, Any],
    outcome: Outcome,
    language: Language = "en",
) -> None:
    """Plan a data set in regions, write it, and show its figures."""
    if adapter_name(out) != PATH:
        raise UsageError(f"{shown(out)}: a plan in regions is written to a folder; name one")
    if not force:
        check_place(open_sink(out), shown(out), monday)

    def report(line: str) -> None:
        if not json:
            say(line, err=True)

    try:
        with nullcontext() if workers == 1 else fresh_processes(workers) as executor:
            summary = plan_nation(
                tables, out, monday, policy, executor=executor, on_progress=report, **search
            )
            outcome.text = f"all was written to {shown(out)}"
    except BaseException:
        clear(Path(out))  # once more, now that nobody writes any longer
        raise
    if json:
        print_json(summary)
    else:
        show_nation(summary, shown(out), language)


def refuse(**given: object) -> None:
    """Refuse what a plan in regions does not take, rather than not listen."""
    for name, value in given.items():
        if value:
            raise UsageError(
                f"--{name.replace('_', '-')} does not go with tables in regions, which are Parquet "
                "as the contract has them; leave it out, or plan a region by itself"
            )
