"""What the treasury needs from other modules, and nothing more of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.primitives.ids import Address, AssetId


class AccountsKeeper(Protocol):
    """Money: the treasury's funds are a balance of its account."""

    def transfer(
        self, context: Context, *, source: Address, destination: Address, asset: AssetId, amount: int
    ) -> None: ...
    def balance(self, state: StateReader, *, account: Address, asset: AssetId) -> int: ...
    def native_asset(self, state: StateReader) -> AssetId: ...
    def mark_custodial(self, context: Context, account: Address) -> None: ...


class SpendCap(Protocol):
    """The most of one asset that one proposal may commit."""

    @property
    def asset(self) -> AssetId: ...
    @property
    def amount(self) -> int: ...


class Execution(Protocol):
    """An approved proposal whose actions are running."""

    @property
    def proposal(self) -> bytes:
        """Its id, 32 bytes."""
        ...

    @property
    def track(self) -> int: ...
    @property
    def criticality(self) -> int:
        """A higher one may void what a lower one approved."""
        ...

    @property
    def caller(self) -> Address:
        """The origin's account, which the actions are called as."""
        ...

    @property
    def spend_caps(self) -> Sequence[SpendCap]: ...


class GovernanceKeeper(Protocol):
    """Decisions: the only source of authority over the treasury."""

    def execution(self, context: Context) -> Execution | None:
        """The approved execution on whose behalf this context's caller acts, or None."""
        ...


class AccountsModule(Protocol):
    """The module that keeps accounts."""

    @property
    def keeper(self) -> AccountsKeeper: ...


class GovernanceModule(Protocol):
    """The module that keeps proposals."""

    @property
    def keeper(self) -> GovernanceKeeper: ...
