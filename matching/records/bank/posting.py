"""Steps become postings: columns to the loop and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from matching.records.bank import kernel as k
from matching.records.bank.policy import BankPolicy
from matching.records.bank.rules import CODE, ENDS, SOURCE, TARGET, rank
from matching.records.bank.tables import Postings

_ACCOUNT = list(SOURCE)
LOTS: dict[str, pl.DataType] = {
    "account": pl.String(),
    "account_id": pl.String(),
    "region": pl.String(),
    "earned": pl.Date(),
    "minutes": pl.Int64(),
    "last": pl.Datetime("us"),
}
KNOWN: dict[str, pl.DataType] = {"transaction_id": pl.String(), "minutes": pl.Int64()}
POSTINGS: dict[str, pl.DataType] = {
    name: pl.String() if isinstance(column.dtype, pl.Enum) else column.dtype
    for name, column in Postings.columns().items()
}
_VERDICTS = {k.BALANCE: "balance", k.CAP: "cap", k.RUN_OUT: "run_out"}
_TOLD = ("transaction_id", "at", "kind", *ENDS, "minutes", "record_id", "to_id")


@dataclass(frozen=True)
class Posted:
    """What came of steps.

    Attributes
    ----------
    postings : polars.DataFrame
        As `tables.Postings` has them, to be added to the ledger.
    refused : polars.DataFrame
        The steps that were not done, with ``code``, ``left`` (minutes that there are, for which
        there is room, or that were posted) and ``since`` (when hours that have run out were gone).
    """

    postings: pl.DataFrame
    refused: pl.DataFrame


def lots_of(postings: pl.DataFrame) -> pl.DataFrame:
    """Return what each account holds by month of earning, and when it was last moved."""
    held = postings.group_by([*_ACCOUNT, "earned"]).agg(
        pl.col("minutes").sum(), last=pl.col("at").max()
    )
    held = held.with_columns(pl.col("last").max().over(_ACCOUNT))
    return held.select(*LOTS).sort(*_ACCOUNT, "earned")


def post(
    steps: pl.DataFrame,
    lots: pl.DataFrame,
    known: pl.DataFrame,
    policy: BankPolicy,
    now: datetime,
) -> Posted:
    """Do steps in the order of time, and write off what has run out by now.

    Parameters
    ----------
    steps : polars.DataFrame
        As `rules.deposits` and `rules.movements` return them.
    lots : polars.DataFrame
        What the ledger holds, as `lots_of` returns it.
    known : polars.DataFrame
        ``transaction_id`` and ``minutes`` of the steps that are in the ledger.
    policy : BankPolicy
    now : datetime.datetime
        Local.
    """
    steps = _with_known(steps, known).sort("at", rank(), "transaction_id")
    never = steps.filter(pl.col("code").is_not_null())
    steps = steps.filter(pl.col("code").is_null()).with_row_index("_step")
    accounts = _accounts(steps, lots)
    numbers = _numbers(steps, accounts, policy)
    number_of = accounts.rename({"_number": "_account"})
    held = lots.filter((pl.col("account") != "region") & (pl.col("minutes") > 0))
    held = held.join(number_of, on=_ACCOUNT).sort("_account", "earned")
    if policy.expires_after_months:
        numbers = np.concatenate([numbers, _sweep(accounts, now)])
    legs, verdicts, figures = k.run(
        numbers,
        _figures(accounts, held, lots, policy),
        _lots(held),
        held.height,
        policy.expires_after_months,
    )
    refused = _refused(steps, verdicts[: steps.height], figures[: steps.height])
    never = never.select(*_TOLD, "code", left="_posted", since=pl.lit(None, _TIME))
    refused = pl.concat([never, refused]).sort("at", "transaction_id")
    return Posted(_postings(legs, steps, accounts), refused)


_TIME = pl.Datetime("us")


def _with_known(steps: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Give what is posted already its code: another one where it says something else now."""
    before = known.select("transaction_id", _posted="minutes")
    steps = steps.join(before, on="transaction_id", how="left", maintain_order="left")
    other = (pl.col("minutes") != pl.col("_posted")) & (pl.col("minutes") > 0)
    said = pl.when(other).then(pl.lit("changed")).otherwise(pl.lit("posted")).cast(CODE)
    code = pl.when(pl.col("_posted").is_not_null()).then(said).otherwise("code")
    return steps.with_columns(code=code)


