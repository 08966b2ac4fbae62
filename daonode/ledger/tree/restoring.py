"""Building the nodes of one version from all its leaves, given once, in the order of their paths.

A stack holds the unfinished nodes on the way to the last leaf, so memory is bounded by the depth of the tree. What
comes out is what `update` would write for the whole map as one batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

from daonode.ledger.tree.errors import DuplicateKey
from daonode.ledger.tree.nodes import encode_fields, leaf_record, new_fields, path_nibbles, seal, set_slot
from daonode.ledger.tree.reading import root_key

NO_NIBBLES: Final = b""


def build_nodes(version: int, entries: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the nodes of a version, (node key, bytes), children before parents, the root last.

    `entries` are all (key, value) pairs of the map, by ascending SHA-256 of the key.

    Raises:
        DuplicateKey: two entries have the same key.
    """
    prefix = root_key(version)
    stack = [new_fields()]
    nibbles, leaf = NO_NIBBLES, b""
    for key, value in entries:
        path = sha256(key).digest()
        next_nibbles = path_nibbles(path)
        if leaf:
            shared = _shared(nibbles, next_nibbles)
            if shared == len(nibbles):
                raise DuplicateKey(path=path)
            assert nibbles < next_nibbles, "the entries are not in the order of their paths"
            stack.extend(new_fields() for _ in range(shared + 1 - len(stack)))
            set_slot(stack[-1], nibbles[len(stack) - 1], leaf)
            yield from _close(stack, nibbles, down_to=shared, version=prefix)
        nibbles, leaf = next_nibbles, leaf_record(path, value)
    if leaf:
        set_slot(stack[-1], nibbles[len(stack) - 1], leaf)
        yield from _close(stack, nibbles, down_to=0, version=prefix)
    seal(stack[0])
    yield prefix, encode_fields(stack[0])


def _close(stack: list[list[bytes]], nibbles: bytes, *, down_to: int, version: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Finish the nodes deeper than `down_to` nibbles on the way to a path. Each of them has several leaves."""
    while len(stack) - 1 > down_to:
        fields = stack.pop()
        depth = len(stack)
        subtree = seal(fields)
        yield version + nibbles[:depth], encode_fields(fields)
        set_slot(stack[-1], nibbles[depth - 1], subtree + version)


def _shared(left: bytes, right: bytes) -> int:
    """How many nibbles two paths share at their beginning."""
    return next((place for place, (one, other) in enumerate(zip(left, right, strict=True)) if one != other), len(left))
