"""The interface that native modules implement, and that plug-ins from other packages implement too.

A module is found through the entry-point group `daonode.modules` and switched on by the genesis document. Its class is
constructed with the modules named in `requires` as keyword arguments: those it sees only through the Protocols of its
own `expected.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol, runtime_checkable

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, ChainId, PublicKey

Handler = Callable[[Context, Record], None]
"""Applies one message, or raises `TransactionError`. Registered per message type, so it may assume its own type."""


class QueryContext(Protocol):
    """What a query gets: committed state at one height, and that block's time."""

    @property
    def state(self) -> StateReader: ...
    @property
    def chain_id(self) -> ChainId: ...
    @property
    def height(self) -> int: ...
    @property
    def time_ms(self) -> int: ...


class Query(Protocol):
    """One read of a module: `arguments` and `result` are Records, shown as JSON by `primitives.json_form`."""

    @property
    def arguments(self) -> type[Record]: ...
    @property
    def result(self) -> type[Record]: ...
    @property
    def run(self) -> Callable[[QueryContext, Record], Record]: ...


Invariant = Callable[[StateReader], str | None]
"""Checks a property of the whole state: None when it holds, else what is wrong, with the numbers."""


class Module(Protocol):
    """A native module. All names below exist in every module, so that knowing one is knowing all."""

    name: ClassVar[str]
    version: ClassVar[int]
    requires: ClassVar[tuple[str, ...]]
    """Names of the modules that the constructor takes as keyword arguments."""
    genesis_type: ClassVar[type[Record]]
    """The module's section of the genesis document."""
    events: ClassVar[tuple[type[Record], ...]]

    @property
    def messages(self) -> Mapping[type[Record], Handler]: ...
    @property
    def queries(self) -> Mapping[str, Query]: ...
    @property
    def invariants(self) -> Mapping[str, Invariant]: ...

    def init_genesis(self, context: Context, genesis: Record, /) -> None:
        """Write the initial state; raise `ValueError` naming the field's path (`.members[3].address: ...`)."""
        ...

    def export_genesis(self, state: StateReader, /) -> Record:
        """The genesis section that recreates this state."""
        ...

    def begin_block(self, context: Context, /) -> None:
        """Bounded work before the transactions."""
        ...

    def on_deadline(self, context: Context, item: bytes, /) -> None:
        """A deadline that this module scheduled is due."""
        ...

    def end_block(self, context: Context, /) -> None:
        """Constant work after the transactions."""
        ...


@runtime_checkable
class Authenticator(Protocol):
    """Who may send, and who pays: implemented by the module that keeps accounts."""

    def check_transaction(
        self,
        state: StateReader,
        /,
        *,
        sender: Address,
        signers: tuple[PublicKey, ...],
        lane: int,
        sequence: int,
        fee: int,
    ) -> None:
        """Check what `begin_transaction` checks, and raise what it raises; for the mempool, which asks often."""
        ...

    def begin_transaction(
        self,
        context: Context,
        /,
        *,
        sender: Address,
        signers: tuple[PublicKey, ...],
        lane: int,
        sequence: int,
        fee: int,
    ) -> None:
        """Check that the verified `signers` satisfy the sender's policy, use the sequence, and take `fee` in full.

        Raises `Unauthorised`, `WrongSequence` or `FeeTooLow` and changes nothing then.
        """
        ...

    def finish_transaction(self, context: Context, /, *, sender: Address, charged: int, fee: int) -> None:
        """Give back `charged - fee` and note `fee` as collected, for `end_block` to share out."""
        ...

    def next_sequence(self, state: StateReader, /, *, sender: Address, lane: int) -> int:
        """The sequence that the next transaction of this lane must have."""
        ...
