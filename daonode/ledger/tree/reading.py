"""Where nodes come from: the interface to the storage, overlays of uncommitted blocks, and the root of a version.

A node's key is `version u64 big-endian || one byte (0 to 15) per nibble of its path`, the root's is the version alone.
Two blocks of one height on different forks write the same keys with different content. That is safe because an
uncommitted block keeps its nodes in an overlay of its own over its parent's, and only the nodes of committed blocks
reach the storage: along one chain of overlays a version is written once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from daonode.ledger.tree.errors import MissingNode
from daonode.ledger.tree.nodes import VERSION_SIZE, decode_fields, seal, subtree_hash
from daonode.primitives.generations import Generations
from daonode.primitives.ids import Hash

MAX_UPPER_KEY_SIZE: Final = VERSION_SIZE + 3
"""The key of a node three nibbles below the root."""
MAX_LATE_NODES: Final = 12_288
"""Nodes below those that each of two generations remembers."""


class NodeReader(Protocol):
    """A storage of nodes."""

    def get_node(self, node_key: bytes, /) -> bytes | None:
        """Return the bytes stored at a node key, None where there are none."""
        ...


@dataclass(frozen=True, slots=True)
class OverlayReader:
    """The nodes of one uncommitted block, over those of its parent. Without a parent it is a storage in memory."""

    parent: NodeReader | None
    nodes: Mapping[bytes, bytes]

    def get_node(self, node_key: bytes, /) -> bytes | None:
        """Return the node of this block, else what the parent has."""
        node = self.nodes.get(node_key)
        if node is None and self.parent is not None:
            return self.parent.get_node(node_key)
        return node


class WarmNodes:
    """A storage of committed nodes that remembers those near the root, which every block reads and changes, and others
    that were committed lately: where an account has acted, it is likely to act again.

    At most one node for each of the `1 + 16 + 16**2 + 16**3` paths near the root, 4 MiB in all, the one that was read
    or committed last; and twice `MAX_LATE_NODES` others, below 1 KiB each as a rule.
    """

    __slots__ = ("_late", "_storage", "_upper")

    def __init__(self, storage: NodeReader) -> None:
        self._storage = storage
        self._upper: dict[bytes, tuple[bytes, bytes]] = {}
        """Node key and bytes by nibble path."""
        self._late: Generations[bytes, tuple[bytes, bytes]] = Generations(MAX_LATE_NODES)

    def get_node(self, node_key: bytes, /) -> bytes | None:
        """Return the bytes stored at a node key, None where there are none."""
        path = node_key[VERSION_SIZE:]
        is_upper = len(node_key) <= MAX_UPPER_KEY_SIZE
        known = self._upper.get(path) if is_upper else self._late.get(path, None)
        if known is not None and known[0] == node_key:
            return known[1]
        node = self._storage.get_node(node_key)
        if node is not None and is_upper:
            self._upper[path] = node_key, node
        return node

    def remember(self, nodes: Iterable[tuple[bytes, bytes]]) -> None:
        """Take in what has been committed to the storage, or is about to be before anybody else reads."""
        for node_key, node in nodes:
            if len(node_key) <= MAX_UPPER_KEY_SIZE:
                self._upper[node_key[VERSION_SIZE:]] = node_key, node
            else:
                self._late.put(node_key[VERSION_SIZE:], (node_key, node))


def root_key(version: int) -> bytes:
    """Return the node key of the root of a version (u64)."""
    return version.to_bytes(VERSION_SIZE)


def load_fields(reader: NodeReader, node_key: bytes) -> list[bytes]:
    """Read a node that must be there and take it apart.

    Raises:
        MissingNode: the storage does not have it.
        MalformedNode: its bytes are damaged.
    """
    data = reader.get_node(node_key)
    if data is None:
        raise MissingNode(node_key=node_key)
    return decode_fields(data)


def read_root(reader: NodeReader, version: int) -> Hash:
    """Return the root hash of a version; 32 zero bytes for the empty map.

    Raises:
        MissingNode: the version was pruned or never committed.
    """
    return Hash(subtree_hash(seal(load_fields(reader, root_key(version)))))
