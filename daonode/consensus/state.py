"""The core's whole state between two steps, and the small questions that every handler asks of it.

Handlers (`on_*.py`) record what an event says. Reactions (`executing`, `voting`, `committing`, `proposing`, `timing`,
`fetching`) derive effects from the state; each is safe to run at any time and does nothing twice. So no order of
events needs a case of its own. The `..._asked_round` fields remember what was asked of the signer in this process; what
it may sign is the signer's to judge, never ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from daonode.consensus.collector import Collector
from daonode.consensus.config import ConsensusConfig
from daonode.consensus.effects import Effect
from daonode.consensus.evidence import EvidenceWatch
from daonode.consensus.leaders import LeaderSchedule
from daonode.consensus.messages import SyncInfo, TimeoutMessage
from daonode.consensus.tree import BlockTree, Node
from daonode.consensus.types import (
    CommitCertificate,
    CommitProof,
    Finality,
    QuorumCertificate,
    TimeoutCertificate,
    TwoChain,
    ValidatorSet,
    proof_round,
)
from daonode.primitives.ids import BlockId, ValidatorId


@dataclass(slots=True)
class CoreState:
    """Mutable; owned by one `Core`."""

    config: ConsensusConfig
    validators: ValidatorSet
    own_index: int | None
    """This validator's position in the set; None for a full node, which signs nothing."""
    tree: BlockTree
    leaders: LeaderSchedule
    collector: Collector
    evidence: EvidenceWatch
    high_qc: QuorumCertificate
    highest_tc: TimeoutCertificate | None
    round: int

    highest_commit: CommitCertificate | None = None
    proof: CommitProof | None = None
    """The best proof of finality that has not been applied yet."""
    range_finality: Finality | None = None
    """What makes the last of the blocks that were fetched last final, when it has not been applied yet."""

    now_ms: int = 0
    started: bool = False
    catching_up: bool = False
    pending_work: bool = False
    halted: bool = False
    is_over: bool = False
    """The last block of the epoch has been committed: another core goes on."""
    effects: list[Effect] = field(default_factory=list)

    build_asked_round: int = 0
    vote_asked_round: int = 0
    commit_asked_round: int = 0
    timeout_asked_round: int = 0
    round_has_expired: bool = False
    timeout: TimeoutMessage | None = None
    """Our own timeout of the current round, to be sent again."""

    armed_round: int | None = None
    """The round whose timer runs."""
    propose_armed: tuple[int, int] | None = None
    """The round and the time for which our next proposal waits."""
    fetching: BlockId | None = None
    answered_ms: dict[ValidatorId, int] = field(default_factory=dict)
    """When each validator was last sent our certificates because it was behind; bounded by the set."""

    @property
    def can_sign(self) -> bool:
        """Whether signatures may be asked for."""
        return self.own_index is not None and self.started and not self.catching_up

    @property
    def own_id(self) -> ValidatorId | None:
        """This validator's id, None for a full node."""
        return None if self.own_index is None else self.validators.validators[self.own_index].id

    @property
    def tc_for_round(self) -> TimeoutCertificate | None:
        """The TC that opens the current round, when the high QC does not."""
        return None if self.round == self.high_qc.round + 1 else self.highest_tc

    def emit(self, effect: Effect) -> None:
        """Add an effect of this step."""
        self.effects.append(effect)

    def leader(self) -> ValidatorId | None:
        """The leader of the current round for a block on the high QC; None while its block is unknown."""
        return self.leaders.leader(self.round, extends=self.high_qc.block_id)

    def sync_info(self) -> SyncInfo:
        """Our best certificates, for every message."""
        tc = self.highest_tc
        commit = self.highest_commit
        return SyncInfo(
            high_qc=self.high_qc,
            tc=tc if tc is not None and tc.round > self.high_qc.round else None,
            # Without the QC of its round a commit certificate would be refused (`verification.py`).
            commit=commit if commit is not None and commit.round <= self.high_qc.round else None,
        )

    def observe_qc(self, qc: QuorumCertificate) -> None:
        """Take a verified QC: mark its block, raise the high QC and the round."""
        node = self.tree.get(qc.block_id)
        if node is not None and node.certificate is None:
            node.certificate = qc
        if qc.round > self.high_qc.round:
            self.high_qc = qc
        self._enter(qc.round + 1)

    def observe_tc(self, tc: TimeoutCertificate) -> None:
        """Take a verified TC: its QC, then the round that it opens."""
        self.observe_qc(tc.high_qc)
        if self.highest_tc is None or tc.round > self.highest_tc.round:
            self.highest_tc = tc
        self._enter(tc.round + 1)

    def observe_proof(self, proof: CommitProof) -> None:
        """Take a verified proof of finality; the block is committed once it has been executed."""
        if isinstance(proof, TwoChain):
            self.observe_qc(proof.qc)
        elif self.highest_commit is None or proof.round > self.highest_commit.round:
            self.highest_commit = proof
        round_ = proof_round(proof)
        if round_ > self.tree.root.round and (self.proof is None or round_ > proof_round(self.proof)):
            self.proof = proof

    def observe_sync(self, sync: SyncInfo) -> None:
        """Take the certificates of a verified message."""
        self.observe_qc(sync.high_qc)
        if sync.tc is not None:
            self.observe_tc(sync.tc)
        if sync.commit is not None:
            self.observe_proof(sync.commit)

    @property
    def finalities(self) -> tuple[Finality, ...]:
        """What has not been applied yet, the best first.

        A node that catches up range by range knows a proof of the tip, whose block it does not have yet, besides that
        of each range.
        """
        best = () if self.proof is None else (Finality(self.proof),)
        return best if self.range_finality is None else (*best, self.range_finality)

    def take_block(self, node: Node) -> None:
        """Note what a block that has just come into the tree says, and what was known of it before."""
        self.observe_qc(node.block.qc)
        if node.block.tc is not None:
            self.observe_tc(node.block.tc)
        if self.high_qc.block_id == node.id:
            node.certificate = node.certificate or self.high_qc

    def _enter(self, round_: int) -> None:
        if round_ > self.round:
            self.round = round_
            self.round_has_expired = False
            self.timeout = None
