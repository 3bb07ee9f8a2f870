"""What the bank is asked, as steps from account to account, and what its policy never allows."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from matching.records.bank.policy import BankPolicy
from matching.records.bank.tables import POSTED

# Why something is refused. The last three depend on what is in the accounts by then.
CODES = (
    "posted",
    "changed",
    "future",
    "age",
    "not_for_whom",
    "not_to_whom",
    "itself",
    "organisation",
    "pool",
    "same_region",
    "balance",
    "cap",
    "run_out",
)
CODE = pl.Enum(CODES)
# The account that a step takes from, the one that it fills, and where it goes beyond the cap.
SOURCE = ("account", "account_id", "region")
TARGET = tuple(f"to_{name}" for name in ("kind", "holder", "place"))
ENDS = (*SOURCE, *TARGET)
_INVERSE = {
    "spouse": "spouse",
    "parent": "child",
    "child": "parent",
    "sibling": "sibling",
    "grandparent": "grandchild",
    "grandchild": "grandparent",
}


def place(region: pl.Expr, policy: BankPolicy) -> pl.Expr:
    """Return the region whose bank it is, of a code of a region or of none."""
    code = region.str.contains(r"^\d+$") & pl.lit(policy.region_digits > 0)
    own = pl.when(code).then(region.str.head(policy.region_digits)).otherwise(region)
    return own.fill_null(policy.region)


def deposits(credited: pl.DataFrame, policy: BankPolicy, now: datetime) -> pl.DataFrame:
    """Return the steps that deposit credited records, each under the id of its record.

    Parameters
    ----------
    credited : polars.DataFrame
        ``record_id``, ``volunteer_id``, ``end`` and ``entered_at`` (local), ``credited`` minutes
        and ``region``; what was credited nothing deposits nothing.
    policy : BankPolicy
    now : datetime.datetime
        Local; what has not ended by then is not deposited.
    """
    home = place(pl.col("region"), policy)
    return credited.filter(pl.col("credited") > 0).select(
        transaction_id=pl.concat_str(pl.lit("record:"), "record_id"),
        at=pl.coalesce("entered_at", "end").cast(pl.Datetime("us")),
        kind=pl.lit("deposit"),
        account=pl.lit("region"),
        account_id=home,
        region=home,
        to_kind=pl.lit("person"),
        to_holder=pl.col("volunteer_id"),
        to_place=home,
        minutes=pl.col("credited").cast(pl.Int64),
        earned=pl.col("end").dt.date().dt.month_start(),
        record_id=pl.col("record_id"),
        to_id=pl.lit(None, pl.String),
        request_id=pl.lit(None, pl.String),
        code=pl.when(pl.col("end") > pl.lit(now)).then(pl.lit("future")).cast(CODE),
    )


def movements(
    asked: pl.DataFrame,
    kin: pl.DataFrame,
    ages: pl.DataFrame,
    policy: BankPolicy,
    now: datetime,
) -> pl.DataFrame:
    """Return the steps that are asked for, with the code of what the policy forbids.

    Parameters
    ----------
    asked, kin, ages : polars.DataFrame
        As `tables` has them, times local.
    policy : BankPolicy
    now : datetime.datetime
        Nothing is posted that is later.
    """
    asked = asked.with_columns(
        account=pl.col("account").cast(pl.String).fill_null("person"),
        kind=pl.col("kind").cast(pl.String),
        region=place(pl.col("region"), policy),
        to_region=place(pl.col("to_region"), policy),
    )
    pool = pl.col("account") == "pool"
    asked = asked.with_columns(
        account_id=pl.when(pool).then("region").otherwise("account_id"),
        _relation=_related(asked, kin),
        _of_age=pl.lit(True) if not policy.redeem_from_age else _of_age(asked, ages, policy),
    )
    coming = pl.col("kind") == "transfer_in"
    given = pl.col("to_id").is_not_null()
    target = {
        "redeem": ("region", "region", "region"),
        "gift": ("person", "to_id", "region"),
        "donate": (None, None, "region"),
        "transfer_out": ("transfer", "account_id", "to_region"),
        "transfer_in": ("person", "account_id", "to_region"),
    }
    whose, who, where = (pl.lit(None, pl.String) for _ in range(3))
    for kind, (one, other, third) in target.items():
        is_it = pl.col("kind") == kind
        if kind == "donate":
            account = pl.when(given).then(pl.lit("organisation")).otherwise(pl.lit("pool"))
            holder = pl.coalesce("to_id", "region")
        else:
            account = pl.lit(one)
            holder = pl.col(str(other))
        whose = pl.when(is_it).then(account).otherwise(whose)
        who = pl.when(is_it).then(holder).otherwise(who)
        where = pl.when(is_it).then(pl.col(str(third))).otherwise(where)
    return asked.select(
        "transaction_id",
        "at",
        "kind",
        account=pl.when(coming).then(pl.lit("transfer")).otherwise("account"),
        account_id="account_id",
        region=pl.when(coming).then("to_region").otherwise("region"),
        to_kind=whose,
        to_holder=who,
        to_place=where,
        minutes=pl.col("minutes").fill_null(-1),
        earned=pl.lit(None, pl.Date),
        record_id=pl.lit(None, pl.String),
        to_id="to_id",
        request_id="request_id",
        code=_code(policy, now),
    )


def rank() -> pl.Expr:
    """Return the turn of a step among those of the same minute."""
    return pl.col("kind").replace_strict({kind: n for n, kind in enumerate(POSTED)})


def _code(policy: BankPolicy, now: datetime) -> pl.Expr:
    """Return the first rule of the policy that forbids a movement."""
    kind, account, relation = map(pl.col, ("kind", "account", "_relation"))
    person = account == "person"
    asked = {
        "future": pl.col("at") > pl.lit(now),
        "organisation": (account == "organisation")
        & ~kind.is_in(["donate", "redeem"] if policy.organisations_redeem else ["donate"]),
        "pool": (account == "pool") & (kind != "redeem"),
        "age": (kind == "redeem") & person & ~pl.col("_of_age"),
        "not_for_whom": (kind == "redeem") & person & ~relation.is_in(policy.redeem_for),
        "not_to_whom": (kind == "gift") & person & ~relation.is_in(policy.gift_to),
        "itself": (kind == "donate") & ~person & (pl.col("to_id") == pl.col("account_id")),
        "same_region": (kind == "transfer_out") & (pl.col("region") == pl.col("to_region")),
    }
    code = pl.lit(None, CODE)
    for name in reversed(asked):
        code = pl.when(asked[name]).then(pl.lit(name, CODE)).otherwise(code)
    return code


def _related(asked: pl.DataFrame, kin: pl.DataFrame) -> pl.Series:
    """Return what the one that a movement is for is to the holder; a stranger is ``none``."""
    there = kin.select("volunteer_id", "relative_id", pl.col("relation").cast(pl.String))
    back = there.select(
        volunteer_id="relative_id",
        relative_id="volunteer_id",
        relation=pl.col("relation").replace_strict(_INVERSE, return_dtype=pl.String),
    )
    both = pl.concat([there, back]).unique(["volunteer_id", "relative_id"], keep="first")
    pairs = asked.select(volunteer_id="account_id", relative_id="to_id")
    found = pairs.join(both, on=["volunteer_id", "relative_id"], how="left", maintain_order="left")
    self = pl.col("relative_id").is_null() | (pl.col("relative_id") == pl.col("volunteer_id"))
    named = pl.when(self).then(pl.lit("self")).otherwise(pl.col("relation").fill_null("none"))
    return found.select(named).to_series()


def _of_age(asked: pl.DataFrame, ages: pl.DataFrame, policy: BankPolicy) -> pl.Series:
    """Return whether the holder has reached the age by the day of each movement."""
    shown = ages.filter(pl.col("qualification") == f"age_{policy.redeem_from_age}")
    first = shown.group_by("volunteer_id").agg(
        # Nobody grows younger: the first valid day of all rows, or ever.
        pl.col("valid_from").fill_null(pl.date(1, 1, 1)).min().alias("_from")
    )
    found = asked.select(volunteer_id="account_id", day=pl.col("at").dt.date()).join(
        first, on="volunteer_id", how="left", maintain_order="left"
    )
    return found.select((pl.col("_from") <= pl.col("day")).fill_null(False)).to_series()
