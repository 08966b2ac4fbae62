"""A validator that keeps to itself what others need: its votes, its timeouts, its blocks, and most of its proposals."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.messages import ProposalMessage
from daonode.replica.effects import Broadcast, Effect, Send
from daonode.testing.byzantine.actor import Actor


@dataclass(slots=True)
class Withholder(Actor):
    """Shows each proposal to one validator, another each round; the others have to do without it or to fetch it."""

    def carry_out(self, effect: Effect) -> None:
        """Send nothing but proposals, and those to one."""
        if isinstance(effect, Broadcast):
            if isinstance(effect.message, ProposalMessage):
                self.say(effect.message, self.others[effect.message.block.header.round % len(self.others) :][:1])
        elif not isinstance(effect, Send):
            self.carry_out_honestly(effect)
