"""A validator that says everything late: just before a round is given up, just after, or rounds later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from daonode.replica.effects import Broadcast, Effect, Send
from daonode.testing.byzantine.actor import Actor
from daonode.testing.world import TIMEOUT_BASE_MS

DELAYS_MS = (TIMEOUT_BASE_MS - 30, TIMEOUT_BASE_MS + 30, 4 * TIMEOUT_BASE_MS)


@dataclass(slots=True)
class Delayer(Actor):
    """Holds every message back, each time for another of the delays."""

    turn: int = 0

    def carry_out(self, effect: Effect) -> None:
        """Do what is due, but send later."""
        if isinstance(effect, Broadcast | Send):
            self.turn += 1
            self.around.after(DELAYS_MS[self.turn % len(DELAYS_MS)], partial(self.carry_out_honestly, effect))
        else:
            self.carry_out_honestly(effect)
