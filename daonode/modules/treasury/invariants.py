"""What is always true of the treasury's state. Each check reads everything; none is run by the chain itself."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Mapping

from daonode.ledger.module import Invariant
from daonode.ledger.state import StateReader
from daonode.modules.treasury.keys import COMMITTED, OUTFLOWS, QUEUE, QUEUE_DUE, SPENDS, TOTALS, queue_of
from daonode.modules.treasury.types import OPEN


def by_name() -> Mapping[str, Invariant]:
    """Return each invariant under its name."""
    return {
        "commitments": approved_is_paid_lapsed_and_open,
        "caps": spends_are_within_what_was_committed,
        "queue": queue_holds_the_deferred,
        "outflow": buckets_ascend,
    }


def approved_is_paid_lapsed_and_open(state: StateReader) -> str | None:
    """Of each asset, what was approved was paid, or has lapsed, or is open."""
    still_open: Count[str] = Count()
    paid: Count[str] = Count()
    for _, spend in SPENDS.iterate(state):
        still_open[spend.asset] += spend.amount if spend.status in OPEN else 0
        paid[spend.asset] += spend.amount if spend.status == "paid" else 0
        if (spend.status in OPEN) == (spend.ended_at is not None):
            return f"spend {spend.id} is {spend.status}, ended at {spend.ended_at}"
    for asset, totals in TOTALS.iterate(state):
        if totals.approved != totals.paid + totals.lapsed + still_open[asset] or totals.paid != paid[asset]:
            return f"{asset}: {totals}, but {still_open[asset]} are open and {paid[asset]} are in paid spends"
    return None


def spends_are_within_what_was_committed(state: StateReader) -> str | None:
    """The spends of a proposal are what it committed."""
    spends: Count[tuple[bytes, str]] = Count()
    for _, spend in SPENDS.iterate(state):
        spends[spend.proposal, spend.asset] += spend.amount
    for key, committed in COMMITTED.iterate(state):
        if spends.pop(key, 0) != committed.amount:
            return f"proposal {key[0].hex()} committed {committed.amount} {key[1]}, its spends sum to something else"
    return f"spends without a commitment: {sorted(spends)}" if spends else None


def queue_holds_the_deferred(state: StateReader) -> str | None:
    """A spend is in its asset's queue exactly when it is claimable."""
    queued = {key for key, _ in QUEUE.iterate(state)}
    expected = {
        (queue_of(spend.asset), number) for number, spend in SPENDS.iterate(state) if spend.status == "claimable"
    }
    if queued != expected:
        return f"in the queue {sorted(queued)}, claimable {sorted(expected)}"
    waiting = {first for first, _ in expected}
    idle = [asset for asset, _ in QUEUE_DUE.iterate(state) if queue_of(asset) not in waiting]
    return f"nothing waits, but a try is planned, for {idle}" if idle else None


def buckets_ascend(state: StateReader) -> str | None:
    """Recent outflow is kept in ascending buckets that do not overlap."""
    for asset, outflow in OUTFLOWS.iterate(state):
        ends = -1
        for bucket in outflow.buckets:
            if not ends < bucket.first <= bucket.last:
                return f"{asset}: buckets overlap or do not ascend: {outflow.buckets}"
            ends = bucket.last
    return None
