"""Proofs that a key has a value, or has none, in one version. `daonode.primitives.state_proof` verifies them."""

from hashlib import sha256

from daonode.ledger.tree.nodes import (
    HASH_SIZE,
    INTERNAL_SIZE,
    LEAF_SIZE,
    join,
    leaf_path,
    leaf_value_hash,
    path_nibbles,
    quad,
    subtree_hash,
)
from daonode.ledger.tree.reading import NodeReader, load_fields, root_key
from daonode.primitives.state_proof import StateProof, make_state_proof


def prove(reader: NodeReader, *, version: int, key: bytes) -> StateProof:
    """Prove what a version holds at a key: its leaf, another leaf alone on the key's way, or an empty subtree.

    Raises:
        MissingNode: the version was pruned or never committed.
        MalformedNode: the storage is damaged.
    """
    nibbles = path_nibbles(sha256(key).digest())
    siblings: list[bytes] = []
    node_key = root_key(version)
    depth = 0
    while True:
        subtree = _descend(load_fields(reader, node_key), nibbles[depth], siblings)
        if len(subtree) != INTERNAL_SIZE:
            return _proof(subtree, siblings)
        depth += 1
        node_key = subtree[HASH_SIZE:] + nibbles[:depth]


def _descend(fields: list[bytes], nibble: int, siblings: list[bytes]) -> bytes:
    """Walk the four levels of a node until a subtree is empty or a lone leaf, adding sibling hashes top first."""
    level = [quad(fields, index) for index in range(4)]
    halves = [join(level[0], level[1]), join(level[2], level[3])]
    first_slot = nibble & ~3
    slots = fields[first_slot : first_slot + 4]
    pairs = [join(slots[0], slots[1]), join(slots[2], slots[3])]
    subtree = join(halves[0], halves[1])
    for subtrees, index in ((halves, nibble >> 3), (level, nibble >> 2), (pairs, nibble >> 1 & 1), (slots, nibble & 3)):
        if not subtree or len(subtree) == LEAF_SIZE:
            break
        siblings.append(subtree_hash(subtrees[index ^ 1]))
        subtree = subtrees[index]
    return subtree


def _proof(subtree: bytes, siblings: list[bytes]) -> StateProof:
    """Build the proof that ends in an empty subtree or a leaf record."""
    return make_state_proof(
        leaf_path=leaf_path(subtree), leaf_value_hash=leaf_value_hash(subtree), siblings=tuple(reversed(siblings))
    )
