"""The flat ordered state as modules and execution see it: a reader, and a store of changes on top of one.

Keys and values are bytes. Keys begin with the module's name and a one-byte table tag; see `table.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class StateReader(Protocol):
    """A consistent, ordered, read-only map."""

    def get(self, key: bytes, /) -> bytes | None:
        """The value at `key`, or None."""
        ...

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with `start <= key < end`, ascending."""
        ...


class StateStore(StateReader, Protocol):
    """A reader that also takes changes."""

    def set(self, key: bytes, value: bytes, /) -> None:
        """Write `value` at `key`."""
        ...

    def delete(self, key: bytes, /) -> None:
        """Remove `key`; removing what is not there changes nothing."""
        ...


class EmptyState:
    """The state before genesis."""

    def get(self, _key: bytes, /) -> bytes | None:
        """Nothing."""
        return None

    def iterate(self, _start: bytes, _end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """Nothing."""
        return iter(())


EMPTY_STATE = EmptyState()
