"""The state after one block: flat values and tree nodes, committed or not.

The versions of uncommitted blocks hang on their parents as the blocks do, so forks stand side by side. Reading walks up
to the nearest version that holds the key; a committed version reads the storage. A tree version's number is its height.

However long nothing is committed, the way up is short: every `SPAN`th version holds also what those since the last such
one changed, every `SPAN`th of these what those did, and so on. So `n` versions are passed in less than `SPAN` steps for
each digit of `n`, and each change is referred to once for each digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from daonode.ledger.block import BlockResult
from daonode.ledger.overlay import merge
from daonode.ledger.state import StateReader
from daonode.ledger.tree import NodeReader, prove
from daonode.primitives.ids import Hash
from daonode.primitives.state_proof import StateProof

MAX_KEPT_READS: Final = 4_096
"""Values of the parent or the storage that a version remembers: the mempool asks for the same few again and again."""


SPAN: Final = 16
"""After how many versions the next one skips them."""


_Changes = tuple[Mapping[bytes, bytes | None], Mapping[bytes, bytes]]
"""Flat values and tree nodes."""


class StateVersion:
    """The state at `height`, after the block with time `time_ms`. It is a `StateReader` and a `NodeReader`."""

    __slots__ = (
        "_nodes", "_parent", "_parent_nodes", "_parent_state", "_place", "_reads", "_sorted_keys", "_writes", "height",
        "root", "time_ms",
    )  # fmt: skip

    def __init__(self, *, height: int, time_ms: int, root: Hash, state: StateReader, nodes: NodeReader) -> None:
        """A version that the readers hold in full: a committed one."""
        self.height = height
        self.time_ms = time_ms
        self.root = root
        self._parent: StateVersion | None = None
        """The version that is read below this one's changes, until this one is settled."""
        self._place = 0
        """How many blocks this version is above the one that everything hung on first."""
        self._parent_state = state
        self._parent_nodes = nodes
        self._writes: Mapping[bytes, bytes | None] = {}
        self._sorted_keys: tuple[bytes, ...] = ()
        self._nodes: Mapping[bytes, bytes] = {}
        self._reads: dict[bytes, bytes | None] = {}

    def child(self, result: BlockResult, *, height: int, time_ms: int) -> StateVersion:
        """The version after a block on top of this one."""
        place = self._place + 1
        skipped, parent = self._skipped_by(place)
        child = StateVersion(height=height, time_ms=time_ms, root=result.state_root, state=parent, nodes=parent)
        child._parent, child._place = parent, place
        writes: dict[bytes, bytes | None] = {}
        nodes: dict[bytes, bytes] = {}
        for earlier_writes, earlier_nodes in reversed(skipped):
            writes.update(earlier_writes)
            nodes.update(earlier_nodes)
        writes.update(result.writes)
        nodes.update(result.nodes)
        child._writes, child._sorted_keys, child._nodes = writes, tuple(sorted(writes)), nodes
        return child

    def settle(self, *, state: StateReader, nodes: NodeReader) -> None:
        """Read from the storage from now on: this version has been committed to it. Lets go of parent and changes.

        Versions on top of this one stay valid. Those on a fork beside it are not to be read any more.
        """
        self._parent = None
        self._parent_state = state
        self._parent_nodes = nodes
        self._writes, self._sorted_keys, self._nodes = {}, (), {}

    def _skipped_by(self, place: int) -> tuple[list[_Changes], StateVersion]:
        """The changes, from this version down, that a child at `place` takes into its own; and the version below."""
        span = 1
        while place % (span * SPAN) == 0:
            span *= SPAN
        skipped: list[_Changes] = []
        version = self
        while version._place > place - span and version._parent is not None:
            skipped.append((version._writes, version._nodes))
            version = version._parent
        return skipped, version

    def get(self, key: bytes, /) -> bytes | None:
        """The value at `key`, or None."""
        if key in self._writes:
            return self._writes[key]
        if key in self._reads:
            return self._reads[key]
        value = self._parent_state.get(key)
        if len(self._reads) < MAX_KEPT_READS:
            self._reads[key] = value
        return value

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with `start <= key < end`, ascending."""
        if not self._sorted_keys:
            return self._parent_state.iterate(start, end)
        return merge(self._parent_state, self._writes, self._sorted_keys, start=start, end=end)

    def get_node(self, node_key: bytes, /) -> bytes | None:
        """The tree node at `node_key`, or None."""
        node = self._nodes.get(node_key)
        return self._parent_nodes.get_node(node_key) if node is None else node

    def prove(self, key: bytes) -> StateProof:
        """Prove what stands at `key` under this version's root.

        Raises:
            MissingNode: the version was pruned.
        """
        return prove(self, version=self.height, key=key)
