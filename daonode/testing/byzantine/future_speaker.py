"""A validator that speaks of rounds that nothing has opened: timeouts, votes and blocks of far ones."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from daonode.consensus.messages import ProposalMessage, VoteMessage
from daonode.replica.effects import Broadcast, Effect
from daonode.testing.byzantine.actor import Actor

ROUNDS_AHEAD = (1, 2, 1_000_000)


@dataclass(slots=True)
class FutureSpeaker(Actor):
    """Adds to each vote and proposal of its own the like of it for rounds to come."""

    def carry_out(self, effect: Effect) -> None:
        """Do what is due, then speak of the future."""
        self.carry_out_honestly(effect)
        if not isinstance(effect, Broadcast):
            return
        message = effect.message
        for ahead in ROUNDS_AHEAD:
            if isinstance(message, ProposalMessage):
                header = message.block.header
                later = replace(message.block, header=replace(header, round=header.round + ahead))
                self.say(self.proposal_of(later), self.others)
                self.say(self.vote_for(later), self.others)
            elif isinstance(message, VoteMessage):
                self.say(self.timeout_of(message.round + ahead, self.sync.high_qc), self.others)
