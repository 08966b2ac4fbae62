"""Changes on top of a reader that is never written to: the state during a block, and of a block not yet committed.

An `Overlay` is a `StateStore`. Its undo log makes all-or-nothing units cheap, however deeply they nest: a savepoint is
a position in the log, and a read looks in one dictionary at any depth.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NewType

from daonode.ledger.state import StateReader

Savepoint = NewType("Savepoint", int)
"""A point in an overlay's undo log to which it can be rolled back."""

MAX_KEPT_READS: Final = 16_384
"""Values of the parent that are remembered: every vote of a block reads the same few."""

_UNCHANGED: Final = b"unchanged"
"""In the undo log: the key had no change before. Compared by identity, so no value can be mistaken for it."""


class Overlay:
    """A store of changes over a parent. An iteration shows the state as it was when its first item was taken."""

    __slots__ = ("_changes", "_parent", "_reads", "_sorted_keys", "_undo_log")

    def __init__(self, parent: StateReader) -> None:
        self._parent = parent
        self._changes: dict[bytes, bytes | None] = {}
        self._reads: dict[bytes, bytes | None] = {}
        self._undo_log: list[tuple[bytes, bytes | None]] = []
        # Built at the first iteration and kept up to date from then on: most blocks never need it.
        self._sorted_keys: list[bytes] | None = None

    def get(self, key: bytes, /) -> bytes | None:
        """The changed value at `key`, else the parent's."""
        value = self._changes.get(key, _UNCHANGED)
        if value is _UNCHANGED:
            value = self._reads.get(key, _UNCHANGED)
            if value is _UNCHANGED:
                value = self._parent.get(key)
                if len(self._reads) < MAX_KEPT_READS:
                    self._reads[key] = value
        return value

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with `start <= key < end`, ascending: the parent's with the changes applied."""
        if self._sorted_keys is None:
            self._sorted_keys = sorted(self._changes)
        return merge(self._parent, self._changes, self._sorted_keys, start=start, end=end)

    def set(self, key: bytes, value: bytes, /) -> None:
        """Write `value` at `key`."""
        self._change(key, value)

    def delete(self, key: bytes, /) -> None:
        """Remove `key`; removing what is not there changes nothing."""
        self._change(key, None)

    def changes(self) -> tuple[tuple[bytes, bytes | None], ...]:
        """Every changed key with its last value (None: deleted), ascending."""
        return tuple((key, self._changes[key]) for key in sorted(self._changes))

    def savepoint(self) -> Savepoint:
        """Mark the present state, to be kept or rolled back to. Savepoints nest: the last begun ends first."""
        return Savepoint(len(self._undo_log))

    def rollback(self, savepoint: Savepoint) -> None:
        """Undo every change since the savepoint."""
        if len(self._undo_log) > savepoint:
            self._sorted_keys = None
        while len(self._undo_log) > savepoint:
            key, previous = self._undo_log.pop()
            if previous is _UNCHANGED:
                del self._changes[key]
            else:
                self._changes[key] = previous

    def forget_savepoints(self) -> None:
        """Drop the undo log: what is changed now stays changed."""
        self._undo_log.clear()

    def _change(self, key: bytes, value: bytes | None) -> None:
        previous = self._changes.get(key, _UNCHANGED)
        self._undo_log.append((key, previous))
        self._changes[key] = value
        if previous is _UNCHANGED and self._sorted_keys is not None:
            insort(self._sorted_keys, key)


def merge(
    parent: StateReader,
    changes: Mapping[bytes, bytes | None],
    sorted_keys: Sequence[bytes],
    *,
    start: bytes,
    end: bytes,
) -> Iterator[tuple[bytes, bytes]]:
    """The parent's pairs in `start <= key < end` with the changes applied, ascending.

    `sorted_keys` are the keys of `changes`. Both are read before the first pair is given, so either may change later.
    """
    first, last = bisect_left(sorted_keys, start), bisect_left(sorted_keys, end)
    changed = [(key, changes[key]) for key in sorted_keys[first:last]]
    position = 0
    for key, value in parent.iterate(start, end):
        while position < len(changed) and changed[position][0] < key:
            changed_key, changed_value = changed[position]
            position += 1
            if changed_value is not None:
                yield changed_key, changed_value
        if position < len(changed) and changed[position][0] == key:
            changed_value = changed[position][1]
            position += 1
            if changed_value is not None:
                yield key, changed_value
        else:
            yield key, value
    for changed_key, changed_value in changed[position:]:
        if changed_value is not None:
            yield changed_key, changed_value
