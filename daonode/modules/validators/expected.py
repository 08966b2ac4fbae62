"""What this module needs from others. They are known by these shapes alone."""

from typing import Protocol

from daonode.ledger.state import StateReader
from daonode.primitives.ids import Address, ValidatorId


class PayoutAccounts(Protocol):
    """Says where a block's proposer is paid; this module's keeper is one."""

    def payout_account(self, state: StateReader, validator: ValidatorId, /) -> Address | None:
        """The account of that validator, or None where there is no such validator."""
        ...


class AccountsModule(Protocol):
    """Shares out fees, and has to be told who is paid."""

    def bind_payouts(self, payouts: PayoutAccounts) -> None:
        """Pay a block's proposer where `payouts` says."""
        ...
