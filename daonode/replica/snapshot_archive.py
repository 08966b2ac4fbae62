"""Reads the database of snapshots: those for peers, and the one that a new node is fetching."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.primitives.ids import BlockId
from daonode.replica.archive import KeyValueReader, read_record
from daonode.replica.layout import FETCHING_KEY, MANIFEST_PREFIX, chunk_key, prefix_end
from daonode.replica.snapshot import Manifest


@dataclass(frozen=True, slots=True)
class SnapshotArchive:
    """The snapshots in one database."""

    database: KeyValueReader

    def encoded_manifests(self) -> tuple[bytes, ...]:
        """The manifests of whole snapshots, encoded, by ascending height."""
        pairs = self.database.iterate(start=MANIFEST_PREFIX, end=prefix_end(MANIFEST_PREFIX))
        return tuple(value for _, value in pairs)

    def manifests(self) -> tuple[Manifest, ...]:
        """The manifests of whole snapshots, by ascending height."""
        return tuple(
            read_record(data, Manifest, store="snapshots", record="a manifest") for data in self.encoded_manifests()
        )

    def fetching(self) -> Manifest | None:
        """The snapshot whose chunks are being fetched, or None."""
        data = self.database.get(FETCHING_KEY)
        return read_record(data, Manifest, store="snapshots", record="the manifest being fetched")

    def chunk(self, block_id: BlockId, index: int) -> bytes | None:
        """An encoded chunk, or None."""
        return self.database.get(chunk_key(block_id, index))
