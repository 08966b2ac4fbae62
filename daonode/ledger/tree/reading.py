"""Where nodes come from: the interface to the storage, overlays of uncommitted blocks, and the root of a version.

A node's key is `version u64 big-endian || one byte (0 to 15) per nibble of its path`, the root's is the version alone.
Two blocks of one height on different forks write the same keys with different content. That is safe because an
uncommitted block keeps its nodes in an overlay of its own over its parent's, and only the nodes of committed blocks
reach the storage: along one chain of overlays a version is written once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from daonode.ledger.tree.errors import MissingNode
from daonode.ledger.tree.nodes import VERSION_SIZE, decode_fields, seal, subtree_hash
from daonode.primitives.ids import Hash


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
