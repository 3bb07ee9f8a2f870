"""New events of ours: numbered after the last of their orders."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from matching.orders.states import in_zone
from matching.orders.tables import Events
from matching.policy import Policy


def numbered(
    events: pl.DataFrame, orders: pl.DataFrame, moment: datetime, policy: Policy
) -> pl.DataFrame:
    """Return events in the layout of the table, caused by the system at a moment (UTC).

    Those of one order keep their order; ``orders`` has the ``version`` that each is at.
    """
    last = orders.select("request_id", last="version")
    made = events.join(last, on="request_id", maintain_order="left").with_columns(
        version=pl.col("last") + pl.int_range(1, pl.len() + 1).over("request_id"),
        at=pl.lit(moment, pl.Datetime("us")),
        actor_role=pl.lit("system"),
    )
    lacking = [name for name in Events.columns() if name not in made.columns]
    whole = made.with_columns(pl.lit(None, pl.String).alias(name) for name in lacking)
    return in_zone(whole.select(list(Events.columns())), policy.time_zone)
