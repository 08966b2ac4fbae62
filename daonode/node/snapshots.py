"""Takes snapshots in the background: a piece on a thread, then a pause that is longer than the piece was.

The database is held as it was at one moment until the snapshot is whole. One is taken at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
import trio

from daonode.node.allocator import give_back_freed_memory
from daonode.node.damage import stopping_at_damage
from daonode.node.storage import Stores, StoreSnapshot
from daonode.replica.archive import Archive
from daonode.replica.committing import Writes
from daonode.replica.snapshot_making import make_snapshot

PAUSE_FACTOR = 4
"""How many times as long as a piece took the node does only other work: a fifth of one core at most."""
MIN_PAUSE_SECONDS = 0.005

log = structlog.get_logger(__name__)


class SnapshotTaker:
    """Takes the snapshots that the replica asks for. `run` is a task of the driver's."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._frozen: StoreSnapshot | None = None
        self._asked = trio.Event()

    def begin(self, height: int) -> None:
        """Take a snapshot of the state as it is now, at this height; not while another is being taken."""
        if self._frozen is not None:
            log.warning("snapshot left out: the one before it is still being taken", height=height)
            return
        self._frozen = self._stores.state.snapshot()
        self._asked.set()

    async def run(self) -> None:
        """Work until cancelled.

        Raises:
            DiskFailed: a database cannot be read or written, or what is read is not what a node writes.
        """
        try:
            with stopping_at_damage():
                while True:
                    await self._asked.wait()
                    self._asked = trio.Event()
                    await self._take()
        finally:
            self._let_go()

    async def _take(self) -> None:
        frozen = self._frozen
        assert frozen is not None, "whoever asks has frozen the state"
        started = trio.current_time()
        archive = Archive(self._stores.blocks, frozen)
        height = archive.tip().height
        pieces = make_snapshot(archive, self._stores.snapshots)
        while True:
            began = trio.current_time()
            if not await trio.to_thread.run_sync(self._do_piece, pieces):
                break
            await trio.sleep(max(MIN_PAUSE_SECONDS, PAUSE_FACTOR * (trio.current_time() - began)))
        self._let_go()
        # What LevelDB has collected in memory for it lay in small blocks between others.
        await trio.to_thread.run_sync(give_back_freed_memory)
        log.info("snapshot taken", height=height, seconds=round(trio.current_time() - started, 1))

    def _do_piece(self, pieces: Iterator[Writes]) -> bool:
        """Write the next batch; False when there is none. What is lost with the machine is made anew."""
        writes = next(pieces, None)
        if writes is None:
            self._stores.snapshots.write((), sync=True)
            return False
        if writes:
            self._stores.snapshots.write(writes, sync=False)
        return True

    def _let_go(self) -> None:
        if self._frozen is not None:
            self._frozen.close()
            self._frozen = None
