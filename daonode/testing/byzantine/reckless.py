"""A hostile node over an honest signer that votes for all it hears of and at once wants to give the round up.

It never asks for a commit vote: honest nodes ask for those first, and they raise the lock; here a vote alone does.
"""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.messages import ProposalMessage
from daonode.consensus.requests import CommitRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.types import Block
from daonode.replica.effects import Effect, Sign
from daonode.replica.events import Event, MessageReceived
from daonode.testing.byzantine.pestered import PesteredNode


@dataclass(slots=True)
class RecklessNode(PesteredNode):
    """Wants to vote for everything, and then to time out with old certificates."""

    def carry_out(self, effect: Effect) -> None:
        """Leave out what asks for a commit vote."""
        if not isinstance(effect, Sign) or not isinstance(effect.request, CommitRequest):
            self.carry_out_honestly(effect)

    def step(self, event: Event) -> None:
        """Want to vote for a block before its own replica sees it."""
        tc = self.replica.core.highest_tc
        if tc is not None and tc not in self.tcs:
            self.tcs.append(tc)
        message = event.message if isinstance(event, MessageReceived) else None
        if isinstance(message, ProposalMessage) and not self.around.is_calm:
            block = message.block
            self.ask(VoteRequest(header=block.header, qc=block.qc, tc=block.tc))
        PesteredNode.step(self, event)

    def ask(self, request: SignRequest) -> None:
        """Ask for votes alone; after each, for a timeout, with an old QC if a TC opens the round."""
        if not isinstance(request, VoteRequest):
            return
        PesteredNode.ask(self, request)
        round_ = request.header.round
        for tc in tuple(self.tcs):
            if tc.round + 1 == round_:
                PesteredNode.ask(self, TimeoutRequest(round=round_, high_qc=tc.high_qc, tc=tc))
        PesteredNode.ask(self, TimeoutRequest(round=round_, high_qc=request.qc, tc=request.tc))

    def may_ask_for(self, _block: Block) -> bool:
        """Whether to want a vote for a block."""
        return True
