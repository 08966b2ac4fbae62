"""What only the SQLite file does: whose it is, who may write it, and that no declared order scans."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from daonode.primitives.ids import check_block_id, check_chain_id, check_hash
from daonode.stores.access import Change, Changes, Head
from daonode.stores.checks import with_key
from daonode.stores.errors import (
    StoreBusy,
    StoreDamaged,
    StoreForeign,
    StoreMissing,
    StoreUnavailable,
    StoreVersionUnknown,
)
from daonode.stores.rows import BalanceRow, Row
from daonode.stores.sqlite import open_reader, open_writer, reset_store
from daonode.stores.sqlite.queries import select_page
from daonode.stores.sqlite.schema import SCHEMA_VERSION, create_table, migrate
from daonode.stores.tables import BALANCES, TABLES, Table


class NoteRow(Row, frozen=True):
    id: int
    text: str


NOTES = Table("notes", NoteRow, ("id",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


def changes(height: int, amount: int) -> Changes:
    row = BalanceRow(account=bytes(32), asset="dao", amount=amount, is_treasury=False)
    head = Head(
        check_chain_id("daonode:test"), check_hash(bytes(32)), height, check_block_id(height.to_bytes(32, "big")), 5
    )
    return Changes(head, (Change(BALANCES, (bytes(32), "dao"), row),))


def orders() -> list[tuple[Table[Row], tuple[str, ...], tuple[str, ...]]]:
    """Every declared order: a table, its fields that are fixed, and those that order it."""
    found: list[tuple[Table[Row], tuple[str, ...], tuple[str, ...]]] = []
    for table in TABLES:
        for index in (table.key, *table.indexes):
            whole = with_key(table, index)
            found.extend((table, whole[:fixed], whole[fixed:]) for fixed in range(len(whole)))
    return found


@pytest.mark.parametrize(("table", "fixed", "order"), orders(), ids=lambda each: str(getattr(each, "name", each)))
@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
def test_no_declared_order_sorts_or_scans_more_than_its_page(
    path: Path, table: Table[Row], fixed: tuple[str, ...], order: tuple[str, ...], descending: bool
) -> None:
    open_writer(path).close()
    where = dict.fromkeys(fixed, 1)
    text, parameters = select_page(
        table, order=order, where=where, descending=descending, after=[1] * len(order), limit=3
    )
    connection = sqlite3.connect(path)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]
    connection.close()
    assert len(plan) == 1, plan
    assert plan[0].startswith(f"SEARCH {table.name} USING "), plan


def test_a_store_is_read_while_it_is_written(path: Path) -> None:
    writer = open_writer(path)
    reader = open_reader(path)
    wrong: list[object] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            with reader.snapshot() as snapshot:
                head, row = snapshot.head(), snapshot.get(BALANCES, bytes(32), "dao")
            if (head.height if head else 0) != (row.amount if row else 0):
                wrong.append((head, row))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for height in range(1, 200):
        writer.apply(changes(height, height))
    over.set()
    for thread in threads:
        thread.join()
    reader.close()
    writer.close()
    assert not wrong


def test_one_process_writes(path: Path) -> None:
    writer = open_writer(path)
    with pytest.raises(StoreBusy, match="is written by another indexer"):
        open_writer(path)
    with pytest.raises(StoreBusy):
        reset_store(path)
    writer.close()
    open_writer(path).close()


def test_a_writer_that_is_killed_inside_a_transaction_leaves_the_state_before(path: Path) -> None:
    writer = open_writer(path)
    writer.apply(changes(1, 10))
    writer.close()
    script = (
        "import os, signal, sys, sqlite3\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "connection.execute('UPDATE balances SET amount = 99')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
    assert killed.returncode == -9
    writer = open_writer(path)
    row = writer.get(BALANCES, bytes(32), "dao")
    assert row is not None
    assert row.amount == 10
    writer.close()


def test_reset_empties_a_store_under_its_readers(path: Path) -> None:
    writer = open_writer(path)
    writer.apply(changes(4, 10))
    writer.close()
    reader = open_reader(path)
    assert reader.head() is not None
    reset_store(path)
    assert reader.head() is None
    writer = open_writer(path)
    writer.apply(changes(1, 20))
    row = reader.get(BALANCES, bytes(32), "dao")
    assert row is not None
    assert row.amount == 20
    reader.close()
    writer.close()


def test_no_store_is_named(path: Path) -> None:
    with pytest.raises(StoreMissing, match=r"index\.sqlite is not there: start the indexer"):
        open_reader(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="does its folder exist"):
        open_writer(tmp_path / "nowhere" / "index.sqlite")


def test_another_programs_file_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    for open_it in (open_writer, open_reader, reset_store):
        with pytest.raises(StoreForeign, match="another program's SQLite file"):
            open_it(path)
    assert _tables(path) == ["theirs"]


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 500)
    for open_it in (open_writer, open_reader, reset_store):
        with pytest.raises(StoreDamaged, match=r"index\.sqlite is damaged"):
            open_it(path)


def test_a_damaged_page_is_named(path: Path) -> None:
    writer = open_writer(path)
    writer.apply(changes(1, 10))
    writer.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StoreDamaged, match=r"index\.sqlite is damaged"):
        open_reader(path)


def test_a_newer_and_an_older_store_are_named(path: Path) -> None:
    open_writer(path).close()
    for version, advice in ((SCHEMA_VERSION + 1, "upgrade daonode"), (SCHEMA_VERSION - 1, "daonode indexer reset")):
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        for open_it in (open_writer, open_reader):
            with pytest.raises(StoreVersionUnknown, match=f"has version {version}.*{advice}"):
                open_it(path)
    reset_store(path)
    open_writer(path).close()


def test_an_older_store_is_migrated_step_by_step(path: Path) -> None:
    open_writer(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    steps: dict[int, Sequence[str]] = {
        SCHEMA_VERSION: ["ALTER TABLE assets ADD COLUMN symbol TEXT"],
        SCHEMA_VERSION + 1: ["UPDATE assets SET symbol = asset"],
    }
    migrate(connection, store=str(path), migrations=steps, target=SCHEMA_VERSION + 2)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 2,)
    assert "symbol" in [row[1] for row in connection.execute("PRAGMA table_info(assets)")]
    connection.close()


def test_a_store_that_lacks_a_projections_table_is_refused(path: Path) -> None:
    open_writer(path).close()
    with pytest.raises(StoreForeign, match=r"has no table notes.*daonode indexer reset"):
        open_writer(path, tables=(*TABLES, NOTES))
    reset_store(path, tables=(*TABLES, NOTES))
    open_writer(path, tables=(*TABLES, NOTES)).close()
    open_reader(path).close()


def test_a_table_with_other_columns_is_refused(path: Path) -> None:
    open_writer(path).close()
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE assets")
    for statement in create_table(Table("assets", NoteRow, ("id",))):
        connection.execute(statement)
    connection.close()
    with pytest.raises(StoreForeign, match="has other columns in table assets"):
        open_reader(path)


def _tables(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    connection.close()
    return names
