"""The tree through its public interface: the hash rules by hand, versions, forks, errors."""

from collections import Counter
from hashlib import sha256

import pytest

from daonode.ledger.tree import (
    DuplicateKey,
    MalformedNode,
    MissingNode,
    OverlayReader,
    TreeUpdate,
    VersionOrder,
    WarmNodes,
    prove,
    read_root,
    root_key,
    update,
)
from daonode.ledger.tree.reading import MAX_LATE_NODES
from daonode.primitives.state_proof import verify_state_proof

EMPTY = bytes(32)
NOTHING = OverlayReader(None, {})


def path_of(key: bytes) -> bytes:
    return sha256(key).digest()


def leaf_hash(key: bytes, value: bytes) -> bytes:
    return sha256(b"\x00" + path_of(key) + sha256(value).digest()).digest()


def internal_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def first_update(changes: dict[bytes, bytes | None]) -> TreeUpdate:
    return update(NOTHING, previous_version=None, version=1, changes=changes.items())


def reader_of(*updates: TreeUpdate) -> OverlayReader:
    return OverlayReader(None, {key: node for result in updates for key, node in result.nodes})


def key_with_bits(bits: str, *, other_than: bytes = b"") -> bytes:
    """The first of k0, k1, ... whose path begins with the bits."""
    number = 0
    while True:
        key = b"k%d" % number
        if f"{int.from_bytes(path_of(key)):0256b}".startswith(bits) and key != other_than:
            return key
        number += 1


def test_the_empty_map_has_the_zero_root_and_a_version_that_can_be_read() -> None:
    result = first_update({})
    assert result.root == EMPTY
    assert read_root(reader_of(result), 1) == EMPTY


def test_a_single_leaf_is_the_root() -> None:
    assert first_update({b"a": b"1"}).root == leaf_hash(b"a", b"1")


def test_two_leaves_that_differ_in_the_first_bit_share_one_internal_node() -> None:
    left, right = key_with_bits("0"), key_with_bits("1")
    root = first_update({right: b"r", left: b"l"}).root
    assert root == internal_hash(leaf_hash(left, b"l"), leaf_hash(right, b"r"))


def test_a_shared_prefix_is_a_chain_of_internal_nodes_with_empty_siblings() -> None:
    left, right = key_with_bits("010110"), key_with_bits("010111")
    expected = internal_hash(leaf_hash(left, b"l"), leaf_hash(right, b"r"))
    for bit in reversed("01011"):
        expected = internal_hash(expected, EMPTY) if bit == "0" else internal_hash(EMPTY, expected)
    assert first_update({left: b"l", right: b"r"}).root == expected


def test_deleting_collapses_the_chain_to_the_leaf_that_remains() -> None:
    left, right = key_with_bits("010110"), key_with_bits("010111")
    first = first_update({left: b"l", right: b"r"})
    second = update(reader_of(first), previous_version=1, version=2, changes=[(left, None)])
    assert second.root == leaf_hash(right, b"r")
    assert [key for key, _ in second.nodes] == [root_key(2)]
    assert sorted(second.stale) == sorted(key for key, _ in first.nodes)


def test_deleting_everything_gives_the_empty_root() -> None:
    state: dict[bytes, bytes | None] = {b"%d" % number: b"v" for number in range(100)}
    first = first_update(state)
    second = update(reader_of(first), previous_version=1, version=2, changes=dict.fromkeys(state).items())
    assert second.root == EMPTY
    assert len(second.stale) == len(first.nodes)


def test_a_present_empty_value_differs_from_absence() -> None:
    assert first_update({b"a": b""}).root == leaf_hash(b"a", b"")


def test_an_idle_version_is_found_and_proves_the_same_state() -> None:
    first = first_update({b"%d" % number: b"v" for number in range(100)})
    idle = update(reader_of(first), previous_version=1, version=7, changes=[])
    assert idle.root == first.root
    assert [key for key, _ in idle.nodes] == [root_key(7)]
    reader = reader_of(first, idle)
    assert read_root(reader, 7) == first.root
    assert verify_state_proof(first.root, b"42", b"v", prove(reader, version=7, key=b"42"))


