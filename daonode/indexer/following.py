"""The loop: ask a node, verify what it gives, project it, write rows and cursor together.

Two tasks, so that the next blocks are fetched and verified while the last are written; between them at most
`BATCHES_AHEAD` batches wait, each of about `BATCH_BYTES`. The cursor is the head of the store, written with the rows,
so wherever the process dies, it goes on exactly behind what is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
import trio

from daonode.client.answers import Blocks
from daonode.indexer.errors import NodeLied, SinkBehind, StoreForeignChain
from daonode.indexer.metrics import IndexerMetrics
from daonode.indexer.nodes import MAX_BLOCKS, Node, Nodes
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.projector import Projector
from daonode.indexer.verifying import BlockVerifier, Checkpoint, Known, VerifiedBlock
from daonode.stores.access import Changes, Sink, Writer
from daonode.stores.tables import BLOCKS

if TYPE_CHECKING:
    from trio_typing import TaskStatus

BATCHES_AHEAD: Final = 1
BATCH_BYTES: Final = 2 * 1024 * 1024
"""About how much of encoded blocks is asked for at a time; taken apart it is some thirty times as much."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where rows go: `writer` is also what they are made from; `sinks` get the same changes, each before the writer, so
    that none of them is ever behind it."""

    writer: Writer
    sinks: Sequence[Sink] = ()

    def apply(self, changes: Changes) -> None:
        """Write changes everywhere. A sink that is ahead has them already: rows are whole, not differences."""
        for sink in self.sinks:
            head = sink.head()
            if head is None or head.height < changes.head.height:
                sink.apply(changes)
        self.writer.apply(changes)


class Follower:
    """Keeps a destination complete up to the chain's last block."""

    def __init__(
        self,
        destination: Destination,
        *,
        verifier: BlockVerifier,
        projector: Projector,
        nodes: Nodes,
        metrics: IndexerMetrics,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self._destination = destination
        self._verifier = verifier
        self._projector = projector
        self._nodes = nodes
        self._metrics = metrics
        self._checkpoint = checkpoint
        self._draft = Draft(destination.writer)

    async def run(self, *, task_status: TaskStatus[Known] = trio.TASK_STATUS_IGNORED) -> None:
        """Follow until cancelled; starts with the block behind which it goes on.

        Raises:
            NoNodeLeft: every node lies.
            StoreForeignChain, SinkBehind: a store is not one of this chain, or not of this destination.
            StoreError: a store cannot be written.
        """
        known = await trio.to_thread.run_sync(self._begin)
        task_status.started(known)
        send, receive = trio.open_memory_channel[tuple[VerifiedBlock, ...]](BATCHES_AHEAD)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._fetch, known, send)
            await self._write(receive)

    async def _fetch(self, known: Known, send: trio.MemorySendChannel[tuple[VerifiedBlock, ...]]) -> None:
        limit = MAX_BLOCKS
        while True:
            node, answer = await self._nodes.ask(above=known.height, limit=limit)
            try:
                if not await self._follow_epochs(node, answer):
                    continue
                with self._metrics.timing("verify"):
                    blocks = await trio.to_thread.run_sync(_verify, self._verifier, answer, known)
            except NodeLied as lie:
                self._nodes.give_up(node, lie)
                continue
            known = blocks[-1].known()
            byte_count = sum(len(each.payload) + len(each.receipts) for each in answer.blocks)
            limit = min(max(len(blocks) * BATCH_BYTES // byte_count, 1), MAX_BLOCKS)
            await send.send(blocks)

    async def _follow_epochs(self, node: Node, answer: Blocks) -> bool:
        """Have the verifier know the set that made an answer final; False where the node does not say how.

        Raises:
            NodeLied: what it says leads nowhere.
        """
        epoch = self._verifier.epoch_of(answer)
        while self._verifier.epoch < epoch:
            changes = await self._nodes.ask_for_epochs(node, from_epoch=self._verifier.epoch)
            if changes is None:
                return False
            await trio.to_thread.run_sync(self._verifier.follow, changes)
        return True

    async def _write(self, receive: trio.MemoryReceiveChannel[tuple[VerifiedBlock, ...]]) -> None:
        async for blocks in receive:
            await trio.to_thread.run_sync(self._take, blocks)
            log.debug("indexed", height=blocks[-1].header.height, blocks=len(blocks))

    def _begin(self) -> Known:
        writer = self._destination.writer
        head = writer.head()
        if head is None:
            self._write_changes(self._projector.begin(self._draft), blocks=0)
            known = self._verifier.genesis()
        else:
            known = Known(head.height, head.block_id, head.time_ms)
            if self._projector.head_at(known) != head:
                raise StoreForeignChain(
                    f"the store holds chain {head.chain_id} of genesis 0x{head.genesis_hash.hex()}, the home's genesis "
                    "document is another: name another store, or build this one again with `daonode indexer reset`"
                )
        self._check_checkpoint(known)
        for sink in self._destination.sinks:
            at = sink.head()
            if at is None or at.height < known.height:
                place = "empty" if at is None else f"at height {at.height}"
                raise SinkBehind(
                    f"a further store is {place}, the first one at height {known.height}: build both again with "
                    "`daonode indexer reset`"
                )
        self._metrics.note_head(height=known.height, time_ms=known.time_ms)
        return known

    def _check_checkpoint(self, known: Known) -> None:
        wanted = self._checkpoint
        row = None if wanted is None else self._destination.writer.get(BLOCKS, wanted.height)
        if wanted is not None and row is not None and row.id != wanted.block_id:
            raise StoreForeignChain(
                f"block {wanted.height} is 0x{row.id.hex()} in the store, which is at height {known.height}; the "
                f"checkpoint says 0x{wanted.block_id.hex()}: build it again with `daonode indexer reset`, from a node "
                "of the right chain"
            )

    def _take(self, blocks: tuple[VerifiedBlock, ...]) -> None:
        with self._metrics.timing("project"):
            changes = self._projector.project(blocks, self._draft)
        self._write_changes(changes, blocks=len(blocks))

    def _write_changes(self, changes: Changes, *, blocks: int) -> None:
        with self._metrics.timing("apply"):
            self._destination.apply(changes)
        self._draft.written()
        self._metrics.note_written(blocks=blocks, rows=len(changes.rows))
        self._metrics.note_head(height=changes.head.height, time_ms=changes.head.time_ms)


def _verify(verifier: BlockVerifier, answer: Blocks, after: Known) -> tuple[VerifiedBlock, ...]:
    return verifier.verify(answer, after=after)
