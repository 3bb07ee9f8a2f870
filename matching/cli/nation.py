"""The steps of ``matching plan`` for a data set in regions, in as many processes as are asked."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

from matching.cli.conduct import say
from matching.cli.given import print_json
from matching.cli.language import Language
from matching.cli.terminal import show_nation
from matching.errors import UsageError
from matching.guards.urls import shown
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
    json: bool,
    force: bool,
    search: dict[str, Any],
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
        with _processes(workers) as executor:
            summary = plan_nation(
                tables, out, monday, policy, executor=executor, on_progress=report, **search
            )
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


@contextmanager
def _processes(workers: int) -> Iterator[Executor | None]:
    """Give as many processes as there are workers, and end them at once where something fails."""
    if workers == 1:
        yield None
        return
    # Fresh processes: a fork would take over the threads' locks. Ctrl-C is for this one to hear.
    others = set(active_children())
    with ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(active_children()) - others:
                process.terminate()
            raise
