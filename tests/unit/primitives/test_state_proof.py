"""State proofs in small trees whose shape is drawn beside the test."""

from hashlib import sha256

import pytest

from daonode.primitives.ids import Hash
from daonode.primitives.state_proof import (
    EMPTY_SUBTREE,
    StateProof,
    inner_node_hash,
    leaf_node_hash,
    make_state_proof,
    path_of,
    verify_state_proof,
)


def key_at(bits: str) -> bytes:
    """Return the first two-byte key whose path begins with the bits."""
    found = (number.to_bytes(2, "big") for number in range(2**16))
    return next(key for key in found if f"{int.from_bytes(path_of(key)[:2], 'big'):016b}".startswith(bits))


def leaf(key: bytes, value: bytes) -> Hash:
    return leaf_node_hash(path=path_of(key), value_hash=sha256(value).digest())


def proof_of(key: bytes, value: bytes, *siblings: bytes) -> StateProof:
    return make_state_proof(leaf_path=path_of(key), leaf_value_hash=sha256(value).digest(), siblings=siblings)


#        root
#       /    \
#      .      c (1...)
#     / \
#    0   .
#       / \
#      a   b       a = 010..., b = 011...
A, B, C = key_at("010"), key_at("011"), key_at("1")
LOWEST = inner_node_hash(left=leaf(A, b"a"), right=leaf(B, b"b"))
ROOT = inner_node_hash(left=inner_node_hash(left=EMPTY_SUBTREE, right=LOWEST), right=leaf(C, b"c"))


def test_a_leaf_is_proven_with_its_siblings_from_the_bottom() -> None:
    assert verify_state_proof(ROOT, A, b"a", proof_of(A, b"a", leaf(B, b"b"), EMPTY_SUBTREE, leaf(C, b"c")))
    assert verify_state_proof(ROOT, C, b"c", proof_of(C, b"c", inner_node_hash(left=EMPTY_SUBTREE, right=LOWEST)))


def test_empty_siblings_are_said_by_the_bitmap_alone() -> None:
    proof = proof_of(A, b"a", leaf(B, b"b"), EMPTY_SUBTREE, leaf(C, b"c"))
    assert (proof.depth, proof.bitmap, len(proof.siblings)) == (3, b"\xa0", 2)


def test_absence_is_proven_by_an_empty_subtree() -> None:
    proof = make_state_proof(leaf_path=b"", leaf_value_hash=b"", siblings=(LOWEST, leaf(C, b"c")))
    assert verify_state_proof(ROOT, key_at("00"), None, proof)
    assert not verify_state_proof(ROOT, key_at("00"), b"", proof)
    assert not verify_state_proof(ROOT, A, None, proof)


def test_absence_is_proven_by_another_leaf_on_the_path() -> None:
    proof = proof_of(C, b"c", inner_node_hash(left=EMPTY_SUBTREE, right=LOWEST))
    absent = key_at("1000") if key_at("1000") != C else key_at("1111")
    assert verify_state_proof(ROOT, absent, None, proof)
    assert not verify_state_proof(ROOT, absent, b"c", proof)


def test_a_key_that_is_there_is_not_proven_absent() -> None:
    assert not verify_state_proof(ROOT, C, None, proof_of(C, b"c", inner_node_hash(left=EMPTY_SUBTREE, right=LOWEST)))


def test_the_empty_state_proves_every_absence() -> None:
    nothing = make_state_proof(leaf_path=b"", leaf_value_hash=b"", siblings=())
    assert verify_state_proof(EMPTY_SUBTREE, b"any", None, nothing)
    assert not verify_state_proof(EMPTY_SUBTREE, b"any", b"", nothing)


def test_a_state_of_one_key_is_its_leaf() -> None:
    assert verify_state_proof(leaf(A, b"a"), A, b"a", proof_of(A, b"a"))
    assert verify_state_proof(leaf(A, b"a"), B, None, proof_of(A, b"a"))


@pytest.mark.parametrize(
    "changes",
    [
        {"depth": -1},
        {"depth": 257},
        {"depth": 2},
        {"bitmap": b""},
        {"bitmap": b"\xa0\x00"},
        {"bitmap": b"\xa1"},
        {"bitmap": b"\xe0"},
        {"siblings": ()},
        {"siblings": (b"short", bytes(31))},
        {"siblings": (leaf(B, b"b"), EMPTY_SUBTREE)},
        {"leaf_path": b""},
        {"leaf_value_hash": b"short"},
    ],
)
def test_a_malformed_proof_is_refused_without_an_error(changes: dict[str, object]) -> None:
    good = proof_of(A, b"a", leaf(B, b"b"), EMPTY_SUBTREE, leaf(C, b"c"))
    fields = {name: getattr(good, name) for name in good.__struct_fields__} | changes
    assert not verify_state_proof(ROOT, A, b"a", StateProof(**fields))


def test_a_second_form_with_an_empty_sibling_spelled_out_is_refused() -> None:
    good = proof_of(A, b"a", leaf(B, b"b"), EMPTY_SUBTREE, leaf(C, b"c"))
    spelled = StateProof(
        depth=3,
        leaf_path=good.leaf_path,
        leaf_value_hash=good.leaf_value_hash,
        bitmap=b"\xe0",
        siblings=(leaf(B, b"b"), EMPTY_SUBTREE, leaf(C, b"c")),
    )
    assert not verify_state_proof(ROOT, A, b"a", spelled)
