"""Serving blocks to peers that miss them, in bounded portions and at a bounded rate.

Blocks are read from disk inside the step, so what one peer may cost the others is bounded here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daonode.consensus.types import Block, CommitProof, Header
from daonode.ledger.params import MAX_BLOCK_BYTES
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId
from daonode.replica.archive import Archive
from daonode.replica.effects import Effect, PeerFault, Send
from daonode.replica.events import PeerId
from daonode.replica.messages import MAX_BLOCKS_A_RESPONSE, MAX_RESPONSE_BYTES, BlockRequest, BlockResponse

WINDOW_MS = 1_000
MAX_REQUESTS_A_WINDOW = 32
"""The most requests of one peer that are answered in `WINDOW_MS`: 2,048 blocks, more than anyone executes in it."""
MAX_BYTES_A_WINDOW = 16 * 1024 * 1024
"""Once one peer has been sent as many bytes of blocks in `WINDOW_MS`, it gets no more in it."""
MAX_UNPROVEN_BYTES = MAX_BLOCK_BYTES + 512 * 1024
"""The most bytes of blocks that are sent for the sake of one proof: any single block, and less than a message holds."""
MAX_PEERS = 512
"""Peers whose requests are counted; the one that came first is forgotten for the next."""


@dataclass(slots=True)
class Served:
    """What one peer has had since `since_ms`."""

    since_ms: int
    requests: int = 0
    byte_count: int = 0
    is_blamed: bool = False


@dataclass(frozen=True, slots=True)
class Portion:
    """What one answer holds; nothing where there is nothing to give."""

    blocks: tuple[Block, ...] = ()
    proof: CommitProof | None = None
    descendants: tuple[Header, ...] = ()
    byte_count: int = 0


class BlockServer:
    """Answers `BlockRequest`. `path_to` gives the uncommitted blocks that lead to one, ascending."""

    def __init__(self, archive: Archive, *, path_to: Callable[[BlockId], tuple[Block, ...]]) -> None:
        self._archive = archive
        self._path_to = path_to
        self._served: dict[PeerId, Served] = {}

    def answer(self, peer: PeerId, request: BlockRequest, *, now_ms: int) -> tuple[Effect, ...]:
        """The answer, or none to a peer that asks for more than it could use; that is its fault, said once a window."""
        served = self._served.get(peer)
        # A clock that was set back begins a new window too.
        if served is None or not 0 <= now_ms - served.since_ms < WINDOW_MS:
            self._served.pop(peer, None)
            if len(self._served) >= MAX_PEERS:
                del self._served[next(iter(self._served))]
            served = self._served[peer] = Served(now_ms)
        if served.requests >= MAX_REQUESTS_A_WINDOW or served.byte_count >= MAX_BYTES_A_WINDOW:
            if served.is_blamed:
                return ()
            served.is_blamed = True
            return (PeerFault(peer, f"asks for more blocks than anyone can use in {WINDOW_MS} ms"),)
        portion = self._portion(request)
        served.requests += 1
        served.byte_count += portion.byte_count
        response = BlockResponse(
            above_height=request.above_height,
            tip=request.tip,
            blocks=portion.blocks,
            proof=portion.proof,
            descendants=portion.descendants,
        )
        return (Send(peer, response),)

    def _portion(self, request: BlockRequest) -> Portion:
        """Committed blocks first; above the committed tip, the uncommitted ones that lead to the tip asked for."""
        tip_height = self._archive.tip().height
        if request.above_height < tip_height:
            return self._committed_above(request.above_height, tip_height=tip_height)
        path = tuple(block for block in self._path_to(request.tip) if block.header.height > request.above_height)
        byte_count = sum(len(encode(block)) for block in path)
        if len(path) > MAX_BLOCKS_A_RESPONSE or byte_count > MAX_UNPROVEN_BYTES:
            # A part of it would prove nothing.
            return Portion()
        return Portion(path, None, (), byte_count)

    def _committed_above(self, height: int, *, tip_height: int) -> Portion:
        """A range of committed blocks of one epoch, up to the highest height within bounds that has its own proof."""
        blocks: list[Block] = []
        byte_count = 0
        portion = Portion()
        for above in range(height + 1, min(tip_height, height + MAX_BLOCKS_A_RESPONSE) + 1):
            committed, block = self._archive.committed(above), self._archive.block_at(above)
            if committed is None or block is None:
                break
            byte_count += len(encode(block))
            if byte_count > (MAX_RESPONSE_BYTES if portion.blocks else MAX_UNPROVEN_BYTES):
                break
            blocks.append(block)
            if committed.proof is not None:
                portion = Portion(tuple(blocks), committed.proof, committed.descendants, byte_count)
            if committed.header.ends_epoch:
                break
        return portion