def test_changes_without_effect_write_only_the_root() -> None:
    first = first_update({b"%d" % number: b"v" for number in range(100)})
    same = update(reader_of(first), previous_version=1, version=2, changes=[(b"5", b"v"), (b"absent", None)])
    assert same.root == first.root
    assert [key for key, _ in same.nodes] == [root_key(2)]
    assert list(same.stale) == [root_key(1)]


def test_forks_of_one_height_do_not_see_each_other() -> None:
    base = first_update({b"%d" % number: b"v" for number in range(300)})
    committed = reader_of(base)
    forks = {}
    for name in (b"left", b"right"):
        changes = [(b"%d" % number, name) for number in range(0, 300, 2)]
        child = update(committed, previous_version=1, version=2, changes=changes)
        overlay = OverlayReader(committed, dict(child.nodes))
        grandchild = update(overlay, previous_version=2, version=3, changes=[(b"1", name)])
        forks[name] = (grandchild.root, OverlayReader(overlay, dict(grandchild.nodes)))
    assert forks[b"left"][0] != forks[b"right"][0]
    for name, (root, reader) in forks.items():
        assert read_root(reader, 3) == root
        for number in range(300):
            value = name if number % 2 == 0 or number == 1 else b"v"
            key = b"%d" % number
            assert verify_state_proof(root, key, value, prove(reader, version=3, key=key))


def test_a_batch_touches_each_node_once() -> None:
    reads: list[bytes] = []

    class Counting:
        def __init__(self, reader: OverlayReader) -> None:
            self.reader = reader

        def get_node(self, node_key: bytes, /) -> bytes | None:
            reads.append(node_key)
            return self.reader.get_node(node_key)

    first = first_update({b"%d" % number: b"v" for number in range(1000)})
    result = update(
        Counting(reader_of(first)),
        previous_version=1,
        version=2,
        changes=[(b"%d" % number, b"w") for number in range(0, 1000, 3)],
    )
    written = [key for key, _ in result.nodes]
    assert len(set(reads)) == len(reads)
    assert len(set(written)) == len(written)
    assert written[-1] == root_key(2)


@pytest.mark.parametrize("version", [0, 1])
def test_a_version_that_does_not_follow_is_refused(version: int) -> None:
    with pytest.raises(VersionOrder, match=f"version {version} must be greater than the version 1"):
        update(reader_of(first_update({b"a": b"1"})), previous_version=1, version=version, changes=[])


def test_a_key_changed_twice_in_one_batch_is_refused() -> None:
    with pytest.raises(DuplicateKey, match="more than once"):
        update(NOTHING, previous_version=None, version=1, changes=[(b"a", b"1"), (b"b", b"1"), (b"a", None)])


def test_a_version_that_is_not_stored_is_named() -> None:
    with pytest.raises(MissingNode, match="version 5, the root, is not stored") as raised:
        prove(NOTHING, version=5, key=b"a")
    assert raised.value.version == 5


def test_a_missing_inner_node_is_named_with_its_path() -> None:
    first = first_update({b"%d" % number: b"v" for number in range(100)})
    inner_key = first.nodes[0][0]
    reader = OverlayReader(None, {key: node for key, node in first.nodes if key != inner_key})
    with pytest.raises(MissingNode, match=r"at nibble path [0-9a-f]"):
        update(reader, previous_version=1, version=2, changes=[(b"%d" % number, b"w") for number in range(100)])


@pytest.mark.parametrize("damage", [b"", b"\x28", bytes(19), bytes(20) + b"x"])
def test_a_node_of_impossible_length_is_refused(damage: bytes) -> None:
    with pytest.raises(MalformedNode, match="where its header asks for"):
        read_root(OverlayReader(None, {root_key(1): damage}), 1)


