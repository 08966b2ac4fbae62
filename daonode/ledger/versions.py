"""The state after one block: flat values and tree nodes, committed or not.

The versions of uncommitted blocks hang on their parents as the blocks do, so forks stand side by side. Reading walks up
to the nearest version that holds the key; a committed version reads the storage. A tree version's number is its height.

However long nothing is committed, the way up is short: every `SPAN`th version holds also what those since the last such
one changed, every `SPAN`th of these what those did, and so on. So `n` versions are passed in less than `SPAN` steps for
each digit of `n`, and each change is referred to once for each digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from daonode.ledger.block import BlockResult
from daonode.ledger.overlay import merge
from daonode.ledger.state import StateReader
from daonode.ledger.tree import NodeReader, prove
from daonode.primitives.generations import Generations
from daonode.primitives.ids import Hash
from daonode.primitives.state_proof import StateProof

MAX_KEPT_READS: Final = 4_096
"""Values of the parent or the storage that a version remembers: the mempool asks for the same few again and again."""


MAX_LATE_VALUES: Final = 12_288
"""Values of the storage that each of two generations remembers."""
MAX_LATE_VALUE_BYTES: Final = 512
"""Longer ones are not remembered."""
_NOT_HERE: Final = b"not here"
"""Stands for a value that is to be read from the storage. Compared by identity, so no value can be mistaken for it."""

SPAN: Final = 16
"""After how many versions the next one skips them."""


_Changes = tuple[Mapping[bytes, bytes | None], Mapping[bytes, bytes]]
"""Flat values and tree nodes."""


class WarmValues:
    """The committed flat state in a storage, which remembers what was committed last.

    Only what was committed is remembered, not what was read: a reading on another thread may be of an older state.
    """

    __slots__ = ("_late", "_storage")

    def __init__(self, storage: StateReader) -> None:
        self._storage = storage
        self._late: Generations[bytes, bytes | None] = Generations(MAX_LATE_VALUES)

    def get(self, key: bytes, /) -> bytes | None:
        """The value at `key`, or None."""
        value = self._late.get(key, _NOT_HERE)
        return self._storage.get(key) if value is _NOT_HERE else value

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with `start <= key < end`, ascending."""
        return self._storage.iterate(start, end)

    def remember(self, writes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take in what has been committed to the storage, or is about to be before anybody else reads."""
        for key, value in writes:
            is_long = value is not None and len(value) > MAX_LATE_VALUE_BYTES
            self._late.put(key, _NOT_HERE if is_long else value)


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
        """Read from the storage below this version's changes: it has been committed there. Lets go of the parent.

        Versions on top of this one stay valid, and so does a reading that is under way on another thread. Those on a
        fork beside it are not to be read any more.
        """
        self._parent = None
        self._parent_state = state
        self._parent_nodes = nodes

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
