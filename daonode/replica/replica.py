"""The replica: one validator's decisions, composed of consensus, execution, mempool and block sync. Start here.

`Replica.step(event) -> tuple[Effect, ...]`. An event of the driver becomes events of the consensus core, whose effects
are carried out here (`Commit`, `Fetch`), become jobs (`Build`, `Execute`), or are handed on to the driver. Effects come
out in the order in which they must happen: whatever must be durable before a message leaves stands before it.

An epoch is one core. When the last block of an epoch is committed its core is done, and one of the next epoch begins on
that block: with another set, the certificate that follows from the block's header, and nothing of what was uncommitted.
"""

from __future__ import annotations

from collections import deque
from typing import assert_never

from daonode.consensus import effects as core_effects
from daonode.consensus import events as core_events
from daonode.consensus.certificates import genesis_certificate
from daonode.consensus.core import Core
from daonode.consensus.epochs import EpochChange
from daonode.consensus.events import Timer
from daonode.consensus.messages import ConsensusMessage, SyncMessage, TimeoutMessage
from daonode.consensus.safety import SafetyState
from daonode.consensus.types import Block
from daonode.consensus.verification import Verifier, event_of
from daonode.genesis.initial import ValidatorSource
from daonode.ledger.application import Application
from daonode.primitives.ids import ValidatorId
from daonode.replica.accusing import Accusations
from daonode.replica.admission import Admission
from daonode.replica.archive import Archive
from daonode.replica.block_sync import SYNC_TIMER, BlockSync
from daonode.replica.committing import Pruning, epoch_writes, final_writes, proofs_of
from daonode.replica.config import ReplicaConfig
from daonode.replica.cores import Cores
from daonode.replica.durable import DurableBlocks
from daonode.replica.early import EarlyMessages
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
from daonode.replica.executed import ExecutedBlocks
from daonode.replica.layout import EpochRecord
from daonode.replica.mempool import Mempool
from daonode.replica.messages import (
    BlockRequest,
    BlockResponse,
    ChunkRequest,
    ChunkResponse,
    EvidenceMessage,
    ManifestRequest,
    ManifestResponse,
    TransactionsMessage,
    epoch_of,
)
from daonode.replica.pacing import Pacing
from daonode.replica.serving import BlockServer, Server, SnapshotServer
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.replica.snapshot_making import SnapshotSchedule
from daonode.replica.working import Work

WAKE_TIMER = "wake"
_CORE_TIMERS = {f"round.{timer.value}": timer for timer in Timer}


