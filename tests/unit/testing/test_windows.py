"""The oracle's check of pruned nodes fires for whatever is missing inside the window, and for nothing below it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec
import pytest

from daonode.replica.effects import Store
from daonode.replica.layout import CommittedBlock
from daonode.testing import broken
from daonode.testing.broken import InvariantBroken
from daonode.testing.disk import Disk
from daonode.testing.electorate import transaction_ids
from daonode.testing.scenarios import Scenario
from daonode.testing.simulation import Simulation
from daonode.testing.trace import Trace
from daonode.testing.windows import Window, tree_nodes
from daonode.testing.world import make_world

Record = Callable[[Window, int], tuple[Store, bytes]]
"""From a window and a height to the database and the key of something of that height."""

KEPT = 4
PRUNING, ARCHIVE = 3, 0


@lru_cache(maxsize=1)
def played() -> Simulation:
    """A run without faults in which one node prunes."""
    run = Simulation(
        seed=1,
        world=make_world(4),
        scenario=Scenario("pruning", kept_versions={PRUNING: KEPT}, min_commits=12),
        cast={},
        faults=(),
        interference=None,
        trace=Trace(),
        storm_ms=100,
    )
    run.run()
    return run


def window_of(run: Simulation) -> Window:
    """The window of the pruning node, on a copy of its disk."""
    node = run.nodes[PRUNING]
    copy = Disk(node.disk.safety)
    for store, database in copy.stores.items():
        database.copy_from(node.disk.stores[store])
    return Window(PRUNING, copy, run.nodes[ARCHIVE].disk, first=node.height - KEPT, last=node.height)


def height_key(prefix: bytes, height: int) -> bytes:
    return prefix + height.to_bytes(8, "big")


def accept(_node: int, _committed: CommittedBlock) -> None:
    """A judge of proofs who finds nothing."""


def header_of(window: Window, height: int) -> tuple[Store, bytes]:
    return Store.STATE, height_key(b"h", height)


def results_of(window: Window, height: int) -> tuple[Store, bytes]:
    return Store.STATE, height_key(b"r", height)


def root_of(window: Window, height: int) -> tuple[Store, bytes]:
    return Store.STATE, height_key(b"n", height)


def deepest_node_of(window: Window, height: int) -> tuple[Store, bytes]:
    nodes = tree_nodes(window.archive.stores[Store.STATE], height, seen={})
    return Store.STATE, max((key for key, _ in nodes), key=len)


def block_of(window: Window, height: int) -> tuple[Store, bytes]:
    block = played().nodes[ARCHIVE].archive.block_at(height)
    assert block is not None
    return Store.BLOCKS, b"b" + block.header.id()


def transaction_of(window: Window, height: int) -> tuple[Store, bytes]:
    archive = played().nodes[ARCHIVE].archive
    for each in range(height, window.last + 1):
        block = archive.block_at(each)
        assert block is not None
        for tx_id in transaction_ids(block):
            return Store.STATE, b"t" + tx_id
    raise AssertionError("no block in the window has a transaction")


def change(window: Window, store: Store, key: bytes, value: bytes | None) -> None:
    """Change one record of the pruned node."""
    window.pruned.stores[store].write(((key, value),), sync=True)


RECORDS = (header_of, results_of, root_of, deepest_node_of, block_of, transaction_of)


def test_a_node_that_prunes_is_sound_and_has_pruned() -> None:
    run = played()
    window = window_of(run)
    window.judge(accept)
    assert window.count_pruned() == run.coverage.pruned == window.first
    assert window.last - window.first == KEPT


@pytest.mark.parametrize("record", RECORDS)
def test_what_is_lost_of_the_oldest_height_of_the_window_is_noticed(record: Record) -> None:
    window = window_of(played())
    store, key = record(window, window.first)
    change(window, store, key, None)
    with pytest.raises(InvariantBroken, match="of height") as caught:
        window.judge(accept)
    assert caught.value.invariant == broken.WINDOW


@pytest.mark.parametrize("record", RECORDS[1:])
def test_what_is_another_than_the_archives_is_noticed(record: Record) -> None:
    window = window_of(played())
    store, key = record(window, window.first)
    change(window, store, key, b"something else")
    with pytest.raises(InvariantBroken, match="of height"):
        window.judge(accept)


def test_the_header_of_another_height_is_noticed() -> None:
    window = window_of(played())
    store, key = header_of(window, window.first)
    change(window, store, key, window.pruned.stores[store].get(header_of(window, window.last)[1]))
    with pytest.raises(InvariantBroken, match="the header"):
        window.judge(accept)


def test_what_is_not_there_below_the_window_is_not_asked_for() -> None:
    window = window_of(played())
    for record in (header_of, results_of, block_of):
        store, key = record(window, window.first - 1)
        change(window, store, key, None)
    window.judge(accept)


def test_a_tip_without_a_proof_is_noticed() -> None:
    window = window_of(played())
    store, key = header_of(window, window.last)
    value = window.pruned.stores[store].get(key)
    assert value is not None
    committed = msgspec.msgpack.decode(value, type=CommittedBlock)
    bare = msgspec.structs.replace(committed, proof=None)
    change(window, store, key, msgspec.msgpack.encode(bare))
    with pytest.raises(InvariantBroken, match="the proof that it is final"):
        window.judge(accept)


def test_every_proof_that_stands_in_the_window_is_judged() -> None:
    judged: list[int] = []
    window = window_of(played())
    window.judge(lambda node, committed: judged.append(committed.header.height))
    assert judged[-1] == window.last
    assert min(judged) >= window.first
