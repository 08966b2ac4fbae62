"""The node's disk: three LevelDB databases under `data/` in its home, `blocks`, `state` and `snapshots`.

Start here: `open_stores` opens them and checks that they are this chain's; a `Store` reads, writes atomic batches and
takes snapshots. Every call blocks: async code goes through `trio.to_thread`. This folder may import `primitives` only.
It knows keys and values as bytes; what stands under which key is decided by who calls it.
"""

from daonode.node.storage.errors import (
    StorageError,
    StoreClosed,
    StoreDamaged,
    StoreForeign,
    StoreLocked,
    StoreUnavailable,
    StoreVersionUnknown,
)
from daonode.node.storage.marker import StoreKind
from daonode.node.storage.reading import StoreReader, StoreSnapshot
from daonode.node.storage.store import Store, StoreOptions, Stores, open_stores, stored_chain_id

__all__ = [
    "StorageError",
    "Store",
    "StoreClosed",
    "StoreDamaged",
    "StoreForeign",
    "StoreKind",
    "StoreLocked",
    "StoreOptions",
    "StoreReader",
    "StoreSnapshot",
    "StoreUnavailable",
    "StoreVersionUnknown",
    "Stores",
    "open_stores",
    "stored_chain_id",
]
