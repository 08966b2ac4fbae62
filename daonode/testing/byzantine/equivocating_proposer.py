"""A leader that proposes two blocks in its round: one to some, the other to the rest, at times both to all."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from daonode.consensus.messages import ProposalMessage
from daonode.replica.effects import Broadcast, Effect
from daonode.testing.byzantine.actor import Actor


@dataclass(slots=True)
class EquivocatingProposer(Actor):
    """Makes the second block by another block time: everything else of it is right."""

    def carry_out(self, effect: Effect) -> None:
        """Send two proposals where one is due."""
        if not isinstance(effect, Broadcast) or not isinstance(effect.message, ProposalMessage):
            self.carry_out_honestly(effect)
            return
        block = effect.message.block
        other = replace(block, header=replace(block.header, time_ms=block.header.time_ms + 1))
        half = len(self.others) // 2
        first, second = self.proposal_of(block), self.proposal_of(other)
        if block.header.round % 3 == 0:
            self.say(first, self.others)
            self.say(second, reversed(self.others))
        else:
            self.say(first, self.others[:half])
            self.say(second, self.others[half:])
