"""A disk in memory that forgets what was not synced when its owner crashes.

A database behaves as LevelDB's write-ahead log does: a synced batch makes everything before it durable too; after a
crash a prefix of the batches since then survives, never half of one. A record whose checksum does not hold, because
the power failed while it was written, is found when the log is read again, and the database is not opened.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from random import Random
from zlib import crc32

import msgspec

from daonode.consensus.safety import SafetyState
from daonode.replica.effects import Store

Batch = tuple[tuple[bytes, bytes | None], ...]

CHECKSUM_BYTES = 4


class DiskTorn(Exception):
    """The last record of a database's log was written in part. `store` is which database's."""

    def __init__(self, store: Store) -> None:
        super().__init__(f"the store {store.value} is damaged (checksum mismatch)")
        self.store = store


class Database:
    """An ordered map that takes batches. Reads see everything written, durable or not."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []
        self._undo: list[Batch] = []
        """For each batch since the last sync, what takes it back."""
        self._torn_record = b""
        """What stands at the end of the log, when the power failed while it was written."""

    def get(self, key: bytes, /) -> bytes | None:
        """The value at a key, or None."""
        return self._values.get(key)

    def get_durable(self, key: bytes) -> bytes | None:
        """The value at a key that is there after a crash that loses all it can."""
        for undo in self._undo:
            for undone, before in undo:
                if undone == key:
                    return before
        return self._values.get(key)

    def iterate(self, *, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with `start <= key < end`, ascending, as they are now."""
        first, last = bisect_left(self._keys, start), bisect_left(self._keys, end)
        return iter([(key, self._values[key]) for key in self._keys[first:last]])

    def write(self, batch: Batch, *, sync: bool) -> None:
        """Apply a batch; with `sync` it and all before it are durable."""
        undo = tuple((key, self._values.get(key)) for key, _ in batch)
        self._apply(batch)
        if sync:
            self._undo.clear()
        else:
            self._undo.append(undo)

    def tear(self, batch: Batch, *, kept_percent: int) -> None:
        """Begin to write a batch: its record is on the disk up to some byte, and what follows is zeros."""
        body = msgspec.msgpack.encode(batch)
        record = crc32(body).to_bytes(CHECKSUM_BYTES, "big") + body
        kept = len(record) * kept_percent // 100
        self._torn_record = record[:kept] + bytes(len(record) - kept)

    @property
    def is_whole(self) -> bool:
        """Whether the checksum of the last record holds."""
        checksum, body = self._torn_record[:CHECKSUM_BYTES], self._torn_record[CHECKSUM_BYTES:]
        return not self._torn_record or checksum == crc32(body).to_bytes(CHECKSUM_BYTES, "big")

    def copy_from(self, other: Database) -> None:
        """Hold what another database holds."""
        self._values, self._keys = dict(other._values), list(other._keys)

    def crash(self, random: Random) -> int:
        """Forget a suffix of what was not synced; returns how many batches are gone."""
        lost = random.randint(0, len(self._undo))
        for _ in range(lost):
            self._apply(tuple(reversed(self._undo.pop())))
        self._undo.clear()
        return lost

    def _apply(self, batch: Batch) -> None:
        for key, value in batch:
            if value is None:
                if self._values.pop(key, None) is not None:
                    del self._keys[bisect_left(self._keys, key)]
            else:
                if key not in self._values:
                    insort(self._keys, key)
                self._values[key] = value


class Disk:
    """One node's databases, and the signer's safety state, which is written whole and synced."""

    def __init__(self, safety: SafetyState) -> None:
        self.stores = {store: Database() for store in Store}
        self.safety = safety

    def open(self) -> None:
        """Read the logs again, as whoever starts does.

        Raises:
            DiskTorn: a record was written in part.
        """
        for store, database in self.stores.items():
            if not database.is_whole:
                raise DiskTorn(store)

    def lose(self) -> None:
        """The databases are gone; the signer's state, on a disk of its own, is not."""
        self.stores = {store: Database() for store in Store}

    def crash(self, random: Random) -> int:
        """The owner has crashed; returns how many batches are gone."""
        return sum(database.crash(random) for database in self.stores.values())
