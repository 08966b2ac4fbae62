"""Proofs that a key of the authenticated state has a value, or has none.

The state is committed by a sparse binary Merkle tree over 256-bit paths, in the compact form of a Jellyfish
Merkle tree:

- the path of a key is SHA-256(key); its most significant bit chooses at the root: 0 left, 1 right;
- a subtree without a leaf hashes as 32 zero bytes;
- a subtree with exactly one leaf hashes as that leaf: SHA-256(0x00 || path || SHA-256(value));
- any other subtree hashes as SHA-256(0x01 || left || right).

So the root is a function of the keys and values alone. This file verifies; it builds no tree and knows no
storage.
"""

from hashlib import sha256 as _sha256
from typing import Annotated, Final

from msgspec import Meta

from daonode.primitives.codec import Bytes32, Record
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import HASH_BYTES, Hash

PATH_BITS: Final = 256
EMPTY_SUBTREE: Final = Hash(bytes(HASH_BYTES))
LEAF_PREFIX: Final = b"\x00"
NODE_PREFIX: Final = b"\x01"


class StateProof(Record, frozen=True):
    """The subtree in which a key's path ends, and what stands beside the way down to it.

    ``depth`` counts the nodes between the root and that subtree. Bit i of ``bitmap`` (bit 0 is the most
    significant bit of the first byte) says that the sibling at level i, counted from the bottom, is not empty;
    ``bitmap`` has ceil(depth / 8) bytes and no bit set past ``depth``. ``siblings`` holds the hashes of those,
    bottom first. ``leaf_path`` and ``leaf_value_hash`` have 32 bytes where the subtree is a leaf and none where
    it is empty.
    """

    depth: Annotated[int, Meta(ge=0, le=PATH_BITS)]
    leaf_path: Annotated[bytes, Meta(max_length=HASH_BYTES)]
    leaf_value_hash: Annotated[bytes, Meta(max_length=HASH_BYTES)]
    bitmap: Annotated[bytes, Meta(max_length=PATH_BITS // 8)]
    siblings: Annotated[tuple[Bytes32, ...], Meta(max_length=PATH_BITS)]


def path_of(key: bytes) -> Hash:
    """Return the 32-byte path of a key."""
    return sha256(key)


def leaf_node_hash(*, path: bytes, value_hash: bytes) -> Hash:
    """Return the hash of a leaf from its 32-byte path and the SHA-256 of its value."""
    return Hash(_sha256(LEAF_PREFIX + path + value_hash).digest())


def inner_node_hash(*, left: bytes, right: bytes) -> Hash:
    """Return the hash of a node from the 32-byte hashes of its children."""
    return Hash(_sha256(NODE_PREFIX + left + right).digest())


def make_state_proof(*, leaf_path: bytes, leaf_value_hash: bytes, siblings: tuple[bytes, ...]) -> StateProof:
    """Return the compact proof from all siblings, bottom first, ``EMPTY_SUBTREE`` where nothing stands."""
    depth = len(siblings)
    bits = 0
    for level, sibling in enumerate(siblings):
        if sibling != EMPTY_SUBTREE:
            bits |= 1 << (depth - 1 - level)
    bitmap_bytes = _bitmap_bytes(depth)
    return StateProof(
        depth=depth,
        leaf_path=leaf_path,
        leaf_value_hash=leaf_value_hash,
        bitmap=(bits << (bitmap_bytes * 8 - depth)).to_bytes(bitmap_bytes, "big"),
        siblings=tuple(sibling for sibling in siblings if sibling != EMPTY_SUBTREE),
    )


def verify_state_proof(root: Hash, key: bytes, value: bytes | None, proof: StateProof) -> bool:
    """Say whether the proof shows that ``key`` has ``value`` under ``root``, or no value for None. Never raises."""
    path = path_of(key)
    if not _is_well_formed(proof):
        return False
    if not proof.leaf_path:
        if value is not None:
            return False
        computed = EMPTY_SUBTREE
    else:
        if not _leaf_answers(path, value, proof):
            return False
        computed = leaf_node_hash(path=proof.leaf_path, value_hash=proof.leaf_value_hash)
    return _climb(computed, path=path, proof=proof) == root


def _is_well_formed(proof: StateProof) -> bool:
    if not 0 <= proof.depth <= PATH_BITS or len(proof.bitmap) != _bitmap_bytes(proof.depth):
        return False
    bits = int.from_bytes(proof.bitmap, "big")
    unused_bits = len(proof.bitmap) * 8 - proof.depth
    if bits & ((1 << unused_bits) - 1) or bits.bit_count() != len(proof.siblings):
        return False
    # An empty sibling is said by the bitmap alone, so that a proof has one form.
    if any(len(sibling) != HASH_BYTES or sibling == EMPTY_SUBTREE for sibling in proof.siblings):
        return False
    leaf_bytes = (len(proof.leaf_path), len(proof.leaf_value_hash))
    return leaf_bytes in ((0, 0), (HASH_BYTES, HASH_BYTES))


def _leaf_answers(path: Hash, value: bytes | None, proof: StateProof) -> bool:
    """Say whether the leaf is the key's own with that value, or another that stands where the key's would be."""
    if value is not None:
        return proof.leaf_path == path and proof.leaf_value_hash == sha256(value)
    return proof.leaf_path != path and _leading_bits(proof.leaf_path, proof.depth) == _leading_bits(path, proof.depth)


def _climb(bottom: Hash, *, path: Hash, proof: StateProof) -> Hash:
    """Return the root that follows from the subtree at the bottom and the siblings beside its way up."""
    computed = bottom
    directions = _leading_bits(path, proof.depth)
    bitmap_bits = int.from_bytes(proof.bitmap, "big") >> (len(proof.bitmap) * 8 - proof.depth)
    position = 0
    for level in range(proof.depth):
        sibling: bytes = EMPTY_SUBTREE
        if bitmap_bits >> (proof.depth - 1 - level) & 1:
            sibling = proof.siblings[position]
            position += 1
        if directions >> level & 1:
            computed = inner_node_hash(left=sibling, right=computed)
        else:
            computed = inner_node_hash(left=computed, right=sibling)
    return computed


def _leading_bits(path: bytes, depth: int) -> int:
    return int.from_bytes(path, "big") >> (PATH_BITS - depth)


def _bitmap_bytes(depth: int) -> int:
    return (depth + 7) // 8