def _accounts(steps: pl.DataFrame, lots: pl.DataFrame) -> pl.DataFrame:
    """Return every account that is there or to be, numbered; each region has its two."""
    named = steps.select(TARGET).rename(dict(zip(TARGET, SOURCE, strict=True)))
    every = pl.concat([steps.select(SOURCE), named, lots.select(SOURCE)]).unique()
    regions = every.select("region").unique()
    own = [
        regions.select(account=pl.lit(name), account_id="region", region="region")
        for name in ("region", "pool")
    ]
    numbered = pl.concat([every, *own]).unique().sort(SOURCE).with_row_index("_number")
    return numbered.cast({"_number": pl.Int64})


def _numbers(steps: pl.DataFrame, accounts: pl.DataFrame, policy: BankPolicy) -> k.Longs:
    """Return the steps as the loop takes them."""
    pools = accounts.filter(pl.col("account") == "pool")
    spills = pl.col("_spill").fill_null(-1)
    if policy.over_cap != "pool":
        spills = pl.lit(-1)
    found = (
        steps.join(accounts, on=_ACCOUNT, how="left", maintain_order="left")
        .rename({"_number": "_source"})
        .join(
            accounts,
            left_on=list(TARGET),
            right_on=_ACCOUNT,
            how="left",
            maintain_order="left",
        )
        .join(
            pools.select(to_place="region", _spill="_number"),
            on="to_place",
            how="left",
            maintain_order="left",
        )
    )
    deposit = pl.col("kind") == "deposit"
    columns = [
        pl.col("_source"),
        pl.col("_number"),
        pl.when(deposit).then(spills).otherwise(-1),
        pl.col("minutes"),
        _month(pl.col("earned")).fill_null(0),
        _month(pl.col("at")),
        pl.col("at").dt.epoch("us"),
    ]
    return found.select(
        column.cast(pl.Int64).alias(str(n)) for n, column in enumerate(columns)
    ).to_numpy(order="c")


def _sweep(accounts: pl.DataFrame, now: datetime) -> k.Longs:
    """Return steps that only ask what has run out, of every account."""
    day = pl.select(_month(pl.lit(now)), pl.lit(now, _TIME).dt.epoch("us").alias("at")).row(0)
    steps = np.full((accounts.height, 7), -1, np.int64)
    steps[:, k.SOURCE] = np.arange(accounts.height)
    steps[:, k.NOW], steps[:, k.AT] = day
    return steps


def _figures(
    accounts: pl.DataFrame, held: pl.DataFrame, lots: pl.DataFrame, policy: BankPolicy
) -> k.Longs:
    """Return the accounts as the loop takes them."""
    found = np.full((accounts.height, 7), -1, np.int64)
    owner, at = accounts["account"], accounts.select(_number="_number")
    regions = accounts.filter(pl.col("account") == "region").select("region", _issuer="_number")
    issuer = accounts.join(regions, on="region", how="left", maintain_order="left")["_issuer"]
    is_region, is_person = ((owner == name).to_numpy() for name in ("region", "person"))
    found[:, k.ISSUER] = np.where(is_region, -1, issuer.to_numpy())
    if policy.cap_hours:
        found[:, k.LIMIT] = np.where(is_person, 60 * policy.cap_hours, -1)
    moved = lots.group_by(_ACCOUNT).agg(pl.col("last").max())
    moved = accounts.join(moved, on=_ACCOUNT, how="left", maintain_order="left")
    found[:, k.LAST] = moved["last"].dt.epoch("us").fill_null(0).to_numpy()
    found[:, k.LAST_MONTH] = moved.select(_month(pl.col("last")).fill_null(0)).to_series()
    sums = held.group_by("_account").agg(pl.col("minutes").sum(), n=pl.len())
    sums = at.join(sums, left_on="_number", right_on="_account", how="left", maintain_order="left")
    found[:, k.BALANCE_OF] = sums["minutes"].fill_null(0).to_numpy()
    found[:, k.LOTS] = sums["n"].fill_null(0).to_numpy()
    numbers = held["_account"].to_numpy()
    first = np.flatnonzero(np.diff(numbers, prepend=-1)) if len(numbers) else numbers
    found[numbers[first], k.HEAD] = first
    return found


