"""Snapshots: the whole state at one committed height, cut into chunks that prove themselves.

A *manifest* names the block, shows that it is final, and lists the chunks: each begins at a path (SHA-256 of a key) and
ends where the next one begins, so together they have every path once. A *chunk* holds its entries in the order of
their paths, with the proof that it has all of them under the block's state root. So of a snapshot nothing is believed:
the block is certified, its ancestors follow from it by hash, the chunks from its state root.

What a chunk is made of depends on the state and the bounds here alone, so honest nodes make the same chunks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from msgspec import Meta

from daonode.consensus.certificates import genesis_certificate
from daonode.consensus.epochs import EpochChange, check_epoch_change, check_final
from daonode.consensus.errors import Malformed
from daonode.consensus.leaders import HISTORY_HEIGHTS
from daonode.consensus.types import CommitProof, Header, QuorumCertificate, ValidatorSet
from daonode.consensus.verification import Verifier
from daonode.primitives.codec import Bytes32, DecodeError, Record, decode, encode
from daonode.primitives.hashing import SNAPSHOT_TAG, sha256, tagged_hash
from daonode.primitives.ids import Hash
from daonode.primitives.range_proof import FIRST_PATH, LAST_PATH, RangeProof, verify_range_proof

CHUNK_BYTES = 384 * 1024
"""The most bytes of keys and values in a chunk, but for a single entry that has more."""
MAX_MANIFEST_BYTES = 3 * 1024 * 1024
"""The most bytes of a manifest: two fit into a message. Enough for the chunks of 12 GiB of state and some hundred
epochs; a chain that outgrows it takes no snapshots."""
SNAPSHOTS_KEPT = 2
"""A node keeps the last so many, so that who has begun to fetch one can end it."""


class Ancestor(Record, frozen=True):
    """What the choice of leaders needs of a block below the tip: its header, and the certificate that this binds."""

    header: Header
    qc: QuorumCertificate


class ChunkInfo(Record, frozen=True):
    """Where a chunk begins, and the SHA-256 of its encoding."""

    first: Bytes32
    hash: Hash


class Manifest(Record, frozen=True):
    """A snapshot of the state after a block, which is not the last of its epoch.

    `epochs` lead from the first epoch to that of the block; `history` are the last blocks of its epoch up to and with
    it, ascending.
    """

    header: Header
    proof: CommitProof
    epochs: tuple[EpochChange, ...]
    history: Annotated[tuple[Ancestor, ...], Meta(max_length=HISTORY_HEIGHTS)]
    chunks: Annotated[tuple[ChunkInfo, ...], Meta(min_length=1)]

    def id(self) -> Hash:
        """The snapshot's name: the same on all nodes, whichever proof of finality each of them has."""
        return tagged_hash(SNAPSHOT_TAG, self.header.id(), encode(self.chunks))

    def bounds(self, index: int) -> tuple[bytes, bytes]:
        """The first and the last path of a chunk."""
        if index + 1 == len(self.chunks):
            return self.chunks[index].first, LAST_PATH
        return self.chunks[index].first, path_before(self.chunks[index + 1].first)


class Chunk(Record, frozen=True):
    """All entries of the state between two paths, in the order of their paths."""

    entries: tuple[tuple[bytes, bytes], ...]
    proof: RangeProof


def path_before(path: bytes) -> bytes:
    """The path right below one that is not the first."""
    return (int.from_bytes(path) - 1).to_bytes(len(path))


def check_manifest(
    manifest: Manifest, *, genesis: Header, first_epoch: tuple[ValidatorSet, QuorumCertificate], verifier: Verifier
) -> None:
    """Check that a manifest is of a final block of this chain, and that its chunks cover every path.

    `verifier` is taken to the epoch of the block, from the first one: its set, and its first certificate.

    Raises:
        PeerError: no honest peer sends this.
    """
    verifier.enter_epoch(*first_epoch)
    epoch_start = genesis.height
    for change in manifest.epochs:
        check_epoch_change(change, verifier)
        verifier.enter_epoch(change.validators, genesis_certificate(change.header))
        epoch_start = change.header.height
    check_certified(manifest, verifier)
    if manifest.chunks[0].first != FIRST_PATH:
        raise Malformed(reason="the first chunk of the snapshot does not begin at the first path")
    if any(left.first >= right.first for left, right in pairwise(manifest.chunks)):
        raise Malformed(reason="the chunks of the snapshot do not ascend")
    _check_history(manifest, epoch_start=epoch_start)


def check_certified(manifest: Manifest, verifier: Verifier) -> None:
    """Check that the header is of this chain and epoch, and final.

    Raises:
        PeerError: it is not.
    """
    check_final(manifest.header, proof=manifest.proof, descendants=(), verifier=verifier)
    if manifest.header.closes_epoch:
        raise Malformed(reason="the block of the snapshot is the last of its epoch: nobody joins there")


def check_chunk(manifest: Manifest, index: int, data: bytes) -> Chunk:
    """Decode a chunk and check that it is all that the state has between its bounds.

    Raises:
        PeerError: it is not the chunk of this manifest, or the manifest lies about it.
    """
    if sha256(data) != manifest.chunks[index].hash:
        raise Malformed(reason=f"chunk {index} is not the one that the manifest names")
    chunk = read_chunk(data)
    first, last = manifest.bounds(index)
    if not verify_range_proof(manifest.header.state_root, chunk.entries, chunk.proof, first=first, last=last):
        raise Malformed(reason=f"chunk {index} is not the state between its bounds")
    return chunk


def read_chunk(data: bytes) -> Chunk:
    """Decode a chunk.

    Raises:
        PeerError: the bytes are none.
    """
    try:
        return decode(data, Chunk)
    except DecodeError as error:
        raise Malformed(reason=f"no chunk of a snapshot: {error}") from error


def _check_history(manifest: Manifest, *, epoch_start: int) -> None:
    """The blocks right below the snapshot's follow from it by hash, so they need no certificate of their own."""
    history = manifest.history
    wanted = min(HISTORY_HEIGHTS, manifest.header.height - epoch_start)
    if wanted < 1 or len(history) != wanted or history[-1].header != manifest.header:
        raise Malformed(reason=f"a snapshot comes with its last {max(wanted, 1)} blocks, not with {len(history)}")
    for below, above in pairwise(each.header for each in history):
        if above.parent_id != below.id() or above.height != below.height + 1:
            raise Malformed(reason=f"the block at height {below.height} is not the parent of the next")
    if any(each.qc.digest() != each.header.qc_digest for each in history):
        raise Malformed(reason="a block of the snapshot's history has another certificate than its header binds")
