"""A hostile node over an honest signer that votes for all it hears of and at once wants to give the round up.

It never asks for a commit vote: honest nodes ask for those first, and they raise the lock; here a vote alone does.
"""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.requests import CommitRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.types import Block
from daonode.replica.effects import Effect, Sign
from daonode.testing.byzantine.pestered import PesteredNode


@dataclass(slots=True)
class RecklessNode(PesteredNode):
    """Wants to vote for everything and to time out with old certificates."""

    def carry_out(self, effect: Effect) -> None:
        """Leave out what asks for a commit vote."""
        if not isinstance(effect, Sign) or not isinstance(effect.request, CommitRequest):
            self.carry_out_honestly(effect)

    def ask(self, request: SignRequest) -> None:
        """Ask for anything but commit votes; after a vote, for a timeout, with an old QC if a TC opens the round."""
        if isinstance(request, CommitRequest):
            return
        PesteredNode.ask(self, request)
        if isinstance(request, VoteRequest):
            round_ = request.header.round
            for tc in tuple(self.tcs):
                if tc.round + 1 == round_:
                    PesteredNode.ask(self, TimeoutRequest(round=round_, high_qc=tc.high_qc, tc=tc))
            PesteredNode.ask(self, TimeoutRequest(round=round_, high_qc=request.qc, tc=request.tc))

    def may_ask_for(self, _block: Block) -> bool:
        """Whether to want a vote for a block."""
        return True
