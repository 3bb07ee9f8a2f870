"""The tables of the time bank: what people ask of it, who is whose kin, and the ledger."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from matching.schema import Qualifications, _choice, _count, _date, _id, _rule, _time

# What is asked for; deposits come from records, and hours run out by themselves.
KINDS = ("redeem", "gift", "donate", "transfer_out", "transfer_in")
# What stands in the ledger, in the order in which what is of the same minute is posted.
POSTED = ("expiry", "deposit", "transfer_out", "transfer_in", "redeem", "gift", "donate")
# Whose an account is. ``pool`` is the region's common stock, ``transfer`` holds what is on its way
# to a region, and ``region`` has given out what all others hold.
HOLDERS = ("person", "organisation", "pool")
ACCOUNTS = (*HOLDERS, "transfer", "region")
KIN = ("spouse", "parent", "child", "sibling", "grandparent", "grandchild")

_has_to, _has_region = pl.col("to_id").is_not_null(), pl.col("to_region").is_not_null()


class Movements(dy.Schema):
    """What people ask of the time bank."""

    transaction_id = _id("opaque id: what is posted once is never posted again", key=True)
    at = _time("when it was asked", required=True)
    kind = _choice("what is asked", KINDS, required=True)
    account = _choice("whose hours", HOLDERS, default="person")
    account_id = _id("the holder: a volunteer, an organisation; of a pool its region")
    region = _id("where the account is", default="the policy's")
    minutes = _count("how much", low=1, high=10_000_000, unit="minutes")
    to_id = _id("who receives it: a beneficiary, a relative, an organisation")
    to_region = _id("of a transfer: where the hours go")
    request_id = _id("the service that is paid with it")
    minutes_or_all = _rule(pl.col("minutes").is_not_null() | (pl.col("kind") == "transfer_in"))
    holder_or_pool = _rule(pl.col("account_id").is_not_null() | (pl.col("account") == "pool"))
    gift_has_receiver = _rule((pl.col("kind") != "gift") | _has_to)
    transfer_has_region = _rule(~pl.col("kind").cast(pl.String).str.starts_with("t") | _has_region)


class Kin(dy.Schema):
    """Who is close family of whom; each row holds in both directions."""

    volunteer_id = _id("one", key=True)
    relative_id = _id("the other", key=True)
    relation = _choice("what the other is to the one", KIN, required=True)
    two_relatives = _rule(pl.col("volunteer_id") != pl.col("relative_id"))


class Postings(dy.Schema):
    """The ledger: every transaction sums to 0, in each month of earning."""

    transaction_id = _id("the transaction", key=True)
    leg = _count("its postings, from 1", key=True, low=1, required=True)
    at = _time("when it was posted", required=True)
    kind = _choice("what was done", POSTED, required=True)
    account = _choice("whose account", ACCOUNTS, required=True)
    account_id = _id("the holder", required=True)
    region = _id("where the account is", required=True)
    earned = _date("first day of the month in which the minutes were served")
    minutes = _count("into the account, or less than 0", low=-(10**12), high=10**12, required=True)
    record_id = _id("of a deposit: the record")
    to_id = _id("who received it")
    request_id = _id("the service that was paid")


# What people ask, whose kin they are, and that they have reached an age: rows such as ``age_60``.
BANK_TABLES: dict[str, type[dy.Schema]] = {
    "movements": Movements,
    "kin": Kin,
    "qualifications": Qualifications,
}
