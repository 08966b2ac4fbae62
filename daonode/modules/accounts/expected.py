"""What this module needs from others, and what others may give it. They are known by these shapes alone."""

from typing import Protocol

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.primitives.ids import Address, ValidatorId


class PowerObserver(Protocol):
    """Told of every change of voting power while it happens, in the context of what caused it."""

    def on_power_changed(self, context: Context, /, *, source: str, account: Address, before: int, after: int) -> None:
        """The power of `account` from the power source of this name changed. Must not fail for reasons of its own."""
        ...


class PayoutAccounts(Protocol):
    """Says where a block's proposer is paid."""

    def payout_account(self, state: StateReader, validator: ValidatorId, /) -> Address | None:
        """The account of that validator, or None where there is no such validator."""
        ...
