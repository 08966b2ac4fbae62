"""Whether a store is whole where a node goes on from: looked at when it starts, before anything is built on it.

The database has checksums of its own for what a disk does. This is about what is left after somebody has moved, mixed
or changed files: the records contradict each other then. Cheap, whatever the length of the chain.
"""

from __future__ import annotations

from daonode.consensus.types import Header
from daonode.ledger.tree import TreeError, read_root
from daonode.primitives.codec import CodecError
from daonode.replica.archive import Archive
from daonode.replica.errors import RecordDamaged

CHECKED_HEADERS = 64
"""Headers below the tip whose chain is followed."""


def check_stores(archive: Archive, *, genesis: Header) -> None:
    """Check that tip, headers, block and state tree of a store in use are of one chain.

    Raises:
        RecordDamaged: they are not; the error names the database and the record.
    """
    tip = archive.tip()
    header = _header(archive, tip.height)
    if header.id() != tip.block_id:
        raise RecordDamaged(store="state", record="the tip", problem=f"it is not the block stored at {tip.height}")
    _check_tree(archive, header)
    base = archive.base()
    lowest = genesis.height if base is None else base.height
    if header.height > lowest and archive.block_at(header.height) is None:
        raise RecordDamaged(
            store="blocks", record=f"the block at height {header.height}", problem="it is missing, and is committed"
        )
    child = header
    for height in range(header.height - 1, max(lowest, header.height - CHECKED_HEADERS) - 1, -1):
        below = _header(archive, height)
        if child.parent_id != below.id():
            raise RecordDamaged(
                store="state",
                record=f"the header at height {height}",
                problem=f"it is not the parent of the one at {child.height}",
            )
        child = below


def _header(archive: Archive, height: int) -> Header:
    committed = archive.committed(height)
    record = f"the header at height {height}"
    if committed is None:
        raise RecordDamaged(store="state", record=record, problem="it is missing, and the chain goes on above it")
    if committed.header.height != height or committed.header.id() != committed.block_id:
        raise RecordDamaged(store="state", record=record, problem="it is another block's")
    return committed.header


def _check_tree(archive: Archive, header: Header) -> None:
    record = f"the root of the state tree at height {header.height}"
    try:
        root = read_root(archive.state_at_tip(), header.height)
    except (TreeError, CodecError) as error:
        raise RecordDamaged(store="state", record=record, problem=str(error)) from error
    if root != header.state_root:
        raise RecordDamaged(
            store="state", record=record, problem=f"it is {root.hex()}, the header says {header.state_root.hex()}"
        )
