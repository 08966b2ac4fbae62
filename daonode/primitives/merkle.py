"""A binary Merkle tree over an ordered list, as in RFC 6962 section 2.1, and its inclusion proofs.

A leaf hashes as SHA-256(0x00 || leaf), a node as SHA-256(0x01 || left || right), so a node can never pass for
a leaf. A list of n leaves splits at the greatest power of two below n. The empty list hashes as SHA-256 of no
bytes. The root does not say how long the list is. A proof shows that the leaf is in the list; it shows the leaf's
``index`` only to a caller who knows the size from elsewhere and compares it with ``proof.size``.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta

from daonode.primitives.codec import U32, Bytes32, Record
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import HASH_BYTES, Hash

LEAF_PREFIX: Final = b"\x00"
NODE_PREFIX: Final = b"\x01"
EMPTY_LIST_ROOT: Final = sha256(b"")
MAX_PATH_HASHES: Final = 32


class InclusionProof(Record, frozen=True):
    """Where a leaf stands in a list, and the sibling hashes from the leaf upwards."""

    index: U32
    size: U32
    path: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_PATH_HASHES)]


def leaf_hash(leaf: bytes) -> Hash:
    """Return the hash of one leaf."""
    return sha256(LEAF_PREFIX + leaf)


def node_hash(*, left: bytes, right: bytes) -> Hash:
    """Return the hash of a node with two 32-byte children."""
    return sha256(NODE_PREFIX + left + right)


def list_root(leaves: Sequence[bytes]) -> Hash:
    """Return the root hash of the list, ``EMPTY_LIST_ROOT`` for none."""
    level = [leaf_hash(leaf) for leaf in leaves]
    if not level:
        return EMPTY_LIST_ROOT
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def prove_inclusion(leaves: Sequence[bytes], index: int) -> InclusionProof:
    """Return the proof that ``leaves[index]`` is in the list; ``IndexError`` where there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of a list of {len(leaves)}")
    level = [leaf_hash(leaf) for leaf in leaves]
    path: list[bytes] = []
    position = index
    while len(level) > 1:
        sibling = position ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _level_above(level)
        position //= 2
    return InclusionProof(index=index, size=len(leaves), path=tuple(path))


def verify_inclusion(root: Hash, leaf: bytes, proof: InclusionProof) -> bool:
    """Say whether the proof shows ``leaf`` at ``proof.index`` under ``root``. Never raises (RFC 9162, 2.1.3.2)."""
    if not 0 <= proof.index < proof.size or len(proof.path) > MAX_PATH_HASHES:
        return False
    position, last = proof.index, proof.size - 1
    computed = leaf_hash(leaf)
    for sibling in proof.path:
        if last == 0 or len(sibling) != HASH_BYTES:
            return False
        if position % 2 == 1 or position == last:
            computed = node_hash(left=sibling, right=computed)
            # A last node without a sibling rises unchanged until it stands on the right.
            while position % 2 == 0 and position != 0:
                position, last = position // 2, last // 2
        else:
            computed = node_hash(left=computed, right=sibling)
        position, last = position // 2, last // 2
    return last == 0 and computed == root


def _level_above(level: list[Hash]) -> list[Hash]:
    """Pair neighbours; an unpaired last hash rises unchanged, which is RFC 6962's split at a power of two."""
    above = [node_hash(left=level[at], right=level[at + 1]) for at in range(0, len(level) - 1, 2)]
    if len(level) % 2 == 1:
        above.append(level[-1])
    return above
