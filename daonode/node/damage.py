"""What says that a store is not readable ends the node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daonode.ledger.table import CorruptRecord
from daonode.ledger.tree import TreeError
from daonode.node.errors import DiskFailed
from daonode.node.storage import StorageError
from daonode.replica.errors import RecordDamaged


@contextmanager
def stopping_at_damage() -> Iterator[None]:
    """Turn what says that a store is not readable into the end of the node.

    Bytes of peers and clients have errors of their own, so what cannot be decoded here was read from a store.
    """
    try:
        yield
    except StorageError as error:
        raise DiskFailed(f"the node stops: {error}") from error
    except (RecordDamaged, CorruptRecord, TreeError) as error:
        raise DiskFailed(f"the node stops: what it reads from its stores is damaged: {error}") from error
