"""The only access to the treasury's state.

`TreasuryKeeper` is what handlers and queries use; the files beside this one keep the outflow limits and move spends.
"""

from __future__ import annotations

from daonode.ledger.context import Context
from daonode.ledger.origins import ROOT_ADDRESS
from daonode.ledger.state import StateReader
from daonode.modules.treasury.errors import (
    AboveOutflowLimit,
    InvalidSpend,
    NotApproved,
    NotPayable,
    SpendCapExceeded,
    UnknownSpend,
)
from daonode.modules.treasury.events import SpendVoided
from daonode.modules.treasury.expected import AccountsKeeper, Execution, GovernanceKeeper
from daonode.modules.treasury.keeper.outflow import OutflowBook
from daonode.modules.treasury.keeper.spends import (
    HOLDER,
    QUEUE_ITEM,
    SPEND_ITEM,
    Spends,
    spend_of_item,
    status_at,
)
from daonode.modules.treasury.keys import COMMITTED, LAST_SPEND, SPENDS
from daonode.modules.treasury.messages import ApproveSpend, SetOutflowLimit
from daonode.modules.treasury.types import OPEN, Committed, Counter, OutflowLimit, Spend, SpendId
from daonode.primitives.ids import AssetId
from daonode.primitives.times import format_time
from daonode.primitives.units import Amount, TimeMs, checked_add

__all__ = ["HOLDER", "TreasuryKeeper", "status_at"]


class TreasuryKeeper:
    """Spends and outflow limits."""

    def __init__(self, accounts: AccountsKeeper, governance: GovernanceKeeper) -> None:
        self._accounts = accounts
        self._governance = governance
        self.outflow = OutflowBook()
        self._spends = Spends(accounts, self.outflow)

    def balance(self, state: StateReader, asset: AssetId) -> int:
        """What the treasury holds of an asset."""
        return self._accounts.balance(state, account=HOLDER, asset=asset)

    def native_asset(self, state: StateReader) -> AssetId:
        """The asset that is meant where none is named."""
        return self._accounts.native_asset(state)

    def spend(self, state: StateReader, spend: SpendId) -> Spend:
        """The spend, or raise `UnknownSpend`."""
        found = SPENDS.get(state, spend)
        if found is None:
            raise UnknownSpend(f"there is no spend {spend}")
        return found

    def approve(self, context: Context, message: ApproveSpend) -> None:
        """Take on a payment that an executed proposal approved, and pay it as soon as it may be.

        Raises:
            NotApproved: the caller is no running execution.
            InvalidSpend, AboveOutflowLimit: it could never be paid.
            SpendCapExceeded: the proposal's actions together exceed its track's cap.
        """
        execution = self._authority(context, "approve a spend")
        _check_spend(context, message)
        if not self.outflow.could_ever_allow(context, asset=message.asset, amount=message.amount):
            raise AboveOutflowLimit(
                f"{message.amount} {message.asset} is more than the outflow limit allows in a whole window",
                hint="approve it in parts, or raise the limit first",
            )
        self._commit(context, execution, message)
        last = LAST_SPEND.get(context.state, None)
        number = SpendId(1 if last is None else last.value + 1)
        LAST_SPEND.set(context.state, None, Counter(value=number))
        spend = Spend(
            id=number,
            asset=message.asset,
            amount=message.amount,
            beneficiary=message.beneficiary,
            proposal=execution.proposal,
            track=execution.track,
            criticality=execution.criticality,
            status="approved",
            approved_at=TimeMs(context.block.time_ms),
            valid_from=message.valid_from,
            expire_at=message.expire_at,
        )
        self._spends.approve(context, spend)

    def payout(self, context: Context, spend: Spend) -> None:
        """Try a spend; see `Spends.payout` for what it raises."""
        self._spends.payout(context, spend)

    def void(self, context: Context, spend: Spend) -> None:
        """End a spend that was not paid.

        Raises:
            NotApproved: no execution of the same track, of a more critical one, or of the root origin is running.
            NotPayable: the spend has ended.
        """
        execution = self._authority(context, "void a spend")
        same_or_higher = execution.track == spend.track or execution.criticality > spend.criticality
        if not same_or_higher and execution.caller != ROOT_ADDRESS:
            raise NotApproved(
                f"spend {spend.id} was approved on track {spend.track} of criticality {spend.criticality}; track "
                f"{execution.track} has {execution.criticality}",
                hint="propose it on the same track, or on a more critical one",
            )
        status = status_at(spend, now_ms=context.block.time_ms)
        if status not in OPEN:
            raise NotPayable(f"spend {spend.id} is {status}, there is nothing to void")
        self._spends.lapse(context, spend, status="voided")
        context.emit(SpendVoided(spend=spend.id, proposal=execution.proposal))

    def set_outflow_limit(self, context: Context, message: SetOutflowLimit) -> None:
        """Set a limit for the root origin, and try what the old one kept waiting.

        Raises:
            NotApproved: no execution of the root origin is running.
            InvalidLimit: the window is out of range.
        """
        execution = self._authority(context, "set an outflow limit")
        if execution.caller != ROOT_ADDRESS:
            raise NotApproved("only the root origin sets outflow limits", hint="propose it on a track of that origin")
        limit = OutflowLimit(window=message.window, limit=message.limit)
        self.outflow.set_limit(context, asset=message.asset, limit=limit)
        self._spends.work_off(context, message.asset)

    def on_deadline(self, context: Context, item: bytes) -> None:
        """Do what time has made due: one spend, or the queue of one asset."""
        if item.startswith(QUEUE_ITEM):
            self._spends.work_off(context, AssetId(item[len(QUEUE_ITEM) :].decode()))
        elif item.startswith(SPEND_ITEM):
            self._spends.on_due(context, self.spend(context.state, spend_of_item(item)))

    def _authority(self, context: Context, action: str) -> Execution:
        execution = self._governance.execution(context)
        if execution is None:
            raise NotApproved(
                f"only the actions of an executed proposal may {action}", hint="put this message into a proposal"
            )
        return execution

    def _commit(self, context: Context, execution: Execution, message: ApproveSpend) -> None:
        """Count the amount against the cap of the proposal's track, over all its actions."""
        key = (execution.proposal, message.asset)
        before = COMMITTED.get(context.state, key)
        committed = checked_add(0 if before is None else before.amount, message.amount)
        cap = sum(cap.amount for cap in execution.spend_caps if cap.asset == message.asset)
        if committed > cap:
            raise SpendCapExceeded(
                f"the proposal would commit {committed} {message.asset}, track {execution.track} allows {cap}",
                hint="propose it on a track with a higher cap, or less of it",
            )
        COMMITTED.set(context.state, key, Committed(amount=Amount(committed)))


def _check_spend(context: Context, message: ApproveSpend) -> None:
    if message.amount == 0:
        raise InvalidSpend("the amount is 0", hint="approve at least one base unit")
    if message.beneficiary == HOLDER:
        raise InvalidSpend("the beneficiary is the treasury itself")
    begins = max(message.valid_from or 0, context.block.time_ms)
    if message.expire_at is not None and message.expire_at <= begins:
        raise InvalidSpend(
            f"it would expire at {format_time(message.expire_at)}, before it is valid at {format_time(begins)}",
            hint="leave `expire_at` out, or set it later",
        )
