"""A leader that leaves every transaction out of its blocks, and passes none on."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.messages import ProposalMessage
from daonode.replica.effects import Broadcast, Effect, Send
from daonode.replica.messages import TransactionsMessage
from daonode.testing.byzantine.actor import Actor


@dataclass(slots=True)
class Censor(Actor):
    """Proposes the same block without its transactions."""

    def carry_out(self, effect: Effect) -> None:
        """Send an empty block where a full one is due, and nothing where transactions are."""
        if not isinstance(effect, Broadcast | Send):
            self.carry_out_honestly(effect)
        elif isinstance(effect.message, ProposalMessage):
            self.say(self.proposal_of(self.build_instead(effect.message.block)), self.others)
        elif not isinstance(effect.message, TransactionsMessage):
            self.carry_out_honestly(effect)
