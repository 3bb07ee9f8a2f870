"""What orders want, of the tables of a week: seats of posts, and times."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from matching.errors import UsageError, listed
from matching.policy import Policy
from matching.schema import TABLES
from matching.tables.one_table import checked
from matching.tables.references import posts_of, times_of

_READ = ("requests", "options", "sessions", "posts", "menu", "menu_posts")


def wanted(
    tables: Mapping[str, pl.DataFrame] | None, policy: Policy
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Return the seats of each post of each request, and its times; None of no tables.

    ``request_id``, ``post``, ``seats``; and ``request_id``, ``option``, ``start``, ``end`` in UTC.

    Raises
    ------
    UsageError
        If the tables have no requests.
    DataError
        With every fault of the tables that are looked at.
    """
    if tables is None:
        return None
    if "requests" not in tables:
        raise UsageError(
            f"the tables have {listed(tables) or 'nothing'}, and what an order wants stands in "
            "requests (and posts, options, sessions, menu, menu_posts)"
        )
    clean = checked({name: TABLES[name] for name in _READ}, tables, policy.time_zone)
    return posts_of(clean).select("request_id", "post", "seats"), times_of(clean)
