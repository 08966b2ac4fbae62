"""Checks of what clients and peers send, on worker threads where it is much; and what they may cost.

A peer has a share of one core for what it sends on a lane: for decoding it and verifying its signatures. Who needs more
is read more slowly, so that a flood of signatures, valid ones too, costs no more than that share. While plenty of
transactions wait for a block, all who send more of them share what blocks can spare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import thread_time

import trio

from daonode.consensus.errors import PeerError
from daonode.httpd.pace import Pace
from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.errors import TransactionError
from daonode.node.clock import Clock
from daonode.node.damage import stopping_at_damage
from daonode.node.metrics import NodeMetrics
from daonode.replica.events import MessageReceived, PeerId
from daonode.replica.intake import CheckedMessage, Intake
from daonode.replica.messages import Lane

MAX_INLINE_BYTES = 1_024
"""Up to here, a few votes, transactions are checked at once: a thread costs more than their signatures."""
MAX_CHECKING_THREADS = 2
"""Threads that verify transactions; the verification itself runs outside the interpreter's lock."""
PEER_CORES = 0.25
"""The share of a core of one peer and lane; two thousand signatures a second."""
BURST_SECONDS = 4.0
PLENTY_TRANSACTIONS = 2_048
"""With so many in the mempool the next blocks are full: what is checked beyond that only waits longer."""
SPARE_CORES = 0.125
"""The share of a core for checking transactions of all clients and peers then: a thousand a second, about as many as
blocks can take."""
SPARE_BURST_SECONDS = 0.25
MAX_PEERS = 512
"""Shares that are remembered; with one more, the one that began first is forgotten."""

HoldBack = Callable[[PeerId, Lane, float], None]
"""Told to read nothing more of a peer's lane for some seconds."""


class Checker:
    """Checks for one node; `waiting` tells how many transactions are in its mempool."""

    def __init__(
        self,
        intake: Intake,
        *,
        clock: Clock,
        metrics: NodeMetrics,
        hold_back: HoldBack,
        waiting: Callable[[], int],
    ) -> None:
        self._intake = intake
        self._clock = clock
        self._metrics = metrics
        self._hold_back = hold_back
        self._waiting = waiting
        self._spare = Pace(rate=SPARE_CORES, burst_seconds=SPARE_BURST_SECONDS, now=trio.current_time)
        self._threads = trio.CapacityLimiter(MAX_CHECKING_THREADS)
        self._shares: dict[tuple[PeerId, Lane], Pace] = {}

    async def check_transactions(self, raws: Sequence[bytes]) -> list[CheckedTransaction | TransactionError]:
        """Check what a client sends: for each the transaction, or why it is refused."""
        if sum(map(len, raws)) <= MAX_INLINE_BYTES:
            checked, cpu_seconds = self._check_all(tuple(raws))
        else:
            checked, cpu_seconds = await trio.to_thread.run_sync(self._check_all, tuple(raws), limiter=self._threads)
        await self._make_room(cpu_seconds)
        return checked

    async def check_message(self, peer: PeerId, lane: Lane, data: bytes) -> MessageReceived:
        """Check what a peer sends, and charge it; many transactions are checked on a thread, the rest is too small.

        Raises:
            PeerError: no honest peer sends this.
        """
        now_ms = self._clock.now_ms()
        with stopping_at_damage():
            if lane is Lane.MEMPOOL and len(data) > MAX_INLINE_BYTES:
                checked, cpu_seconds = await trio.to_thread.run_sync(
                    self._check_one, lane, data, now_ms, limiter=self._threads
                )
            else:
                checked, cpu_seconds = self._check_one(lane, data, now_ms)
        self._charge(peer, lane, cpu_seconds)
        if isinstance(checked, PeerError):
            raise checked
        if lane is Lane.MEMPOOL:
            await self._make_room(cpu_seconds)
        return MessageReceived(now_ms, peer, checked.message, checked.transactions)

    async def _make_room(self, cpu_seconds: float) -> None:
        """Let blocks go first where there is plenty for them."""
        if self._waiting() >= PLENTY_TRANSACTIONS:
            await trio.sleep(self._spare.use(cpu_seconds))

    def _charge(self, peer: PeerId, lane: Lane, cpu_seconds: float) -> None:
        share = self._shares.get((peer, lane))
        if share is None:
            if len(self._shares) >= MAX_PEERS:
                del self._shares[next(iter(self._shares))]
            share = Pace(rate=PEER_CORES, burst_seconds=BURST_SECONDS, now=trio.current_time)
            self._shares[peer, lane] = share
        seconds = share.use(cpu_seconds)
        if seconds:
            self._hold_back(peer, lane, seconds)

    # On threads, where it is much.

    def _check_all(self, raws: tuple[bytes, ...]) -> tuple[list[CheckedTransaction | TransactionError], float]:
        """For each the transaction, or why it is refused; and the CPU seconds that it took to find out."""
        now_ms, began = self._clock.now_ms(), thread_time()
        checked: list[CheckedTransaction | TransactionError] = []
        with self._metrics.count_cpu("check_clients"):
            for raw in raws:
                try:
                    checked.append(self._intake.check_transaction(raw, now_ms=now_ms))
                except TransactionError as error:
                    checked.append(error)
        return checked, thread_time() - began

    def _check_one(self, lane: Lane, data: bytes, now_ms: int) -> tuple[CheckedMessage | PeerError, float]:
        """The message, or why it is none; and the CPU seconds that it took to find out."""
        began = thread_time()
        checked: CheckedMessage | PeerError
        with self._metrics.count_cpu(f"check_{lane.value}"):
            try:
                checked = self._intake.check_message(lane, data, now_ms=now_ms)
            except PeerError as error:
                checked = error
        return checked, thread_time() - began
