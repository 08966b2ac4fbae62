"""Opening a file, and turning what SQLite says into the errors of stores.

The log is written ahead (WAL), so readers and the writer do not wait for one another. `synchronous` is NORMAL: a
process that dies loses nothing, and a machine that loses power falls back to an earlier head with the rows of that
head, from where the indexer goes on; FULL would sync at every commit for what the chain keeps anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from daonode.stores.errors import StoreDamaged, StoreMissing, StoreUnavailable

BUSY_TIMEOUT_S: Final = 10.0
"""How long a statement waits for a lock; with one writer only opening and checkpoints ever do."""
CACHED_STATEMENTS: Final = 256
CACHE_KIB: Final = 64 * 1024
READ_CACHE_KIB: Final = 4 * 1024
WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""What is kept of the log's file after its content was taken over."""


def connect_to_write(path: Path) -> sqlite3.Connection:
    """Open or create a file to write. Used by one thread at a time.

    Raises:
        StoreError: it cannot be opened, or is no SQLite file.
    """
    with faults_of(path):
        connection = _connect(path, mode="rwc")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a file that exists to read. Used by one thread at a time.

    Raises:
        StoreError: it cannot be opened, or is no SQLite file.
    """
    if not path.exists():
        raise StoreMissing("is not there: start the indexer, which makes it (daonode indexer run)", store=str(path))
    with faults_of(path):
        connection = _connect(path, mode="ro")
        try:
            connection.execute(f"PRAGMA cache_size = -{READ_CACHE_KIB}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Name the store in whatever SQLite raises."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(
            f"cannot be used ({error}): check that the path, its permissions and the free space are right",
            store=str(path),
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(store=str(path), detail=str(error)) from error


def _connect(path: Path, *, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # Transactions begin where the code says so.
        check_same_thread=False,
        cached_statements=CACHED_STATEMENTS,
    )
