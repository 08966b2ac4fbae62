"""How a spend moves: approved, paid at once or deferred, tried again, expired, voided.

Deferred spends of an asset stand in one queue, first approved first paid, so that small new ones cannot keep a large
one waiting. A spend above the limit in force (it was lowered, or the raise is to come) is passed over until the limit
allows it. A deferred spend does not expire: it was the treasury that did not pay.
"""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.errors import TransactionError
from daonode.ledger.failures import failure_of
from daonode.ledger.origins import module_address
from daonode.modules.treasury.errors import InsufficientFunds, NotPayable, OutflowExhausted
from daonode.modules.treasury.events import SpendApproved, SpendDeferred, SpendExpired, SpendFailed, SpendPaid
from daonode.modules.treasury.expected import AccountsKeeper
from daonode.modules.treasury.keeper.outflow import OutflowBook
from daonode.modules.treasury.keys import (
    NAME,
    PARAMS,
    QUEUE,
    QUEUE_DUE,
    SPEND_KEY,
    SPENDS,
    TOTALS,
    queue_of,
)
from daonode.modules.treasury.types import (
    AssetTotals,
    QueuedSpend,
    QueueDue,
    Spend,
    SpendId,
    SpendStatus,
)
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import AssetId
from daonode.primitives.times import format_time
from daonode.primitives.units import TimeMs, checked_add

HOLDER = module_address(NAME)
"""The account that holds the treasury's funds; it neither votes nor counts."""
SPEND_ITEM = b"s"
"""A deadline of one spend: this and its key."""
QUEUE_ITEM = b"q"
"""A deadline of an asset's queue: this and the asset."""
MAX_QUEUE_SCAN = 256
"""How many deferred spends one try looks at."""


