"""The ledger's own parameters: limits of blocks, the price of gas, how long a transaction may wait."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from daonode.ledger.errors import LedgerError
from daonode.ledger.state import StateReader
from daonode.ledger.table import ONLY_KEY, Table
from daonode.ledger.transactions import MAX_TRANSACTION_BYTES
from daonode.primitives.codec import U32, Record
from daonode.primitives.units import DurationMs, ceil_div

MAX_BLOCK_BYTES: Final = 8 * 1024 * 1024
"""What no parameter may exceed: a payload has to fit in a message of the network."""
GAS_PRICE_UNIT: Final = 1_000
"""Gas that the price is quoted for, so that gas can cost less than one base unit."""


TRANSACTION_GAS_DIVISOR: Final = 4
"""One transaction may claim this share of a block's gas. A block counts what was used and keeps room for what the next
may use at most, so claims that use nothing keep nobody out while three quarters of the block are not really used."""


def max_transaction_gas(max_block_gas: int) -> int:
    """The highest gas limit that a transaction may have where blocks have this much gas."""
    return max_block_gas // TRANSACTION_GAS_DIVISOR


class LedgerParams(Record, frozen=True):
    """Section `ledger` of the genesis document. The price is in base units of the native asset for 1000 gas."""

    gas_price: U32 = 1
    max_block_bytes: Annotated[int, Meta(ge=MAX_TRANSACTION_BYTES + 64, le=MAX_BLOCK_BYTES)] = 1024 * 1024
    max_block_transactions: Annotated[int, Meta(ge=1, le=65_535)] = 2_000
    max_block_gas: Annotated[int, Meta(ge=100_000, le=2**32 - 1)] = 20_000_000
    expiry_window: DurationMs = DurationMs(86_400_000)

    @property
    def max_transaction_gas(self) -> int:
        """The highest gas limit that a transaction may have."""
        return max_transaction_gas(self.max_block_gas)

    def fee_of(self, gas: int) -> int:
        """What `gas` costs, in base units, rounded up."""
        return ceil_div(gas * self.gas_price, GAS_PRICE_UNIT)


PARAMS: Final = Table("ledger", 1, ONLY_KEY, LedgerParams)


def load_params(state: StateReader) -> LedgerParams:
    """The parameters in force.

    Raises:
        LedgerError: the state is not that of a chain: genesis did not write it.
    """
    params = PARAMS.get(state, None)
    if params is None:
        raise LedgerError("the state has no ledger parameters: it was not made from a genesis document")
    return params
