"""The durable blocks that are neither committed nor abandoned yet.

A block is written before it can be voted for. Once as late a round is committed, or its epoch is over, it is either
committed itself, and stays, or abandoned for good, and is deleted. Bounded by the block tree of consensus, which bounds
what is executed.
"""

from __future__ import annotations

from daonode.consensus.types import Block, Header
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId
from daonode.replica.archive import Archive
from daonode.replica.effects import Persist, Store
from daonode.replica.layout import block_key, round_key


class DurableBlocks:
    """Keeps the list of unsettled blocks in `blocks` right: one entry a block, by round."""

    def __init__(self, archive: Archive) -> None:
        root, epoch = archive.tip_header(), archive.current_epoch().validators.epoch
        blocks = archive.unsettled()
        self._places = {block.header.id(): _place(block.header) for block in blocks}
        """The epoch and the round of each."""
        self._committed_by_now: tuple[BlockId, ...] = tuple(
            block.header.id() for block in blocks if _is_committed(archive, block)
        )
        self._settled_up_to = (epoch, root.round)
        self.uncommitted = tuple(
            block for block in blocks if block.header.epoch == epoch and block.header.height > root.height
        )
        """Those of the epoch above the committed tip when the node started, parents before children."""

    def clean_up(self) -> tuple[Persist, ...]:
        """Settle what a crash has left: the commit was written, and the list was not."""
        if all(place > self._settled_up_to for place in self._places.values()):
            return ()
        return (self._settle(committed=self._committed_by_now),)

    def write(self, block: Block) -> Persist:
        """Make a block durable."""
        block_id, round_ = block.header.id(), block.header.round
        self._places[block_id] = _place(block.header)
        writes = ((block_key(block_id), encode(block)), (round_key(round_, block_id), b""))
        return Persist(Store.BLOCKS, writes, sync=True)

    def settle(self, committed: tuple[Block, ...]) -> Persist:
        """These blocks, ascending, have been committed, durably: whatever is as old and is none of them goes."""
        last = committed[-1].header
        self._settled_up_to = (last.epoch + 1 if last.ends_epoch else last.epoch, last.round)
        return self._settle(committed=tuple(block.header.id() for block in committed))

    def _settle(self, *, committed: tuple[BlockId, ...]) -> Persist:
        settled = sorted((place, block_id) for block_id, place in self._places.items() if place <= self._settled_up_to)
        writes: list[tuple[bytes, bytes | None]] = []
        for (_, round_), block_id in settled:
            del self._places[block_id]
            writes.append((round_key(round_, block_id), None))
            if block_id not in committed:
                writes.append((block_key(block_id), None))
        # Not synced: what is lost of it is settled at the next start.
        return Persist(Store.BLOCKS, tuple(writes), sync=False)


def _place(header: Header) -> tuple[int, int]:
    return header.epoch, header.round


def _is_committed(archive: Archive, block: Block) -> bool:
    committed = archive.committed(block.header.height)
    return committed is not None and committed.block_id == block.header.id()