class Spends:
    """Moves spends."""

    def __init__(self, accounts: AccountsKeeper, outflow: OutflowBook) -> None:
        self._accounts = accounts
        self._outflow = outflow

    def approve(self, context: Context, spend: Spend) -> None:
        """Record a new spend, whose cap was checked, and pay it if it is valid now."""
        totals = TOTALS.get(context.state, spend.asset) or AssetTotals()
        TOTALS.set(context.state, spend.asset, replace(totals, approved=checked_add(totals.approved, spend.amount)))
        context.emit(
            SpendApproved(
                spend=spend.id,
                proposal=spend.proposal,
                track=spend.track,
                asset=spend.asset,
                amount=spend.amount,
                beneficiary=spend.beneficiary,
                valid_from=spend.valid_from,
                expire_at=spend.expire_at,
            )
        )
        if spend.valid_from is not None and spend.valid_from > context.block.time_ms:
            self._store(context, spend, status="approved", due=spend.valid_from)
        else:
            self._claim(context, spend)

    def payout(self, context: Context, spend: Spend) -> None:
        """Try a spend for a transaction.

        Raises:
            NotPayable: it is not due, or has ended.
            OutflowExhausted: it is deferred and stays so.
            InsufficientFunds: the treasury holds less.
        """
        now_ms = context.block.time_ms
        status = status_at(spend, now_ms=now_ms)
        if status == "approved" and spend.valid_from is not None and spend.valid_from > now_ms:
            raise NotPayable(f"spend {spend.id} is valid from {format_time(spend.valid_from)} on")
        if status not in ("approved", "claimable", "failed"):
            raise NotPayable(f"spend {spend.id} is {status}")
        held = self._accounts.balance(context.state, account=HOLDER, asset=spend.asset)
        if held < spend.amount:
            raise InsufficientFunds(
                f"the treasury holds {held} {spend.asset}, spend {spend.id} needs {spend.amount}",
                hint=f"transfer {spend.amount - held} to its account first",
            )
        if status == "claimable":
            self.work_off(context, spend.asset)
        else:
            self._claim(context, spend)
        after = SPENDS.require(context.state, spend.id)
        if status == "claimable" and after.status == "claimable":
            raise self._exhausted(context, after)

    def on_due(self, context: Context, spend: Spend) -> None:
        """Do what time has made due for one spend; what is not due changes nothing."""
        if spend.due is None or spend.due > context.block.time_ms:
            return
        if spend.status == "approved":
            self._claim(context, spend)
        elif spend.status == "failed":
            self.lapse(context, spend, status="expired")
            context.emit(SpendExpired(spend=spend.id))

    def lapse(self, context: Context, spend: Spend, *, status: SpendStatus) -> None:
        """End a spend without a payment."""
        QUEUE.delete(context.state, (queue_of(spend.asset), spend.id))
        if QUEUE.first(context.state, prefix=queue_of(spend.asset)) is None:
            self._plan(context, asset=spend.asset, due=None)
        totals = TOTALS.require(context.state, spend.asset)
        TOTALS.set(context.state, spend.asset, replace(totals, lapsed=totals.lapsed + spend.amount))
        self._store(context, replace(spend, ended_at=TimeMs(context.block.time_ms)), status=status, due=None)

    def work_off(self, context: Context, asset: AssetId) -> None:
        """Pay deferred spends of an asset in order, as far as the limit allows, and plan the next try."""
        most = PARAMS.require(context.state, None).payouts_per_deadline
        queued = QUEUE.iterate(context.state, prefix=queue_of(asset))
        next_tries: list[TimeMs] = []
        paid = 0
        for key in tuple(key for key, _ in islice(queued, MAX_QUEUE_SCAN)):
            spend = SPENDS.require(context.state, key[1])
            if self._outflow.allows(context, asset=asset, amount=spend.amount):
                if paid == most:
                    next_tries.append(TimeMs(context.block.time_ms + 1))
                    break
                paid += 1
                QUEUE.delete(context.state, key)
                self._attempt(context, spend)
                continue
            next_try = self._outflow.next_try_at(context, asset=asset, amount=spend.amount)
            if next_try is not None:
                next_tries.append(next_try)
            if self._outflow.takes_when_empty(context, asset=asset, amount=spend.amount):
                break
        self._plan(context, asset=asset, due=min(next_tries) if next_tries else None)

    def _claim(self, context: Context, spend: Spend) -> None:
        """Pay a valid spend, or put it in the queue behind those that wait already."""
        waits = QUEUE.first(context.state, prefix=queue_of(spend.asset)) is not None
        if not waits and self._outflow.allows(context, asset=spend.asset, amount=spend.amount):
            self._attempt(context, spend)
            return
        self._store(context, spend, status="claimable", due=None)
        QUEUE.set(context.state, (queue_of(spend.asset), spend.id), QueuedSpend())
        context.emit(SpendDeferred(spend=spend.id, asset=spend.asset, amount=spend.amount))
        self.work_off(context, spend.asset)

    def _attempt(self, context: Context, spend: Spend) -> None:
        """Pay a spend that the limit allows, or note why that failed."""
        try:
            with context.atomic():
                self._transfer(context, spend)
        except (TransactionError, PrimitiveError) as error:
            failure = failure_of(error)
            context.emit(SpendFailed(spend=spend.id, failure=failure))
            self._store(context, replace(spend, failure=failure), status="failed", due=spend.expire_at)

    def _transfer(self, context: Context, spend: Spend) -> None:
        self._accounts.transfer(
            context, source=HOLDER, destination=spend.beneficiary, asset=spend.asset, amount=spend.amount
        )
        self._outflow.record(context, asset=spend.asset, amount=spend.amount)
        totals = TOTALS.require(context.state, spend.asset)
        TOTALS.set(context.state, spend.asset, replace(totals, paid=totals.paid + spend.amount))
        ended = replace(spend, ended_at=TimeMs(context.block.time_ms), failure=None)
        self._store(context, ended, status="paid", due=None)
        context.emit(
            SpendPaid(
                spend=spend.id,
                proposal=spend.proposal,
                asset=spend.asset,
                amount=spend.amount,
                beneficiary=spend.beneficiary,
            )
        )

    def _exhausted(self, context: Context, spend: Spend) -> OutflowExhausted:
        due = QUEUE_DUE.get(context.state, spend.asset)
        when = "when the limit is raised" if due is None else f"at {format_time(due.due)}"
        return OutflowExhausted(
            f"the outflow limit does not allow {spend.amount} {spend.asset} now",
            hint=f"spend {spend.id} is in the queue, which is tried {when}",
        )

    def _store(self, context: Context, spend: Spend, *, status: SpendStatus, due: TimeMs | None) -> None:
        item = SPEND_ITEM + SPEND_KEY.encode(spend.id)
        if spend.due is not None:
            context.cancel(spend.due, NAME, item)
        if due is not None:
            context.schedule(due, NAME, item)
        SPENDS.set(context.state, spend.id, replace(spend, status=status, due=due))

    def _plan(self, context: Context, *, asset: AssetId, due: TimeMs | None) -> None:
        planned = QUEUE_DUE.get(context.state, asset)
        item = QUEUE_ITEM + asset.encode()
        if planned is not None and planned.due != due:
            context.cancel(planned.due, NAME, item)
            QUEUE_DUE.delete(context.state, asset)
        if due is not None:
            context.schedule(due, NAME, item)
            QUEUE_DUE.set(context.state, asset, QueueDue(due=due))


def spend_of_item(item: bytes) -> SpendId:
    """The spend that a deadline of one spend names."""
    return SPEND_KEY.decode(item[len(SPEND_ITEM) :])


def status_at(spend: Spend, *, now_ms: int) -> SpendStatus:
    """Say what a spend is at a time, whatever was stored last."""
    if spend.status == "failed" and spend.expire_at is not None and spend.expire_at <= now_ms:
        return "expired"
    return spend.status
