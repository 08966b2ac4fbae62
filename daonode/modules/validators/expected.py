"""What this module needs from others. They are known by these shapes alone."""

from typing import Protocol

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.primitives.ids import Address, AssetId, ValidatorId


class PayoutAccounts(Protocol):
    """Says where a block's proposer is paid; this module's keeper is one."""

    def payout_account(self, state: StateReader, validator: ValidatorId, /) -> Address | None:
        """The account of that validator, or None where there is no such validator."""
        ...


class AccountsKeeper(Protocol):
    """Money: bonds are moved and burnt here."""

    def transfer(
        self, context: Context, *, source: Address, destination: Address, asset: AssetId, amount: int
    ) -> None: ...
    def burn(self, context: Context, *, account: Address, asset: AssetId, amount: int) -> None: ...
    def balance(self, state: StateReader, *, account: Address, asset: AssetId) -> int: ...
    def native_asset(self, state: StateReader) -> AssetId: ...
    def mark_custodial(self, context: Context, account: Address) -> None: ...


class AccountsModule(Protocol):
    """Keeps accounts and shares out fees, and has to be told who is paid."""

    @property
    def keeper(self) -> AccountsKeeper: ...
    def bind_payouts(self, payouts: PayoutAccounts) -> None:
        """Pay a block's proposer where `payouts` says."""
        ...
