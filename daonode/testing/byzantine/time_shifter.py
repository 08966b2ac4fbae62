"""A leader that moves block time: backwards, to the edge of what some clocks allow, and beyond what all do."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.messages import ProposalMessage
from daonode.replica.effects import Broadcast, Effect
from daonode.testing.byzantine.actor import Actor

FAR_MS = 5_000


@dataclass(slots=True)
class TimeShifter(Actor):
    """Proposes blocks whose roots are right for the time that they state."""

    turn: int = 0

    def carry_out(self, effect: Effect) -> None:
        """State another time where one's own clock's is due."""
        if not isinstance(effect, Broadcast) or not isinstance(effect.message, ProposalMessage):
            self.carry_out_honestly(effect)
            return
        block = effect.message.block
        parent = self.tree.header_of(block.header.parent_id)
        assert parent is not None, "its own proposal stands on a block that it knows"
        drift_ms = self.replica.max_drift_ms
        times_ms = (
            # Clocks differ by less than the edge is wide: some find it right, some do not.
            self.clock_ms + drift_ms,
            self.clock_ms + drift_ms + FAR_MS,
            parent.time_ms,
            max(parent.time_ms + 1, self.clock_ms - drift_ms - FAR_MS),
        )
        self.turn += 1
        shifted = self.build_instead(block, time_ms=times_ms[self.turn % len(times_ms)])
        self.say(self.proposal_of(shifted), self.others)
