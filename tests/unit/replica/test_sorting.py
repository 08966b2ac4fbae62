"""A state is put into the order of its paths in several runs, whatever their sizes, and nothing of them is left."""

from __future__ import annotations

from random import Random

import pytest

from daonode.primitives.hashing import sha256
from daonode.replica import sorting
from daonode.replica.errors import RecordDamaged
from daonode.replica.layout import SORTING_PREFIX, STATE_PREFIX
from daonode.replica.sorting import Runs, delete_runs, merge_runs, write_runs
from tests.unit.replica.network import Database

RANDOM = Random(7)
ENTRIES = {RANDOM.randbytes(RANDOM.randint(1, 40)): RANDOM.randbytes(RANDOM.randint(0, 9_000)) for _ in range(400)}


@pytest.fixture(scope="module")
def state() -> Database:
    database = Database()
    database.write(tuple((STATE_PREFIX + key, value) for key, value in ENTRIES.items()))
    database.write(((b"r-before", b"another record"), (b"t-after", b"another record")))
    return database


def sorted_into(database: Database, state: Database, *, run_bytes: int) -> Runs:
    pieces = write_runs(state, run_bytes=run_bytes)
    while True:
        try:
            database.write(next(pieces))
        except StopIteration as end:
            runs: Runs = end.value
            return runs


@pytest.mark.parametrize(("run_bytes", "least", "most"), [(1, 400, 401), (100_000, 10, 30), (1 << 30, 1, 1)])
def test_all_entries_come_by_ascending_path_from_however_many_runs(
    state: Database, run_bytes: int, least: int, most: int
) -> None:
    database = Database()
    runs = sorted_into(database, state, run_bytes=run_bytes)
    assert least <= len(runs) <= most
    wanted = sorted((sha256(key), key, value) for key, value in ENTRIES.items())
    assert list(merge_runs(database, runs)) == wanted
    assert all(key.startswith(SORTING_PREFIX) for key in database.values)
    largest = max(map(len, database.values.values()))
    assert largest <= sorting.BLOCK_BYTES + 9_000 + 10_000, "a block is closed by the entry that fills it"
    for writes in delete_runs(runs):
        database.write(writes)
    assert not database.values


def test_a_state_without_entries_has_an_empty_order() -> None:
    database = Database()
    assert list(merge_runs(database, sorted_into(database, Database(), run_bytes=1))) == []


def test_a_damaged_block_is_named(state: Database) -> None:
    database = Database()
    runs = sorted_into(database, state, run_bytes=100_000)
    database.write(((sorting.block_key(1, 0), b"\xc1"),))
    with pytest.raises(RecordDamaged, match="block 0 of run 1"):
        list(merge_runs(database, runs))
