"""Events of orders, written short."""

from typing import Any

import polars as pl

COLUMNS = (
    "request_id",
    "version",
    "event",
    "at",
    "actor_role",
    "actor_id",
    "volunteer_id",
    "post",
    "option",
    "organisation_id",
    "reason",
    "until",
)


def events(text: str, **more: Any) -> pl.DataFrame:
    """Read one event a line: order, event, hh:mm of 30 November, by whom, and name=value.

    Versions count by themselves, unless one is told. Who acts is role, or role:id; a volunteer is
    the id's own.
    """
    versions: dict[str, int] = {}
    rows = []
    for line in filter(str.strip, text.splitlines()):
        order, event, clock, by, *rest = line.split()
        named = dict(part.split("=", 1) for part in rest)
        role, _, who = by.partition(":")
        version = int(named.pop("version", versions.get(order, 0) + 1))
        versions[order] = version
        if role == "volunteer":
            named.setdefault("volunteer_id", who)
        elif event in ("accepted", "assigned"):
            named.setdefault("reason", "told")
        until = named.pop("until", None)
        row = {
            "request_id": order,
            "version": version,
            "event": event,
            "at": f"2026-11-30T{clock}",
            "actor_role": role,
            "actor_id": who or None,
            "until": None if until is None else f"2026-11-30T{until}",
        }
        rows.append(row | named)
    return pl.DataFrame(rows, dict.fromkeys(COLUMNS, pl.String()) | {"version": pl.Int64()})


DISPATCHED = """
{0} ordered    08:00 station:s1
{0} checked    08:10 centre:c
{0} dispatched 08:20 centre:c
"""
