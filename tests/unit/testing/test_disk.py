"""A disk that forgets what was not synced, batch by batch, and never half of one."""

from __future__ import annotations

from random import Random

import pytest

from daonode.replica.effects import Store
from daonode.testing.disk import Database, Disk, DiskTorn
from daonode.testing.world import make_world


def test_a_crash_leaves_what_was_synced_and_a_prefix_of_the_rest() -> None:
    seen = set()
    for seed in range(40):
        database = Database()
        database.write(((b"a", b"1"), (b"b", b"1")), sync=True)
        database.write(((b"a", b"2"), (b"b", None)), sync=False)
        database.write(((b"c", b"3"),), sync=False)
        database.crash(Random(seed))
        seen.add(tuple(database.iterate(start=b"", end=b"z")))
    synced = ((b"a", b"1"), (b"b", b"1"))
    first = ((b"a", b"2"),)
    assert seen == {synced, first, (*first, (b"c", b"3"))}


def test_a_synced_batch_makes_all_before_it_durable() -> None:
    database = Database()
    database.write(((b"a", b"1"),), sync=False)
    database.write(((b"b", b"2"),), sync=True)
    assert database.crash(Random(0)) == 0
    assert database.get(b"a") == b"1"


def test_what_is_durable_is_told_apart_from_what_is_written() -> None:
    database = Database()
    database.write(((b"a", b"1"),), sync=True)
    database.write(((b"a", b"2"), (b"b", b"2")), sync=False)
    database.write(((b"a", b"3"),), sync=False)
    assert (database.get(b"a"), database.get_durable(b"a")) == (b"3", b"1")
    assert (database.get(b"b"), database.get_durable(b"b")) == (b"2", None)


@pytest.mark.parametrize("kept_percent", [0, 10, 50, 99])
def test_a_record_that_was_written_in_part_is_found_and_its_store_is_named(kept_percent: int) -> None:
    disk = Disk(make_world(4).chain.initial_safety(make_world(4).secrets[0].public_key))
    disk.stores[Store.BLOCKS].write(((b"a", b"1"),), sync=True)
    disk.open()
    disk.stores[Store.BLOCKS].tear(((b"b", b"2"),), kept_percent=kept_percent)
    with pytest.raises(DiskTorn, match="the store blocks is damaged"):
        disk.open()
    assert disk.stores[Store.BLOCKS].get(b"b") is None


def test_a_record_that_was_written_whole_is_no_torn_one() -> None:
    database = Database()
    database.tear(((b"a", b"1"),), kept_percent=100)
    assert database.is_whole
