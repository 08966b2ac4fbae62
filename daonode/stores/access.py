"""How a store is read and written, whatever it is made of.

A store holds rows and one head: the block up to which they are complete. `apply` changes both together or neither.
Everything is synchronous; whoever serves many clients calls it from threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from daonode.primitives.ids import BlockId, ChainId, Hash
from daonode.stores.rows import Row
from daonode.stores.tables import Table

R = TypeVar("R", bound=Row)
Value = int | str | bytes | bool | None


@dataclass(frozen=True, slots=True)
class Head:
    """The last block whose rows are all there, and the chain that it is of."""

    chain_id: ChainId
    genesis_hash: Hash
    height: int
    block_id: BlockId
    time_ms: int


@dataclass(frozen=True, slots=True)
class Between:
    """A filter: `low <= value < high`; None leaves a side open."""

    low: Value = None
    high: Value = None


@dataclass(frozen=True, slots=True)
class Change:
    """A row of a table after a block; None where there is no row with this key any more."""

    table: Table[Row]
    key: tuple[Value, ...]
    row: Row | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What one or more blocks change, in any order, a row at most once; `head` is the last of the blocks."""

    head: Head
    rows: Sequence[Change] = field(default_factory=tuple)


class Rows(Protocol):
    """Rows by key."""

    def get(self, table: Table[R], *key: Value) -> R | None:
        """The row with a key, or None."""
        ...


class Snapshot(Rows, Protocol):
    """One state of a store, for as long as it is open."""

    def head(self) -> Head | None:
        """How far the store is; None while it is empty."""
        ...

    def page(
        self,
        table: Table[R],
        *,
        order: Sequence[str],
        where: Mapping[str, Value | Between] | None = None,
        descending: bool = False,
        after: Sequence[Value] | None = None,
        limit: int = 100,
    ) -> list[R]:
        """Rows in an order that ends with a field that is different in each, beginning after these values of it.

        `where` filters by equality or range of fields, all of which must hold.
        """
        ...


class Reader(Snapshot, Protocol):
    """What the gateway asks of a store. Each call sees the state of its moment; a snapshot sees one throughout."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """The state of now, to be read by one thread and left soon: it keeps the store from tidying up."""
        ...


class Sink(Protocol):
    """Somewhere that rows are written to. What it is made of decides what it can answer; the indexer asks its head."""

    def head(self) -> Head | None:
        """How far it is; None while it is empty."""
        ...

    def apply(self, changes: Changes) -> None:
        """Write all rows and the head, durably, or nothing."""
        ...


class Writer(Rows, Sink, Protocol):
    """A sink that also gives its rows back by key: what rows are made from."""
