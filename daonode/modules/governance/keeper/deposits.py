"""Deposits: held in the module's account, and each ended exactly once, refunded or burned."""

from __future__ import annotations

from itertools import islice
from typing import Final

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.origins import module_address
from daonode.ledger.state import StateReader
from daonode.modules.governance.errors import DepositNotTaken
from daonode.modules.governance.events import DepositBurned, Deposited, DepositRefunded
from daonode.modules.governance.expected import AccountsKeeper
from daonode.modules.governance.keys import DEPOSIT_TOTALS, DEPOSITS, NAME, SETTLEMENTS
from daonode.modules.governance.types import MAX_DEPOSITORS, DepositPart, DepositTotals, ProposalId, Settlement
from daonode.primitives.ids import Address
from daonode.primitives.units import BPS_MAX, Amount, Bps, TimeMs, ceil_div

HOLDER: Final = module_address(NAME)
"""The account that holds all deposits; it neither votes nor counts."""
SETTLED_AT_ONCE: Final = 4
"""Deposits that one step settles: at their dearest (128 snapshots, 64 delegations each) they fit in its gas."""
SETTLEMENT_PREFIX: Final = b"settle"
"""Before a proposal's id: the item of the deadline that settles more of its deposits."""


class Deposits:
    """Takes deposits and settles them. What it holds is always `received - refunded - burned`."""

    def __init__(self, accounts: AccountsKeeper) -> None:
        self._accounts = accounts

    def take(self, context: Context, *, proposal: ProposalId, depositor: Address, amount: Amount) -> None:
        """Move `amount` from the depositor to the holder.

        Raises:
            DepositNotTaken: the proposal has `MAX_DEPOSITORS` others.
        """
        if amount == 0:
            return
        state = context.state
        part = DEPOSITS.get(state, (proposal, depositor))
        if part is None and sum(1 for _ in DEPOSITS.iterate(state, prefix=proposal)) >= MAX_DEPOSITORS:
            raise DepositNotTaken(
                f"the proposal has deposits of {MAX_DEPOSITORS} accounts, the most that there may be",
                hint="one of them can add to its own deposit",
            )
        asset = self._accounts.native_asset(state)
        self._accounts.transfer(context, source=depositor, destination=HOLDER, asset=asset, amount=amount)
        held = 0 if part is None else part.amount
        DEPOSITS.set(state, (proposal, depositor), DepositPart(amount=Amount(held + amount)))
        totals = _totals(state)
        DEPOSIT_TOTALS.set(state, None, replace(totals, received=totals.received + amount))
        context.emit(Deposited(proposal=proposal, depositor=depositor, amount=amount))

    def settle(self, context: Context, proposal: ProposalId, *, burned: Bps) -> None:
        """Burn this share of each deposit of a proposal, rounded up, and give the rest back.

        The first `SETTLED_AT_ONCE` at once, the others by deadlines of their own: a refund costs what the past of its
        receiver's power and delegations costs, and whoever deposits must not make a proposal's end unaffordable.
        """
        self._settle_some(context, proposal, burned=burned)

    def settle_next(self, context: Context, proposal: ProposalId) -> bool:
        """Settle some of what `settle` left; whether there was any."""
        settlement = SETTLEMENTS.get(context.state, proposal)
        if settlement is None:
            return False
        context.cancel(settlement.due, NAME, settlement_item(proposal))
        SETTLEMENTS.delete(context.state, proposal)
        self._settle_some(context, proposal, burned=settlement.burned)
        return True

    def _settle_some(self, context: Context, proposal: ProposalId, *, burned: Bps) -> None:
        state = context.state
        parts = tuple(islice(DEPOSITS.iterate(state, prefix=proposal), SETTLED_AT_ONCE + 1))
        for key, part in parts[:SETTLED_AT_ONCE]:
            # The record goes first, so that nothing can be settled twice.
            DEPOSITS.delete(state, key)
            self._settle_one(context, proposal=proposal, depositor=key[1], amount=part.amount, burned=burned)
        if len(parts) > SETTLED_AT_ONCE:
            now_ms = TimeMs(context.block.time_ms)
            SETTLEMENTS.set(state, proposal, Settlement(burned=burned, due=now_ms))
            context.schedule(now_ms, NAME, settlement_item(proposal))

    def _settle_one(
        self, context: Context, *, proposal: ProposalId, depositor: Address, amount: Amount, burned: Bps
    ) -> None:
        asset = self._accounts.native_asset(context.state)
        lost = Amount(ceil_div(amount * burned, BPS_MAX))
        returned = Amount(amount - lost)
        totals = _totals(context.state)
        DEPOSIT_TOTALS.set(
            context.state,
            None,
            replace(totals, burned=totals.burned + lost, refunded=totals.refunded + returned),
        )
        if lost:
            self._accounts.burn(context, account=HOLDER, asset=asset, amount=lost)
            context.emit(DepositBurned(proposal=proposal, depositor=depositor, amount=lost))
        if returned:
            self._accounts.transfer(context, source=HOLDER, destination=depositor, asset=asset, amount=returned)
            context.emit(DepositRefunded(proposal=proposal, depositor=depositor, amount=returned))


def settlement_item(proposal: ProposalId) -> bytes:
    """The deadline's item under which more deposits of a proposal are settled."""
    return SETTLEMENT_PREFIX + proposal


def _totals(state: StateReader) -> DepositTotals:
    return DEPOSIT_TOTALS.get(state, None) or DepositTotals()
