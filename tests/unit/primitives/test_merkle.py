"""Inclusion proofs of lists: every leaf of every small list, and everything that must not verify."""

import pytest

from daonode.primitives.ids import Hash
from daonode.primitives.merkle import (
    EMPTY_LIST_ROOT,
    MAX_PATH_HASHES,
    InclusionProof,
    list_root,
    node_hash,
    prove_inclusion,
    verify_inclusion,
)

LEAVES = [b"leaf %d" % number for number in range(20)]


def test_every_leaf_of_every_small_list_is_proven_and_in_no_other_place() -> None:
    for size in range(1, len(LEAVES) + 1):
        root = list_root(LEAVES[:size])
        for index in range(size):
            proof = prove_inclusion(LEAVES[:size], index)
            assert verify_inclusion(root, LEAVES[index], proof)
            for other in range(size):
                moved = InclusionProof(index=other, size=size, path=proof.path)
                assert verify_inclusion(root, LEAVES[index], moved) is (other == index)


def test_another_leaf_root_or_path_does_not_verify() -> None:
    root, proof = list_root(LEAVES), prove_inclusion(LEAVES, 6)
    assert not verify_inclusion(root, b"another", proof)
    assert not verify_inclusion(EMPTY_LIST_ROOT, LEAVES[6], proof)
    paths = (proof.path[1:], proof.path[:-1], (*proof.path, bytes(32)), proof.path[::-1], ())
    for path in paths:
        assert not verify_inclusion(root, LEAVES[6], InclusionProof(index=6, size=20, path=path))


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    root = list_root(LEAVES[:2])
    pretended = list_root(LEAVES[:1]) + list_root(LEAVES[1:2])
    assert node_hash(left=pretended[:32], right=pretended[32:]) == root
    assert not verify_inclusion(root, pretended, InclusionProof(index=0, size=1, path=()))


@pytest.mark.parametrize(
    "proof",
    [
        InclusionProof(index=0, size=0, path=()),
        InclusionProof(index=5, size=5, path=()),
        InclusionProof(index=-1, size=5, path=()),
        InclusionProof(index=0, size=2, path=(b"short",)),
        InclusionProof(index=0, size=2**32, path=(bytes(32),) * (MAX_PATH_HASHES + 1)),
        InclusionProof(index=2**70, size=2**71, path=(bytes(32),)),
    ],
)
def test_a_malformed_proof_is_refused_without_an_error(proof: InclusionProof) -> None:
    assert not verify_inclusion(Hash(bytes(32)), b"leaf", proof)


def test_a_leaf_that_is_not_in_the_list_cannot_be_proven() -> None:
    for index in (-1, 20):
        with pytest.raises(IndexError):
            prove_inclusion(LEAVES, index)


def test_the_empty_list_has_a_root_that_no_list_of_one_has() -> None:
    assert list_root([]) == EMPTY_LIST_ROOT
    assert list_root([b""]) != EMPTY_LIST_ROOT
