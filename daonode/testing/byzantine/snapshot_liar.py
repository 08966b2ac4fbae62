"""A validator that is honest in consensus, and lies in one of three ways to whoever begins with its snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from daonode.consensus.types import CommitCertificate
from daonode.ledger.tree import OverlayReader, build_nodes, prove_range, read_root
from daonode.primitives.codec import decode, encode
from daonode.primitives.hashing import sha256 as hash_of
from daonode.replica.effects import Effect, Send, Store
from daonode.replica.messages import ChunkResponse, ManifestResponse
from daonode.replica.snapshot import Chunk, ChunkInfo, Manifest
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.testing.byzantine.actor import Actor

FALSE_CHUNKS, FALSE_HASHES, FALSE_HEADER = range(3)
"""Chunks that do not fit the true manifest; a manifest that fits them; a whole state that nobody has certified."""


@dataclass(slots=True)
class SnapshotLiar(Actor):
    """Its drift, which the seed draws, says how it lies. It takes snapshots so often that its own is the newest."""

    false_chunks: dict[tuple[bytes, int], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.snapshot_interval = 1

    def carry_out(self, effect: Effect) -> None:
        """Change what it says of its snapshots."""
        if isinstance(effect, Send) and isinstance(effect.message, ManifestResponse) and effect.message.manifests:
            manifests = tuple(encode(self._bend(decode(data, Manifest))) for data in effect.message.manifests)
            effect = Send(effect.peer, ManifestResponse(manifests=manifests))
        elif isinstance(effect, Send) and isinstance(effect.message, ChunkResponse):
            message = effect.message
            false = self.false_chunks.get((message.block_id, message.index), message.chunk)
            effect = Send(effect.peer, replace(message, chunk=false))
        self.carry_out_honestly(effect)

    def _bend(self, manifest: Manifest) -> Manifest:
        way = self.drift_ms % 3
        chunks = self._lie(manifest)
        if way == FALSE_HEADER:
            manifest, chunks = self._false_state(manifest, chunks)
        block_id = manifest.header.id()
        encoded = [encode(chunk) for chunk in chunks]
        self.false_chunks.update(((block_id, index), data) for index, data in enumerate(encoded))
        if way == FALSE_CHUNKS:
            return manifest
        infos = zip(manifest.chunks, encoded, strict=True)
        return replace(manifest, chunks=tuple(ChunkInfo(first=info.first, hash=hash_of(data)) for info, data in infos))

    def _lie(self, manifest: Manifest) -> list[Chunk]:
        """The chunks, and the first value in each is another."""
        archive, block_id = SnapshotArchive(self.disk.stores[Store.SNAPSHOTS]), manifest.header.id()
        chunks: list[Chunk] = []
        for index in range(len(manifest.chunks)):
            data = archive.chunk(block_id, index)
            assert data is not None, "a whole snapshot has all its chunks"
            chunk = decode(data, Chunk)
            false = tuple((key, value + b"\x00") for key, value in chunk.entries[:1])
            chunks.append(replace(chunk, entries=(*false, *chunk.entries[1:])))
        return chunks

    def _false_state(self, manifest: Manifest, chunks: list[Chunk]) -> tuple[Manifest, list[Chunk]]:
        """All of it fits together: the chunks, their proofs, the root. Only its certificate has too few signatures."""
        # The keys are the true ones, so the order is too.
        entries = [entry for chunk in chunks for entry in chunk.entries]
        header = manifest.header
        reader = OverlayReader(None, dict(build_nodes(header.height, entries)))
        false_header = replace(header, state_root=read_root(reader, header.height))
        last = replace(manifest.history[-1], header=false_header)
        proof = CommitCertificate(
            epoch=header.epoch, round=header.round, block_id=false_header.id(), signers=(), signatures=()
        )
        false = replace(manifest, header=false_header, proof=proof, history=(*manifest.history[:-1], last))
        proven = []
        for index, chunk in enumerate(chunks):
            first, until = manifest.bounds(index)
            proven.append(replace(chunk, proof=prove_range(reader, version=header.height, first=first, last=until)))
        return false, proven
