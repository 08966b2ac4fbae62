"""What Byzantine validators share: a real replica to know the chain by, a key that signs anything, and a pen.

A Byzantine node may look into its own replica; this file is the one place that does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from daonode.consensus.leaders import LeaderSchedule
from daonode.consensus.messages import (
    CommitVoteMessage,
    ProposalMessage,
    SyncInfo,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote, signing_bytes
from daonode.consensus.tree import BlockTree
from daonode.consensus.types import (
    EMPTY_DIGEST,
    Block,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    payload_digest,
)
from daonode.ledger.application import EMPTY_PAYLOAD
from daonode.ledger.receipts import receipts_root
from daonode.primitives.ids import Signature
from daonode.replica.messages import Message
from daonode.testing.node import Node
from daonode.testing.world import CHAIN_ID

EPOCH = 0


@dataclass(slots=True)
class Actor(Node):
    """A Byzantine validator. Subclasses change what it sends."""

    is_byzantine: ClassVar[bool] = True

    @property
    def tree(self) -> BlockTree:
        """The uncommitted blocks that its replica knows."""
        return self.replica.core._state.tree  # noqa: SLF001  # a liar knows its own mind

    @property
    def leaders(self) -> LeaderSchedule:
        """Who leads when, as its replica sees it."""
        return self.replica.core._state.leaders  # noqa: SLF001  # a liar knows its own mind

    @property
    def sync(self) -> SyncInfo:
        """Its best certificates."""
        return self.replica.core.sync_info

    @property
    def others(self) -> tuple[int, ...]:
        """All validators but this one."""
        return tuple(index for index in range(len(self.world.validators)) if index != self.index)

    def sign(self, statement: Statement) -> Signature:
        """Sign anything."""
        return self.world.secrets[self.index].sign(signing_bytes(statement))

    def say(self, message: Message, receivers: Iterable[int]) -> None:
        """Send a message to some."""
        self.around.on_sent(self.index, message)
        for receiver in receivers:
            self.around.send(self.index, receiver, message)

    def proposal_of(self, block: Block) -> ProposalMessage:
        """A signed proposal of any block."""
        header = block.header
        statement = Propose(chain_id=CHAIN_ID, epoch=EPOCH, round=header.round, block_id=header.id())
        return ProposalMessage(block=block, signature=self.sign(statement), sync=self.sync)

    def vote_for(self, block: Block) -> VoteMessage:
        """A vote for any block."""
        header, qc_round = block.header, block.qc.round
        block_id = header.id()
        statement = Vote(chain_id=CHAIN_ID, epoch=EPOCH, round=header.round, block_id=block_id, qc_round=qc_round)
        return VoteMessage(
            epoch=EPOCH,
            round=header.round,
            block_id=block_id,
            qc_round=qc_round,
            voter=self.index,
            signature=self.sign(statement),
            sync=self.sync,
        )

    def commit_vote_for(self, qc: QuorumCertificate) -> CommitVoteMessage:
        """A commit vote for any certified block."""
        statement = Commit(chain_id=CHAIN_ID, epoch=EPOCH, round=qc.round, block_id=qc.block_id)
        return CommitVoteMessage(
            epoch=EPOCH,
            round=qc.round,
            block_id=qc.block_id,
            voter=self.index,
            signature=self.sign(statement),
            sync=self.sync,
        )

    def timeout_of(self, round_: int, high_qc: QuorumCertificate) -> TimeoutMessage:
        """A timeout of any round, naming any earlier QC."""
        statement = Timeout(chain_id=CHAIN_ID, epoch=EPOCH, round=round_, high_qc_round=high_qc.round)
        return TimeoutMessage(
            epoch=EPOCH,
            round=round_,
            high_qc=high_qc,
            voter=self.index,
            signature=self.sign(statement),
            sync=self.sync,
        )

    def empty_block(
        self, template: Header, *, parent: Header, qc: QuorumCertificate, tc: TimeoutCertificate | None
    ) -> Block:
        """A block without transactions in the round of `template`, on another certificate.

        It changes no state, so its roots are known without executing it.
        """
        failed = self.leaders.failed_proposers(round_=template.round, qc_round=qc.round, extends=parent.id())
        header = replace(
            template,
            height=parent.height + 1,
            time_ms=max(self.clock_ms, parent.time_ms + 1),
            parent_id=parent.id(),
            qc_digest=qc.digest(),
            tc_digest=EMPTY_DIGEST if tc is None else tc.digest(),
            payload_digest=payload_digest(EMPTY_PAYLOAD),
            state_root=parent.state_root,
            receipts_root=receipts_root(()),
            failed_proposers=failed,
        )
        return Block(header=header, payload=EMPTY_PAYLOAD, qc=qc, tc=tc)
