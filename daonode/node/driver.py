"""The driver: one loop that steps the replica and does what its effects say, in their order.

Events come from the network, from clients, from timers and from the signer; bytes are decoded and their signatures
verified before they become events, transactions on worker threads. Blocking work (disk, signing) runs on threads while
the loop waits for it, so no message leaves before what stands before it is durable. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

import structlog
import trio

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.errors import PeerError
from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.errors import TransactionError
from daonode.node.api import Overloaded
from daonode.node.clock import Clock
from daonode.node.errors import Halted
from daonode.node.inbox import Inbox, Taken
from daonode.node.metrics import NodeMetrics
from daonode.node.storage import Stores
from daonode.node.timers import Timers
from daonode.node.transport.identity import PeerId as TransportPeerId
from daonode.node.transport.service import Transport
from daonode.node.transport.types import Inbound, PeerMisbehaved
from daonode.node.transport.types import Lane as TransportLane
from daonode.node.transport.types import PeerConnected as TransportConnected
from daonode.node.transport.types import PeerDisconnected as TransportDisconnected
from daonode.primitives.codec import encode
from daonode.primitives.ids import TxId
from daonode.replica.effects import (
    Broadcast,
    CancelTimer,
    Committed,
    Effect,
    Halt,
    PeerFault,
    Persist,
    Send,
    SetTimer,
    Sign,
    Store,
    TransactionAdmitted,
    TransactionRefused,
)
from daonode.replica.events import (
    Event,
    MessageReceived,
    PeerConnected,
    PeerDisconnected,
    PeerId,
    Signed,
    SignRefused,
    Started,
    Submission,
    Ticket,
    TimerFired,
    TransactionsSubmitted,
)
from daonode.replica.intake import CheckedMessage, Intake
from daonode.replica.messages import Lane, Message, lane_of
from daonode.replica.replica import Replica
from daonode.signer.signing import Refusal, Signer

MAX_CHECKING_THREADS = 2
"""Threads that verify transactions; the verification itself runs outside the interpreter's lock."""
MAX_UNCHECKED_GOSSIP = 64
"""Messages of the mempool lane that wait for a thread; past that the transport holds the next one back."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Waiter:
    """A client that waits for the answer about its transaction."""

    answered: trio.Event = field(default_factory=trio.Event)
    answer: TxId | TransactionError | None = None


class Driver:
    """Runs one replica. `run` returns only by being cancelled, or raises `Halted`."""

    def __init__(
        self,
        *,
        replica: Replica,
        intake: Intake,
        signer: Signer | None,
        stores: Stores,
        transport: Transport,
        clock: Clock,
        metrics: NodeMetrics,
    ) -> None:
        self._replica = replica
        self._intake = intake
        self._signer = signer
        self._stores = {Store.BLOCKS: stores.blocks, Store.STATE: stores.state}
        self._transport = transport
        self._clock = clock
        self._metrics = metrics
        self._inbox = Inbox()
        self._timers = Timers(clock, self._inbox.put_urgent)
        self._checking = trio.CapacityLimiter(MAX_CHECKING_THREADS)
        self._waiters: dict[Ticket, Waiter] = {}
        self._next_ticket = 0
        self._commits: dict[TxId, list[trio.Event]] = {}

    async def run(self) -> None:
        """Drive until cancelled.

        Raises:
            Halted: the replica stopped.
        """
        gossip_in, gossip_out = trio.open_memory_channel[Inbound](MAX_UNCHECKED_GOSSIP)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._timers.run)
            nursery.start_soon(self._receive, gossip_in)
            nursery.start_soon(self._check_gossip, gossip_out)
            await self._step(Started(self._clock.now_ms()))
            while True:
                await self._step(self._event_of(await self._inbox.take()))

    async def submit(self, raws: Sequence[bytes]) -> tuple[TxId | TransactionError, ...]:
        """Check transactions on a thread and offer them to the mempool: for each its id, or why it was refused."""
        checked = await trio.to_thread.run_sync(self._check_all, tuple(raws), limiter=self._checking)
        waiters: list[Waiter | TransactionError] = []
        for each in checked:
            if isinstance(each, TransactionError):
                waiters.append(each)
                continue
            ticket = Ticket(self._next_ticket)
            self._next_ticket += 1
            if not self._inbox.put_submission(Submission(each, ticket)):
                waiters.append(Overloaded("this node is busy with other transactions", hint="try again in a moment"))
                continue
            self._waiters[ticket] = Waiter()
            waiters.append(self._waiters[ticket])
        return tuple([await _answer_of(waiter) for waiter in waiters])

    async def wait_for_commit(self, tx_id: TxId, *, timeout_ms: int) -> bool:
        """Wait until a block with this transaction is committed; False when the time is over first."""
        committed = trio.Event()
        self._commits.setdefault(tx_id, []).append(committed)
        try:
            with trio.move_on_after(timeout_ms / 1_000):
                await committed.wait()
            return committed.is_set()
        finally:
            waiting = self._commits.get(tx_id, [])
            if committed in waiting:
                waiting.remove(committed)
                if not waiting:
                    del self._commits[tx_id]

    # Events in.

    async def _receive(self, gossip: trio.MemorySendChannel[Inbound]) -> None:
        """Take what the transport received; consensus and sync are checked here, transactions on a thread."""
        while True:
            item = await self._transport.receive()
            match item:
                case TransportConnected():
                    log.info("peer connected", peer=item.peer)
                    self._inbox.put_urgent(PeerConnected(self._clock.now_ms(), PeerId(item.peer)))
                case TransportDisconnected():
                    log.info("peer disconnected", peer=item.peer, reason=item.reason)
                    self._inbox.put_urgent(PeerDisconnected(self._clock.now_ms(), PeerId(item.peer)))
                case PeerMisbehaved():
                    self._report_fault(PeerId(item.peer), item.reason)
                case Inbound(lane=TransportLane.MEMPOOL):
                    await gossip.send(item)
                case Inbound():
                    await self._check(item)

    async def _check(self, item: Inbound) -> None:
        lane = Lane(item.lane.value)
        now_ms = self._clock.now_ms()
        try:
            checked = self._intake.check_message(lane, item.data, now_ms=now_ms)
        except PeerError as error:
            self._report_fault(PeerId(item.peer), str(error))
            return
        await self._inbox.put_message(lane, MessageReceived(now_ms, PeerId(item.peer), checked.message))

    async def _check_gossip(self, gossip: trio.MemoryReceiveChannel[Inbound]) -> None:
        """Check peers' transactions on threads, one message after the other."""
        async for item in gossip:
            now_ms = self._clock.now_ms()
            try:
                checked = await trio.to_thread.run_sync(self._check_gossiped, item.data, now_ms, limiter=self._checking)
            except PeerError as error:
                self._report_fault(PeerId(item.peer), str(error))
                continue
            event = MessageReceived(now_ms, PeerId(item.peer), checked.message, checked.transactions)
            await self._inbox.put_message(Lane.MEMPOOL, event)

    def _event_of(self, taken: Taken) -> Event:
        """The event that an item of the inbox is; times are those at which it is stepped."""
        if isinstance(taken, str):
            return TimerFired(self._clock.now_ms(), taken)
        if isinstance(taken, tuple):
            return TransactionsSubmitted(self._clock.now_ms(), taken)
        return taken

    # Effects out.

    async def _step(self, event: Event) -> None:
        with self._metrics.time_step(type(event).__name__):
            effects = self._replica.step(event)
        for effect in effects:
            await self._carry_out(effect)
        self._metrics.note_queues(self._inbox.lengths())

    async def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Persist():
                with self._metrics.time_persist(effect.store.value):
                    await trio.to_thread.run_sync(self._persist, effect)
            case Sign():
                await self._sign(effect)
            case Send():
                self._send(effect.peer, effect.message)
            case Broadcast():
                self._transport.broadcast(TransportLane(lane_of(effect.message).value), encode(effect.message))
            case SetTimer():
                self._timers.set(effect.timer, effect.at_ms)
            case CancelTimer():
                self._timers.cancel(effect.timer)
            case Committed():
                self._on_committed(effect)
            case TransactionAdmitted():
                self._answer(effect.ticket, effect.tx_id)
            case TransactionRefused():
                self._answer(effect.ticket, effect.error)
            case PeerFault():
                self._report_fault(effect.peer, effect.reason)
            case ReportEvidence():
                self._metrics.evidence.inc()
                log.warning("a validator signed what no honest one signs", offender=effect.offender.hex())
            case Halt():
                raise Halted(effect.reason)
            case _:
                assert_never(effect)

    def _persist(self, effect: Persist) -> None:
        self._stores[effect.store].write(effect.writes, sync=effect.sync)

    async def _sign(self, effect: Sign) -> None:
        assert self._signer is not None, "a full node asks for no signature"
        answer = await trio.to_thread.run_sync(self._signer.sign, effect.request)
        now_ms = self._clock.now_ms()
        if isinstance(answer, Refusal):
            log.info("signing refused", request=type(effect.request).__name__, reason=answer.reason)
            self._inbox.put_urgent(SignRefused(now_ms, effect.request, answer.reason))
        else:
            self._inbox.put_urgent(Signed(now_ms, effect.request, answer))

    def _send(self, peer: PeerId, message: Message) -> None:
        self._transport.send(TransportPeerId(peer), TransportLane(lane_of(message).value), encode(message))

    def _on_committed(self, effect: Committed) -> None:
        header = effect.header
        structlog.contextvars.bind_contextvars(height=header.height, round=header.round)
        log.info("committed", transactions=len(effect.receipts), block=header.id().hex()[:16])
        self._metrics.note_commit(header, effect.receipts, now_ms=self._clock.now_ms())
        for receipt in effect.receipts:
            for waiting in self._commits.get(receipt.tx_id, ()):
                waiting.set()

    def _answer(self, ticket: Ticket, answer: TxId | TransactionError) -> None:
        waiter = self._waiters.pop(ticket, None)
        if waiter is not None:
            waiter.answer = answer
            waiter.answered.set()

    def _report_fault(self, peer: PeerId, reason: str) -> None:
        self._metrics.peer_faults.inc()
        log.warning("peer misbehaved", peer=peer, reason=reason)

    # On threads.

    def _check_all(self, raws: tuple[bytes, ...]) -> list[CheckedTransaction | TransactionError]:
        now_ms = self._clock.now_ms()
        checked: list[CheckedTransaction | TransactionError] = []
        for raw in raws:
            try:
                checked.append(self._intake.check_transaction(raw, now_ms=now_ms))
            except TransactionError as error:
                checked.append(error)
        return checked

    def _check_gossiped(self, data: bytes, now_ms: int) -> CheckedMessage:
        return self._intake.check_message(Lane.MEMPOOL, data, now_ms=now_ms)


async def _answer_of(waiter: Waiter | TransactionError) -> TxId | TransactionError:
    if isinstance(waiter, TransactionError):
        return waiter
    await waiter.answered.wait()
    assert waiter.answer is not None, "the answer is set before the event"
    return waiter.answer
