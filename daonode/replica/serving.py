"""Serving blocks and snapshots to peers that miss them, in bounded portions and at a bounded rate (`budgets.py`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daonode.consensus.types import Block, CommitProof, Header
from daonode.ledger.params import MAX_BLOCK_BYTES
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId
from daonode.replica.archive import Archive
from daonode.replica.budgets import PeerBudgets
from daonode.replica.effects import Effect, Send
from daonode.replica.events import PeerId
from daonode.replica.messages import (
    MAX_BLOCKS_A_RESPONSE,
    MAX_RESPONSE_BYTES,
    BlockRequest,
    BlockResponse,
    ChunkRequest,
    ChunkResponse,
    ManifestRequest,
    ManifestResponse,
    Message,
    Request,
)
from daonode.replica.snapshot_archive import SnapshotArchive

MAX_UNPROVEN_BYTES = MAX_BLOCK_BYTES + 512 * 1024
"""The most bytes of blocks that are sent for the sake of one proof: any single block, and less than a message holds."""


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

    def answer(self, request: BlockRequest) -> tuple[Message, int]:
        """The answer, and how many bytes of blocks it has."""
        portion = self._portion(request)
        response = BlockResponse(
            above_height=request.above_height,
            tip=request.tip,
            blocks=portion.blocks,
            proof=portion.proof,
            descendants=portion.descendants,
        )
        return response, portion.byte_count

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


class SnapshotServer:
    """Answers `ManifestRequest` and `ChunkRequest` from the snapshots that are kept, if there are any."""

    def __init__(self, snapshots: SnapshotArchive | None) -> None:
        self._snapshots = snapshots

    def answer(self, request: ManifestRequest | ChunkRequest) -> tuple[Message, int]:
        """The answer, and how many bytes it has."""
        if isinstance(request, ManifestRequest):
            manifests = () if self._snapshots is None else self._snapshots.encoded_manifests()
            return ManifestResponse(manifests=manifests), sum(map(len, manifests))
        chunk = None if self._snapshots is None else self._snapshots.chunk(request.block_id, request.index)
        response = ChunkResponse(block_id=request.block_id, index=request.index, chunk=chunk)
        return response, 0 if chunk is None else len(chunk)


class Server:
    """Answers whatever a peer asks for, as long as that is not more than it could use."""

    def __init__(self, blocks: BlockServer, snapshots: SnapshotServer) -> None:
        self._blocks = blocks
        self._snapshots = snapshots
        self._budgets = PeerBudgets()

    def answer(self, peer: PeerId, request: Request, *, now_ms: int) -> tuple[Effect, ...]:
        """The answer, or what is done instead."""
        refusal = self._budgets.refuse(peer, now_ms=now_ms)
        if refusal is not None:
            return refusal
        response, byte_count = (
            self._blocks.answer(request) if isinstance(request, BlockRequest) else self._snapshots.answer(request)
        )
        self._budgets.charge(peer, byte_count)
        return (Send(peer, response),)
