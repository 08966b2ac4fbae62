"""A leader whose headers state roots that execution does not give, and who votes for them."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from daonode.consensus.messages import ProposalMessage
from daonode.primitives.ids import Hash
from daonode.replica.effects import Broadcast, Effect
from daonode.testing.byzantine.actor import Actor

WRONG_ROOT = Hash(bytes(31) + b"\x01")


@dataclass(slots=True)
class WrongRooter(Actor):
    """Changes the state root and the receipts root in turn; every third proposal is right."""

    turn: int = 0

    def carry_out(self, effect: Effect) -> None:
        """State a wrong root where the right one is due."""
        self.turn += isinstance(effect, Broadcast)
        if not isinstance(effect, Broadcast) or not isinstance(effect.message, ProposalMessage) or self.turn % 3 == 0:
            self.carry_out_honestly(effect)
            return
        block = effect.message.block
        if self.turn % 3 == 1:
            wrong = replace(block, header=replace(block.header, state_root=WRONG_ROOT))
        else:
            wrong = replace(block, header=replace(block.header, receipts_root=WRONG_ROOT))
        self.say(self.proposal_of(wrong), self.others)
        self.say(self.vote_for(wrong), self.others)
