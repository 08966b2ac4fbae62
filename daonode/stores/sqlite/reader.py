"""Reading a store file from any number of threads and processes while one writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Final, TypeVar

from daonode.stores.access import Between, Head, Value
from daonode.stores.rows import Row
from daonode.stores.sqlite.columns import layout_of
from daonode.stores.sqlite.connections import connect_to_read, faults_of
from daonode.stores.sqlite.queries import select_one, select_page
from daonode.stores.sqlite.schema import check_tables, read_head
from daonode.stores.tables import TABLES, Table

R = TypeVar("R", bound=Row)
MAX_IDLE_CONNECTIONS: Final = 16
"""Connections that are kept for the next reads; more are opened when more threads read at once, and closed after."""


class SqliteRows:
    """Reads by one connection, by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, *, path: Path) -> None:
        self._connection = connection
        self._path = path

    def head(self) -> Head | None:
        """How far the store is; None while it is empty."""
        with faults_of(self._path):
            return read_head(self._connection, store=str(self._path))

    def get(self, table: Table[R], *key: Value) -> R | None:
        """The row with a key, or None."""
        layout = layout_of(table)
        with faults_of(self._path):
            stored = self._connection.execute(select_one(table), layout.bounds(table.key, key)).fetchone()
        return None if stored is None else layout.load(stored)

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
        text, parameters = select_page(
            table, order=order, where=where or {}, descending=descending, after=after, limit=limit
        )
        with faults_of(self._path):
            found = self._connection.execute(text, parameters).fetchall()
        layout = layout_of(table)
        return [layout.load(stored) for stored in found]


class SqliteReader:
    """A store to read. May be used by several threads at once, each with a connection of its own meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue(MAX_IDLE_CONNECTIONS)

    def head(self) -> Head | None:
        """How far the store is; None while it is empty."""
        with self._connected() as connection:
            return SqliteRows(connection, path=self._path).head()

    def get(self, table: Table[R], *key: Value) -> R | None:
        """The row with a key, or None."""
        with self._connected() as connection:
            return SqliteRows(connection, path=self._path).get(table, *key)

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
        with self._connected() as connection:
            rows = SqliteRows(connection, path=self._path)
            return rows.page(table, order=order, where=where, descending=descending, after=after, limit=limit)

    @contextmanager
    def snapshot(self) -> Iterator[SqliteRows]:
        """The state of now, for one thread."""
        with self._connected() as connection:
            connection.execute("BEGIN")
            try:
                rows = SqliteRows(connection, path=self._path)
                rows.head()  # SQLite fixes the state at the first read.
                yield rows
            finally:
                connection.rollback()

    def close(self) -> None:
        """Close the idle connections; whoever still reads keeps its own until it ends."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = connect_to_read(self._path)
        try:
            yield connection
        finally:
            if self._idle.full():
                connection.close()
            else:
                self._idle.put(connection)


def open_reader(path: Path, *, tables: Sequence[Table[Row]] = TABLES) -> SqliteReader:
    """Open a store to read.

    Raises:
        StoreError: there is none at this path, or it is not one of this version with these tables.
    """
    connection = connect_to_read(path)
    with faults_of(path):
        try:
            check_tables(connection, tables, store=str(path))
        finally:
            connection.close()
    return SqliteReader(path)
