"""What the ledger says: balances, the statement of an account, and whether its laws hold."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from matching.records.bank.policy import BankPolicy

_ACCOUNT = ["account", "account_id", "region"]


def balances(lots: pl.DataFrame, policy: BankPolicy, now: datetime) -> pl.DataFrame:
    """Return what each account holds and what of it runs out next.

    Parameters
    ----------
    lots : polars.DataFrame
        As `posting.lots_of` returns them.
    policy : BankPolicy
    now : datetime.datetime
        Local; what has run out by then is not counted, though it is still to be written off.

    Returns
    -------
    polars.DataFrame
        ``account``, ``account_id``, ``region``, ``minutes``, ``next_minutes`` and
        ``next_expiry``, the first day on which these are gone; null where nothing runs out.
    """
    held = lots.filter(pl.col("minutes") != 0).with_columns(_gone(policy))
    region = pl.col("account") == "region"
    held = held.filter(region | (pl.col("_gone").is_null() | (pl.col("_gone") > now.date())))
    soonest = pl.col("_gone") == pl.col("_gone").min()
    none = pl.col("account").first() == "region"
    found = held.group_by(_ACCOUNT).agg(
        pl.col("minutes").sum(),
        next_minutes=pl.when(~none).then(pl.col("minutes").filter(soonest).sum()),
        next_expiry=pl.when(~none).then(pl.col("_gone").min()),
    )
    never = pl.col("next_expiry").is_null()
    found = found.with_columns(next_minutes=pl.when(~never).then("next_minutes"))
    return found.sort(_ACCOUNT)


def statement(postings: pl.DataFrame) -> pl.DataFrame:
    """Return the movements of accounts in the order of time, each with the balance after it."""
    keys = ["at", "transaction_id", "kind", *_ACCOUNT]
    moved = postings.group_by(keys, maintain_order=True).agg(
        pl.col("minutes").sum(),
        *(pl.col(name).first() for name in ("record_id", "to_id", "request_id")),
    )
    moved = moved.sort(_ACCOUNT, maintain_order=True)
    return moved.with_columns(balance=pl.col("minutes").cum_sum().over(_ACCOUNT))


def broken_laws(postings: pl.DataFrame, policy: BankPolicy | None = None) -> pl.DataFrame:
    """Return where a ledger breaks a law of the bank: none of its own postings do.

    Parameters
    ----------
    postings : polars.DataFrame
        Whole, in the order in which they were posted.
    policy : BankPolicy, optional
        Whose cap is looked at.

    Returns
    -------
    polars.DataFrame
        ``law`` (``sums_to_zero``, ``never_negative``, ``one_deposit``, ``cap``), ``where`` and
        ``minutes``.
    """
    sums = postings.group_by("transaction_id", "earned").agg(pl.col("minutes").sum())
    whose = pl.concat_str(_ACCOUNT, separator=":")
    lots = postings.filter(pl.col("account") != "region").with_columns(
        where=whose,
        left=pl.col("minutes").cum_sum().over([*_ACCOUNT, "earned"]),
        held=pl.col("minutes").cum_sum().over(_ACCOUNT),
    )
    deposits = postings.filter((pl.col("kind") == "deposit") & (pl.col("account") == "region"))
    twice = deposits.group_by("record_id").agg(pl.len(), pl.col("minutes").sum())
    cap = 60 * policy.cap_hours if policy is not None else 0
    # What is held is looked at where a transaction ends: within one, lots follow one another.
    ended = lots.group_by([*_ACCOUNT, "transaction_id"], maintain_order=True).last()
    over = (pl.col("account") == "person") & (pl.col("held") > cap) & pl.lit(cap > 0)
    found = {
        "sums_to_zero": sums.filter(pl.col("minutes") != 0).select("transaction_id", "minutes"),
        "never_negative": lots.filter(pl.col("left") < 0).select("where", "left"),
        "one_deposit": twice.filter(pl.col("len") > 1).select("record_id", "minutes"),
        "cap": ended.filter(over).select("where", "held"),
    }
    return pl.concat(
        frame.select(
            law=pl.lit(law),
            where=pl.col(frame.columns[0]).cast(pl.String),
            minutes=pl.col(frame.columns[1]).cast(pl.Int64),
        )
        for law, frame in found.items()
    )


def _gone(policy: BankPolicy) -> pl.Expr:
    """Return the first day on which the minutes of a month are gone."""
    if not policy.expires_after_months:
        return pl.lit(None, pl.Date).alias("_gone")
    return pl.col("earned").dt.offset_by(f"{policy.expires_after_months + 1}mo").alias("_gone")
