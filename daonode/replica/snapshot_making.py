"""Making a snapshot out of a store that stands still, in small pieces that are written one after the other.

The state is first sorted (`sorting.py`) in the database that the snapshot is written to, then cut. Memory is bounded by
one chunk, the list of all, and what sorting takes. What an interrupted one has left is deleted by the next.
"""

from __future__ import annotations

from collections.abc import Iterator

from daonode.consensus.leaders import HISTORY_HEIGHTS
from daonode.consensus.types import CommitProof, Header
from daonode.ledger.tree import prove_range
from daonode.primitives.codec import encode
from daonode.primitives.hashing import sha256
from daonode.primitives.range_proof import FIRST_PATH, LAST_PATH
from daonode.replica.archive import Archive, KeyValueReader
from daonode.replica.committing import Writes
from daonode.replica.layout import (
    CHUNK_PREFIX,
    FETCHING_KEY,
    MANIFEST_PREFIX,
    SORTING_PREFIX,
    CommittedBlock,
    chunk_key,
    height_key,
    prefix_end,
)
from daonode.replica.snapshot import (
    CHUNK_BYTES,
    MAX_MANIFEST_BYTES,
    SNAPSHOTS_KEPT,
    Ancestor,
    Chunk,
    ChunkInfo,
    Manifest,
    path_before,
)
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.replica.sorting import PIECE_ENTRIES, PathEntry, delete_runs, merge_runs, write_runs

_Entry = tuple[bytes, bytes]


class SnapshotSchedule:
    """When a snapshot is taken: from each multiple of the interval on, at the first block that can be joined at.

    That is one with a proof of its own, and not the last of its epoch.
    """

    def __init__(self, interval: int | None, *, height: int) -> None:
        self._interval = interval
        self._last_height = height

    def is_due(self, header: Header, proof: CommitProof | None) -> bool:
        """Whether to take one at a block that is committed now. Asked of each block once, in their order."""
        if self._interval is None or proof is None or header.closes_epoch:
            return False
        last, self._last_height = self._last_height, header.height
        return header.height // self._interval > last // self._interval


def make_snapshot(archive: Archive, snapshots: KeyValueReader, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Writes]:
    """Yield the batches that make a snapshot of the archive's tip in the database `snapshots`, and delete older ones.

    The archive stands still meanwhile, the database takes each batch before the next is asked for; some are empty, so
    that there is room for other work between them. The snapshot is there once its manifest is, in the last batch;
    there is none where `SnapshotSchedule` would not take one, or its manifest would be too large.
    """
    committed = archive.committed(archive.tip().height)
    assert committed is not None, "the tip's header is written in the same batch as the tip"
    kept = SnapshotArchive(snapshots).manifests()
    if committed.proof is None or any(manifest.header == committed.header for manifest in kept):
        return
    yield from _delete_unfinished(snapshots, kept)
    runs = yield from write_runs(archive.state)
    chunks: list[ChunkInfo] = []
    for chunk, writes in _cut(archive, merge_runs(snapshots, runs), committed, chunk_bytes=chunk_bytes):
        if chunk is not None:
            chunks.append(chunk)
        yield writes
    yield from delete_runs(runs)
    manifest = Manifest(
        header=committed.header,
        proof=committed.proof,
        epochs=archive.epoch_changes(),
        history=tuple(Ancestor(block.header, block.qc) for block in archive.recent_blocks(HISTORY_HEIGHTS)),
        chunks=tuple(chunks),
    )
    data = encode(manifest)
    if len(data) > MAX_MANIFEST_BYTES:
        yield from _delete_unfinished(snapshots, kept)
        return
    # One batch, so that there are never more than peers take.
    too_many = kept[: max(0, len(kept) + 1 - SNAPSHOTS_KEPT)]
    deletions = tuple(write for old in too_many for write in _deletion(old))
    yield ((height_key(MANIFEST_PREFIX, committed.header.height), data), *deletions)


def _deletion(manifest: Manifest) -> Writes:
    """What takes a snapshot away."""
    block_id = manifest.header.id()
    chunks = tuple((chunk_key(block_id, index), None) for index in range(len(manifest.chunks)))
    return (height_key(MANIFEST_PREFIX, manifest.header.height), None), *chunks


def _delete_unfinished(snapshots: KeyValueReader, kept: tuple[Manifest, ...]) -> Iterator[Writes]:
    """Delete what belongs to no whole snapshot."""
    yield ((FETCHING_KEY, None),)
    ids = [manifest.header.id() for manifest in kept]
    for prefix in (CHUNK_PREFIX, SORTING_PREFIX):
        batch: list[tuple[bytes, bytes | None]] = []
        for key, _ in snapshots.iterate(start=prefix, end=prefix_end(prefix)):
            if prefix == SORTING_PREFIX or key[1:33] not in ids:
                batch.append((key, None))
            if len(batch) >= PIECE_ENTRIES:
                yield tuple(batch)
                batch.clear()
        yield tuple(batch)


def _cut(
    archive: Archive, sorted_entries: Iterator[PathEntry], committed: CommittedBlock, *, chunk_bytes: int
) -> Iterator[tuple[ChunkInfo | None, Writes]]:
    """Yield each chunk with the batch that writes it; in between, batches without."""
    state, block_id = archive.state_at_tip(), committed.block_id
    index, first, byte_count = 0, FIRST_PATH, 0
    entries: list[_Entry] = []

    def close(last: bytes) -> tuple[ChunkInfo, Writes]:
        proof = prove_range(state, version=committed.header.height, first=first, last=last)
        data = encode(Chunk(entries=tuple(entries), proof=proof))
        return ChunkInfo(first=first, hash=sha256(data)), ((chunk_key(block_id, index), data),)

    for path, key, value in sorted_entries:
        if entries and byte_count + len(key) + len(value) > chunk_bytes:
            yield close(path_before(path))
            index, first, byte_count = index + 1, path, 0
            entries.clear()
        entries.append((key, value))
        byte_count += len(key) + len(value)
        if len(entries) % PIECE_ENTRIES == 0:
            yield None, ()
    yield close(LAST_PATH)
