"""A disk in memory that forgets what was not synced when its owner crashes.

A database behaves as LevelDB's write-ahead log does: a synced batch makes everything before it durable too; after a
crash a prefix of the batches since then survives, never half of one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from random import Random

from daonode.consensus.safety import SafetyState
from daonode.replica.effects import Store

Batch = tuple[tuple[bytes, bytes | None], ...]


class Database:
    """An ordered map that takes batches. Reads see everything written, durable or not."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []
        self._undo: list[Batch] = []
        """For each batch since the last sync, what takes it back."""

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

    def lose(self) -> None:
        """The databases are gone; the signer's state, on a disk of its own, is not."""
        self.stores = {store: Database() for store in Store}

    def crash(self, random: Random) -> int:
        """The owner has crashed; returns how many batches are gone."""
        return sum(database.crash(random) for database in self.stores.values())
