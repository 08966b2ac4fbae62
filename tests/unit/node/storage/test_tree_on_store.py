"""The state tree with its nodes in a real store: committed batches, forks beside them, pruning, reopening."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from daonode.ledger.tree import MissingNode, OverlayReader, TreeUpdate, prove, read_root, update
from daonode.node.storage import Store, StoreKind, StoreReader
from daonode.primitives.ids import ChainId
from daonode.primitives.state_proof import verify_state_proof

CHAIN = ChainId("daonode:test")
PREFIX = b"t"


@dataclass(frozen=True)
class StoredNodes:
    reader: StoreReader

    def get_node(self, node_key: bytes, /) -> bytes | None:
        return self.reader.get(PREFIX + node_key)


def commit(store: Store, result: TreeUpdate) -> None:
    store.write([(PREFIX + node_key, node) for node_key, node in result.nodes], sync=True)


def prune(store: Store, result: TreeUpdate) -> None:
    store.write([(PREFIX + node_key, None) for node_key in result.stale], sync=False)


def open_state(path: Path) -> Store:
    return Store.open(path / "state", kind=StoreKind.STATE, chain_id=CHAIN)


def test_committed_versions_are_read_after_reopening_until_they_are_pruned(tmp_path: Path) -> None:
    results = []
    with open_state(tmp_path) as store:
        for version in range(5):
            changes = [(b"%d" % number, b"%d" % version) for number in range(version, 200, version + 1)]
            results.append(
                update(
                    StoredNodes(store),
                    previous_version=version - 1 if version else None,
                    version=version,
                    changes=changes,
                )
            )
            commit(store, results[-1])
    with open_state(tmp_path) as store, store.snapshot() as before_pruning:
        for result in results[:4]:
            prune(store, result)
        assert read_root(StoredNodes(store), 3) == results[3].root
        assert read_root(StoredNodes(store), 4) == results[4].root
        with pytest.raises(MissingNode):
            read_root(StoredNodes(store), 2)
        old_proof = prove(StoredNodes(before_pruning), version=0, key=b"7")
        assert verify_state_proof(results[0].root, b"7", b"0", old_proof)
        # 199 was written by the versions 0, 1, 3 and 4.
        assert verify_state_proof(results[4].root, b"199", b"4", prove(StoredNodes(store), version=4, key=b"199"))


def test_a_fork_that_is_not_committed_leaves_no_trace_in_the_store(tmp_path: Path) -> None:
    with open_state(tmp_path) as store:
        base = update(
            StoredNodes(store), previous_version=None, version=1, changes=[(b"%d" % n, b"v") for n in range(99)]
        )
        commit(store, base)
        forks = [
            update(StoredNodes(store), previous_version=1, version=2, changes=[(b"5", value)]) for value in (b"a", b"b")
        ]
        commit(store, forks[0])
        assert read_root(StoredNodes(store), 2) == forks[0].root
        loser = OverlayReader(StoredNodes(store), dict(forks[1].nodes))
        assert read_root(loser, 2) == forks[1].root
        stored = [key for key, _ in store.iterate(start=PREFIX + bytes(7) + b"\x02")]
        assert stored == sorted(PREFIX + node_key for node_key, _ in forks[0].nodes)
