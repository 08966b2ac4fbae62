"""What Byzantine validators share: a real replica to know the chain by, a key that signs anything, and a pen.

A Byzantine node may look into its own replica; this file is the one place that does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from daonode.consensus.effects import Build
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
from daonode.consensus.types import Block, Header, QuorumCertificate, TimeoutCertificate
from daonode.consensus.verification import vote_statement
from daonode.primitives.ids import Signature
from daonode.replica.jobs import Building
from daonode.replica.messages import Message
from daonode.testing.node import Node
from daonode.testing.world import CHAIN_ID


@dataclass(slots=True)
class Actor(Node):
    """A Byzantine validator. Subclasses change what it sends."""

    is_byzantine: ClassVar[bool] = True

    @property
    def tree(self) -> BlockTree:
        """The uncommitted blocks that its replica knows."""
        return self.replica.core._state.tree

    @property
    def leaders(self) -> LeaderSchedule:
        """Who leads when, as its replica sees it."""
        return self.replica.core._state.leaders

    @property
    def member(self) -> int:
        """Its place in the set of the epoch; whoever is in it no more, as in jail, claims a place that there is not."""
        own, members = self.replica.own_validator, self.replica.core.validators.validators
        return next((place for place, each in enumerate(members) if each.id == own), len(members))

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
        statement = Propose(chain_id=CHAIN_ID, epoch=self.epoch, round=header.round, block_id=header.id())
        return ProposalMessage(block=block, signature=self.sign(statement), sync=self.sync)

    def vote_for(self, block: Block) -> VoteMessage:
        """A vote for any block."""
        header, qc_round = block.header, block.qc.round
        block_id = header.id()
        statement = Vote(chain_id=CHAIN_ID, epoch=self.epoch, round=header.round, block_id=block_id, qc_round=qc_round)
        return VoteMessage(
            epoch=self.epoch,
            round=header.round,
            block_id=block_id,
            qc_round=qc_round,
            voter=self.member,
            signature=self.sign(statement),
            sync=self.sync,
        )

    def commit_vote_for(self, qc: QuorumCertificate) -> CommitVoteMessage:
        """A commit vote for any certified block."""
        statement = Commit(chain_id=CHAIN_ID, epoch=self.epoch, round=qc.round, block_id=qc.block_id)
        return CommitVoteMessage(
            epoch=self.epoch,
            round=qc.round,
            block_id=qc.block_id,
            voter=self.member,
            signature=self.sign(statement),
            sync=self.sync,
        )

    def timeout_of(self, round_: int, high_qc: QuorumCertificate) -> TimeoutMessage:
        """A timeout of any round, naming any earlier QC."""
        statement = Timeout(chain_id=CHAIN_ID, epoch=self.epoch, round=round_, high_qc_round=high_qc.round)
        return TimeoutMessage(
            epoch=self.epoch,
            round=round_,
            high_qc=high_qc,
            voter=self.member,
            signature=self.sign(statement),
            sync=self.sync,
        )

    def vote_on(self, message: VoteMessage) -> VoteMessage:
        """Any vote, signed."""
        statement = vote_statement(CHAIN_ID, message)
        return replace(message, signature=self.sign(statement))

    def build_instead(self, block: Block, *, time_ms: int | None = None) -> Block:
        """A block like one of its own, without transactions, and with another time if one is given."""
        parent = self.tree.header_of(block.header.parent_id)
        assert parent is not None, "its own proposal stands on a block that it knows"
        return self.build_on(block.header, parent=parent, qc=block.qc, tc=block.tc, time_ms=time_ms)

    def build_on(
        self,
        template: Header,
        *,
        parent: Header,
        qc: QuorumCertificate,
        tc: TimeoutCertificate | None,
        time_ms: int | None = None,
    ) -> Block:
        """A block without transactions in the round of `template`, on another certificate whose block is executed."""
        failed = self.leaders.failed_proposers(round_=template.round, qc_round=qc.round, extends=parent.id())
        order = Build(
            epoch=self.epoch,
            round=template.round,
            time_ms=max(self.clock_ms, parent.time_ms + 1) if time_ms is None else time_ms,
            proposer=template.proposer,
            parent=parent,
            qc=qc,
            tc=tc,
            failed_proposers=failed,
            empty=True,
        )
        ground = self.replica._executed.ground(parent.id())
        done = Building(ground, order, time_ms=order.time_ms).run()
        self.replica._executed.take(done)
        return done.block
