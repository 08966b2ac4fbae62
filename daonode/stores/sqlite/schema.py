"""The tables of a file, made from their declaration; whose a file is, and of which version.

`application_id` says that a file is ours, `user_version` of which version. `MIGRATIONS` brings an older file up to this
one's; a version that has none is built again from the chain, which loses nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from daonode.primitives.ids import check_block_id, check_chain_id, check_hash
from daonode.stores.access import Head
from daonode.stores.checks import with_key
from daonode.stores.errors import StoreDamaged, StoreForeign, StoreVersionUnknown
from daonode.stores.rows import Row
from daonode.stores.sqlite.columns import Column, layout_of
from daonode.stores.sqlite.queries import index_name
from daonode.stores.tables import Table

APPLICATION_ID: Final = int.from_bytes(b"DAOi", "big")
SCHEMA_VERSION: Final = 1
MIGRATIONS: Final[Mapping[int, Sequence[str]]] = {}
"""The statements that make version n + 1 of version n."""

_HEAD_TABLE: Final = (
    "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), chain_id TEXT NOT NULL, genesis_hash BLOB NOT NULL, "
    "height INTEGER NOT NULL, block_id BLOB NOT NULL, time_ms INTEGER NOT NULL)"
)


def create(tables: Sequence[Table[Row]]) -> Iterator[str]:
    """The statements that make an empty store."""
    yield _HEAD_TABLE
    for table in tables:
        yield from create_table(table)
    yield f"PRAGMA application_id = {APPLICATION_ID}"
    yield f"PRAGMA user_version = {SCHEMA_VERSION}"


def create_table(table: Table[Row]) -> Iterator[str]:
    """The statements that make one table and its indexes; each index ends with the key, so that it orders all rows."""
    columns = ", ".join(_declaration(column) for column in layout_of(table).columns)
    yield f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({_names(table.key)}))"
    for index in table.indexes:
        yield f"CREATE INDEX {index_name(table, index)} ON {table.name} ({_names(with_key(table, index))})"


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether a file has no table at all: it was just made."""
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def check_ours(connection: sqlite3.Connection, *, store: str) -> int:
    """Return the version of a file that is ours.

    Raises:
        StoreForeign: it is another program's.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != APPLICATION_ID:
        raise StoreForeign("is another program's SQLite file: name another path", store=store)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(
    connection: sqlite3.Connection,
    *,
    store: str,
    migrations: Mapping[int, Sequence[str]] = MIGRATIONS,
    target: int = SCHEMA_VERSION,
) -> None:
    """Bring a file to the present version, inside the transaction that is open.

    Raises:
        StoreForeign: it is another program's.
        StoreVersionUnknown: it is newer, or so old that no migration begins at it.
    """
    version = found = check_ours(connection, store=store)
    while version != target:
        if version > target or version not in migrations:
            raise StoreVersionUnknown(store=store, found=found, supported=target)
        for statement in migrations[version]:
            connection.execute(statement)
        version += 1
        connection.execute(f"PRAGMA user_version = {version}")


def check_tables(connection: sqlite3.Connection, tables: Sequence[Table[Row]], *, store: str) -> None:
    """Check that a file of the present version has these tables, as they are declared.

    Raises:
        StoreVersionUnknown: it is of another version.
        StoreForeign: it is another program's, or was made for other tables.
    """
    version = check_ours(connection, store=store)
    if version != SCHEMA_VERSION:
        raise StoreVersionUnknown(store=store, found=version, supported=SCHEMA_VERSION)
    for table in tables:
        wanted = [(each.name, each.sql_type) for each in layout_of(table).columns]
        rows = connection.execute(f"PRAGMA table_info({table.name})").fetchall()
        if [(row[1], row[2]) for row in rows] != wanted:
            problem = f"other columns in table {table.name} than" if rows else f"no table {table.name}, which"
            raise StoreForeign(
                f"has {problem} this release and its projections write: daonode indexer reset", store=store
            )


def read_head(connection: sqlite3.Connection, *, store: str) -> Head | None:
    """How far a file is."""
    row = connection.execute("SELECT chain_id, genesis_hash, height, block_id, time_ms FROM head").fetchone()
    if row is None:
        return None
    try:
        return Head(check_chain_id(row[0]), check_hash(row[1]), int(row[2]), check_block_id(row[3]), int(row[4]))
    except (TypeError, ValueError) as error:
        raise StoreDamaged(store=store, detail=f"its head: {error}") from error


def _declaration(column: Column) -> str:
    return f'"{column.name}" {column.sql_type}' + ("" if column.nullable else " NOT NULL")


def _names(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
