"""What a handler gets, and nothing else: state, block, caller, gas, events, deadlines, and a way to run a call.

A context belongs to one caller in one transaction (or in block begin or end, where `caller` is the module itself).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from daonode.ledger.block import BlockInfo
from daonode.ledger.state import StateStore
from daonode.ledger.transactions import Call
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, TxId


class Gas(Protocol):
    """Meters what a transaction does. State access and events charge themselves; handlers charge what is beyond."""

    def charge(self, amount: int, /) -> None:
        """Use `amount` of gas, or raise `OutOfGas`."""
        ...


class Context(Protocol):
    """The world of a handler.

    `caller` is the account on whose behalf the message runs: the sender, or the origin account of an approved proposal
    for its actions (such accounts have no policy, so no transaction can be sent in their name).

    `sender`, `lane`, `sequence` and `message_index` together are never used twice on a chain: they make ids that nobody
    can copy. For a transaction's own messages the index is the position; a dispatched call gets a number of its own. In
    block begin, deadlines and block end the sender is the module's account, the sequence is the height, and `tx_id` is
    32 zero bytes.
    """

    @property
    def state(self) -> StateStore: ...
    @property
    def block(self) -> BlockInfo: ...
    @property
    def caller(self) -> Address: ...
    @property
    def tx_id(self) -> TxId: ...
    @property
    def sender(self) -> Address: ...
    @property
    def lane(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def message_index(self) -> int: ...
    @property
    def gas(self) -> Gas: ...

    def emit(self, event: Record, /) -> None:
        """Record a typed event; it is dropped when the enclosing unit fails."""
        ...

    def atomic(self) -> AbstractContextManager[None]:
        """State changes, events and deadlines inside apply all or none: an error leaves everything as it was."""
        ...

    def limit_gas(self, amount: int, /) -> AbstractContextManager[None]:
        """Inside, at most `amount` of gas is used: what needs more raises `OutOfGas` there. Limits nest.

        Block begin, deadlines and block end run on a budget of the block, not of a sender: a module that runs calls
        there (the actions of a proposal) gives them a limit of its own.
        """
        ...

    def dispatch(self, call: Call, /, *, caller: Address) -> None:
        """Run a call as `caller`, atomically. Depth is bounded; errors are `TransactionError`s and propagate."""
        ...

    def schedule(self, time_ms: int, module: str, item: bytes, /) -> None:
        """Have `module.on_deadline(context, item)` called in the first block whose time is at or after `time_ms`."""
        ...

    def cancel(self, time_ms: int, module: str, item: bytes, /) -> None:
        """Take a scheduled deadline back; one that is not there changes nothing."""
        ...
