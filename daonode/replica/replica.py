"""The replica: one validator's decisions, composed of consensus, execution, mempool and block sync. Start here.

`Replica.step(event) -> tuple[Effect, ...]`. An event of the driver becomes events of the consensus core, whose effects
are carried out here (`Build`, `Execute`, `Commit`, `Fetch`) or handed on to the driver. Effects come out in the order
in which they must happen: whatever must be durable before a message leaves stands before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from daonode.consensus import effects as core_effects
from daonode.consensus import events as core_events
from daonode.consensus.config import ConsensusConfig
from daonode.consensus.core import Core
from daonode.consensus.errors import PeerError
from daonode.consensus.events import Timer
from daonode.consensus.leaders import HISTORY_HEIGHTS
from daonode.consensus.messages import SyncMessage, TimeoutMessage
from daonode.consensus.safety import SafetyState
from daonode.consensus.types import Block, CommitProof, ValidatorSet
from daonode.consensus.verification import Verifier, event_of
from daonode.ledger.application import Application
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId, ValidatorId
from daonode.replica.admission import Admission
from daonode.replica.archive import Archive
from daonode.replica.block_sync import REQUEST_TIMEOUT_MS, BlockSync, check_response, serve
from daonode.replica.committing import commit_writes, prune_writes
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
    TimerFired,
    TransactionsSubmitted,
)
from daonode.replica.executed import ExecutedBlocks
from daonode.replica.layout import block_key, round_key
from daonode.replica.mempool import Mempool
from daonode.replica.messages import BlockRequest, BlockResponse, TransactionsMessage

SYNC_TIMER = "sync"
WAKE_TIMER = "wake"
_CORE_TIMERS = {f"round.{timer.value}": timer for timer in Timer}


@dataclass(frozen=True, slots=True)
class ReplicaConfig:
    """What a replica is told of its chain and of itself.

    `own` is None for a full node. `peers` names the transport peers of validators. An idle chain makes a block every
    `heartbeat_ms`, or none when that is None.
    """

    consensus: ConsensusConfig
    validators: ValidatorSet
    own: ValidatorId | None
    peers: Mapping[ValidatorId, PeerId]
    heartbeat_ms: int | None


class Replica:
    """One validator or full node. `archive` reads the live databases that the driver writes `Persist` effects to."""

    def __init__(
        self,
        config: ReplicaConfig,
        *,
        application: Application,
        verifier: Verifier,
        archive: Archive,
        safety: SafetyState,
    ) -> None:
        tip = archive.tip()
        committed = archive.committed(tip.height)
        assert committed is not None, "the tip's header is written in the same batch as the tip"
        root = committed.header
        self._config = config
        self._verifier = verifier
        self._archive = archive
        self._validators_digest = config.validators.digest()
        self._validator_of = {peer: validator for validator, peer in sorted(config.peers.items())}
        self._executed = ExecutedBlocks(application, root=root, state=archive.state_at_tip())
        self._admission = Admission(application, self._executed, Mempool())
        self._sync = BlockSync()
        self._wanted: core_effects.Fetch | None = None
        self._next_deadline_ms = tip.next_deadline_ms
        self._unsettled = {block.header.id(): block.header.round for block in archive.unsettled()}
        self._connected: dict[PeerId, None] = {}
        self._timer_rounds: dict[Timer, int] = {}
        self._pending = False
        self._core_events: deque[core_events.Event] = deque()
        self._effects: list[Effect] = []
        self._now_ms = 0
        self._core = Core(
            config.consensus,
            validators=config.validators,
            own=config.own,
            safety=safety,
            root=root,
            root_proof=committed.proof,
            history=_history(archive, root.height),
            uncommitted=tuple(block for block in archive.unsettled() if block.header.height > root.height),
        )

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
        return self._sync.in_range

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Handle one event; the effects are to be run in their order before the next event is stepped."""
        self._now_ms = event.now_ms
        self._executed.settle()
        self._handle(event)
        self._run_core()
        self._note_pending_work()
        effects = tuple(self._effects)
        self._effects.clear()
        return effects

    def _handle(self, event: Event) -> None:
        match event:
            case Started():
                self._feed(core_events.Started(event.now_ms))
                self._set_wake_timer()
            case PeerConnected():
                self._on_peer_connected(event)
            case PeerDisconnected():
                self._connected.pop(event.peer, None)
                if event.peer == self._sync.asked:
                    self._pass_over()
            case MessageReceived():
                self._on_message(event)
            case TransactionsSubmitted():
                self._effects.extend(self._admission.submit(event.submissions))
            case Signed():
                self._feed(core_events.Signed(event.now_ms, event.request, event.signature))
            case SignRefused():
                self._feed(core_events.SignRefused(event.now_ms, event.request, event.reason))
            case TimerFired():
                self._on_timer(event)
            case _:
                assert_never(event)

    def _on_peer_connected(self, event: PeerConnected) -> None:
        """Greet with our certificates, so that whoever is behind learns of it, and with what waits here."""
        self._connected[event.peer] = None
        self._effects.append(Send(event.peer, SyncMessage(self._core.sync_info)))
        waiting = self._admission.waiting_message()
        if waiting is not None:
            self._effects.append(Send(event.peer, waiting))
        self._start_sync()

    def _on_message(self, event: MessageReceived) -> None:
        match event.message:
            case TransactionsMessage():
                self._admission.receive(event.transactions)
            case BlockRequest():
                response = serve(event.message, archive=self._archive, path_to=self._executed.path)
                self._effects.append(Send(event.peer, response))
            case BlockResponse():
                self._on_blocks(event.peer, event.message)
            case _:
                sender = self._validator_of.get(event.peer)
                if sender is None:
                    self._effects.append(PeerFault(event.peer, "a consensus message from a peer that is no validator"))
                    return
                self._feed(event_of(event.message, sender=sender, now_ms=event.now_ms))

    def _on_blocks(self, peer: PeerId, response: BlockResponse) -> None:
        if peer != self._sync.asked or self._sync.tip is None:
            return
        if not response.blocks:
            self._pass_over()
            return
        try:
            check_response(response, root=self._core.root, tip=self._sync.tip, verifier=self._verifier)
        except PeerError as error:
            self._effects.append(PeerFault(peer, f"sent blocks that do not prove themselves: {error}"))
            self._pass_over()
            return
        if response.proof is not None and not self._sync.in_range:
            self._sync.in_range = True
            self._feed(core_events.CatchingUpChanged(self._now_ms, active=True))
        self._feed(core_events.BlocksFetched(self._now_ms, response.blocks, response.proof))
        self._run_core()
        self._sync.passed_over = 0
        if self._has(self._sync.tip, round_=self._sync.round):
            self._stop_sync()
            self._run_core()
            self._start_sync()
        else:
            self._ask()

    def _on_timer(self, event: TimerFired) -> None:
        timer = _CORE_TIMERS.get(event.timer)
        if timer is not None:
            self._feed(core_events.TimerFired(event.now_ms, timer, self._timer_rounds[timer]))
        elif event.timer == SYNC_TIMER:
            if self._sync.tip is None:
                self._start_sync()
            elif self._has(self._sync.tip, round_=self._sync.round):
                self._stop_sync()
                self._run_core()
                self._start_sync()
            elif self._sync.asked is not None:
                self._pass_over()
            else:
                self._ask()

    def _feed(self, event: core_events.Event) -> None:
        self._core_events.append(event)

    def _run_core(self) -> None:
        """Step the core until it has nothing more to say; what it asks of us is answered with further events."""
        while self._core_events:
            for effect in self._core.step(self._core_events.popleft()):
                self._carry_out(effect)

    def _carry_out(self, effect: core_effects.Effect) -> None:
        match effect:
            case core_effects.Build():
                self._build(effect)
            case core_effects.Execute():
                error = self._executed.execute(effect.block)
                self._feed(core_events.BlockExecuted(self._now_ms, effect.block.header.id(), error))
            case core_effects.PersistBlock():
                self._persist_block(effect.block)
            case core_effects.Sign():
                self._effects.append(Sign(effect.request))
            case core_effects.Commit():
                self._commit(effect.blocks, effect.proof)
            case core_effects.Send():
                peer = self._config.peers.get(effect.to)
                if peer is not None:
                    self._effects.append(Send(peer, effect.message))
            case core_effects.Broadcast():
                self._effects.append(Broadcast(effect.message))
                if isinstance(effect.message, TimeoutMessage):
                    # Work that is known to one becomes known to a quorum.
                    waiting = self._admission.waiting_message()
                    if waiting is not None:
                        self._effects.append(Broadcast(waiting))
            case core_effects.SetTimer():
                self._timer_rounds[effect.timer] = effect.round
                self._effects.append(SetTimer(f"round.{effect.timer.value}", effect.at_ms))
            case core_effects.CancelTimer():
                self._effects.append(CancelTimer(f"round.{effect.timer.value}"))
            case core_effects.Fetch():
                self._fetch(effect)
            case core_effects.ReportEvidence():
                self._effects.append(effect)
            case core_effects.Halt():
                error = self._executed.execute(effect.block)
                self._effects.append(Halt(effect.block.header, f"{effect.reason}: {error}"))
            case _:
                assert_never(effect)

    def _build(self, order: core_effects.Build) -> None:
        block, built = self._executed.build(
            order,
            validators_digest=self._validators_digest,
            time_ms=max(order.time_ms, self._now_ms),
            candidates=self._admission.candidates(),
        )
        self._admission.drop_skipped(built.skipped)
        self._feed(core_events.BlockBuilt(self._now_ms, block))

    def _persist_block(self, block: Block) -> None:
        block_id, round_ = block.header.id(), block.header.round
        self._unsettled[block_id] = round_
        writes = ((block_key(block_id), encode(block)), (round_key(round_, block_id), b""))
        self._effects.append(Persist(Store.BLOCKS, writes, sync=True))

    def _commit(self, blocks: tuple[Block, ...], proof: CommitProof) -> None:
        """Write one batch a height; only the last block has the proof, which makes those before it final too."""
        for block in blocks:
            header = block.header
            result = self._executed.commit(header)
            self._next_deadline_ms = result.next_deadline_ms
            writes = commit_writes(header, result, proof if block is blocks[-1] else None)
            pruned = prune_writes(self._archive.state, tip_height=header.height)
            self._effects.append(Persist(Store.STATE, writes + pruned, sync=True))
            self._admission.settle(block.payload, result.receipts, time_ms=header.time_ms)
            self._effects.append(Committed(header, result.receipts))
        root_round = blocks[-1].header.round
        settled = sorted((round_, block_id) for block_id, round_ in self._unsettled.items() if round_ <= root_round)
        for _, block_id in settled:
            del self._unsettled[block_id]
        settled_keys = tuple((round_key(round_, block_id), None) for round_, block_id in settled)
        self._effects.append(Persist(Store.BLOCKS, settled_keys, sync=False))
        self._set_wake_timer()

    def _fetch(self, effect: core_effects.Fetch) -> None:
        self._wanted = effect
        self._start_sync()

    def _start_sync(self) -> None:
        """Begin to fetch what is wanted, unless a fetch is under way; without a peer it waits for one."""
        if self._sync.tip is not None or self._wanted is None:
            return
        if self._has(self._wanted.block_id, round_=self._wanted.round):
            return
        holders = [self._config.peers[holder] for holder in self._wanted.holders if holder in self._config.peers]
        others = [peer for peer in self._connected if peer not in holders]
        connected = tuple(peer for peer in holders + others if peer in self._connected)
        if connected:
            self._sync.start(tip=self._wanted.block_id, round_=self._wanted.round, holders=connected)
            self._ask()

    def _has(self, block_id: BlockId, *, round_: int) -> bool:
        """Whether a block, certified or below one certified in `round_`, is here, or is wanted no more.

        When as late a round has been committed and the block was not, it was abandoned, and nobody may have it.
        """
        is_overtaken = self._core.root.round >= round_
        return is_overtaken or self._core.knows(block_id) or self._archive.block(block_id) is not None

    def _pass_over(self) -> None:
        if self._sync.pass_over(self._connected):
            self._ask()

    def _ask(self) -> None:
        """Ask the holder whose turn it is, when anyone is connected; the timer comes in any case."""
        if not self._sync.holders:
            self._sync.pass_over(self._connected)
        if self._sync.holders:
            peer, request = self._sync.ask(above_height=self._core.root.height)
            self._effects.append(Send(peer, request))
        self._effects.append(SetTimer(SYNC_TIMER, self._now_ms + REQUEST_TIMEOUT_MS))

    def _stop_sync(self) -> None:
        if self._sync.in_range:
            self._feed(core_events.CatchingUpChanged(self._now_ms, active=False))
        self._sync.stop()
        self._effects.append(CancelTimer(SYNC_TIMER))

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


def _history(archive: Archive, tip_height: int) -> tuple[Block, ...]:
    """The last committed blocks, ascending, the tip included; the genesis block has no payload and is none of them."""
    blocks = [archive.block_at(height) for height in range(max(1, tip_height - HISTORY_HEIGHTS + 1), tip_height + 1)]
    return tuple(block for block in blocks if block is not None)
