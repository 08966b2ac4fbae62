"""The oracle's eye on snapshots: nobody stores a chunk that is not the state after a block that was committed.

It keeps the state after each height as the nodes wrote it when they executed it, and compares byte by byte. Proofs and
hashes are not looked at: whatever they say, this is what they are for.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from daonode.replica.effects import Store
from daonode.replica.layout import BASE_KEY, CommittedBlock
from daonode.replica.snapshot import Chunk
from daonode.testing.broken import SNAPSHOTS, InvariantBroken
from daonode.testing.disk import Batch
from daonode.testing.electorate import header_id
from daonode.testing.world import World

STATE_PREFIX = b"s"
COMMITTED_PREFIX = b"h"
CHUNK_PREFIX = b"c"
ID_BYTES = 32


class SnapshotJudge:
    """Judges what honest nodes store of snapshots. A node counts as a witness until it has lost its disk."""

    def __init__(self, world: World) -> None:
        genesis = {key: value for key, value in world.chain.genesis_writes() if key.startswith(STATE_PREFIX)}
        self._written: dict[int, dict[bytes, bytes | None]] = {
            node: dict(genesis) for node in range(len(world.validators))
        }
        """What each witness has under its state keys."""
        self._states: dict[bytes, Mapping[bytes, bytes | None]] = {}
        """The state after each committed block, by its id."""

    def on_disk_lost(self, node: int) -> None:
        """A node has lost all but its signer's state."""
        self._written.pop(node, None)

    def on_persist(self, node: int, store: Store, batch: Batch) -> None:
        """A node has written a batch."""
        if store is Store.STATE and node in self._written:
            self._witness(self._written[node], batch)
        elif store is Store.SNAPSHOTS:
            for key, value in batch:
                if key.startswith(CHUNK_PREFIX) and value is not None:
                    self._judge_chunk(node, key[1 : 1 + ID_BYTES], msgspec.msgpack.decode(value, type=Chunk))

    def _witness(self, written: dict[bytes, bytes | None], batch: Batch) -> None:
        written.update((key, value) for key, value in batch if key.startswith(STATE_PREFIX))
        for key, value in batch:
            if key.startswith(COMMITTED_PREFIX) and value is not None:
                header = msgspec.msgpack.decode(value, type=CommittedBlock).header
                self._states.setdefault(header_id(header), dict(written))

    def _judge_chunk(self, node: int, block_id: bytes, chunk: Chunk) -> None:
        state = self._states.get(block_id)
        if state is None:
            raise InvariantBroken(SNAPSHOTS, f"node {node} stores a chunk of {block_id.hex()[:8]}: nobody committed it")
        for key, value in chunk.entries:
            if state.get(STATE_PREFIX + key) != value:
                text = f"node {node} stores {key.hex()} of the snapshot of {block_id.hex()[:8]} with another value"
                raise InvariantBroken(SNAPSHOTS, text)


def joins_here(batch: Batch) -> bool:
    """Whether a batch is the one with which a node begins on a snapshot."""
    return any(key == BASE_KEY for key, _ in batch)
