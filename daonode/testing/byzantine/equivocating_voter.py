"""A voter that signs everything: a vote for each block, a commit vote for each QC, a timeout of each round as well."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.messages import ProposalMessage
from daonode.replica.events import Event, MessageReceived
from daonode.testing.byzantine.actor import Actor


@dataclass(slots=True)
class EquivocatingVoter(Actor):
    """Answers each proposal with a vote, a commit vote for its QC, and a timeout that names an old QC."""

    def step(self, event: Event) -> None:
        """Sign, then go on as a validator would."""
        Actor.step(self, event)
        if isinstance(event, MessageReceived) and isinstance(event.message, ProposalMessage):
            block = event.message.block
            self.say(self.vote_for(block), self.others)
            if block.qc.signers:
                self.say(self.commit_vote_for(block.qc), self.others)
            self.say(self.timeout_of(block.header.round, block.qc), self.others)
