"""The authenticated map that commits to the state: a Jellyfish Merkle tree.

Start here: `update` turns a batch of changes into the new nodes and the new root, `prove` shows one key of one version,
`prove_range` all between two bounds, `read_root` gives the root of a version. They are functions of what a `NodeReader`
returns; nothing here keeps state, does I/O, or knows what keys and values mean. `build_nodes` makes the nodes of a
version out of its leaves alone.

Hash rules, binary, over the 256 bits of `path = SHA-256(key)`:

- leaf: `SHA-256(0x00 || path || SHA-256(value))`;
- internal: `SHA-256(0x01 || left || right)`;
- a subtree without a leaf hashes to 32 zero bytes, a subtree with exactly one leaf to the hash of that leaf.

So the root is a function of the map alone, whatever order, batches and deletions led to it. `nodes` has the storage
format (radix 16), `updating`, `proving`, `ranges` and `restoring` the algorithms, `reading` the interface to storage.
"""

from daonode.ledger.tree.errors import DuplicateKey, MalformedNode, MissingNode, TreeError, VersionOrder
from daonode.ledger.tree.proving import prove
from daonode.ledger.tree.ranges import prove_range
from daonode.ledger.tree.reading import NodeReader, OverlayReader, WarmNodes, read_root, root_key
from daonode.ledger.tree.restoring import build_nodes
from daonode.ledger.tree.updating import TreeUpdate, update

__all__ = [
    "DuplicateKey",
    "MalformedNode",
    "MissingNode",
    "NodeReader",
    "OverlayReader",
    "TreeError",
    "TreeUpdate",
    "VersionOrder",
    "WarmNodes",
    "build_nodes",
    "prove",
    "prove_range",
    "read_root",
    "root_key",
    "update",
]
