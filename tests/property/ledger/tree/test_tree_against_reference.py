"""The tree against a reference that knows nothing of nodes, versions or batches."""

from hashlib import sha256

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from daonode.ledger.tree import MissingNode, OverlayReader, prove, read_root, update
from daonode.primitives.hashing import sha256 as hash_of
from daonode.primitives.ids import Hash
from daonode.primitives.state_proof import StateProof, verify_state_proof

State = dict[bytes, bytes]
Changes = dict[bytes, bytes | None]

# Few enough keys that batches meet, and pairs whose paths share 20 bits, so that nodes are deep and collapse.
SHARED_PREFIX_KEYS = [b"k336", b"k1439", b"k712", b"k930", b"k1156", b"k1592"]
keys = st.one_of(st.integers(0, 60).map(lambda number: b"key%d" % number), st.sampled_from(SHARED_PREFIX_KEYS))
values = st.binary(max_size=3)
batches = st.dictionaries(keys, st.one_of(st.none(), values), max_size=40)
mappings = st.dictionaries(keys, values, max_size=40)


def reference_root(state: State) -> bytes:
    """The root by definition: recursion over all leaves, one bit at a time."""

    def subtree(leaves: dict[str, bytes], depth: int) -> bytes:
        if not leaves:
            return bytes(32)
        if len(leaves) == 1:
            return next(iter(leaves.values()))
        left = {bits: leaf for bits, leaf in leaves.items() if bits[depth] == "0"}
        right = {bits: leaf for bits, leaf in leaves.items() if bits[depth] == "1"}
        return sha256(b"\x01" + subtree(left, depth + 1) + subtree(right, depth + 1)).digest()

    leaves = {}
    for key, value in state.items():
        path = sha256(key).digest()
        leaves[f"{int.from_bytes(path):0256b}"] = sha256(b"\x00" + path + sha256(value).digest()).digest()
    return subtree(leaves, 0)


def build(state: State) -> OverlayReader:
    """A storage with the state as version 0."""
    result = update(OverlayReader(None, {}), previous_version=None, version=0, changes=state.items())
    return OverlayReader(None, dict(result.nodes))


@given(st.lists(batches, max_size=6))
def test_each_version_has_the_root_of_its_own_state_and_stays_readable(history: list[Changes]) -> None:
    nodes: dict[bytes, bytes] = {}
    reader = OverlayReader(None, nodes)
    state: State = {}
    roots: list[bytes] = []
    for version, changes in enumerate(history):
        previous_version = version - 1 if version else None
        result = update(reader, previous_version=previous_version, version=version, changes=changes.items())
        assert not nodes.keys() & dict(result.nodes).keys()
        assert all(key in nodes for key in result.stale)
        assert len(set(result.stale)) == len(result.stale)
        nodes.update(result.nodes)
        state = {key: value for key, value in (state | changes).items() if value is not None}
        roots.append(result.root)
        assert result.root == reference_root(state)
    for version, root in enumerate(roots):
        assert read_root(reader, version) == root


@given(mappings, st.permutations(range(4)), st.integers(1, 40))
def test_any_order_and_any_batches_give_the_same_root(state: State, order: list[int], size: int) -> None:
    items = list(state.items())
    shuffled = [item for part in order for item in items[part::4]]
    nodes: dict[bytes, bytes] = {}
    version = None
    root = Hash(bytes(32))
    for start in range(0, len(shuffled), size):
        following = 0 if version is None else version + 1
        part = shuffled[start : start + size]
        result = update(OverlayReader(None, nodes), previous_version=version, version=following, changes=part)
        nodes.update(result.nodes)
        version, root = following, result.root
    assert root == reference_root(state)


@given(mappings, batches)
def test_undoing_a_batch_gives_the_root_back(state: State, changes: Changes) -> None:
    reader = build(state)
    there = update(reader, previous_version=0, version=1, changes=changes.items())
    overlay = OverlayReader(reader, dict(there.nodes))
    back = update(overlay, previous_version=1, version=2, changes=[(key, state.get(key)) for key in changes])
    assert back.root == read_root(reader, 0)


@given(st.lists(batches, min_size=2, max_size=6))
def test_what_remains_after_pruning_is_exactly_the_newest_version(history: list[Changes]) -> None:
    nodes: dict[bytes, bytes] = {}
    state: State = {}
    for version, changes in enumerate(history):
        result = update(
            OverlayReader(None, nodes),
            previous_version=version - 1 if version else None,
            version=version,
            changes=changes.items(),
        )
        nodes.update(result.nodes)
        for node_key in result.stale:
            del nodes[node_key]
        state = {key: value for key, value in (state | changes).items() if value is not None}
    reader = OverlayReader(None, nodes)
    last = len(history) - 1
    assert read_root(reader, last) == reference_root(state)
    for key, value in state.items():
        assert verify_state_proof(Hash(reference_root(state)), key, value, prove(reader, version=last, key=key))
    with pytest.raises(MissingNode):
        read_root(reader, last - 1)
    # Nothing unreachable is left behind: as many nodes as a fresh tree of the same state has.
    assert len(nodes) == len(build(state).nodes)


@given(mappings, keys)
def test_every_key_is_proved_present_with_its_value_or_absent_and_not_otherwise(state: State, key: bytes) -> None:
    reader = build(state)
    root = Hash(reference_root(state))
    proof = prove(reader, version=0, key=key)
    value = state.get(key)
    assert verify_state_proof(root, key, value, proof)
    assert not verify_state_proof(root, key, b"another value", proof)
    assert not verify_state_proof(hash_of(root), key, value, proof)
    if value is not None:
        assert not verify_state_proof(root, key, None, proof)


@given(mappings, keys, st.data())
@settings(max_examples=200)
def test_a_proof_with_any_byte_changed_is_refused(state: State, key: bytes, data: st.DataObject) -> None:
    assume(state)
    proof = prove(build(state), version=0, key=key)
    root = Hash(reference_root(state))
    value = state.get(key)
    fields = {
        "leaf_path": [proof.leaf_path],
        "leaf_value_hash": [proof.leaf_value_hash],
        "bitmap": [proof.bitmap],
        "siblings": list(proof.siblings),
    }
    name = data.draw(st.sampled_from([name for name, parts in fields.items() if any(parts)]))
    index = data.draw(st.integers(0, len(fields[name]) - 1))
    position = data.draw(st.integers(0, len(fields[name][index]) - 1))
    flip = data.draw(st.integers(1, 255))
    damaged = bytearray(fields[name][index])
    damaged[position] ^= flip
    fields[name][index] = bytes(damaged)
    changed = StateProof(
        depth=proof.depth,
        leaf_path=fields["leaf_path"][0],
        leaf_value_hash=fields["leaf_value_hash"][0],
        bitmap=fields["bitmap"][0],
        siblings=tuple(fields["siblings"]),
    )
    assert not verify_state_proof(root, key, value, changed)
