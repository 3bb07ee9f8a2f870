"""The ledger of a time bank in a database: posted in one transaction, and read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from matching.errors import UsageError
from matching.guards.urls import shown
from matching.records.bank.policy import BankPolicy
from matching.records.bank.posting import KNOWN, LOTS, POSTINGS, Posted, post
from matching.stores.registry import adapter_name
from matching.stores.sql.engines import engine_of, until_done
from matching.stores.sql.growing import Growing, rows_of

NAME = "postings"
_DATABASES = (".db", ".sqlite", "sqlite", "postgresql", "mariadb", "mysql")
_ACCOUNT = ("account", "account_id", "region")


class Ledger:
    """A ledger that only grows.

    Parameters
    ----------
    where : str or pathlib.Path
        A URL of a database, or a file of SQLite.
    new : bool
        Whether a file may be made.
    schema : str, optional
        Where the table is; the connection's own, if absent.

    Raises
    ------
    UsageError
        If it is no database.
    """

    def __init__(self, where: str | Path, *, new: bool = True, schema: str | None = None) -> None:
        if adapter_name(where) not in _DATABASES:
            raise UsageError(
                f"{shown(str(where))}: a ledger lies in a database; name a file such as bank.db, "
                "or a URL such as postgresql://host/platform"
            )
        self._rows = Growing(
            engine_of(where, new=new),
            NAME,
            POSTINGS,
            unique=("transaction_id", "leg"),
            sought=("account_id",),
            schema=schema,
        )

    def post(self, steps: pl.DataFrame, policy: BankPolicy, now: datetime) -> Posted:
        """Post steps, and write off what has run out, all in one transaction.

        Parameters
        ----------
        steps : polars.DataFrame
            As `rules.deposits` and `rules.movements` return them.
        policy : BankPolicy
        now : datetime.datetime
            Local.
        """
        done: Posted | None = None

        def make(connection: sa.Connection) -> pl.DataFrame:
            nonlocal done
            known = self._known(connection, steps["transaction_id"].unique())
            done = post(steps, self._concerned(connection, steps, policy, now), known, policy, now)
            return done.postings

        self._rows.append(make)
        assert done is not None
        return done

    def lots(self) -> pl.DataFrame:
        """Return what the accounts hold; see `posting.lots_of`."""

        def work() -> pl.DataFrame:
            with self._rows.reading() as connection:
                none = pl.DataFrame(schema=LOTS)
                return none if connection is None else self._lots(connection)

        return until_done(work, self._rows.engine, "reading")

    def postings(self, account_id: str | None = None) -> pl.DataFrame:
        """Return the ledger, or the postings of whoever has this id, in the order of posting."""
        return self._rows.read(where=None if account_id is None else {"account_id": [account_id]})

    def _known(self, connection: sa.Connection, asked: pl.Series) -> pl.DataFrame:
        """Return the minutes of the transactions that are there."""
        table = self._rows.table
        minutes = sa.cast(sa.func.sum(table.c.minutes), sa.BigInteger()).label("minutes")
        query = sa.select(table.c.transaction_id, minutes).where(table.c.minutes > 0)
        query = query.group_by(table.c.transaction_id)
        return self._rows.sought(connection, query, "transaction_id", asked, KNOWN)

    def _concerned(
        self, connection: sa.Connection, steps: pl.DataFrame, policy: BankPolicy, now: datetime
    ) -> pl.DataFrame:
        """Return the lots of all who have a part in the steps, and what of others has run out."""
        holders = (steps[name] for name in ("account_id", "to_holder", "to_place"))
        query = self._held().where(self._rows.table.c.account != "region")
        ids = pl.concat([each.alias("account_id") for each in holders]).unique()
        found = self._rows.sought(connection, query, "account_id", ids, LOTS)
        if policy.expires_after_months:
            months = policy.expires_after_months
            first = pl.select(pl.lit(now.date()).dt.month_start().dt.offset_by(f"-{months}mo"))
            table = self._rows.table
            old = query.where(table.c.earned < first.item()).having(
                sa.func.sum(table.c.minutes) > 0
            )
            others = rows_of(connection, old, LOTS)
            others = others.filter(~pl.col("account_id").is_in(ids.implode()))
            found = pl.concat([found, others])
        return _in_order(found)

    def _lots(self, connection: sa.Connection) -> pl.DataFrame:
        return _in_order(rows_of(connection, self._held(), LOTS))

    def _held(self) -> sa.Select[Any]:
        table = self._rows.table
        keys = [table.c[name] for name in (*_ACCOUNT, "earned")]
        minutes = sa.cast(sa.func.sum(table.c.minutes), sa.BigInteger())
        last = sa.func.max(table.c.at)
        query = sa.select(*keys, minutes.label("minutes"), last.label("last"))
        return query.group_by(*keys)


def _in_order(lots: pl.DataFrame) -> pl.DataFrame:
    lots = lots.with_columns(pl.col("last").max().over(_ACCOUNT))
    return lots.sort(*_ACCOUNT, "earned")