class Replica:
    """One validator or full node. `archive` and `snapshots` read the live databases that `Persist` writes to.

    `verifier` is taken from epoch to epoch here. `safety` is the signer's last persisted state; a signer that is epochs
    behind the store is taken to where it is by the first effects.
    """

    def __init__(
        self,
        config: ReplicaConfig,
        *,
        application: Application,
        source: ValidatorSource,
        verifier: Verifier,
        archive: Archive,
        safety: SafetyState,
        snapshots: SnapshotArchive | None = None,
    ) -> None:
        root, epoch = archive.tip_header(), archive.current_epoch()
        self._config = config
        self._cores = Cores(config.consensus, config.keys)
        self._verifier = verifier
        self._verifier.enter_epoch(epoch.validators, epoch.genesis_qc)
        self._validator_of = {peer: validator for validator, peer in sorted(config.peers.items())}
        self._executed = ExecutedBlocks(
            application, source=source, validators=epoch.validators, root=root, state=archive.state_at_tip()
        )
        self._admission = Admission(application, self._executed, Mempool(), Accusations(source, self._executed))
        self._server = Server(BlockServer(archive, path_to=self._executed.path), SnapshotServer(snapshots))
        self._schedule = SnapshotSchedule(config.snapshot_interval, height=root.height)
        self._durable = DurableBlocks(archive)
        self._pruning = Pruning(archive.state, kept_versions=config.kept_versions)
        self._next_deadline_ms = archive.tip().next_deadline_ms
        self._pacing = Pacing(config.gas_target)
        self._work = Work(self._executed, self._admission, self._pacing)
        self._early = EarlyMessages()
        self._timer_rounds: dict[Timer, int] = {}
        self._pending = False
        self._core_events: deque[core_events.Event] = deque()
        self._effects: list[Effect] = []
        self._now_ms = 0
        self._core = self._cores.resume(archive, safety=safety, uncommitted=self._durable.uncommitted)
        self._missed_changes = self._cores.missed_changes(archive, safety=safety)
        self._sync = BlockSync(self._core, verifier)

    @property
    def core(self) -> Core:
        """Consensus, for reading: round, leader, certificates."""
        return self._core

    @property
    def mempool(self) -> Mempool:
        """What waits for a block, for reading."""
        return self._admission.mempool

    @property
    def catching_up(self) -> bool:
        """Whether this node knows that it is behind and fetches blocks."""
        return self._sync.catching_up

    @property
    def own_validator(self) -> ValidatorId | None:
        """Which validator of the present epoch this node is, None where it is none."""
        return self._cores.own_in(self._core.validators)

    @property
    def max_drift_ms(self) -> int:
        """How far a block's time may be from the clock of a validator that votes for it."""
        return self._config.consensus.max_drift_ms

    @property
    def reaches_quorum(self) -> bool:
        """Whether this node and the validators that it is connected to have the power of a quorum."""
        validators = self._core.validators
        reached = {self.own_validator, *(self._validator_of.get(peer) for peer in self._sync.connected)}
        return validators.is_quorum(sum(each.power for each in validators.validators if each.id in reached))

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Handle one event; the effects are to be run in their order before the next event is stepped."""
        self._now_ms = event.now_ms
        self._executed.settle()
        self._handle(event)
        self._run_core()
        self._fetch_missing()
        self._note_pending_work()
        effects = tuple(self._effects)
        self._effects.clear()
        return effects

    def _handle(self, event: Event) -> None:
        match event:
            case Started():
                self._effects.extend(self._durable.clean_up())
                self._effects.extend(map(EnterEpoch, self._missed_changes))
                self._missed_changes = ()
                self._feed(core_events.Started(event.now_ms))
                self._set_wake_timer()
            case PeerConnected():
                self._on_peer_connected(event)
            case PeerDisconnected():
                self._sync.disconnect(event.peer)
            case MessageReceived():
                self._on_message(event)
            case TransactionsSubmitted():
                self._effects.extend(self._admission.submit(event.submissions))
            case Signed():
                self._feed(core_events.Signed(event.now_ms, event.request, event.signature))
            case SignRefused():
                self._feed(core_events.SignRefused(event.now_ms, event.request, event.reason))
            case JobEnded():
                told = self._work.end(event.job, event.outcome, now_ms=event.now_ms)
                self._core_events.extend(() if told is None else (told,))
            case TimerFired():
                self._on_timer(event)
            case _:
                assert_never(event)

    def _on_peer_connected(self, event: PeerConnected) -> None:
        """Greet with our certificates, so that whoever is behind learns of it, and with what waits here."""
        self._sync.connect(event.peer)
        if self.own_validator is not None:
            self._effects.append(Send(event.peer, SyncMessage(self._core.sync_info)))
        self._effects.extend(Send(event.peer, each) for each in self._admission.waiting_messages(now_ms=event.now_ms))

    def _on_message(self, event: MessageReceived) -> None:
        match event.message:
            case TransactionsMessage():
                self._admission.receive(event.peer, event.transactions)
            case EvidenceMessage():
                self._effects.extend(self._admission.accusations.receive(event.peer, event.message.evidence))
            case BlockRequest() | ManifestRequest() | ChunkRequest():
                self._effects.extend(self._server.answer(event.peer, event.message, now_ms=event.now_ms))
            case ManifestResponse() | ChunkResponse():
                # An answer to what was asked before this replica took over from `joining.py`.
                pass
            case BlockResponse():
                effects, events = self._sync.take(event.peer, event.message, now_ms=event.now_ms)
                self._effects.extend(effects)
                self._core_events.extend(events)
            case _:
                self._on_consensus_message(event.peer, event.message)

    def _on_consensus_message(self, peer: PeerId, message: ConsensusMessage) -> None:
        sender, epoch = self._validator_of.get(peer), epoch_of(message)
        if sender is None:
            self._effects.append(PeerFault(peer, "a consensus message from a peer that is no validator"))
        elif epoch == self._verifier.epoch:
            self._feed(event_of(message, sender=sender, now_ms=self._now_ms))
        elif epoch < self._verifier.epoch:
            # What it hears of a later epoch makes it ask for the blocks that end its own, with the proof.
            if self.own_validator is not None:
                self._effects.append(Send(peer, SyncMessage(self._core.sync_info)))
        else:
            self._sync.look_beyond(peer)
            if epoch == self._verifier.epoch + 1:
                self._early.keep(peer, message)

    def _on_timer(self, event: TimerFired) -> None:
        timer = _CORE_TIMERS.get(event.timer)
        if timer is not None:
            self._feed(core_events.TimerFired(event.now_ms, timer, self._timer_rounds[timer]))
            if timer is Timer.ROUND and self.own_validator is None:
                # Timeouts take along what waits here (`_broadcast`), and a full node sends none.
                self._effects.extend(map(Broadcast, self._admission.waiting_messages(now_ms=self._now_ms)))
        elif event.timer == SYNC_TIMER:
            self._sync.on_timer()

    def _feed(self, event: core_events.Event) -> None:
        self._core_events.append(event)

    def _run_core(self) -> None:
        """Step the core until it has nothing more to say; what it asks of us is answered with further events."""
        while self._core_events:
            for effect in self._core.step(self._core_events.popleft()):
                self._carry_out(effect)
        self._work.settle(self._core.knows)
        job = self._work.next_job(now_ms=self._now_ms)
        if job is not None:
            # It needs nothing that stands before it, and takes longest.
            self._effects.insert(0, BeginJob(job))

    def _fetch_missing(self) -> None:
        """Ask for what is missing above what has come: nothing while that is executed."""
        if self._work.is_busy:
            return
        effects, events = self._sync.react(now_ms=self._now_ms)
        self._effects.extend(effects)
        self._core_events.extend(events)
        self._run_core()

    def _carry_out(self, effect: core_effects.Effect) -> None:
        match effect:
            case core_effects.Build() | core_effects.Execute():
                self._work.ask(effect)
            case core_effects.PersistBlock():
                self._persist_block(effect.block)
            case core_effects.Sign():
                self._effects.append(Sign(effect.request))
            case core_effects.Commit():
                self._commit(effect)
            case core_effects.Send():
                peer = self._config.peers.get(effect.to)
                if peer is not None:
                    self._effects.append(Send(peer, effect.message))
            case core_effects.Broadcast():
                self._broadcast(effect.message)
            case core_effects.SetTimer():
                self._timer_rounds[effect.timer] = effect.round
                self._effects.append(SetTimer(f"round.{effect.timer.value}", effect.at_ms))
            case core_effects.CancelTimer():
                self._effects.append(CancelTimer(f"round.{effect.timer.value}"))
            case core_effects.Fetch():
                peers = self._config.peers
                self._sync.prefer(tuple(peers[holder] for holder in effect.holders if holder in peers))
            case core_effects.ReportEvidence():
                self._effects.extend((effect, *self._admission.accusations.take(effect.evidence)))
            case core_effects.Halt():
                self._effects.append(Halt(effect.block.header, f"{effect.reason}: {self._work.why_not(effect.block)}"))
            case _:
                assert_never(effect)

    def _persist_block(self, block: Block) -> None:
        self._effects.append(self._durable.write(block))

    def _commit(self, effect: core_effects.Commit) -> None:
        """Write one batch a height, and old tree nodes go with the last; with the last of an epoch the next begins."""
        blocks, made_obsolete = effect.blocks, 0
        following: EpochRecord | None = None
        for block, own_proof in zip(blocks, proofs_of(blocks, effect.proof), strict=True):
            header, is_last = block.header, block is blocks[-1]
            self._pacing.note(header)
            done = self._executed.commit(header)
            result = done.result
            self._next_deadline_ms = result.next_deadline_ms
            made_obsolete += len(result.stale_nodes)
            descendants = effect.descendants if is_last else ()
            writes = done.writes + final_writes(header, result, own_proof, descendants=descendants)
            if done.next_validators is not None:
                following = EpochRecord(
                    start_height=header.height,
                    validators=done.next_validators,
                    genesis_qc=genesis_certificate(header),
                )
                writes += epoch_writes(following)
            if is_last:
                writes += self._pruning.writes(
                    tip_height=header.height, written_height=blocks[0].header.height - 1, made_obsolete=made_obsolete
                )
            self._effects.append(Persist(Store.STATE, writes, sync=True))
            self._admission.settle(block.payload, result.receipts, time_ms=header.time_ms)
            self._effects.append(Committed(header, result.receipts))
            if self._schedule.is_due(header, own_proof):
                self._effects.append(TakeSnapshot(header.height))
        self._effects.append(self._durable.settle(blocks))
        self._set_wake_timer()
        if following is not None:
            self._enter_epoch(following, effect)

    def _enter_epoch(self, epoch: EpochRecord, end: core_effects.Commit) -> None:
        """Go on with a core of the next epoch, and with what came for it too early."""
        header, descendants = end.blocks[-1].header, end.descendants
        if self._config.keys:
            self._effects.append(EnterEpoch(EpochChange(header, descendants, end.proof, epoch.validators)))
        self._verifier.enter_epoch(epoch.validators, epoch.genesis_qc)
        self._core = self._cores.begin(epoch, header)
        self._core_events.clear()
        self._pending = False
        self._work.begin_epoch()
        self._feed(core_events.Started(self._now_ms))
        self._core_events.extend(self._sync.enter_epoch(self._core, now_ms=self._now_ms))
        messages, faults = self._early.take(self._verifier)
        self._effects.extend(faults)
        for peer, message in messages:
            self._on_consensus_message(peer, message)

    def _broadcast(self, message: ConsensusMessage) -> None:
        """Send to everyone. With a timeout goes what waits here: work known to one becomes known to a quorum."""
        self._effects.append(Broadcast(message))
        if isinstance(message, TimeoutMessage):
            self._effects.extend(map(Broadcast, self._admission.waiting_messages(now_ms=self._now_ms)))

    def _note_pending_work(self) -> None:
        """Tell the core when there is work where there was none, or the other way round."""
        pending = self._admission.has_work() or self._is_due()
        if pending != self._pending:
            self._pending = pending
            self._feed(core_events.PendingWorkChanged(self._now_ms, pending))
            self._run_core()

    def _is_due(self) -> bool:
        wake_ms = self._wake_ms()
        return wake_ms is not None and wake_ms <= self._now_ms

    def _wake_ms(self) -> int | None:
        """When the chain has work without a transaction: a deadline of the ledger, or the heartbeat."""
        heartbeat_ms = self._config.heartbeat_ms
        due = [self._next_deadline_ms] if self._next_deadline_ms is not None else []
        if heartbeat_ms is not None:
            due.append(self._core.root.time_ms + heartbeat_ms)
        return min(due, default=None)

    def _set_wake_timer(self) -> None:
        wake_ms = self._wake_ms()
        self._effects.append(CancelTimer(WAKE_TIMER) if wake_ms is None else SetTimer(WAKE_TIMER, wake_ms))
