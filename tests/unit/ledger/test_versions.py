"""States of uncommitted blocks: forks side by side, chains of any length, and what becomes of them when committed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from daonode.ledger.versions import MAX_LATE_VALUE_BYTES, MAX_LATE_VALUES, StateVersion, WarmValues
from tests.unit.ledger.counter_chain import ALICE, BOB, Add, Chain, application, chain, genesis

LONG = 700
"""Far more than the calls inside calls for which the test leaves room."""
END = b"\xff" * 40


class Storage:
    """A storage that holds what has been committed, as a node's does: flat values, and every node of the tree."""

    def __init__(self, base: StateVersion) -> None:
        self.values = dict(base.iterate(b"", END))
        self.nodes: dict[bytes, bytes] = {}
        self.base = base

    def get(self, key: bytes, /) -> bytes | None:
        return self.values.get(key)

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        yield from [(key, self.values[key]) for key in sorted(self.values) if start <= key < end]

    def get_node(self, node_key: bytes, /) -> bytes | None:
        node = self.nodes.get(node_key)
        return self.base.get_node(node_key) if node is None else node


@pytest.fixture
def shallow_stack() -> Iterator[None]:
    """Little room for calls inside calls: what needs a frame for each version fails."""
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 200)
    yield
    sys.setrecursionlimit(limit)


def add(world: Chain, name: str, sequence: int) -> bytes:
    return ALICE.send(Add(name, 1), sequence=sequence, expires_at_ms=world.version.time_ms + 5_000)


@pytest.mark.usefixtures("shallow_stack")
def test_a_long_chain_without_a_commit_executes_reads_and_proves() -> None:
    world = chain()
    for sequence in range(LONG):
        world.run(add(world, f"c{sequence % 40}", sequence))
    assert world.counter("c0") == -(-LONG // 40)
    assert sum(1 for _ in world.version.iterate(b"", END)) > 40
    key, _ = next(world.version.iterate(b"counter", END))
    assert world.version.prove(key).depth > 0


def test_committing_one_version_after_the_other_leaves_those_above_as_they_were() -> None:
    world = Chain(version=genesis(None, (ALICE, BOB)), app=application())
    storage = Storage(world.version)
    versions, results = [world.version], []
    for sequence in range(300):
        results.append(world.run(add(world, f"c{sequence % 7}", sequence)))
        versions.append(world.version)
    seen = [dict(version.iterate(b"", END)) for version in versions]
    for place, result in enumerate(results, start=1):
        for key, value in result.writes:
            if value is None:
                storage.values.pop(key, None)
            else:
                storage.values[key] = value
        storage.nodes.update(result.nodes)
        versions[place].settle(state=storage, nodes=storage)
        for above in (place, min(place + 1, 300), min(place + 20, 300), 300):
            assert dict(versions[above].iterate(b"", END)) == seen[above]
            some = sorted(seen[above])[above % len(seen[above])]
            assert versions[above].get(some) == seen[above][some]
    # What is built on a settled chain goes on from it.
    world.run(add(world, "c0", 300))
    assert world.counter("c0") == 44


def test_forks_stand_side_by_side_on_a_long_chain() -> None:
    world = chain()
    for sequence in range(15):
        world.run(add(world, "votes", sequence))
    left, right = Chain(world.version, world.app), Chain(world.version, world.app)
    for sequence in range(15, 35):
        left.run(add(left, "left", sequence))
        right.run(add(right, "votes", sequence))
    assert (left.counter("left"), left.counter("votes")) == (20, 15)
    assert (right.counter("left"), right.counter("votes")) == (None, 35)


class Reads:
    """A storage that counts what is read from it."""

    def __init__(self, values: dict[bytes, bytes]) -> None:
        self.values = values
        self.read: list[bytes] = []

    def get(self, key: bytes, /) -> bytes | None:
        self.read.append(key)
        return self.values.get(key)

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted((key, value) for key, value in self.values.items() if start <= key < end))


def test_what_was_committed_last_is_not_read_from_the_storage() -> None:
    long = bytes(MAX_LATE_VALUE_BYTES + 1)
    storage = Reads({b"gone": b"1", b"long": b"1", b"other": b"1"})
    warm = WarmValues(storage)
    warm.remember([(b"new", b"2"), (b"gone", None), (b"long", b"2")])
    warm.remember([(b"new", b"3"), (b"long", long)])
    storage.values |= {b"new": b"3", b"long": long}
    del storage.values[b"gone"]
    keys = (b"new", b"gone", b"long", b"other")
    assert [warm.get(key) for key in keys] == [b"3", None, long, b"1"]
    assert storage.read == [b"long", b"other"]
    assert list(warm.iterate(b"l", b"o")) == [(b"long", long), (b"new", b"3")]


def test_a_storage_remembers_a_bounded_number_of_values() -> None:
    storage = Reads({b"%d" % number: b"1" for number in range(2 * MAX_LATE_VALUES + 1)})
    warm = WarmValues(storage)
    warm.remember(storage.values.items())
    assert [warm.get(key) for key in storage.values] == list(storage.values.values())
    assert len(storage.read) == MAX_LATE_VALUES
