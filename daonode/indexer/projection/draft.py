"""Rows as they are after the blocks so far: those of a store, and on top what was changed and not yet written."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Final, TypeVar, cast

from daonode.stores.access import Change, Rows, Value
from daonode.stores.rows import Row
from daonode.stores.tables import Table

R = TypeVar("R", bound=Row)
Key = tuple[Value, ...]
MAX_KEPT: Final = 50_000
"""Rows of one table that are remembered; all are forgotten where there are more."""


class Draft:
    """Reads through to a store that nobody else writes, and remembers what it read."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._kept: dict[str, dict[Key, Row | None]] = {}
        """By table, what was read and written, for tables that are read at all."""
        self._changed: dict[str, tuple[Table[Row], dict[Key, Row | None]]] = {}

    def get(self, table: Table[R], *key: Value) -> R | None:
        """The row with a key, or None."""
        changed = self._changed.get(table.name)
        if changed is not None and key in changed[1]:
            return cast("R | None", changed[1][key])
        kept = self._kept.setdefault(table.name, {})
        if key not in kept:
            if len(kept) >= MAX_KEPT:
                kept.clear()
            kept[key] = self._rows.get(table, *key)
        return cast("R | None", kept[key])

    def put(self, table: Table[R], row: R) -> None:
        """Write a row, new or changed."""
        self._changes_of(table)[_key_of(table)(row)] = row

    def remove(self, table: Table[R], *key: Value) -> None:
        """Have no row with this key."""
        self._changes_of(table)[key] = None

    def changes(self) -> tuple[Change, ...]:
        """All that was changed since the last call of `written` or `drop`."""
        return tuple(Change(table, key, row) for table, rows in self._changed.values() for key, row in rows.items())

    def written(self) -> None:
        """The changes are in the store."""
        for name, (_, rows) in self._changed.items():
            kept = self._kept.get(name)
            if kept is not None:
                kept.update(rows)
                if len(kept) > MAX_KEPT:
                    kept.clear()
        self._changed = {}

    def drop(self) -> None:
        """Forget the changes: they are not in the store."""
        self._changed = {}

    def _changes_of(self, table: Table[Row]) -> dict[Key, Row | None]:
        found = self._changed.get(table.name)
        if found is None:
            found = self._changed[table.name] = (table, {})
        return found[1]


@lru_cache(maxsize=256)
def _key_of(table: Table[Row]) -> Callable[[Row], Key]:
    if len(table.key) == 1:
        get = attrgetter(table.key[0])
        return lambda row: (get(row),)
    return attrgetter(*table.key)
