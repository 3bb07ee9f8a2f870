"""The one loop of the bank: hours leave accounts oldest first, in the order of time.

An account holds lots: minutes by the month in which they were served, as a linked list from the
oldest. What the region has given out has no lots of its own; it is ``bottomless``. The ledger only
grows: what comes late is posted when its account was last moved.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matching.parallel.compiled import compiled, inner

Longs = npt.NDArray[np.int64]

DONE, BALANCE, CAP, RUN_OUT = range(4)
# Columns of a step: what is moved, from where to where.
SOURCE, TARGET, SPILL, MINUTES, MONTH, NOW, AT = range(7)
# Columns of an account.
HEAD, BALANCE_OF, LAST, LAST_MONTH, LIMIT, ISSUER, LOTS = range(7)
# Columns of a lot, and of a leg.
LOT_MONTH, LOT_MINUTES, NEXT = range(3)
STEP, EXPIRED, ACCOUNT, EARNED, AMOUNT, POSTED_AT = range(6)


@inner
def _leg(
    legs: Longs, n: int, step: int, expired: int, account: int, month: int, m: int, at: int
) -> int:
    legs[n, STEP], legs[n, EXPIRED], legs[n, ACCOUNT] = step, expired, account
    legs[n, EARNED], legs[n, AMOUNT], legs[n, POSTED_AT] = month, m, at
    return n + 1


@inner
def _put(accounts: Longs, lots: Longs, made: int, account: int, month: int, m: int) -> int:
    """Add minutes to an account's lot of the month; return how many lots there are."""
    accounts[account, BALANCE_OF] += m
    if accounts[account, ISSUER] < 0:
        return made
    before, lot = -1, accounts[account, HEAD]
    while lot >= 0 and lots[lot, LOT_MONTH] < month:
        before, lot = lot, lots[lot, NEXT]
    if lot >= 0 and lots[lot, LOT_MONTH] == month:
        lots[lot, LOT_MINUTES] += m
        return made
    lots[made, LOT_MONTH], lots[made, LOT_MINUTES], lots[made, NEXT] = month, m, lot
    if before < 0:
        accounts[account, HEAD] = made
    else:
        lots[before, NEXT] = made
    accounts[account, LOTS] += 1
    return made + 1


@inner
def _take(accounts: Longs, lots: Longs, account: int, m: int) -> None:
    """Take minutes from the oldest lot, which holds them."""
    accounts[account, BALANCE_OF] -= m
    if accounts[account, ISSUER] < 0:
        return
    lot = accounts[account, HEAD]
    lots[lot, LOT_MINUTES] -= m
    if lots[lot, LOT_MINUTES] == 0:
        accounts[account, HEAD] = lots[lot, NEXT]
        accounts[account, LOTS] -= 1


@inner
def _expire(
    accounts: Longs,
    lots: Longs,
    legs: Longs,
    n: int,
    i: int,
    account: int,
    now: int,
    at: int,
    life: int,
) -> int:
    """Write off the account's months that have run out; return how many legs there are."""
    issuer = accounts[account, ISSUER]
    while issuer >= 0 and accounts[account, HEAD] >= 0:
        lot = accounts[account, HEAD]
        month, m = lots[lot, LOT_MONTH], lots[lot, LOT_MINUTES]
        if month + life >= now:
            break
        _take(accounts, lots, account, m)
        accounts[issuer, BALANCE_OF] += m
        n = _leg(legs, n, i, 1, account, month, -m, at)
        n = _leg(legs, n, i, 1, issuer, month, m, at)
    return n


@inner
def _verdict(accounts: Longs, steps: Longs, i: int, m: int, now: int, life: int) -> tuple[int, int]:
    """Say whether a step may be done, and the figure that says why not."""
    source, target = steps[i, SOURCE], steps[i, TARGET]
    if accounts[source, ISSUER] >= 0 and (m > accounts[source, BALANCE_OF] or m == 0):
        return BALANCE, accounts[source, BALANCE_OF]
    if accounts[source, ISSUER] < 0 and life > 0 and steps[i, MONTH] + life < now:
        return RUN_OUT, steps[i, MONTH] + life
    limit = accounts[target, LIMIT]
    if limit >= 0 and steps[i, SPILL] < 0 and accounts[target, BALANCE_OF] + m > limit:
        return CAP, max(0, limit - accounts[target, BALANCE_OF])
    return DONE, 0


