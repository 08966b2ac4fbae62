"""Proofs of the authenticated state against a tree built naively from its definition."""

from collections.abc import Mapping
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import Hash
from daonode.primitives.state_proof import StateProof, make_state_proof, verify_state_proof

EMPTY = bytes(32)
Leaves = list[tuple[bytes, bytes]]

keys = st.binary(max_size=4)
states = st.dictionaries(keys, st.binary(max_size=8), max_size=40)


def leaves_of(mapping: Mapping[bytes, bytes]) -> Leaves:
    return sorted((sha256(key).digest(), sha256(value).digest()) for key, value in mapping.items())


def bit(path: bytes, depth: int) -> int:
    return path[depth // 8] >> (7 - depth % 8) & 1


def subtree_root(leaves: Leaves, depth: int = 0) -> bytes:
    """Return the hash of a subtree straight from the definition: nothing, one leaf, or two halves."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0][0] + leaves[0][1]).digest()
    halves = [[leaf for leaf in leaves if bit(leaf[0], depth) == side] for side in (0, 1)]
    return sha256(b"\x01" + subtree_root(halves[0], depth + 1) + subtree_root(halves[1], depth + 1)).digest()


def reference_root(mapping: Mapping[bytes, bytes]) -> Hash:
    return Hash(subtree_root(leaves_of(mapping)))


def prove(mapping: Mapping[bytes, bytes], key: bytes) -> StateProof:
    """Walk down the key's path until at most one leaf is left, and note what stands beside."""
    leaves, path, siblings, depth = leaves_of(mapping), sha256(key).digest(), [], 0
    while len(leaves) > 1:
        beside = [leaf for leaf in leaves if bit(leaf[0], depth) != bit(path, depth)]
        leaves = [leaf for leaf in leaves if bit(leaf[0], depth) == bit(path, depth)]
        depth += 1
        siblings.append(subtree_root(beside, depth))
    leaf_path, value_hash = leaves[0] if leaves else (b"", b"")
    return make_state_proof(leaf_path=leaf_path, leaf_value_hash=value_hash, siblings=tuple(reversed(siblings)))


@given(states, keys)
def test_what_a_key_has_is_proven_and_nothing_else(state: dict[bytes, bytes], key: bytes) -> None:
    root, proof = reference_root(state), prove(state, key)
    value = state.get(key)
    assert verify_state_proof(root, key, value, proof)
    assert not verify_state_proof(root, key, None if value is not None else b"", proof)
    assert not verify_state_proof(root, key, (value or b"") + b"x", proof)
    assert not verify_state_proof(Hash(b"\x99" * 32), key, value, proof)


@given(states, keys, keys)
def test_a_proof_tells_no_falsehood_of_another_key(state: dict[bytes, bytes], key: bytes, other: bytes) -> None:
    root, proof = reference_root(state), prove(state, key)
    truth = state.get(other)
    for claim in (None, b"", *state.values()):
        if claim != truth:
            assert not verify_state_proof(root, other, claim, proof)


@given(states, keys, st.data())
def test_a_damaged_proof_never_proves_a_falsehood_and_never_raises(
    state: dict[bytes, bytes], key: bytes, data: st.DataObject
) -> None:
    root, proof = reference_root(state), prove(state, key)
    hashes = st.sampled_from([b"", EMPTY, b"\x01" * 32, b"short", *proof.siblings])
    damaged = StateProof(
        depth=data.draw(st.sampled_from([proof.depth, proof.depth + 1, proof.depth - 1, 0, 256, 257, -1])),
        leaf_path=data.draw(st.sampled_from([proof.leaf_path, b"", sha256(key).digest(), b"short"])),
        leaf_value_hash=data.draw(st.sampled_from([proof.leaf_value_hash, b"", bytes(32)])),
        bitmap=data.draw(st.sampled_from([proof.bitmap, b"", b"\xff", b"\x00", proof.bitmap + b"\x00"])),
        siblings=data.draw(st.sampled_from([proof.siblings, proof.siblings[1:]]) | st.lists(hashes).map(tuple)),
    )
    truth = state.get(key)
    for claim in (None, b"", b"x", *state.values()):
        assert claim == truth or not verify_state_proof(root, key, claim, damaged)


@given(states, keys)
def test_a_proof_comes_back_from_its_bytes(state: dict[bytes, bytes], key: bytes) -> None:
    proof = prove(state, key)
    assert decode(encode(proof), StateProof) == proof


@settings(max_examples=20)
@given(st.integers(min_value=0, max_value=2**16))
def test_a_key_that_shares_many_bits_with_another_is_proven(start: int) -> None:
    state = {number.to_bytes(4, "big"): b"%d" % number for number in range(start, start + 300)}
    root = reference_root(state)
    for number in range(start, start + 300, 37):
        key = number.to_bytes(4, "big")
        assert verify_state_proof(root, key, state[key], prove(state, key))
