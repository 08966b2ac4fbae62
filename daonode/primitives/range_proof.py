"""Proofs that a run of the authenticated state is complete: every key between two bounds, and no other.

The order is that of paths, SHA-256 of the keys, and the tree is the one of `state_proof`. A proof is a walk from the
root, left before right, over the subtrees that are not wholly within the bounds; what lies within follows from the
entries themselves. Each step has a mark:

- `NOTHING`: no leaf of the subtree lies outside the bounds, so it has none, or the one entry that lies in it;
- `LEAF`: one leaf, and it lies outside: its path and the hash of its value stand among the hashes;
- `HASH`: wholly outside, with several leaves: its hash stands among the hashes;
- `OPEN`: several leaves, and a bound runs through it: its left and its right half follow.

The root is a function of the map alone and so determines what each step finds. This file verifies; it builds no tree
and knows no storage.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Final

from msgspec import Meta

from daonode.primitives.codec import Bytes32, Record
from daonode.primitives.ids import HASH_BYTES, Hash
from daonode.primitives.state_proof import EMPTY_SUBTREE, LEAF_PREFIX, NODE_PREFIX, PATH_BITS

NOTHING: Final = 0
LEAF: Final = 1
HASH: Final = 2
OPEN: Final = 3

MAX_MARKS: Final = 4 * PATH_BITS
"""Each bound opens at most one subtree a level, and each opened one has two halves."""
MAX_HASHES: Final = 4 * PATH_BITS
FIRST_PATH: Final = bytes(HASH_BYTES)
LAST_PATH: Final = b"\xff" * HASH_BYTES


class RangeProof(Record, frozen=True):
    """The marks of the walk, a byte each, and the hashes that they use, both in the order of the walk."""

    marks: Annotated[bytes, Meta(max_length=MAX_MARKS)]
    hashes: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_HASHES)]


def verify_range_proof(
    root: Hash, entries: Sequence[tuple[bytes, bytes]], proof: RangeProof, *, first: bytes, last: bytes
) -> bool:
    """Say whether `entries` are all (key, value) pairs with `first <= SHA-256(key) <= last` under `root`.

    Entries stand in the order of their paths; the bounds are 32 bytes each. Never raises.
    """
    if len(first) != HASH_BYTES or len(last) != HASH_BYTES or first > last or not _is_well_formed(proof):
        return False
    paths = [sha256(key).digest() for key, _ in entries]
    if any(left >= right for left, right in pairwise(paths)):
        return False
    if paths and not first <= paths[0] <= paths[-1] <= last:
        return False
    walk = _Walk(
        first=int.from_bytes(first),
        last=int.from_bytes(last),
        paths=[int.from_bytes(path) for path in paths],
        leaves=[
            sha256(LEAF_PREFIX + path + sha256(value).digest()).digest()
            for path, (_, value) in zip(paths, entries, strict=True)
        ],
        marks=iter(proof.marks),
        hashes=iter(proof.hashes),
    )
    try:
        found = walk.climb(low=0, depth=0, start=0, stop=len(paths))
    except _Refused:
        return False
    is_used_up = next(walk.marks, None) is None and next(walk.hashes, None) is None
    return is_used_up and found.hash == root


def _is_well_formed(proof: RangeProof) -> bool:
    if len(proof.marks) > MAX_MARKS or len(proof.hashes) > MAX_HASHES:
        return False
    return all(len(each) == HASH_BYTES for each in proof.hashes)


class _Refused(Exception):
    """The walk is none that an honest prover makes."""


@dataclass(frozen=True, slots=True)
class _Subtree:
    """What a step finds. `leaves` is 0, 1, or 2 for several."""

    hash: bytes
    leaves: int


_NO_LEAF = _Subtree(EMPTY_SUBTREE, 0)


@dataclass(slots=True)
class _Walk:
    """One verification. Numbers are paths read as 256-bit integers; `start` and `stop` bound a run of entries."""

    first: int
    last: int
    paths: list[int]
    leaves: list[bytes]
    marks: Iterator[int]
    hashes: Iterator[bytes]

    def climb(self, *, low: int, depth: int, start: int, stop: int) -> _Subtree:
        """The subtree at `depth` whose lowest path is `low`, from the entries in it and the steps that follow."""
        high = low + (1 << (PATH_BITS - depth)) - 1
        if self.first <= low and high <= self.last:
            return self._of_entries(low=low, depth=depth, start=start, stop=stop)
        mark = next(self.marks, None)
        is_outside = high < self.first or self.last < low
        if mark == NOTHING and stop - start <= 1:
            return self._of_entries(low=low, depth=depth, start=start, stop=stop)
        if mark == LEAF and start == stop:
            return self._outer_leaf(low=low, high=high)
        if mark == HASH and is_outside:
            return _Subtree(self._next_hash(), 2)
        if mark == OPEN and not is_outside:
            return self._opened(low=low, depth=depth, start=start, stop=stop)
        raise _Refused

    def _opened(self, *, low: int, depth: int, start: int, stop: int) -> _Subtree:
        if depth == PATH_BITS:
            raise _Refused
        middle = low + (1 << (PATH_BITS - depth - 1))
        split = bisect_left(self.paths, middle, start, stop)
        left = self.climb(low=low, depth=depth + 1, start=start, stop=split)
        right = self.climb(low=middle, depth=depth + 1, start=split, stop=stop)
        if left.leaves + right.leaves < 2:
            raise _Refused
        return _Subtree(_node_hash(left.hash, right.hash), 2)

    def _outer_leaf(self, *, low: int, high: int) -> _Subtree:
        path, value_hash = self._next_hash(), self._next_hash()
        number = int.from_bytes(path)
        if not low <= number <= high or self.first <= number <= self.last:
            raise _Refused
        return _Subtree(sha256(LEAF_PREFIX + path + value_hash).digest(), 1)

    def _of_entries(self, *, low: int, depth: int, start: int, stop: int) -> _Subtree:
        """The subtree that has these entries and no other leaf."""
        if stop - start <= 1:
            return _Subtree(self.leaves[start], 1) if start < stop else _NO_LEAF
        middle = low + (1 << (PATH_BITS - depth - 1))
        split = bisect_left(self.paths, middle, start, stop)
        left = self._of_entries(low=low, depth=depth + 1, start=start, stop=split)
        right = self._of_entries(low=middle, depth=depth + 1, start=split, stop=stop)
        return _Subtree(_node_hash(left.hash, right.hash), 2)

    def _next_hash(self) -> bytes:
        found = next(self.hashes, None)
        if found is None:
            raise _Refused
        return found


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(NODE_PREFIX + left + right).digest()
