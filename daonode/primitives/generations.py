"""A bounded memory of what was put into it last."""

from __future__ import annotations

from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")
DefaultT = TypeVar("DefaultT")


class Generations(Generic[KeyT, ValueT]):
    """Two dictionaries of at most `most` entries each: when the younger is full, it takes the place of the older.

    Each step is one operation on a dictionary, so threads that put at the same time lose at worst an entry.
    """

    __slots__ = ("_most", "_older", "_younger")

    def __init__(self, most: int) -> None:
        self._most = most
        self._younger: dict[KeyT, ValueT] = {}
        self._older: dict[KeyT, ValueT] = {}

    def get(self, key: KeyT, default: DefaultT) -> ValueT | DefaultT:
        """What was put at a key, the default where that was too long ago."""
        # Another thread may have it take the place of the older one meanwhile; what is in it stays in it.
        younger = self._younger
        return younger[key] if key in younger else self._older.get(key, default)

    def put(self, key: KeyT, value: ValueT) -> None:
        """Remember a value in place of any other at its key."""
        if len(self._younger) >= self._most:
            self._older, self._younger = self._younger, {}
        self._younger[key] = value
