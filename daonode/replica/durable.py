"""The durable blocks that are neither committed nor abandoned yet.

A block is written before it can be voted for. Once as late a round is committed it is either committed itself, and
stays, or abandoned for good, and is deleted. Bounded by the block tree of consensus, which bounds what is executed.
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

    def __init__(self, archive: Archive, *, root: Header) -> None:
        blocks = archive.unsettled()
        self._rounds = {block.header.id(): block.header.round for block in blocks}
        self._committed_by_now: tuple[BlockId, ...] = tuple(
            block.header.id() for block in blocks if _is_committed(archive, block)
        )
        self._root = root
        self.uncommitted = tuple(block for block in blocks if block.header.height > root.height)
        """Those above the committed tip when the node started, parents before children."""

    def clean_up(self) -> tuple[Persist, ...]:
        """Settle what a crash has left: the commit was written, and the list was not."""
        if all(round_ > self._root.round for round_ in self._rounds.values()):
            return ()
        return (self._settle(self._root.round, committed=self._committed_by_now),)

    def write(self, block: Block) -> Persist:
        """Make a block durable."""
        block_id, round_ = block.header.id(), block.header.round
        self._rounds[block_id] = round_
        writes = ((block_key(block_id), encode(block)), (round_key(round_, block_id), b""))
        return Persist(Store.BLOCKS, writes, sync=True)

    def settle(self, committed: tuple[Block, ...]) -> Persist:
        """These blocks, ascending, have been committed, durably: whatever is as old and is none of them goes."""
        return self._settle(committed[-1].header.round, committed=tuple(block.header.id() for block in committed))

    def _settle(self, round_: int, *, committed: tuple[BlockId, ...]) -> Persist:
        settled = sorted((old, block_id) for block_id, old in self._rounds.items() if old <= round_)
        writes: list[tuple[bytes, bytes | None]] = []
        for old, block_id in settled:
            del self._rounds[block_id]
            writes.append((round_key(old, block_id), None))
            if block_id not in committed:
                writes.append((block_key(block_id), None))
        # Not synced: what is lost of it is settled at the next start.
        return Persist(Store.BLOCKS, tuple(writes), sync=False)


def _is_committed(archive: Archive, block: Block) -> bool:
    committed = archive.committed(block.header.height)
    return committed is not None and committed.block_id == block.header.id()