@inner
def _move(
    accounts: Longs,
    lots: Longs,
    made: int,
    legs: Longs,
    n: int,
    steps: Longs,
    i: int,
    m: int,
    at: int,
) -> tuple[int, int]:
    """Move minutes lot by lot, beyond the cap to where the step says; return both counts."""
    source, target, spill = steps[i, SOURCE], steps[i, TARGET], steps[i, SPILL]
    while m > 0:
        part, month = m, steps[i, MONTH]
        if accounts[source, ISSUER] >= 0:
            lot = accounts[source, HEAD]
            part, month = min(m, lots[lot, LOT_MINUTES]), lots[lot, LOT_MONTH]
        _take(accounts, lots, source, part)
        n = _leg(legs, n, i, 0, source, month, -part, at)
        kept = part
        if accounts[target, LIMIT] >= 0:
            kept = min(part, max(0, accounts[target, LIMIT] - accounts[target, BALANCE_OF]))
        if kept > 0:
            made = _put(accounts, lots, made, target, month, kept)
            n = _leg(legs, n, i, 0, target, month, kept, at)
        if part > kept:
            made = _put(accounts, lots, made, spill, month, part - kept)
            n = _leg(legs, n, i, 0, spill, month, part - kept, at)
        m -= part
    return made, n


@compiled
def _longer(rows: Longs, used: int, size: int) -> Longs:
    """Return rows with place for more."""
    longer = np.empty((size, rows.shape[1]), np.int64)
    for i in range(used):
        for j in range(rows.shape[1]):
            longer[i, j] = rows[i, j]
    return longer


@compiled
def run(
    steps: Longs, accounts: Longs, lots: Longs, made: int, life: int
) -> tuple[Longs, Longs, Longs]:
    """Do the steps in their order.

    Parameters
    ----------
    steps : int64, (steps, 7)
        See the columns' names above. Minutes of -1 are all that there is; a target of -1 only asks
        what has run out.
    accounts : int64, (accounts, 7)
        Changed. An issuer of -1 makes it bottomless; a limit of -1 is none.
    lots : int64, (lots, 3)
        Of which ``made`` are there.
    life : int
        Full months that hours last; 0 is for ever.

    Returns
    -------
    legs : int64, (legs, 6)
    verdicts, figures : int64, (steps,)
    """
    verdicts, figures = np.zeros(len(steps), np.int64), np.zeros(len(steps), np.int64)
    legs, n = np.empty((4 * len(steps) + 16, 6), np.int64), 0
    for i in range(len(steps)):
        source, target = steps[i, SOURCE], steps[i, TARGET]
        # What one step makes at most: two legs for each lot that runs out, three for each moved.
        most = 5 * (accounts[source, LOTS] + accounts[target, LOTS]) + 8
        if n + most > len(legs):
            legs = _longer(legs, n, 2 * (n + most))
        if made + most > len(lots):
            lots = _longer(lots, made, 2 * (made + most))
        now, at = steps[i, NOW], steps[i, AT]
        for account in (source, target):
            if account >= 0 and accounts[account, ISSUER] >= 0:
                at = max(at, accounts[account, LAST])
                now = max(now, accounts[account, LAST_MONTH])
        if life > 0:
            for account in (source, target):
                if account >= 0:
                    n = _expire(accounts, lots, legs, n, i, account, now, at, life)
        if target < 0:
            continue
        m = steps[i, MINUTES]
        if m < 0:
            m = accounts[source, BALANCE_OF]
        verdicts[i], figures[i] = _verdict(accounts, steps, i, m, now, life)
        if verdicts[i] == DONE:
            made, n = _move(accounts, lots, made, legs, n, steps, i, m, at)
            for account in (source, target):
                accounts[account, LAST], accounts[account, LAST_MONTH] = at, now
    return legs[:n], verdicts, figures