def test_an_absent_key_is_proved_by_an_empty_subtree_or_by_another_leaf() -> None:
    alone = key_with_bits("00")
    near = key_with_bits("00", other_than=alone)
    far = key_with_bits("1")
    result = first_update({alone: b"v", far: b"v"})
    by_leaf = prove(reader_of(result), version=1, key=near)
    assert by_leaf.leaf_path == path_of(alone)
    assert verify_state_proof(result.root, near, None, by_leaf)
    deep = first_update({key_with_bits("000"): b"v", key_with_bits("001"): b"v"})
    by_nothing = prove(reader_of(deep), version=1, key=far)
    assert by_nothing.leaf_path == b""
    assert verify_state_proof(deep.root, far, None, by_nothing)
    assert verify_state_proof(first_update({}).root, far, None, prove(reader_of(first_update({})), version=1, key=far))


class CountedReads:
    """Counts how often each node is read."""

    def __init__(self, nodes: dict[bytes, bytes]) -> None:
        self.nodes = nodes
        self.counts: Counter[bytes] = Counter()

    def get_node(self, node_key: bytes, /) -> bytes | None:
        self.counts[node_key] += 1
        return self.nodes.get(node_key)


def test_nodes_near_the_root_are_read_once_and_deeper_ones_each_time() -> None:
    keys = [b"k%d" % number for number in range(20_000)]
    storage = CountedReads(dict(first_update(dict.fromkeys(keys, b"0")).nodes))
    warm = WarmNodes(storage)
    for _ in range(3):
        for key in keys[:500]:
            prove(warm, version=1, key=key)
    by_depth: dict[int, set[int]] = {}
    for node_key, count in storage.counts.items():
        by_depth.setdefault(len(node_key) - 8, set()).add(count)
    assert [by_depth[depth] for depth in range(4)] == [{1}] * 4
    assert min(by_depth[4]) == 3


def test_deeper_nodes_are_remembered_once_they_are_committed_until_too_many_others_are() -> None:
    keys = [b"k%d" % number for number in range(100_000)]
    few = keys[:200]
    first = first_update(dict.fromkeys(keys, b"0"))
    storage = CountedReads(dict(first.nodes))
    warm = WarmNodes(storage)

    def commit(version: int, changed: list[bytes]) -> list[bytes]:
        """Commit another value of these keys; returns the keys of the deeper nodes that this writes."""
        changes = [(key, b"%d" % version) for key in changed]
        made = update(warm, previous_version=version - 1, version=version, changes=changes).nodes
        warm.remember(made)
        storage.nodes |= dict(made)
        return [node_key for node_key, _ in made if len(node_key) > 8 + 3]

    deeper = commit(2, few)
    assert deeper
    for key in few:
        prove(warm, version=2, key=key)
    assert not any(storage.counts[node_key] for node_key in deeper)
    assert len(commit(3, keys[200:])) > 2 * MAX_LATE_NODES
    for key in few:
        prove(warm, version=2, key=key)
    assert all(storage.counts[node_key] for node_key in deeper)


def test_what_is_committed_is_remembered_in_the_place_of_what_it_replaces() -> None:
    first = first_update({b"a": b"1", b"b": b"1"})
    storage = CountedReads(dict(first.nodes))
    warm = WarmNodes(storage)
    assert read_root(warm, 1) == first.root
    second = update(warm, previous_version=1, version=2, changes=[(b"a", b"2")])
    warm.remember(second.nodes)
    storage.nodes |= dict(second.nodes)
    assert read_root(warm, 2) == second.root
    assert storage.counts[root_key(2)] == 0
    assert read_root(warm, 1) == first.root
    assert storage.counts[root_key(1)] == 2


def test_a_node_that_was_missing_is_looked_for_again() -> None:
    first = first_update({b"a": b"1"})
    storage = CountedReads({})
    warm = WarmNodes(storage)
    with pytest.raises(MissingNode):
        read_root(warm, 1)
    storage.nodes |= dict(first.nodes)
    assert read_root(warm, 1) == first.root
