"""A hostile node over an honest signer: it asks for every signature that certificates can be found for.

The signer is the only one that keeps the promises then (`daonode.signer`: it signs nothing that the rules forbid,
whoever asks). What it signs is sent to everyone; the oracle holds the signer to it as to any other honest one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random

from daonode.consensus.messages import (
    CommitVoteMessage,
    ProposalMessage,
    SyncInfo,
    SyncMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.requests import CommitRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.types import Block, QuorumCertificate, TimeoutCertificate
from daonode.primitives.ids import Signature
from daonode.replica.effects import Store
from daonode.replica.events import Event, MessageReceived
from daonode.signer.signing import Refusal
from daonode.testing.node import Node

KEPT = 12
"""The newest blocks, QCs and TCs that it asks with."""
REQUESTS_AN_EVENT = 3
FAR_ROUNDS = 1_000_000


@dataclass(slots=True)
class PesteredNode(Node):
    """An honest replica and, beside it, someone who pesters its signer until the run is calm."""

    blocks: deque[Block] = field(default_factory=lambda: deque(maxlen=KEPT))
    qcs: deque[QuorumCertificate] = field(default_factory=lambda: deque(maxlen=KEPT))
    tcs: deque[TimeoutCertificate] = field(default_factory=lambda: deque(maxlen=KEPT))
    mischief: Random = field(init=False)

    def __post_init__(self) -> None:
        self.mischief = Random(f"mischief of {self.index}")

    def step(self, event: Event) -> None:
        """Go on as a validator, then pester."""
        Node.step(self, event)
        if self.around.is_calm:
            return
        if isinstance(event, MessageReceived):
            self._learn(event)
        for _ in range(REQUESTS_AN_EVENT):
            request = self._think_of_request()
            if request is not None:
                self.ask(request)

    def may_ask_for(self, block: Block) -> bool:
        """Whether to want a vote for a block: a QC for one that nobody has would end the chain, and prove nothing."""
        return self.disk.stores[Store.BLOCKS].get_durable(b"b" + block.header.id()) is not None

    def _learn(self, event: MessageReceived) -> None:
        message = event.message
        if isinstance(message, ProposalMessage):
            self.blocks.append(message.block)
        if isinstance(message, ProposalMessage | VoteMessage | CommitVoteMessage | TimeoutMessage | SyncMessage):
            if message.sync.high_qc not in self.qcs:
                self.qcs.append(message.sync.high_qc)
            if message.sync.tc is not None and message.sync.tc not in self.tcs:
                self.tcs.append(message.sync.tc)

    def _think_of_request(self) -> SignRequest | None:
        chance = self.mischief
        kind = chance.randrange(8)
        if kind < 2 and self.blocks:
            block = chance.choice(self.blocks)
            return VoteRequest(header=block.header, qc=block.qc, tc=block.tc) if self.may_ask_for(block) else None
        if not self.qcs:
            return None
        qc = chance.choice(self.qcs)
        if kind < 4:
            return CommitRequest(qc=qc)
        tc = chance.choice(self.tcs) if self.tcs and chance.randrange(2) else None
        newest = tc.round if tc is not None else qc.round
        round_ = newest + (FAR_ROUNDS if kind == 7 and not chance.randrange(8) else chance.choice((0, 1, 1, 1, 2)))
        return TimeoutRequest(round=round_, high_qc=qc, tc=tc)

    def ask(self, request: SignRequest) -> None:
        """Ask the signer, and send everyone what it signs."""
        prepared = self.signer.prepare(request)
        # What it has signed before it gives again; that was sent to everyone then.
        if not isinstance(prepared, Refusal) and prepared.state is not None:
            message = self._message_of(request, self.signer.confirm(prepared))
            for receiver in range(len(self.world.validators)):
                if receiver != self.index:
                    self.around.send(self.index, receiver, message)

    def _message_of(
        self, request: SignRequest, signature: Signature
    ) -> VoteMessage | CommitVoteMessage | TimeoutMessage:
        match request:
            case VoteRequest(header=header, qc=qc):
                return VoteMessage(
                    epoch=header.epoch,
                    round=header.round,
                    block_id=header.id(),
                    qc_round=qc.round,
                    voter=self.member,
                    signature=signature,
                    sync=SyncInfo(high_qc=qc, tc=None, commit=None),
                )
            case CommitRequest(qc=qc):
                return CommitVoteMessage(
                    epoch=qc.epoch,
                    round=qc.round,
                    block_id=qc.block_id,
                    voter=self.member,
                    signature=signature,
                    sync=SyncInfo(high_qc=qc, tc=None, commit=None),
                )
            case TimeoutRequest(round=round_, high_qc=qc, tc=tc):
                return TimeoutMessage(
                    epoch=qc.epoch,
                    round=round_,
                    high_qc=qc,
                    voter=self.member,
                    signature=signature,
                    sync=SyncInfo(high_qc=qc, tc=tc if tc is not None and tc.round > qc.round else None, commit=None),
                )
            case _:
                raise AssertionError("it asks for no proposals")
