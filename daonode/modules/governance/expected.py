"""What governance needs from other modules, and nothing more of them."""

from __future__ import annotations

from typing import Protocol

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.primitives.ids import Address, AssetId


class PowerSource(Protocol):
    """A kind of voting power with a past."""

    @property
    def name(self) -> str:
        """Distinct for each source; the one that observers are told."""
        ...

    def power_at(self, state: StateReader, *, account: Address, height: int) -> int:
        """The account's power at the end of `height`: the present height or a live snapshot."""
        ...

    def total_power_at(self, state: StateReader, *, height: int) -> int:
        """The sum over all accounts at the end of `height`."""
        ...


class PowerObserver(Protocol):
    """Told of every change of voting power, in the same transaction."""

    def on_power_changed(self, context: Context, *, source: str, account: Address, before: int, after: int) -> None:
        """`account` had `before` units of `source` and now has `after`."""
        ...


class AccountsKeeper(Protocol):
    """Money: deposits are moved and burned here, and the native token gives power."""

    def transfer(
        self, context: Context, *, source: Address, destination: Address, asset: AssetId, amount: int
    ) -> None: ...
    def burn(self, context: Context, *, account: Address, asset: AssetId, amount: int) -> None: ...
    def balance(self, state: StateReader, *, account: Address, asset: AssetId) -> int: ...
    def native_asset(self, state: StateReader) -> AssetId: ...
    def mark_custodial(self, context: Context, account: Address) -> None: ...
    def power_source(self, asset: AssetId) -> PowerSource: ...
    def subscribe(self, observer: PowerObserver) -> None: ...


class IdentityKeeper(Protocol):
    """Members: one unit of power each."""

    def power_source(self) -> PowerSource: ...
    def subscribe(self, observer: PowerObserver) -> None: ...


class AccountsModule(Protocol):
    """The module that keeps accounts."""

    @property
    def keeper(self) -> AccountsKeeper: ...


class IdentityModule(Protocol):
    """The module that keeps members."""

    @property
    def keeper(self) -> IdentityKeeper: ...
