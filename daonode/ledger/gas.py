"""What everything costs, and the meter that a transaction runs against.

One unit of gas is about a tenth of a microsecond of one core of a small server, so a price list is a list of measured
times. Prices are part of the protocol: changing one changes receipts.
"""

from __future__ import annotations

from typing import Final

from daonode.ledger.errors import OutOfGas

TRANSACTION_GAS: Final = 1_000
"""Decoding a transaction, its account's authentication, its fee and its receipt."""
TRANSACTION_BYTE_GAS: Final = 2
SIGNATURE_GAS: Final = 1_000
CALL_GAS: Final = 200
"""Decoding and dispatching one message or one nested call."""
READ_GAS: Final = 50
WRITE_GAS: Final = 1_000
"""One key's share of a block's tree update, and of storing it."""
STATE_BYTE_GAS: Final = 1
EVENT_GAS: Final = 100
EVENT_BYTE_GAS: Final = 1

GAS_A_MS: Final = 10_000
"""Gas whose work takes about a millisecond."""
BLOCK_WORK_GAS: Final = 5_000_000
"""The budget of one module's block begin, deadline or block end: half a second, which no honest one comes near."""

DEADLINES_GAS: Final = 10_000_000
"""When the deadlines of one block have used this much, the others wait for the next block."""


def intrinsic_gas(*, byte_count: int, signature_count: int) -> int:
    """What a transaction uses before its first message runs."""
    return TRANSACTION_GAS + TRANSACTION_BYTE_GAS * byte_count + SIGNATURE_GAS * signature_count


class GasMeter:
    """Counts what is used up to a limit. Limits nest: inside an inner one the outer still holds."""

    __slots__ = ("_ceiling", "_limit", "_used")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ceiling = limit
        self._used = 0

    @property
    def limit(self) -> int:
        """What may be used in all."""
        return self._limit

    @property
    def used(self) -> int:
        """What has been used, never above the limit."""
        return self._used

    def charge(self, amount: int, /) -> None:
        """Use `amount` of gas.

        Raises:
            OutOfGas: less than that is left; all that was left inside the innermost limit is used then.
        """
        if amount < 0:
            raise ValueError(f"gas is charged, not given back: got {amount}")
        needed = self._used + amount
        if needed > self._ceiling:
            self._used = self._ceiling
            raise OutOfGas(f"needed {needed} gas, the limit is {self._ceiling}", hint="raise the gas limit")
        self._used = needed

    def enter_limit(self, amount: int) -> int:
        """Allow at most `amount` from here on; returns what `leave_limit` takes."""
        outer = self._ceiling
        self._ceiling = min(outer, self._used + amount)
        return outer

    def leave_limit(self, outer: int) -> None:
        """End the limit that gave `outer`."""
        self._ceiling = outer
