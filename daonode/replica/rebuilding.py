"""From the chunks of a snapshot to the databases of a node: flat state, tree nodes, and the records it goes on from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from daonode.consensus.certificates import genesis_certificate
from daonode.consensus.types import CommitProof, Header
from daonode.ledger.deadlines import next_deadline_ms
from daonode.ledger.tree import build_nodes, read_root
from daonode.primitives.codec import encode
from daonode.replica.archive import KeyValueReader, StateAtTip
from daonode.replica.committing import Writes, epoch_writes
from daonode.replica.errors import RecordDamaged
from daonode.replica.layout import (
    BASE_KEY,
    HEADER_PREFIX,
    NODE_PREFIX,
    STATE_PREFIX,
    TIP_KEY,
    Base,
    CommittedBlock,
    EpochRecord,
    Tip,
    height_key,
    prefix_end,
)
from daonode.replica.snapshot import Manifest, read_chunk
from daonode.replica.snapshot_archive import SnapshotArchive

BATCH_RECORDS = 4_096
"""About how many records one batch has."""


def clear_state(state: KeyValueReader) -> Iterator[Writes]:
    """Yield the batches that delete state and nodes: what an interrupted or wrong rebuilding has left."""
    for prefix in (STATE_PREFIX, NODE_PREFIX):
        batch: list[tuple[bytes, bytes | None]] = []
        for key, _ in state.iterate(start=prefix, end=prefix_end(prefix)):
            batch.append((key, None))
            if len(batch) >= BATCH_RECORDS:
                yield tuple(batch)
                batch.clear()
        if batch:
            yield tuple(batch)


def rebuild_state(manifest: Manifest, snapshots: SnapshotArchive) -> Iterator[Writes]:
    """Yield the batches that write the flat state and the tree of a snapshot whose chunks are all in the database.

    Raises:
        RecordDamaged: a chunk is missing.
    """
    batch: list[tuple[bytes, bytes | None]] = []

    def entries() -> Iterator[tuple[bytes, bytes]]:
        block_id = manifest.header.id()
        for index in range(len(manifest.chunks)):
            data = snapshots.chunk(block_id, index)
            if data is None:
                raise RecordDamaged(
                    store="snapshots", record=f"chunk {index}", problem="it is missing, and was fetched"
                )
            for key, value in read_chunk(data).entries:
                batch.append((STATE_PREFIX + key, value))
                yield key, value

    for node_key, node in build_nodes(manifest.header.height, entries()):
        batch.append((NODE_PREFIX + node_key, node))
        if len(batch) >= BATCH_RECORDS:
            yield tuple(batch)
            batch.clear()
    yield tuple(batch)


def is_rebuilt(manifest: Manifest, state: KeyValueReader) -> bool:
    """Whether the tree in the database has the root that the certified header states."""
    return read_root(StateAtTip(state), manifest.header.height) == manifest.header.state_root


@dataclass(frozen=True, slots=True)
class Origin:
    """What every store of the chain has of its beginning: `stored_genesis` is key and record (`bootstrap.py`)."""

    genesis: Header
    first_epoch: EpochRecord
    stored_genesis: tuple[bytes, bytes]


def joined_writes(manifest: Manifest, state: KeyValueReader, *, origin: Origin) -> Writes:
    """The last batch: with it the node has a tip, and goes on from there as after any restart."""
    header = manifest.header
    deadline_ms = next_deadline_ms(StateAtTip(state))
    writes = [_header_write(origin.genesis, None), *epoch_writes(origin.first_epoch)]
    for change in manifest.epochs:
        end = change.header
        writes.append(_header_write(end, change.proof, descendants=change.descendants))
        writes.extend(epoch_writes(EpochRecord(end.height, change.validators, genesis_certificate(end))))
    return (
        *writes,
        _header_write(header, manifest.proof),
        (BASE_KEY, encode(Base(height=header.height, history=manifest.history))),
        origin.stored_genesis,
        (TIP_KEY, encode(Tip(height=header.height, block_id=header.id(), next_deadline_ms=deadline_ms))),
    )


def _header_write(
    header: Header, proof: CommitProof | None, *, descendants: tuple[Header, ...] = ()
) -> tuple[bytes, bytes]:
    committed = CommittedBlock(block_id=header.id(), header=header, proof=proof, descendants=descendants)
    return height_key(HEADER_PREFIX, header.height), encode(committed)
