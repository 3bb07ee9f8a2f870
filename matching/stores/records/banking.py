"""Tables of a store are posted to a time bank: records as deposits, movements as they ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from matching.errors import UsageError
from matching.guards.urls import shown
from matching.records.bank import rules
from matching.records.bank.policy import BankPolicy
from matching.records.bank.posting import Posted
from matching.records.bank.tables import BANK_TABLES
from matching.records.policy import RecordPolicy
from matching.records.tables import Records
from matching.stores.records.crediting import SUMMARY, credited_records
from matching.stores.records.faulty import Faults, settle, tell_unknown
from matching.stores.records.sources import Batch, RecordSource
from matching.stores.sql.ledger import Ledger
from matching.tables.cells import to_local
from matching.tables.cleaning import OnError
from matching.tables.faults import no_faults
from matching.tables.one_table import unknown_columns


@dataclass(frozen=True)
class Banked:
    """What came of posting.

    Attributes
    ----------
    posted : dict of str to tuple
        By kind: how many transactions, and the minutes that they moved.
    again : int
        Records and movements that had been posted before, and say the same now.
    projects : bool
        Whether records, if there are any, were asked if they lie in the days of their projects.
    refused : polars.DataFrame
        All else that was not done; see `posting.Posted`.
    """

    posted: dict[str, tuple[int, int]]
    again: int
    projects: bool
    refused: pl.DataFrame


def bank(
    ledger: Ledger,
    where: object,
    policy: BankPolicy,
    records: RecordPolicy,
    as_of: datetime,
    on_error: OnError = "raise",
    **options: Any,
) -> Banked:
    """Post what a store holds that is not posted yet.

    Records are posted in parts, each with all of a volunteer's; then all movements. Each is there
    whole or not at all, and who is interrupted begins again: nothing is posted twice.

    Parameters
    ----------
    ledger : Ledger
    where : object
        With ``records`` (or a folder of credited ones), ``movements``, or both; ``kin`` and
        ``qualifications`` say who may do what.
    policy : BankPolicy
    records : RecordPolicy
    as_of : datetime.datetime
        Now, in UTC.
    on_error : {"raise", "quarantine"}
        Of records; a faulty movement is always refused, with all of them.
    **options
        What the store understands.

    Raises
    ------
    DataError
        With the faults of the tables; nothing was posted then.
    UsageError
        If there is nothing that could be posted.
    """
    source = RecordSource(where, **options)
    asked, kin, ages = (
        _whole(source, name, schema, policy.time_zone) for name, schema in BANK_TABLES.items()
    )
    now = pl.select(to_local(pl.lit(as_of, pl.Datetime("us")), policy.time_zone)).item()
    kept = isinstance(where, str | Path) and (Path(where) / SUMMARY).is_file()
    has_records = kept or next(iter(source.batches("records", Records)), None) is not None
    if not has_records and asked.is_empty():
        raise UsageError(
            f"{shown(str(where))} holds neither records nor movements; name a store with a table, "
            "or a file, of either name"
        )
    done: list[Posted] = []
    projects = True
    if has_records:
        with credited_records(where, records, as_of, on_error, **options) as credited:
            projects = credited.summary["projects"]
            for part in credited.parts():
                done.append(
                    ledger.post(rules.deposits(_local(part, policy), policy, now), policy, now)
                )
    moved = rules.movements(_local(asked, policy), kin, ages, policy, now)
    done.append(ledger.post(moved, policy, now))
    return _together(done, projects)


def _together(done: list[Posted], projects: bool) -> Banked:
    postings, refused = (
        pl.concat([getattr(one, name) for one in done]) for name in ("postings", "refused")
    )
    given = postings.filter(pl.col("minutes") > 0).group_by("kind")
    counted = given.agg(pl.col("transaction_id").n_unique(), pl.col("minutes").sum())
    again = pl.col("code") == "posted"
    return Banked(
        {kind: (count, minutes) for kind, count, minutes in counted.sort("kind").rows()},
        refused.filter(again).height,
        projects,
        refused.filter(~again),
    )


def _whole(source: RecordSource, name: str, schema: type[dy.Schema], zone: str) -> pl.DataFrame:
    """Return a table that keeps its schema; empty where there is none."""
    faults = Faults("raise")
    found = list(source.batches(name, schema))
    raw = [batch.rows for batch in found if batch.rows is not None]
    together = pl.concat(raw, how="diagonal_relaxed") if raw else None
    known = pl.concat([no_faults(), *(batch.faults for batch in found)])
    rows = faults.clean(Batch(name, together, known), schema, zone)
    settle("raise", **{name: faults})
    if together is not None:
        tell_unknown(unknown_columns(name, schema, together))
    return schema.create_empty() if rows is None else rows


def _local(frame: pl.DataFrame, policy: BankPolicy) -> pl.DataFrame:
    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(to_local(pl.col(name), policy.time_zone) for name in times)
