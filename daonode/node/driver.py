"""The driver: one loop that steps the replica and does what its effects say, in their order.

Events come from the network, from clients, from timers and from the signer; bytes are decoded and their signatures
verified before they become events (`checking.py`). Each lane of the network has a task of its own, so that a full one
holds back its senders and no other lane. Blocking work (disk, signing) runs on threads while the loop waits for it, so
no message leaves before what stands before it is durable. Blocks are executed on a thread for which nobody waits. A
step that has begun is carried out to its end, also when the node is told to stop. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar, assert_never

import trio

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.errors import PeerError
from daonode.consensus.messages import ProposalMessage, TimeoutMessage
from daonode.ledger.errors import TransactionError
from daonode.node.checking import Checker
from daonode.node.clients import Clients
from daonode.node.clock import Clock
from daonode.node.clock_watch import ClockWatch
from daonode.node.damage import stopping_at_damage
from daonode.node.divergence import write_divergence_report
from daonode.node.errors import DiskFailed, Diverged
from daonode.node.inbox import Inbox, Taken
from daonode.node.metrics import NodeMetrics
from daonode.node.narrator import Narrator
from daonode.node.offences import FAULT_WINDOW_SECONDS, MAX_FAULTS, MAX_FAULTS_OF_A_STRANGER, Offences
from daonode.node.quorum_delay import QuorumDelay
from daonode.node.snapshots import SnapshotTaker
from daonode.node.storage import StorageError, Stores
from daonode.node.timers import Timers
from daonode.node.transport.identity import PeerId as TransportPeerId
from daonode.node.transport.service import Transport
from daonode.node.transport.types import Inbound, PeerMisbehaved
from daonode.node.transport.types import Lane as TransportLane
from daonode.node.transport.types import PeerConnected as TransportConnected
from daonode.node.transport.types import PeerDisconnected as TransportDisconnected
from daonode.primitives.codec import encode
from daonode.primitives.ids import TxId, ValidatorId
from daonode.replica.effects import (
    BeginJob,
    Broadcast,
    CancelTimer,
    Committed,
    Effect,
    EnterEpoch,
    Halt,
    PeerFault,
    Persist,
    Send,
    SetTimer,
    Sign,
    Store,
    TakeSnapshot,
    TransactionAdmitted,
    TransactionRefused,
)
from daonode.replica.events import (
    Event,
    JobEnded,
    MessageReceived,
    PeerConnected,
    PeerDisconnected,
    PeerId,
    Signed,
    SignRefused,
    Started,
    TimerFired,
    TransactionsSubmitted,
)
from daonode.replica.intake import Intake
from daonode.replica.jobs import Job, Outcome, do
from daonode.replica.messages import BlockRequest, BlockResponse, Lane, Message, lane_of
from daonode.replica.replica import Replica
from daonode.signer.signing import Refusal, Signer

T = TypeVar("T")
MAX_REST_SECONDS = 0.025
"""How long strangers wait at most for a driver that always has something to step."""
REACH_SECONDS = 2.0
"""How often it is looked at whether a quorum is connected; a connection that is replaced is shorter away."""


class Driver:
    """Runs one replica. `run` returns only by being cancelled, or raises `Halted`.

    `data_directory` is where a report goes when the replica halts. `connected` are the peers of whose connection
    somebody else has been told.
    """

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
        narrator: Narrator,
        data_directory: Path,
        connected: tuple[PeerId, ...] = (),
    ) -> None:
        self._replica = replica
        self._signer = signer
        self._stores = {Store.BLOCKS: stores.blocks, Store.STATE: stores.state, Store.SNAPSHOTS: stores.snapshots}
        self._snapshots = SnapshotTaker(stores)
        self._transport = transport
        self._clock = clock
        self._metrics = metrics
        self._narrator = narrator
        self._data_directory = data_directory
        self._connected = connected
        self._inbox = Inbox(metrics.note_waited)
        self._timers = Timers(clock, self._inbox.put_urgent)
        self._checker = Checker(
            intake, clock=clock, metrics=metrics, hold_back=self._hold_back, waiting=lambda: len(replica.mempool)
        )
        self._clients = Clients(self._inbox)
        self._begin_job, self._jobs = trio.open_memory_channel[Job](max_buffer_size=1)
        self._committed_height = replica.core.committed_height
        self._next_commit = trio.Event()
        self._offences = Offences(trio.current_time)
        self._clock_watch = ClockWatch(max_drift_ms=replica.max_drift_ms, now=trio.current_time)
        self._quorum_delay = QuorumDelay(trio.current_time, metrics.consensus.note_quorum)

    @property
    def committed_height(self) -> int:
        """The highest block that is committed and written, so that readers of the stores have it."""
        return self._committed_height

    async def run(self) -> None:
        """Drive until cancelled.

        Raises:
            Diverged: the replica stopped; a report is in the data directory.
            DiskFailed: a store or the signer's state could not be written.
        """
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._timers.run)
                nursery.start_soon(self._watch_reach)
                nursery.start_soon(self._snapshots.run)
                nursery.start_soon(self._do_jobs)
                for lane in TransportLane:
                    nursery.start_soon(self._receive, lane)
                await self._step(Started(self._clock.now_ms()))
                for peer in self._connected:
                    self._inbox.put_urgent(PeerConnected(self._clock.now_ms(), peer))
                while True:
                    await self._step(self._event_of(await self._inbox.take()))
        finally:
            self._clients.stop()

    async def submit(self, raws: Sequence[bytes]) -> tuple[TxId | TransactionError, ...]:
        """Check transactions and offer them to the mempool: for each its id, or why it was refused."""
        await self._inbox.released()
        return await self._clients.submit(await self._checker.check_transactions(raws))

    async def wait_for_commit(self, tx_id: TxId, *, timeout_ms: int) -> bool:
        """Wait until a block with this transaction is committed; False when the time is over or the node stops."""
        return await self._clients.wait_for_commit(tx_id, timeout_ms=timeout_ms)

    async def wait_for_height(self, height: int) -> None:
        """Wait until the block at a height is committed and written; for ever when the node stops before."""
        while self._committed_height < height:
            await self._next_commit.wait()

    async def rest(self) -> None:
        """Wait, for what can wait, until there is nothing to step; on a node that is never done, for a moment."""
        with trio.move_on_after(MAX_REST_SECONDS):
            await self._inbox.rest()

    async def _watch_reach(self) -> None:
        while self._signer is not None:
            await trio.sleep(REACH_SECONDS)
            self._narrator.reaching_quorum(self._replica.reaches_quorum)

    async def _do_jobs(self) -> None:
        """Execute and build blocks on a thread, while all else goes on."""

        def run(job: Job) -> Outcome:
            with self._metrics.count_cpu("execution"):
                return do(job)

        async for job in self._jobs:
            with self._inbox.holding_transactions(), self._metrics.time_job(type(job).__name__):
                outcome = await trio.to_thread.run_sync(run, job)
                self._inbox.put_urgent(JobEnded(self._clock.now_ms(), job, outcome))

    # Events in.

    async def _receive(self, lane: TransportLane) -> None:
        """Take what the transport received on a lane, and connection events, whichever task comes first."""
        while True:
            item = await self._transport.receive(lane)
            match item:
                case TransportConnected():
                    self._narrator.peer_connected(PeerId(item.peer))
                    self._inbox.put_urgent(PeerConnected(self._clock.now_ms(), PeerId(item.peer)))
                case TransportDisconnected():
                    self._narrator.peer_disconnected(PeerId(item.peer), item.reason)
                    self._inbox.put_urgent(PeerDisconnected(self._clock.now_ms(), PeerId(item.peer)))
                case PeerMisbehaved():
                    self._report_fault(PeerId(item.peer), item.reason)
                case Inbound():
                    await self._take_in(item)

    async def _take_in(self, item: Inbound) -> None:
        """Check a message and queue it."""
        peer, lane = PeerId(item.peer), Lane(item.lane.value)
        if lane is Lane.MEMPOOL:
            await self._inbox.released()
        try:
            message = await self._checker.check_message(peer, lane, item.data)
        except PeerError as error:
            self._report_fault(peer, str(error))
            return
        await self._inbox.put_message(lane, message, received_at=item.received_at)

    def _event_of(self, taken: Taken) -> Event:
        """The event that an item of the inbox is; times are those at which it is stepped."""
        if isinstance(taken, str):
            return TimerFired(self._clock.now_ms(), taken)
        if isinstance(taken, tuple):
            return TransactionsSubmitted(self._clock.now_ms(), taken)
        return taken

    # Effects out.

    async def _step(self, event: Event) -> None:
        """Step, and carry out every effect; not cancelled in between, so that clients hear what became of theirs."""
        leader = self._replica.core.leader
        timed = self._metrics.time_step(type(event).__name__)
        message = event.message if isinstance(event, MessageReceived) else None
        if isinstance(message, ProposalMessage):
            header = message.block.header
            self._metrics.consensus.note_proposal(header, now_ms=event.now_ms, name_of=self._narrator.validator_name)
            self._quorum_delay.on_proposed(header.id())
        with timed, self._metrics.count_cpu("step"), stopping_at_damage():
            effects = self._replica.step(event)
        self._quorum_delay.on_certified(self._replica.core.high_qc.block_id)
        if isinstance(message, BlockResponse):
            self._metrics.consensus.fetched_blocks.inc(len(message.blocks))
        with trio.CancelScope(shield=True):
            for effect in effects:
                await self._carry_out(effect, leader)
        self._narrator.catching_up(self._replica.catching_up, height=self._replica.core.committed_height)
        self._metrics.note_queues(self._inbox.lengths())

    async def _carry_out(self, effect: Effect, leader: ValidatorId | None) -> None:
        """Do what an effect says; `leader` is that of the round in which the step began."""
        match effect:
            case Persist():
                await self._persist(effect)
            case Sign():
                await self._sign(effect)
            case BeginJob():
                self._begin_job.send_nowait(effect.job)
            case EnterEpoch():
                await self._enter_epoch(effect)
            case Send():
                self._send(effect.peer, effect.message)
            case Broadcast():
                self._broadcast(effect.message, leader)
            case SetTimer():
                self._timers.set(effect.timer, effect.at_ms)
            case CancelTimer():
                self._timers.cancel(effect.timer)
            case Committed():
                self._on_committed(effect)
            case TakeSnapshot():
                self._snapshots.begin(effect.height)
            case TransactionAdmitted():
                self._clients.answer(effect.ticket, effect.tx_id)
            case TransactionRefused():
                self._clients.answer(effect.ticket, effect.error)
            case PeerFault():
                self._report_fault(effect.peer, effect.reason)
            case ReportEvidence():
                self._metrics.consensus.evidence.inc()
                self._narrator.evidence(effect)
            case Halt():
                report = await trio.to_thread.run_sync(write_divergence_report, self._data_directory, effect)
                raise Diverged(f"the node stops: {effect.reason}; {report}")
            case _:
                assert_never(effect)

    async def _persist(self, effect: Persist) -> None:
        store = self._stores[effect.store]

        def write() -> None:
            with self._metrics.count_cpu("persist"):
                store.write(effect.writes, sync=effect.sync)

        with self._metrics.time_persist(effect.store.value):
            try:
                await trio.to_thread.run_sync(write)
            except StorageError as error:
                raise DiskFailed(f"the node stops: {error}") from error
        self._metrics.note_writes(effect.store.value, effect.writes)

    async def _sign(self, effect: Sign) -> None:
        signer = self._signer
        assert signer is not None, "a full node asks for no signature"
        answer = await self._with_signer(partial(signer.sign, effect.request))
        now_ms = self._clock.now_ms()
        if isinstance(answer, Refusal):
            self._narrator.signing_refused(effect.request, answer.reason)
            self._inbox.put_urgent(SignRefused(now_ms, effect.request, answer.reason))
        else:
            self._inbox.put_urgent(Signed(now_ms, effect.request, answer))

    async def _enter_epoch(self, effect: EnterEpoch) -> None:
        signer = self._signer
        assert signer is not None, "a full node has no signer"
        refusal = await self._with_signer(partial(signer.enter_epoch, effect.change))
        self._narrator.epoch_entered(effect.change, None if refusal is None else refusal.reason)

    async def _with_signer(self, work: Callable[[], T]) -> T:
        """Have the signer work on a thread; what it has to persist is durable then."""

        def run() -> T:
            with self._metrics.count_cpu("sign"):
                return work()

        try:
            return await trio.to_thread.run_sync(run)
        except OSError as error:
            raise DiskFailed(
                f"the node stops: the signer's state cannot be written ({error}): check permissions, free space and the"
                " disk, then start again"
            ) from error

    def _send(self, peer: PeerId, message: Message) -> None:
        if isinstance(message, BlockRequest):
            self._metrics.consensus.sync_requests.inc()
        with self._metrics.count_cpu("send"):
            self._transport.send(TransportPeerId(peer), TransportLane(lane_of(message).value), encode(message))

    def _broadcast(self, message: Message, leader: ValidatorId | None) -> None:
        if isinstance(message, TimeoutMessage):
            self._metrics.consensus.timeouts.inc()
            self._narrator.round_timed_out(message, leader)
        elif isinstance(message, ProposalMessage):
            self._quorum_delay.on_proposed(message.block.header.id())
        with self._metrics.count_cpu("send"):
            self._transport.broadcast(TransportLane(lane_of(message).value), encode(message))

    def _on_committed(self, effect: Committed) -> None:
        header, now_ms = effect.header, self._clock.now_ms()
        self._narrator.committed(header, effect.receipts)
        self._metrics.note_receipts(effect.receipts)
        self._metrics.consensus.note_commit(
            header,
            now_ms=now_ms,
            name_of=self._narrator.validator_name,
        )
        if not self._replica.catching_up:
            self._note_clock(now_ms - header.time_ms)
        self._quorum_delay.on_committed(header.id())
        self._committed_height = header.height
        self._next_commit.set()
        self._next_commit = trio.Event()
        self._clients.on_committed(receipt.tx_id for receipt in effect.receipts)

    def _note_clock(self, ahead_ms: int) -> None:
        self._metrics.consensus.clock_ahead.set(ahead_ms / 1_000)
        if self._clock_watch.note(ahead_ms):
            self._narrator.clock_is_off(ahead_ms)

    def _hold_back(self, peer: PeerId, lane: Lane, seconds: float) -> None:
        self._transport.hold_back(TransportPeerId(peer), TransportLane(lane.value), for_seconds=seconds)

    def _report_fault(self, peer: PeerId, reason: str) -> None:
        """Count and tell it; a peer that goes on like that is sent away for a time."""
        self._metrics.peer_faults.inc()
        self._narrator.peer_fault(peer, reason)
        is_listed = self._transport.is_listed(TransportPeerId(peer))
        max_faults = MAX_FAULTS if is_listed else MAX_FAULTS_OF_A_STRANGER
        seconds = self._offences.note(peer, max_faults=max_faults)
        if seconds is not None:
            told = f"more than {max_faults} faults in {FAULT_WINDOW_SECONDS:.0f} s: kept away for {seconds:.0f} s"
            self._transport.disconnect(TransportPeerId(peer), for_seconds=seconds, reason=told)
