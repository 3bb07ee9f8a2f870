"""A time bank in memory: a ledger that is posted to, and what is asked of it in few words."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from matching.records.bank import posting, rules
from matching.records.bank.policy import BankPolicy
from matching.records.bank.tables import Kin, Movements
from matching.schema import Qualifications
from matching.stores.sql.ledger import Ledger

NOON = datetime(2026, 3, 2, 12)


def frame(schema: Any, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a clean table has them."""
    kinds = {name: column.dtype for name, column in schema.columns().items()}
    return pl.DataFrame([{name: row.get(name) for name in kinds} for row in rows], kinds)


def of_age(*people: str, age: int = 60, since: date = date(2020, 1, 1)) -> pl.DataFrame:
    rows = [
        {"volunteer_id": who, "qualification": f"age_{age}", "valid_from": since} for who in people
    ]
    return frame(Qualifications, rows)


def kin(*rows: tuple[str, str, str]) -> pl.DataFrame:
    names = ("volunteer_id", "relative_id", "relation")
    return frame(Kin, [dict(zip(names, row, strict=True)) for row in rows])


@dataclass
class Bank:
    """A bank whose people are all 60 and whose ledger lies in memory, unless it has a store."""

    policy: BankPolicy = field(default_factory=BankPolicy)
    kin: pl.DataFrame = field(default_factory=kin)
    ages: pl.DataFrame = field(default_factory=lambda: of_age("ann", "bob", "cy"))
    ledger: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=posting.POSTINGS))
    refused: pl.DataFrame | None = None
    store: Ledger | None = None

    def post(
        self,
        *asked: dict[str, Any],
        records: tuple[tuple[str, str, int], ...] = (),
        now: datetime = NOON,
        served: datetime | None = None,
        region: str | None = None,
    ) -> list[str]:
        """Post records (id, who, minutes) and movements; return the codes of what is refused."""
        credited = pl.DataFrame(
            [(*row, served or now, now, region) for row in records],
            {
                "record_id": pl.String,
                "volunteer_id": pl.String,
                "credited": pl.Int64,
                "end": pl.Datetime("us"),
                "entered_at": pl.Datetime("us"),
                "region": pl.String,
            },
            orient="row",
        )
        rows = [
            {"transaction_id": f"t{len(self.ledger)}-{n}", "at": now, "account_id": "ann"} | row
            for n, row in enumerate(asked)
        ]
        moved = rules.movements(frame(Movements, rows), self.kin, self.ages, self.policy, now)
        steps = pl.concat([rules.deposits(credited, self.policy, now), moved])
        if self.store is not None:
            self.refused = self.store.post(steps, self.policy, now).refused
            self.ledger = self.store.postings()
            return self.refused["code"].to_list()
        done = posting.post(
            steps,
            posting.lots_of(self.ledger),
            self.ledger.filter(pl.col("minutes") > 0)
            .group_by("transaction_id")
            .agg(pl.col("minutes").sum()),
            self.policy,
            now,
        )
        self.ledger = pl.concat([self.ledger, done.postings])
        self.refused = done.refused
        return done.refused["code"].to_list()

    def held(self, account_id: str, region: str = "home", account: str = "person") -> int:
        """Return the minutes of an account."""
        mine = (
            (pl.col("account") == account)
            & (pl.col("account_id") == account_id)
            & (pl.col("region") == region)
        )
        return int(self.ledger.filter(mine)["minutes"].sum())
