"""The moment that is meant, in whatever form it is given."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from matching.errors import UsageError
from matching.guards.urls import shown_value

# The forms a moment may have; the Timestamp of pandas is a datetime.
Moment = datetime | str


def moment_of(given: Moment, time_zone: str, name: str = "at") -> datetime:
    """Return a moment as UTC without a zone; what has no offset is a time of the zone.

    Raises
    ------
    UsageError
        If it is no moment, or one that the clock of the zone skips or shows twice.
    """
    try:
        told = given if isinstance(given, datetime) else datetime.fromisoformat(given)
    except ValueError:
        raise UsageError(
            f"{name} = {shown_value(given)}: write a time such as 2026-11-30T09:00, or one with "
            "its offset such as 2026-11-30T09:00+08:00"
        ) from None
    if told.tzinfo is None:
        zone = ZoneInfo(time_zone)
        first, second = (told.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() != second.utcoffset():
            raise UsageError(
                f"{name} = {shown_value(given)}: the clock skips or repeats this time in "
                f"{time_zone}; add the offset, as in +08:00"
            )
        told = first
    return told.astimezone(UTC).replace(tzinfo=None)


def now_or(given: Moment | None, time_zone: str) -> datetime:
    """Return the moment that is given, or this one, as a time of the zone."""
    zone = ZoneInfo(time_zone)
    if given is None:
        return datetime.now(zone).replace(second=0, microsecond=0)
    return moment_of(given, time_zone, "now").replace(tzinfo=UTC).astimezone(zone)
