"""The core: events in, effects out. Start here.

`Core.step(event) -> tuple[Effect, ...]`. One file an input (`on_*.py`) records what the event says; `reactions.py` then
derives the effects. The core judges what the block tree and the clock can tell; what the five rules allow
(`safety.py`) is judged by the signer alone, which the core asks and whose refusal it accepts.

The driver's duties: run effects in order, answer `Build`, `Execute`, `Sign` and `Fetch` with events, and send no
message before what stands before it is durable (`effects.py`). After `Halt`, and after the commit of the last block of
the epoch, every step gives nothing.
"""

from __future__ import annotations

from typing import assert_never

from daonode.consensus.collector import Collector
from daonode.consensus.config import ConsensusConfig
from daonode.consensus.effects import Effect
from daonode.consensus.events import (
    BlockBuilt,
    BlockExecuted,
    BlocksFetched,
    CatchingUpChanged,
    CommitVoteReceived,
    Event,
    PendingWorkChanged,
    ProposalReceived,
    Signed,
    SignRefused,
    Started,
    SyncReceived,
    TimeoutReceived,
    TimerFired,
    VoteReceived,
)
from daonode.consensus.evidence import EvidenceWatch
from daonode.consensus.fetching import find_missing
from daonode.consensus.leaders import HISTORY_HEIGHTS, LeaderSchedule
from daonode.consensus.messages import SyncInfo, TimeoutMessage
from daonode.consensus.on_block import on_block_built, on_block_executed
from daonode.consensus.on_commit_vote import on_commit_vote
from daonode.consensus.on_proposal import on_proposal
from daonode.consensus.on_signed import on_sign_refused, on_signed
from daonode.consensus.on_sync import on_blocks_fetched, on_sync
from daonode.consensus.on_timeout import count_timeout, on_timeout
from daonode.consensus.on_timer import (
    on_catching_up_changed,
    on_pending_work_changed,
    on_started,
    on_timer_fired,
)
from daonode.consensus.on_vote import on_vote
from daonode.consensus.pacemaker import round_after
from daonode.consensus.reactions import react
from daonode.consensus.safety import SafetyState
from daonode.consensus.state import CoreState
from daonode.consensus.tree import BlockTree
from daonode.consensus.types import Block, CommitProof, Header, QuorumCertificate, TimeoutCertificate, ValidatorSet
from daonode.primitives.ids import BlockId, ValidatorId


class Core:
    """One validator's, or full node's, consensus in one epoch.

    `own` is None for a full node. `safety` is the signer's last persisted state, a full node's is the initial one.
    `root` is the header of the committed tip, at first the block that the epoch begins on, and `root_proof` what made
    it final in this epoch. `history` holds the last `HISTORY_HEIGHTS` committed blocks of the epoch, ascending, the tip
    included (fewer when the epoch is younger); `uncommitted` its durable blocks above the root, parents first.
    """

    def __init__(
        self,
        config: ConsensusConfig,
        *,
        validators: ValidatorSet,
        own: ValidatorId | None,
        safety: SafetyState,
        root: Header,
        root_proof: CommitProof | None = None,
        history: tuple[Block, ...] = (),
        uncommitted: tuple[Block, ...] = (),
    ) -> None:
        tree = BlockTree(
            root=root, history=history, links_kept=HISTORY_HEIGHTS, empty_digest=config.empty_payload_digest
        )
        ids = [validator.id for validator in validators.validators]
        self._state = CoreState(
            config=config,
            validators=validators,
            own_index=None if own is None else ids.index(own),
            tree=tree,
            leaders=LeaderSchedule(chain_id=config.chain_id, validators=validators, tree=tree),
            collector=Collector(validators),
            evidence=EvidenceWatch(),
            high_qc=safety.high_qc,
            highest_tc=safety.highest_tc,
            round=round_after(safety.high_qc, safety.highest_tc),
        )
        self._restore(safety, root_proof=root_proof, uncommitted=uncommitted)

    @property
    def round(self) -> int:
        """The current round."""
        return self._state.round

    @property
    def high_qc(self) -> QuorumCertificate:
        """The newest QC that was seen."""
        return self._state.high_qc

    @property
    def highest_tc(self) -> TimeoutCertificate | None:
        """The newest TC that was seen."""
        return self._state.highest_tc

    @property
    def root(self) -> Header:
        """The header of the committed tip."""
        return self._state.tree.root

    @property
    def committed_height(self) -> int:
        """The height of the committed tip."""
        return self._state.tree.root.height

    @property
    def leader(self) -> ValidatorId | None:
        """The leader of the current round; None while the block of the high QC is missing."""
        return self._state.leader()

    @property
    def validators(self) -> ValidatorSet:
        """The set of this epoch."""
        return self._state.validators

    @property
    def halted(self) -> bool:
        """Whether a certified block has disagreed with our own execution."""
        return self._state.halted

    @property
    def is_over(self) -> bool:
        """Whether the last block of the epoch is committed, so that nothing is left to do here."""
        return self._state.is_over

    def knows(self, block_id: BlockId) -> bool:
        """Whether a block is the committed tip or stands above it."""
        return self._state.tree.is_known(block_id)

    @property
    def missing(self) -> BlockId | None:
        """The block that has to be fetched before anything else can stand in the tree; None when nothing is missing."""
        found = find_missing(self._state)
        return None if found is None else found[0]

    @property
    def sync_info(self) -> SyncInfo:
        """Our best certificates, to greet a peer with."""
        return self._state.sync_info()

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Handle one event; the effects are to be run in their order."""
        state = self._state
        if state.halted or state.is_over:
            return ()
        state.now_ms = event.now_ms
        self._handle(event)
        react(state)
        effects = tuple(state.effects)
        state.effects.clear()
        return effects

    def _handle(self, event: Event) -> None:
        state = self._state
        match event:
            case Started():
                on_started(state, event)
            case ProposalReceived():
                on_proposal(state, event)
            case VoteReceived():
                on_vote(state, event)
            case CommitVoteReceived():
                on_commit_vote(state, event)
            case TimeoutReceived():
                on_timeout(state, event)
            case SyncReceived():
                on_sync(state, event)
            case BlockBuilt():
                on_block_built(state, event)
            case BlockExecuted():
                on_block_executed(state, event)
            case BlocksFetched():
                on_blocks_fetched(state, event)
            case Signed():
                on_signed(state, event)
            case SignRefused():
                on_sign_refused(state, event)
            case TimerFired():
                on_timer_fired(state, event)
            case PendingWorkChanged():
                on_pending_work_changed(state, event)
            case CatchingUpChanged():
                on_catching_up_changed(state, event)
            case _:
                assert_never(event)

    def _restore(self, safety: SafetyState, *, root_proof: CommitProof | None, uncommitted: tuple[Block, ...]) -> None:
        """Take up what was durable: certificates, blocks above the root, and our own timeout of the current round."""
        state = self._state
        for block in uncommitted:
            node = state.tree.insert(block, proposal=None, certified=True, now_ms=0)
            if node is not None:
                state.take_block(node)
        if root_proof is not None:
            state.observe_proof(root_proof)
        last = safety.last_timeout
        if state.own_index is not None and last is not None and last.statement.round == state.round:
            state.timeout_asked_round = state.round
            state.round_has_expired = True
            state.timeout = TimeoutMessage(
                epoch=last.statement.epoch,
                round=last.statement.round,
                high_qc=last.high_qc,
                voter=state.own_index,
                signature=last.signature,
                sync=state.sync_info(),
            )
            count_timeout(state, state.timeout)
