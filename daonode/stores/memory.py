"""The store in a process's memory, for tests and for whoever projects without keeping. Writer and reader in one.

A scan for every page: it shows what the other stores must answer, not how to be fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar, cast

from daonode.stores.access import Between, Changes, Head, Value
from daonode.stores.checks import check_follows, find_index
from daonode.stores.rows import Row
from daonode.stores.tables import Table

R = TypeVar("R", bound=Row)
Key = tuple[Value, ...]
NAME: Final = "in memory"


class MemoryStore:
    """Rows in dictionaries. `apply` replaces the state as a whole, so that whoever reads meanwhile sees one state."""

    def __init__(self, state: _State | None = None) -> None:
        self._state = state or _State(None, {})

    def head(self) -> Head | None:
        """How far the store is; None while it is empty."""
        return self._state.head

    def get(self, table: Table[R], *key: Value) -> R | None:
        """The row with a key, or None."""
        return cast("R | None", self._state.tables.get(table.name, {}).get(key))

    def page(
        self,
        table: Table[R],
        *,
        order: Sequence[str],
        where: Mapping[str, Value | Between] | None = None,
        descending: bool = False,
        after: Sequence[Value] | None = None,
        limit: int = 100,
    ) -> list[R]:
        """Rows in an order; see `Snapshot.page`. An order that no index gives is a `ValueError`."""
        filters = where or {}
        find_index(table, order=order, equal=[name for name in filters if not isinstance(filters[name], Between)])
        rows = [row for row in self._state.tables.get(table.name, {}).values() if _matches(row, filters)]
        rows.sort(key=lambda row: _values(row, order), reverse=descending)
        if after is not None:
            start = tuple(after)
            rows = [row for row in rows if (_values(row, order) < start if descending else _values(row, order) > start)]
        return cast("list[R]", rows[:limit])

    @contextmanager
    def snapshot(self) -> Iterator[MemoryStore]:
        """The state of now."""
        yield MemoryStore(self._state)

    def apply(self, changes: Changes) -> None:
        """Write all rows and the head, or nothing; raises `ChangesRefused`."""
        check_follows(changes.head, before=self._state.head, store=NAME)
        tables = dict(self._state.tables)
        for name in dict.fromkeys(change.table.name for change in changes.rows):
            tables[name] = dict(tables.get(name, {}))
        for change in changes.rows:
            if change.row is None:
                tables[change.table.name].pop(change.key, None)
            else:
                tables[change.table.name][change.key] = change.row
        self._state = _State(changes.head, tables)


class _State:
    def __init__(self, head: Head | None, tables: dict[str, dict[Key, Row]]) -> None:
        self.head = head
        self.tables = tables


def _matches(row: Row, filters: Mapping[str, Value | Between]) -> bool:
    for name, wanted in filters.items():
        value = getattr(row, name)
        if not isinstance(wanted, Between):
            if value != wanted:
                return False
        elif value is None or not _is_within(value, wanted):
            return False
    return True


def _is_within(value: Value, bounds: Between) -> bool:
    return (bounds.low is None or _one(value) >= _one(bounds.low)) and (
        bounds.high is None or _one(value) < _one(bounds.high)
    )


def _one(value: Value) -> tuple[Value, ...]:
    return (value,)


def _values(row: Row, order: Sequence[str]) -> tuple[Value, ...]:
    return tuple(getattr(row, name) for name in order)
