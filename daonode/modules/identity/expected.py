"""What this module needs from others: nothing but to be watched. They are known by this shape alone."""

from typing import Protocol

from daonode.ledger.context import Context
from daonode.primitives.ids import Address


class PowerObserver(Protocol):
    """Told of every change of voting power while it happens, in the context of what caused it."""

    def on_power_changed(self, context: Context, /, *, source: str, account: Address, before: int, after: int) -> None:
        """The power of `account` from the power source of this name changed. Must not fail for reasons of its own."""
        ...
