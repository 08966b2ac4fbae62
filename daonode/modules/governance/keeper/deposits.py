"""Deposits: held in the module's account, and each ended exactly once, refunded or burned."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.origins import module_address
from daonode.ledger.state import StateReader
from daonode.modules.governance.errors import DepositNotTaken
from daonode.modules.governance.events import DepositBurned, Deposited, DepositRefunded
from daonode.modules.governance.expected import AccountsKeeper
from daonode.modules.governance.keys import DEPOSIT_TOTALS, DEPOSITS, NAME
from daonode.modules.governance.types import MAX_DEPOSITORS, DepositPart, DepositTotals, ProposalId
from daonode.primitives.ids import Address
from daonode.primitives.units import Amount

HOLDER: Final = module_address(NAME)
"""The account that holds all deposits; it neither votes nor counts."""


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

    def refund(self, context: Context, proposal: ProposalId) -> None:
        """Give all deposits of a proposal back; bounded by `MAX_DEPOSITORS`."""
        asset = self._accounts.native_asset(context.state)
        for depositor, amount in self._take_out(context, proposal):
            self._accounts.transfer(context, source=HOLDER, destination=depositor, asset=asset, amount=amount)
            totals = _totals(context.state)
            DEPOSIT_TOTALS.set(context.state, None, replace(totals, refunded=totals.refunded + amount))
            context.emit(DepositRefunded(proposal=proposal, depositor=depositor, amount=amount))

    def burn(self, context: Context, proposal: ProposalId) -> None:
        """Destroy all deposits of a proposal; bounded by `MAX_DEPOSITORS`."""
        asset = self._accounts.native_asset(context.state)
        for depositor, amount in self._take_out(context, proposal):
            self._accounts.burn(context, account=HOLDER, asset=asset, amount=amount)
            totals = _totals(context.state)
            DEPOSIT_TOTALS.set(context.state, None, replace(totals, burned=totals.burned + amount))
            context.emit(DepositBurned(proposal=proposal, depositor=depositor, amount=amount))

    def _take_out(self, context: Context, proposal: ProposalId) -> tuple[tuple[Address, Amount], ...]:
        """Remove the records first, so that nothing can be settled twice."""
        parts = tuple(DEPOSITS.iterate(context.state, prefix=proposal))
        for key, _ in parts:
            DEPOSITS.delete(context.state, key)
        return tuple((key[1], part.amount) for key, part in parts)


def _totals(state: StateReader) -> DepositTotals:
    return DEPOSIT_TOTALS.get(state, None) or DepositTotals()
