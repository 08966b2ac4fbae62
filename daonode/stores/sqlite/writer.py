"""Writing a store file: one process, rows and head in one transaction."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from daonode.stores.access import Change, Changes, Head
from daonode.stores.checks import check_follows
from daonode.stores.errors import StoreBusy, StoreUnavailable
from daonode.stores.rows import Row
from daonode.stores.sqlite.columns import layout_of
from daonode.stores.sqlite.connections import connect_to_write, faults_of
from daonode.stores.sqlite.queries import delete, upsert
from daonode.stores.sqlite.reader import SqliteRows
from daonode.stores.sqlite.schema import check_ours, check_tables, create, is_empty, migrate, read_head
from daonode.stores.tables import TABLES, Table


class SqliteWriter(SqliteRows):
    """A store to write, by one thread at a time. Nobody else can open it to write until it is closed."""

    def __init__(self, connection: sqlite3.Connection, *, path: Path, lock: int) -> None:
        super().__init__(connection, path=path)
        self._lock = lock

    def apply(self, changes: Changes) -> None:
        """Write all rows and the head, or nothing.

        Raises:
            ChangesRefused: the head is of another chain, or not above the store's.
            StoreError: SQLite refuses.
        """
        with faults_of(self._path), _transaction(self._connection):
            before = read_head(self._connection, store=str(self._path))
            check_follows(changes.head, before=before, store=str(self._path))
            _write_rows(self._connection, changes.rows)
            _write_head(self._connection, changes.head)

    def close(self) -> None:
        """Close the file and let others write it."""
        self._connection.close()
        os.close(self._lock)


def open_writer(path: Path, *, tables: Sequence[Table[Row]] = TABLES) -> SqliteWriter:
    """Open a store to write; make it where there is none, bring it to the present version where it is older.

    Raises:
        StoreError: another process writes it, or the file cannot be used as it is; the text says what to do.
    """
    lock = _take_lock(path)
    try:
        connection = connect_to_write(path)
        try:
            with faults_of(path):
                _prepare(connection, tables, store=str(path))
        except BaseException:
            connection.close()
            raise
    except BaseException:
        os.close(lock)
        raise
    return SqliteWriter(connection, path=path, lock=lock)


def reset_store(path: Path, *, tables: Sequence[Table[Row]] = TABLES) -> None:
    """Make a store of ours empty, whatever its version. Readers that are open see it empty, then filled again.

    Raises:
        StoreError: it is not ours, is written by another process, or cannot be used.
    """
    lock = _take_lock(path)
    try:
        connection = connect_to_write(path)
        try:
            with faults_of(path):
                _empty(connection, tables, store=str(path))
                connection.execute("VACUUM")
        finally:
            connection.close()
    finally:
        os.close(lock)


def _prepare(connection: sqlite3.Connection, tables: Sequence[Table[Row]], *, store: str) -> None:
    with _transaction(connection):
        if is_empty(connection):
            for statement in create(tables):
                connection.execute(statement)
        else:
            migrate(connection, store=store)
        check_tables(connection, tables, store=store)


def _empty(connection: sqlite3.Connection, tables: Sequence[Table[Row]], *, store: str) -> None:
    with _transaction(connection):
        if not is_empty(connection):
            check_ours(connection, store=store)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            connection.execute(f'DROP TABLE "{name}"')
        for statement in create(tables):
            connection.execute(statement)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


def _write_rows(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    by_table: dict[str, list[Change]] = {}
    for change in changes:
        by_table.setdefault(change.table.name, []).append(change)
    for group in by_table.values():
        table = group[0].table
        layout = layout_of(table)
        removed = [layout.bounds(table.key, change.key) for change in group if change.row is None]
        written = [layout.store(change.row) for change in group if change.row is not None]
        connection.executemany(delete(table), removed)
        connection.executemany(upsert(table), written)


def _write_head(connection: sqlite3.Connection, head: Head) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO head (one, chain_id, genesis_hash, height, block_id, time_ms)"
        " VALUES (1, ?, ?, ?, ?, ?)",
        (head.chain_id, head.genesis_hash, head.height, head.block_id, head.time_ms),
    )


def _take_lock(path: Path) -> int:
    """A lock that ends with the process, however it ends, and that readers do not need."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"cannot be made ({error.strerror}): does its folder exist?", store=str(path)) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreBusy("is written by another indexer: stop it, or name another store", store=str(path)) from None
    return lock
