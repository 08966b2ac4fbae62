"""The store as a gateway sees it: opened when there is one, so that a gateway can be started before its indexer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from daonode.stores.access import Between, Head, Reader, Snapshot, Value
from daonode.stores.rows import Row
from daonode.stores.tables import Table

R = TypeVar("R", bound=Row)


class LateStore:
    """A reader that is opened at its first use, and again until that succeeds. Every method raises as `open_reader`
    does while there is nothing to open, and may be called by several threads at once."""

    def __init__(self, open_reader: Callable[[], Reader]) -> None:
        self._open_reader = open_reader
        self._reader: Reader | None = None
        self._opening = Lock()

    def head(self) -> Head | None:
        """How far the store is; None while it is empty."""
        return self._opened().head()

    def get(self, table: Table[R], *key: Value) -> R | None:
        """The row with a key, or None."""
        return self._opened().get(table, *key)

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
        """Rows in an order; see `Snapshot.page`."""
        reader = self._opened()
        return reader.page(table, order=order, where=where, descending=descending, after=after, limit=limit)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The state of now; see `Reader.snapshot`."""
        with self._opened().snapshot() as snapshot:
            yield snapshot

    def _opened(self) -> Reader:
        reader = self._reader
        if reader is None:
            with self._opening:
                reader = self._reader = self._reader or self._open_reader()
        return reader
