"""Applying a batch of changes: new nodes, obsolete nodes, the new root.

The batch is sorted by path and handed down the tree once, split by nibble at each node, so every touched node is read
once, hashed once and written once. Nothing is written in place: a changed node gets a key of the new version, and
the key that it replaces is reported as stale. Stale nodes belong to older versions only, which stay readable until
somebody deletes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from operator import itemgetter

from daonode.ledger.tree.errors import DuplicateKey, VersionOrder
from daonode.ledger.tree.nodes import (
    HASH_SIZE,
    INTERNAL_SIZE,
    LEAF_SIZE,
    encode_fields,
    leaf_nibble,
    leaf_path,
    leaf_record,
    new_fields,
    path_nibbles,
    seal,
    set_slot,
    subtree_hash,
)
from daonode.ledger.tree.reading import NodeReader, load_fields, root_key
from daonode.primitives.ids import Hash


@dataclass(frozen=True, slots=True)
class TreeUpdate:
    """What a batch of changes made of the tree."""

    root: Hash
    version: int
    nodes: tuple[tuple[bytes, bytes], ...]
    """New nodes as (node key, bytes), children before parents, the root last."""
    stale: tuple[bytes, ...]
    """Keys of nodes that no version from this one on needs: to delete when older versions are given up."""


def update(
    reader: NodeReader,
    *,
    previous_version: int | None,
    version: int,
    changes: Iterable[tuple[bytes, bytes | None]],
) -> TreeUpdate:
    """Apply changes to a version and return the difference to the new one. The reader is not written to.

    Args:
        previous_version: the version to build on; None starts from the empty map.
        version: the new version (u64), greater than the previous one.
        changes: (key, new value, or None to delete), in any order, each key once; deleting an absent key does nothing.

    A version is stored even when nothing changes, so that each one can be read and proved.

    Raises:
        VersionOrder, DuplicateKey: the caller's mistake.
        MissingNode, MalformedNode: the previous version is not (wholly) in the storage.
    """
    if previous_version is not None and version <= previous_version:
        raise VersionOrder(version=version, previous_version=previous_version)
    batch = _Batch(reader=reader, version=root_key(version), changes=changes)
    if previous_version is None:
        fields = new_fields()
    else:
        previous_root = root_key(previous_version)
        fields = load_fields(reader, previous_root)
        batch.stale.append(previous_root)
    batch.change_fields(fields, depth=0, start=0, stop=len(batch.leaves))
    root = subtree_hash(seal(fields))
    batch.nodes.append((batch.version, encode_fields(fields)))
    return TreeUpdate(root=Hash(root), version=version, nodes=tuple(batch.nodes), stale=tuple(batch.stale))


class _Batch:
    """The sorted changes of one update and what it has written so far. `start` and `stop` bound a run of changes."""

    __slots__ = ("leaves", "nibbles", "nodes", "paths", "reader", "stale", "version")

    def __init__(self, *, reader: NodeReader, version: bytes, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
        ordered = sorted([(sha256(key).digest(), value) for key, value in changes], key=itemgetter(0))
        self.reader = reader
        self.version = version
        self.paths = [path for path, _ in ordered]
        for path, following in pairwise(self.paths):
            if path == following:
                raise DuplicateKey(path=path)
        self.nibbles = [path_nibbles(path) for path in self.paths]
        # The slot that each change wants: a leaf record, or empty to delete.
        self.leaves = [b"" if value is None else leaf_record(path, value) for path, value in ordered]
        self.nodes: list[tuple[bytes, bytes]] = []
        self.stale: list[bytes] = []

    def change_fields(self, fields: list[bytes], *, depth: int, start: int, stop: int) -> bool:
        """Apply a run of changes to the slots of a node at `depth` nibbles; say whether a slot changed."""
        nibbles = self.nibbles
        changed = False
        while start < stop:
            nibble = nibbles[start][depth]
            end = start + 1
            while end < stop and nibbles[end][depth] == nibble:
                end += 1
            old_slot = fields[nibble]
            slot = self._change_slot(old_slot, depth=depth + 1, start=start, stop=end)
            if slot != old_slot:
                set_slot(fields, nibble, slot)
                changed = True
            start = end
        return changed

    def _change_slot(self, slot: bytes, *, depth: int, start: int, stop: int) -> bytes:
        """Apply a run of changes, whose paths share `depth` nibbles, to the subtree of a slot; return the new slot."""
        if len(slot) == INTERNAL_SIZE:
            prefix = self.nibbles[start][:depth]
            node_key = slot[HASH_SIZE:] + prefix
            fields = load_fields(self.reader, node_key)
            if not self.change_fields(fields, depth=depth, start=start, stop=stop):
                return slot
            self.stale.append(node_key)
            return self._write(fields, prefix=prefix)
        if stop - start == 1:
            leaf = self.leaves[start]
            if not slot or leaf_path(slot) == self.paths[start]:
                return leaf
            if not leaf:
                return slot
        fields = new_fields()
        if slot:
            fields[leaf_nibble(slot, depth)] = slot
        self.change_fields(fields, depth=depth, start=start, stop=stop)
        return self._write(fields, prefix=self.nibbles[start][:depth])

    def _write(self, fields: list[bytes], *, prefix: bytes) -> bytes:
        """Return the slot for a changed node; store the node unless it collapsed to a lone leaf or to nothing."""
        subtree = seal(fields)
        if not subtree or len(subtree) == LEAF_SIZE:
            return subtree
        self.nodes.append((self.version + prefix, encode_fields(fields)))
        return subtree + self.version
