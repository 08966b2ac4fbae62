"""Proofs that a run of leaves is complete between two bounds. `daonode.primitives.range_proof` verifies them."""

from __future__ import annotations

from dataclasses import dataclass, field

from daonode.ledger.tree.nodes import (
    HASH_SIZE,
    INTERNAL_SIZE,
    LEAF_SIZE,
    SLOT_COUNT,
    join,
    leaf_path,
    leaf_value_hash,
    path_nibbles,
)
from daonode.ledger.tree.reading import NodeReader, load_fields, root_key
from daonode.primitives.range_proof import HASH, LEAF, NOTHING, OPEN, RangeProof
from daonode.primitives.state_proof import PATH_BITS


def prove_range(reader: NodeReader, *, version: int, first: bytes, last: bytes) -> RangeProof:
    """Prove which leaves a version has between two paths (32 bytes each, both included, the first not the greater).

    Raises:
        MissingNode: the version was pruned or never committed.
        MalformedNode: the storage is damaged.
    """
    walk = _Walk(reader, first=first, last=last)
    walk.visit(_subtrees(load_fields(reader, root_key(version))), place=1, low=0, depth=0)
    return RangeProof(marks=bytes(walk.marks), hashes=tuple(walk.hashes))


def _subtrees(fields: list[bytes]) -> list[bytes]:
    """The 31 subtrees of a stored node as a binary heap: the whole at 1, the halves of one at twice its place."""
    subtrees = [b""] * SLOT_COUNT + fields[:SLOT_COUNT]
    for place in range(SLOT_COUNT - 1, 0, -1):
        subtrees[place] = join(subtrees[2 * place], subtrees[2 * place + 1])
    return subtrees


@dataclass(slots=True)
class _Walk:
    """One proof in the making: left before right, over everything that is not wholly within the bounds."""

    reader: NodeReader
    first: bytes
    last: bytes
    marks: bytearray = field(default_factory=bytearray)
    hashes: list[bytes] = field(default_factory=list)

    def visit(self, subtrees: list[bytes], *, place: int, low: int, depth: int) -> None:
        """Note the subtree at a place of a node's heap; its paths begin with the first `depth` bits of `low`."""
        span = 1 << (PATH_BITS - depth)
        lowest, highest = low.to_bytes(HASH_SIZE), (low + span - 1).to_bytes(HASH_SIZE)
        if self.first <= lowest and highest <= self.last:
            return
        subtree = subtrees[place]
        if not subtree:
            self.marks.append(NOTHING)
        elif len(subtree) == LEAF_SIZE:
            self._note_leaf(subtree)
        elif highest < self.first or self.last < lowest:
            self.marks.append(HASH)
            self.hashes.append(subtree[:HASH_SIZE])
        else:
            self.marks.append(OPEN)
            if len(subtree) == INTERNAL_SIZE:
                nibbles = path_nibbles(lowest)[: depth // 4]
                subtrees, place = _subtrees(load_fields(self.reader, subtree[HASH_SIZE:] + nibbles)), 1
            self.visit(subtrees, place=2 * place, low=low, depth=depth + 1)
            self.visit(subtrees, place=2 * place + 1, low=low + span // 2, depth=depth + 1)

    def _note_leaf(self, leaf: bytes) -> None:
        path = leaf_path(leaf)
        if self.first <= path <= self.last:
            self.marks.append(NOTHING)
        else:
            self.marks.append(LEAF)
            self.hashes.extend((path, leaf_value_hash(leaf)))