def _lots(held: pl.DataFrame) -> k.Longs:
    lots = np.empty((held.height + 16, 3), np.int64)
    n = held.height
    lots[:n, k.LOT_MONTH] = held.select(_month(pl.col("earned"))).to_series().to_numpy()
    lots[:n, k.LOT_MINUTES] = held["minutes"].to_numpy()
    numbers = held["_account"].to_numpy()
    same = np.append(numbers[1:] == numbers[:-1], np.zeros(min(n, 1), bool))
    lots[:n, k.NEXT] = np.where(same, np.arange(1, n + 1), -1)
    return lots


def _month(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 12 + day.dt.month().cast(pl.Int64) - 1


def _first_day(month: pl.Expr) -> pl.Expr:
    return pl.date(month // 12, month % 12 + 1, 1)


def _refused(steps: pl.DataFrame, verdicts: k.Longs, figures: k.Longs) -> pl.DataFrame:
    told = steps.with_columns(_verdict=verdicts, _figure=figures)
    told = told.filter(pl.col("_verdict") != k.DONE)
    verdict, figure = pl.col("_verdict"), pl.col("_figure")
    counts = verdict.is_in([k.BALANCE, k.CAP])
    # Hours last to the end of their last month.
    since = pl.when(verdict == k.RUN_OUT).then(_first_day(figure + 1).cast(_TIME))
    return told.select(
        *_TOLD,
        code=verdict.replace_strict(_VERDICTS, return_dtype=CODE),
        left=pl.when(counts).then(figure),
        since=since,
    )


def _postings(legs: k.Longs, steps: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    names = ("_step", "_expired", "_number", "_earned", "minutes", "at")
    rows = pl.DataFrame(legs, dict.fromkeys(names, pl.Int64)).with_row_index("_leg")
    asked = steps.select(
        pl.col("_step").cast(pl.Int64),
        *("transaction_id", "kind", "record_id", "to_id", "request_id"),
    )
    rows = rows.join(asked, on="_step", how="left", maintain_order="left")
    rows = rows.join(accounts, on="_number", how="left", maintain_order="left")
    rows = rows.with_columns(earned=_first_day(pl.col("_earned")), at=pl.col("at").cast(_TIME))
    expired = pl.col("_expired") == 1
    # The account that loses them comes first, the region that takes them back second.
    loses = pl.col("minutes") < 0
    written_off = pl.concat_str(
        pl.lit("expiry"),
        *SOURCE,
        pl.col("earned").dt.strftime("%Y-%m"),
        pl.col("at").dt.strftime("%Y-%m-%dT%H:%M"),
        separator=":",
    )
    named = pl.when(loses).then(written_off).forward_fill()
    rows = rows.with_columns(
        transaction_id=pl.when(expired).then(named).otherwise("transaction_id"),
        kind=pl.when(expired).then(pl.lit("expiry")).otherwise("kind"),
        **{name: pl.when(~expired).then(name) for name in ("record_id", "to_id", "request_id")},
    )
    leg = pl.int_range(pl.len()).over("transaction_id") + 1
    return rows.sort("_leg").with_columns(leg=leg).select(*POSTINGS).cast(pl.Schema(POSTINGS))
