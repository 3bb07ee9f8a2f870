"""What a plan would take the place of: a plan of another week, or a fuller one, is not lost."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol, runtime_checkable

from matching.errors import DataError, UsageError


class PlaceTaken(UsageError):
    """A plan would take the place of one that nobody wants to lose: which, and what to do."""


@runtime_checkable
class Remembering(Protocol):
    """A sink where a plan replaces an earlier one, and which gives that one's summary."""

    def read_summary(self, week: date | None = None) -> Mapping[str, Any]:
        """Return the summary that was written last; empty if there is none.

        Parameters
        ----------
        week : datetime.date, optional
            The Monday of a plan to be written; a store that keeps several weeks tells of the plan
            of this one, the only one that would go.
        """
        ...


def summary_in(sink: object, week: date | None = None) -> Mapping[str, Any]:
    """Return the summary of the earlier plan; empty if there is none, or none that can be read."""
    if not isinstance(sink, Remembering):
        return {}
    try:
        return sink.read_summary(week)
    except DataError:
        return {}  # what cannot be read is written anew


def check_requests(week: date, requests: int, others: int, set_aside: int = 0) -> None:
    """Refuse to write the plan of a week without requests: there is none.

    ``others`` are those of other weeks, ``set_aside`` the faulty rows.
    """
    if requests:
        return
    text = f"no request is in the week that starts on {week:%A %d %B %Y}"
    if set_aside:
        raise UsageError(
            f"{text}: {set_aside:,} rows of the table requests were set aside; faults are listed "
            "without --on-error quarantine (in Python, on_error='raise')"
        )
    if others:
        raise UsageError(f"{text}; {others:,} are in others: name the Monday of one (--week)")
    raise UsageError(f"{text}, nor in any other: the table requests is empty")


def check_place(
    sink: object,
    where: object,
    week: date,
    filled: int | None = None,
    *,
    knows_changes: bool = False,
) -> None:
    """Refuse to take the place of another week's plan, or of one that fills seats by an empty one.

    So does a plan that knows of changes which the tables, and what is planned from them, may not.
    A sink that is not `Remembering` keeps what it has, or answers for itself. ``filled`` are the
    seats of the new plan, if that is known; ``knows_changes``, whether it has these changes too.
    """
    earlier = summary_in(sink, week)
    before, served = earlier.get("week"), earlier.get("filled")
    advice = "name another place, or replace it all the same with --force (in Python, force=True)"
    if isinstance(before, str) and before != week.isoformat():
        raise PlaceTaken(
            f"{where} holds the plan of the week of {before}, and this is the week of {week}; "
            f"{advice}"
        )
    source = earlier.get("source")
    changes = source.get("changes") if isinstance(source, Mapping) else None
    if changes and not knows_changes:
        raise PlaceTaken(
            f"{where} holds a plan that {len(changes):,} times was changed by matching replace, of "
            f"which the tables know nothing unless they were mended since; {advice}"
        )
    if filled == 0 and isinstance(served, int) and served:
        raise PlaceTaken(
            f"{where} holds a plan that fills {served:,} seats, and this one fills none; {advice}"
        )
