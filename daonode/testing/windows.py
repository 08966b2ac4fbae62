"""The oracle's eye on pruning (I10): inside its window a pruned node answers as an archive does.

The window is the tip and so many heights below it. Of each height in it the databases are compared byte by byte: the
block, its results, the places of its transactions, and every node of its state tree, of which all proofs of the state
are made. What proves a block final may differ from node to node, so that is judged by itself. The tree is walked here,
in the archive's bytes, whose format `ledger/tree/nodes.py` describes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from daonode.consensus.types import Block
from daonode.replica.effects import Store
from daonode.replica.layout import CommittedBlock
from daonode.testing.broken import WINDOW, InvariantBroken
from daonode.testing.disk import Database, Disk
from daonode.testing.electorate import transaction_ids

HEADER_PREFIX, RESULTS_PREFIX, PLACE_PREFIX, NODE_PREFIX = b"h", b"r", b"t", b"n"
BLOCK_PREFIX = b"b"
HEIGHT_BYTES = 8

HASH_BYTES = 32
SLOTS = 16
FIELDS = 20
"""Sixteen slots, one a nibble, and four hashes over neighbouring ones; the size of each, a byte, stands ahead."""
INTERNAL_BYTES = HASH_BYTES + HEIGHT_BYTES
"""A slot of this size refers to another node: by its hash, and the height that wrote it."""


@dataclass(frozen=True, slots=True)
class Window:
    """The heights from `first` to `last`, its tip, that a node which prunes must know as the archive does."""

    node: int
    pruned: Disk
    archive: Disk
    first: int
    last: int

    def judge(self, judge_proof: Callable[[int, CommittedBlock], None]) -> None:
        """Compare all heights; each proof that the pruned node has is given to `judge_proof`.

        Raises:
            InvariantBroken: it lacks something, or has something else.
        """
        seen: dict[bytes, None] = {}
        for height in range(self.first, self.last + 1):
            committed = self._judge_header(height)
            if committed.proof is not None:
                judge_proof(self.node, committed)
            elif height == self.last:
                self._fail("the proof that it is final", height)
            self._judge_block(committed.block_id, height)
            self._compare(Store.STATE, _height_key(RESULTS_PREFIX, height), "the results", height)
            for key, node in tree_nodes(self.archive.stores[Store.STATE], height, seen=seen):
                if node is None or self.pruned.stores[Store.STATE].get(key) != node:
                    self._fail(f"the node {key.hex()} of the state tree", height)

    def count_pruned(self) -> int:
        """How many heights below the window can be proven by the archive, and no more by the pruned node."""
        keys = [NODE_PREFIX + height.to_bytes(HEIGHT_BYTES, "big") for height in range(self.first)]
        ours, theirs = self.pruned.stores[Store.STATE], self.archive.stores[Store.STATE]
        return sum(ours.get(key) is None and theirs.get(key) is not None for key in keys)

    def _judge_header(self, height: int) -> CommittedBlock:
        key = _height_key(HEADER_PREFIX, height)
        ours, theirs = self.pruned.stores[Store.STATE].get(key), self.archive.stores[Store.STATE].get(key)
        if ours is None or theirs is None:
            self._fail("the header", height)
        read = msgspec.msgpack.Decoder(CommittedBlock).decode
        committed, other = read(ours), read(theirs)
        if (committed.block_id, committed.header) != (other.block_id, other.header):
            self._fail("the header", height)
        return committed

    def _judge_block(self, block_id: bytes, height: int) -> None:
        self._compare(Store.BLOCKS, BLOCK_PREFIX + block_id, "the block", height)
        block = self.archive.stores[Store.BLOCKS].get(BLOCK_PREFIX + block_id)
        if block is not None:
            for each in transaction_ids(msgspec.msgpack.decode(block, type=Block)):
                self._compare(Store.STATE, PLACE_PREFIX + each, f"the place of transaction {each.hex()}", height)

    def _compare(self, store: Store, key: bytes, what: str, height: int) -> None:
        if self.pruned.stores[store].get(key) != self.archive.stores[store].get(key):
            self._fail(what, height)

    def _fail(self, what: str, height: int) -> NoReturn:
        text = (
            f"node {self.node} prunes, and of height {height} in its window, {self.first} to {self.last}, lacks {what}"
        )
        raise InvariantBroken(WINDOW, text)


def tree_nodes(archive: Database, height: int, *, seen: dict[bytes, None]) -> Iterator[tuple[bytes, bytes | None]]:
    """The keys and bytes of the state tree of a height, but for nodes that were `seen` and what is below them."""
    waiting = [(height.to_bytes(HEIGHT_BYTES, "big"), b"")]
    while waiting:
        version, path = waiting.pop()
        key = NODE_PREFIX + version + path
        if key in seen:
            continue
        seen[key] = None
        data = archive.get(key)
        yield key, data
        if data is None:
            continue
        offset = FIELDS
        for nibble, size in enumerate(data[:SLOTS]):
            if size == INTERNAL_BYTES:
                waiting.append((data[offset + HASH_BYTES : offset + size], path + bytes([nibble])))
            offset += size


def _height_key(prefix: bytes, height: int) -> bytes:
    return prefix + height.to_bytes(HEIGHT_BYTES, "big")
